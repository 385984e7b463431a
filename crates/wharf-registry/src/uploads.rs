//! Uploads: a layer on its way in, in one request or many.
//!
//! Each request that carries bytes makes one extent: small ones lie sealed in a row, others in an object of their own.
//! The upload's row tells how many bytes finished extents hold; a request that fails leaves nothing.
pub(crate) mod parts;
mod receive;
mod running;

use futures_util::{StreamExt, TryStreamExt, stream};
use wharf_blob::{ObjectName, RunningHash};
use wharf_keys::DataKey;
use wharf_meta::Durability;
use wharf_meta::uploads::ExtentPlace;
use wharf_wire::ids::{RepositoryName, UploadId};
use wharf_wire::oci::{Algorithm, Digest};

use self::receive::Chunk;
pub(crate) use self::running::Running;
use crate::action::{Action, CompleteLayerUpload, InitiateLayerUpload, UploadLayerPart};
use crate::data::bytes::uploads::{
    self as rows, Completed, Completion, Found, NewUpload, ReachesUploads,
};
use crate::data::bytes::{count, sweeping};
use crate::data::events::ServiceGrant;
use crate::layers::extents::{Extents, ReadError, storage_error};
use crate::{Body, Ctx, Error, Result, Service, data, deviations, ids, sweep};

/// The largest layer: ECR's limit of 52,000 MiB.
pub const MAX_LAYER_BYTES: u64 = 52_000 << 20;
/// Flushes of one upload that run at once, when it is completed.
const FLUSHES: usize = 16;

/// First and last byte of a chunk, inclusive.
type ChunkRange = Option<(u64, u64)>;

/// Begins an upload: one soft write, and the data key of the layer to be.
///
/// # Errors
/// `RepositoryNotFound`, `StorageLow`.
/// Source: ECR `InitiateLayerUpload`; OCI distribution, "Pushing a blob".
///
/// `algorithm`: of the digest it will be completed with, if the client tells.
pub async fn start(
    ctx: &Ctx,
    name: &RepositoryName,
    algorithm: Option<Algorithm>,
) -> Result<UploadId> {
    let id = UploadId::parse(&ids::new_upload_id()).map_err(Error::internal)?;
    let new = NewUpload {
        id: id.clone(),
        algorithm,
        key: DataKey::generate().map_err(Error::internal)?,
        registry: ctx
            .service()
            .registry_key(&ctx.account, &ctx.region)
            .await?,
    };
    let low = check_disk(ctx.service());
    let insert = move |tx: &mut data::Tx<'_>, grant: &_| {
        // Behind the grant: a stranger hears nothing of the disk.
        low.clone()?;
        rows::start(tx, grant, &new)
    };
    ctx.write_soft::<InitiateLayerUpload, _, _>("start_upload", ctx.repository(name), insert)
        .await?;
    Ok(id)
}

/// Appends one chunk. What it returns is the number of bytes received in all.
///
/// `range`: where the client says the chunk lies; `length`: what the client says it holds. The answer waits for no flush:
/// the bytes survive the end of the process, and those of an upload that is completed survive more.
///
/// # Errors
/// `UploadNotFound`, also for another principal's or repository's; `UploadRange` when the chunk does not begin where the
/// upload stands; `SizeInvalid`, `BodyTooLarge`, `StorageLow`, and the body's own. The upload stays as it was.
/// Source: ECR `UploadLayerPart`; OCI distribution, "Pushing a blob in chunks".
pub async fn append(
    ctx: &Ctx,
    name: &RepositoryName,
    id: &UploadId,
    range: ChunkRange,
    length: Option<u64>,
    body: Body,
) -> Result<u64> {
    let found = find::<UploadLayerPart>(ctx, name, id).await?;
    check_disk(ctx.service())?;
    let received = count(found.row.received)?;
    let announced = announced(received, range, length)?;
    if found.row.extents >= rows::MAX_EXTENTS {
        let reason = format!("An upload may have at most {} chunks", rows::MAX_EXTENTS);
        return Err(Error::LimitExceeded { reason });
    }
    let key = open_key(ctx, &found).await?;
    receive::receive(
        Chunk {
            ctx,
            name,
            id,
            received,
            hash: hash_at(ctx, &found, received),
            key,
            announced,
        },
        body,
    )
    .await
}

/// How many bytes an upload has received: where the next chunk begins.
///
/// # Errors
/// `UploadNotFound`, also for another principal's or repository's.
/// Source: OCI distribution, "Pushing a blob in chunks".
pub async fn status(ctx: &Ctx, name: &RepositoryName, id: &UploadId) -> Result<u64> {
    count(find::<UploadLayerPart>(ctx, name, id).await?.row.received)
}

/// How many of the bytes received a PATCH is told: all of them, or, as ECR does, those of the first two chunks (deviation
/// `range-advances`).
///
/// # Errors
/// `UploadNotFound`.
pub async fn told(ctx: &Ctx, name: &RepositoryName, id: &UploadId, received: u64) -> Result<u64> {
    if ctx.deviates(deviations::RANGE_ADVANCES) {
        return Ok(received);
    }
    let id = id.clone();
    let read = move |tx: &mut data::Tx<'_>, grant: &_| {
        rows::extents_from::<UploadLayerPart>(tx, grant, &id, 0)
    };
    let (_, places) = ctx
        .read::<UploadLayerPart, _, _>("first_extents", ctx.repository(name), read)
        .await?;
    let end = |place: &ExtentPlace| place.first_byte.saturating_add(place.size);
    places
        .get(1)
        .map_or(Ok(received), |second| count(end(second)))
}

/// Gives an upload up.
///
/// # Errors
/// `UploadNotFound`, also for another principal's or repository's.
pub async fn cancel(ctx: &Ctx, name: &RepositoryName, id: &UploadId) -> Result<()> {
    let given_up = id.clone();
    let cancel = move |tx: &mut data::Tx<'_>, grant: &_| rows::cancel(tx, grant, &given_up);
    let objects = ctx
        .write_soft::<UploadLayerPart, _, _>("cancel_upload", ctx.repository(name), cancel)
        .await?;
    ctx.service().running().forget(id.as_str());
    sweep::remove(ctx.service(), "upload cancelled", &objects).await;
    Ok(())
}

/// Makes an upload a layer of the repository; `body`: its last chunk. A layer the repository has already succeeds too.
///
/// Its bytes, its name and its rows are on disk when this returns.
///
/// # Errors
/// `DigestUnsupported` before the body is read; those of [`append`]; `DigestMismatch`: the upload remains.
/// Source: ECR `CompleteLayerUpload`; OCI distribution, "Pushing a blob".
pub async fn complete(
    ctx: &Ctx,
    name: &RepositoryName,
    id: &UploadId,
    range: ChunkRange,
    length: Option<u64>,
    body: Option<Body>,
    digest: Digest,
) -> Result<Digest> {
    let Some(body) = body else {
        return finish(ctx, name, id, digest, None).await;
    };
    // Decided before the body is read, and again in the transaction that closes.
    let found = find::<CompleteLayerUpload>(ctx, name, id).await?;
    ctx.check_algorithm(&digest)?;
    let before = count(found.row.received)?;
    let hash = hash_at(ctx, &found, before);
    let after = append(ctx, name, id, range, length, body).await?;
    let finished = finish(ctx, name, id, digest, Some(after)).await;
    if matches!(finished, Err(Error::DigestMismatch { .. })) && after > before {
        // A request that fails leaves the upload as it was.
        take_back(ctx, name, id, (before, after), hash).await;
    }
    finished
}

async fn take_back(
    ctx: &Ctx,
    name: &RepositoryName,
    id: &UploadId,
    (before, after): (u64, u64),
    hash: Option<RunningHash>,
) {
    let upload = id.clone();
    let take_back =
        move |tx: &mut data::Tx<'_>, grant: &_| rows::take_back(tx, grant, &upload, before, after);
    let taken = ctx
        .write_soft::<UploadLayerPart, _, _>("take_back", ctx.repository(name), take_back)
        .await;
    match taken {
        Ok(Some((received, objects))) => {
            let hash = hash.filter(|_| received == before);
            ctx.service()
                .running()
                .advance(id.as_str(), received, hash, None);
            sweep::remove(ctx.service(), "digest did not match", &objects).await;
        }
        Ok(None) => {}
        Err(error) => tracing::debug!(%error, upload = %id, "a chunk was not taken back"),
    }
}

/// Stores a layer that comes in one request.
///
/// # Errors
/// Those of [`start`] and [`complete`]; nothing of the upload remains.
/// Source: OCI distribution, "Pushing a blob monolithically".
pub async fn monolithic(
    ctx: &Ctx,
    name: &RepositoryName,
    digest: Digest,
    length: Option<u64>,
    body: Body,
) -> Result<Digest> {
    check_granted::<CompleteLayerUpload>(ctx, name).await?;
    check_granted::<UploadLayerPart>(ctx, name).await?;
    check_granted::<InitiateLayerUpload>(ctx, name).await?;
    ctx.check_algorithm(&digest)?;
    announced(0, None, length)?;
    let id = start(ctx, name, Some(digest.algorithm())).await?;
    let stored = complete(ctx, name, &id, None, length, Some(body), digest).await;
    if stored.is_err()
        && let Err(error) = cancel(ctx, name, &id).await
    {
        tracing::debug!(%error, upload = %id, "an upload that failed is left for the sweep");
    }
    stored
}

async fn check_granted<A: Action>(ctx: &Ctx, name: &RepositoryName) -> Result<()> {
    ctx.read::<A, _, _>("check_upload", ctx.repository(name), |_tx, _grant| Ok(()))
        .await
}

/// The hash of an upload's first `received` bytes, if it is known. Of none it always is.
fn hash_at(ctx: &Ctx, found: &Found, received: u64) -> Option<RunningHash> {
    if received > 0 {
        return ctx.service().running().hash_at(&found.row.id, received);
    }
    let wide = found.row.digest_algorithm.as_deref() == Some(Algorithm::Sha512.as_str());
    Some(if wide {
        RunningHash::with_sha512()
    } else {
        RunningHash::new()
    })
}

fn check_disk(service: &Service) -> Result<()> {
    let free = service.objects().free_bytes().map_err(storage_error)?;
    if free < service.settings().low_disk_bytes {
        Err(Error::StorageLow)
    } else {
        Ok(())
    }
}

/// The bytes a chunk is announced to hold, if it is; refuses what could not be taken.
fn announced(received: u64, range: ChunkRange, length: Option<u64>) -> Result<Option<u64>> {
    let mut announced = length;
    if let Some((first, last)) = range {
        if first != received {
            return Err(Error::UploadRange { received });
        }
        let size = last.checked_sub(first).and_then(|size| size.checked_add(1));
        let size = size.ok_or_else(|| Error::SizeInvalid {
            reason: "The chunk ends before it begins".to_owned(),
        })?;
        if length.is_some_and(|length| length != size) {
            let reason =
                format!("The chunk's range holds {size} bytes, but the body has another length");
            return Err(Error::SizeInvalid { reason });
        }
        announced = Some(size);
    }
    if received.saturating_add(announced.unwrap_or(0)) > MAX_LAYER_BYTES {
        return Err(Error::BodyTooLarge {
            limit: MAX_LAYER_BYTES,
        });
    }
    Ok(announced)
}

async fn find<A: ReachesUploads>(ctx: &Ctx, name: &RepositoryName, id: &UploadId) -> Result<Found> {
    let id = id.clone();
    let find = move |tx: &mut data::Tx<'_>, grant: &_| rows::find::<A>(tx, grant, &id);
    ctx.read::<A, _, _>("find_upload", ctx.repository(name), find)
        .await
}

async fn open_key(ctx: &Ctx, found: &Found) -> Result<DataKey> {
    let registry = ctx
        .service()
        .registry_key_generation(&ctx.account, &ctx.region, found.row.material)
        .await?;
    registry
        .key
        .unwrap(&found.row.wrapped, &found.context)
        .map_err(Error::internal)
}

/// The upload with all its extents.
async fn read_whole(
    ctx: &Ctx,
    name: &RepositoryName,
    id: &UploadId,
) -> Result<(Found, Vec<ExtentPlace>)> {
    let mut places: Vec<ExtentPlace> = Vec::new();
    loop {
        let from = places
            .last()
            .map_or(0, |last| last.first_byte.saturating_add(last.size));
        let id = id.clone();
        let read = move |tx: &mut data::Tx<'_>, grant: &_| {
            rows::extents_from::<CompleteLayerUpload>(tx, grant, &id, from)
        };
        let (found, more) = ctx
            .read::<CompleteLayerUpload, _, _>("upload_extents", ctx.repository(name), read)
            .await?;
        places.extend(more);
        let end = places
            .last()
            .map_or(0, |last| last.first_byte.saturating_add(last.size));
        if end >= found.row.received {
            return Ok((found, places));
        }
        if end == from {
            return Err(Error::internal(format!(
                "upload {} has a gap at {end}",
                found.row.id
            )));
        }
    }
}

/// Compares the digest, waits for the bytes to be on disk, and closes.
///
/// `ours`: where the request's own chunk ended. What another request has appended behind it is not part of the layer.
async fn finish(
    ctx: &Ctx,
    name: &RepositoryName,
    id: &UploadId,
    digest: Digest,
    ours: Option<u64>,
) -> Result<Digest> {
    let (found, mut places) = read_whole(ctx, name, id).await?;
    let received = match ours {
        Some(ours) => ours,
        None => count(found.row.received)?,
    };
    places.retain(|place| count(place.first_byte).is_ok_and(|first| first < received));
    let whole = Whole {
        found,
        places,
        received,
    };
    close(ctx, name, id, whole, std::slice::from_ref(&digest)).await?;
    Ok(digest)
}

/// An upload as it was found when it was to be completed.
struct Whole {
    found: Found,
    /// The extents that hold its bytes.
    places: Vec<ExtentPlace>,
    /// How many bytes they are.
    received: u64,
}

/// What an upload has become.
struct Closed {
    /// The layer's sha256.
    digest: Digest,
    /// Whether the repository had the layer before.
    existed: bool,
}

/// Compares the digests, which must all be of these bytes, waits for the bytes to be on disk, and closes.
async fn close(
    ctx: &Ctx,
    name: &RepositoryName,
    id: &UploadId,
    whole: Whole,
    digests: &[Digest],
) -> Result<Closed> {
    let service = ctx.service();
    let Whole {
        found,
        places,
        received,
    } = whole;
    for digest in digests {
        ctx.check_algorithm(digest)?;
    }
    let key = open_key(ctx, &found).await?;
    let other = digests
        .iter()
        .find(|digest| digest.algorithm() == Algorithm::Sha512);
    let wide = other.is_some();
    let known = hash_at(ctx, &found, received);
    let hash = match known.filter(|hash| !wide || hash.finish_sha512().is_some()) {
        Some(hash) => hash,
        None => hash_anew(ctx, id, &key, &places, (received, wide)).await?,
    };
    let sha256 = compare(&hash, digests)?;
    let objects: Vec<ObjectName> = places
        .iter()
        .filter_map(|place| place.object.as_deref())
        .filter_map(|name| ObjectName::parse(name).ok())
        .collect();
    flush(ctx, id, &objects).await?;
    let mut done = Completion {
        upload: id.clone(),
        received: i64::try_from(received).map_err(Error::internal)?,
        digest: sha256.to_string(),
        named: other.unwrap_or(&sha256).to_string(),
        key,
        registry: vec![service.registry_key(&ctx.account, &ctx.region).await?],
    };
    let (useless, existed) = loop {
        let closing = done.clone();
        let close = move |tx: &mut data::Tx<'_>, grant: &_| rows::complete(tx, grant, &closing);
        match ctx
            .write::<CompleteLayerUpload, _, _>("complete_upload", ctx.repository(name), close)
            .await?
        {
            Completed::Linked { useless, existed } => break (useless, existed),
            Completed::NeedsGeneration(material) => {
                done.registry.push(
                    service
                        .registry_key_generation(&ctx.account, &ctx.region, material)
                        .await?,
                );
            }
        }
    };
    service.failpoint("after-blob-commit");
    service.running().forget(id.as_str());
    sweep::remove(service, "layer was stored already", &useless).await;
    Ok(Closed {
        digest: sha256,
        existed,
    })
}

/// Whether all digests are those of the hashed bytes; their sha256.
fn compare(hash: &RunningHash, digests: &[Digest]) -> Result<Digest> {
    let sha256 = Digest::from_sha256(hash.clone().finish());
    let sha512 = hash.finish_sha512().map(Digest::from_sha512);
    for given in digests {
        let computed = match given.algorithm() {
            Algorithm::Sha512 => sha512.as_ref().unwrap_or(&sha256),
            Algorithm::Sha256 => &sha256,
        };
        if computed != given {
            return Err(Error::DigestMismatch {
                given: given.to_string(),
                computed: computed.to_string(),
            });
        }
    }
    Ok(sha256)
}

/// Hashes an upload from its extents: its running hash was lost with a restart, or made room for others, or is not the
/// one that the client's digest needs (`wide`: SHA-512 as well).
async fn hash_anew(
    ctx: &Ctx,
    id: &UploadId,
    key: &DataKey,
    places: &[ExtentPlace],
    (received, wide): (u64, bool),
) -> Result<RunningHash> {
    let mut extents = Extents::new(
        ctx.service().clone(),
        key.clone(),
        places.to_vec(),
        0..received,
    )
    .on_behalf_of(&ctx.principal.unique_id);
    let mut hash = if wide {
        RunningHash::with_sha512()
    } else {
        RunningHash::new()
    };
    loop {
        match extents.next().await {
            Ok(Some(bytes)) => hash.update(&bytes),
            Ok(None) => break,
            Err(error) => return Err(lost(ctx, id, error).await),
        }
    }
    ctx.service()
        .running()
        .advance(id.as_str(), received, Some(hash.clone()), None);
    Ok(hash)
}

/// Waits until the bytes and names of an upload's objects are on disk.
async fn flush(ctx: &Ctx, id: &UploadId, objects: &[ObjectName]) -> Result<()> {
    let service = ctx.service();
    service.failpoint("before-blob-sync");
    let begun = service.running().flushes(id.as_str());
    let flushed = stream::iter(objects.to_vec())
        .map(|object| {
            let begun = begun.iter().find(|flush| flush.name() == object).cloned();
            async move {
                let flush = match begun {
                    Some(flush) => flush,
                    None => service.objects().flush(object).await?,
                };
                flush.wait().await
            }
        })
        .buffer_unordered(FLUSHES)
        .try_collect::<()>()
        .await;
    if let Err(error) = flushed {
        return Err(lost(ctx, id, error.into()).await);
    }
    service.failpoint("after-blob-sync");
    if let Some(object) = objects.first() {
        // One for all: objects of one upload lie in one subdirectory.
        service
            .objects()
            .sync_group(object.group())
            .await
            .map_err(storage_error)?;
    }
    service.failpoint("after-dir-sync");
    Ok(())
}

/// What the client is told when bytes it has sent are lost: that the upload is gone, so that it begins anew.
async fn lost(ctx: &Ctx, id: &UploadId, error: ReadError) -> Error {
    let poisoned = match &error {
        ReadError::Missing { .. } => true,
        ReadError::Failed(error) => matches!(error, Error::Internal { .. }),
    };
    if poisoned {
        tracing::error!(%error, upload = %id, request_id = ctx.request_id, "bytes of an upload are lost");
        abandon(ctx.service(), id.as_str(), &error.to_string()).await;
    }
    error.into()
}

/// Ends an upload whose bytes cannot be trusted.
async fn abandon(service: &Service, id: &str, why: &str) {
    let (grant, upload) = (ServiceGrant::for_uploads(service, why), id.to_owned());
    let end = move |tx: &mut data::Tx<'_>| sweeping::abandon(tx, &grant, &upload);
    if let Err(error) = service.write("abandon_upload", Durability::Hard, end).await {
        tracing::warn!(%error, upload = id, "an upload whose bytes are lost was not ended");
    }
    service.running().forget(id);
}

impl ServiceGrant {
    pub(crate) fn for_uploads(service: &Service, reason: &str) -> Self {
        Self {
            job: "sweep",
            reason: reason.to_owned(),
            account: service.settings().account.to_string(),
            region: service.settings().region.to_string(),
            now: service.now(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
