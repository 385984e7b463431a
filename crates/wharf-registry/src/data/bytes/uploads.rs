//! Uploads: begun, appended to, completed, given up.
use serde_json::json;
use wharf_keys::DataKey;
use wharf_meta::blobs::{self, BlobKeyRow, BlobRow};
use wharf_meta::extents::{self, ExtentRow};
use wharf_meta::uploads::{self as rows, ExtentPlace, UploadRow};
use wharf_meta::{objects, repositories::RepositoryRow};
use wharf_wire::ids::UploadId;
use wharf_wire::oci::Algorithm;

use super::{
    DAY, LINGER, column, count, free_blob_id, free_extent_id, key_context, key_context_of,
};
use crate::action::{Action, CompleteLayerUpload, InitiateLayerUpload, UploadLayerPart};
use crate::data::{Tx, aliases, events};
use crate::keyring::{REGISTRY_KEY, RegistryKeyRef};
use crate::{Error, Grant, Micros, Result};

/// Where objects lie: the local directory.
const STORE: &str = "local";
/// The most extents of one upload.
pub(crate) const MAX_EXTENTS: i64 = 10_000;
/// Extents taken apart in one transaction: three rows each.
const AT_ONCE: i64 = 250;
/// Repositories that may link a blob which is healed: their keys are wrapped anew in one transaction.
const MAX_LINKS: i64 = 1_000;

/// Actions that go on with an upload.
pub(crate) trait ReachesUploads: Action {}
impl ReachesUploads for UploadLayerPart {}
impl ReachesUploads for CompleteLayerUpload {}

/// An upload to begin.
#[derive(Clone, Debug)]
pub(crate) struct NewUpload {
    pub(crate) id: UploadId,
    /// Of the digest that the client will name, if it has told.
    pub(crate) algorithm: Option<Algorithm>,
    pub(crate) key: DataKey,
    pub(crate) registry: RegistryKeyRef,
}

/// An upload that the caller may go on with.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) row: UploadRow,
    /// What its data key is bound to.
    pub(crate) context: String,
}

/// Where an extent's bytes are.
#[derive(Clone, Debug)]
pub(crate) enum Kept {
    /// Sealed, for the row.
    Row(Vec<u8>),
    /// In an object that was announced.
    Object(String),
}

/// A finished extent.
#[derive(Clone, Debug)]
pub(crate) struct NewExtent {
    pub(crate) upload: UploadId,
    pub(crate) first_byte: u64,
    /// Plain bytes.
    pub(crate) size: u64,
    pub(crate) kept: Kept,
}

/// An upload whose bytes are on disk and hash to `digest`.
#[derive(Clone, Debug)]
pub(crate) struct Completion {
    pub(crate) upload: UploadId,
    /// How many bytes were hashed. Chunks that came behind them since are dropped: their requests lose.
    pub(crate) received: i64,
    /// By sha256.
    pub(crate) digest: String,
    /// The digest that the client named; another algorithm's becomes an alias.
    pub(crate) named: String,
    /// The upload's data key, opened.
    pub(crate) key: DataKey,
    /// Generations of the registry's key, the newest first.
    pub(crate) registry: Vec<RegistryKeyRef>,
}

/// What became of a completion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Completed {
    /// The layer is linked. `useless`: objects of the upload that nobody needs. `existed`: the repository had the layer.
    Linked { useless: Vec<String>, existed: bool },
    /// Nothing was done: the blob's data key is wrapped under this generation.
    NeedsGeneration(i64),
}

/// Begins an upload. The key is wrapped here, where the repository is known: a re-run wraps the same key again.
pub(crate) fn start(
    tx: &mut Tx<'_>,
    grant: &Grant<InitiateLayerUpload>,
    new: &NewUpload,
) -> Result<()> {
    let repository = grant.repository()?;
    let wrapped = new
        .registry
        .key
        .wrap(&new.key, &key_context(repository))
        .map_err(Error::internal)?;
    let row = UploadRow {
        id: new.id.to_string(),
        repository: repository.id,
        principal: grant.request().principal.unique_id.clone(),
        digest_algorithm: new.algorithm.map(|algorithm| algorithm.as_str().to_owned()),
        received: 0,
        extents: 0,
        key_id: REGISTRY_KEY.to_owned(),
        material: new.registry.material,
        wrapped,
        created_at: grant.now(),
        expires_at: grant.now().saturating_add(DAY),
    };
    rows::insert(tx.meta, &row)?;
    Ok(())
}

/// The upload of that id, if it is of the granted repository, of the same principal, and not over.
pub(crate) fn find<A: ReachesUploads>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    id: &UploadId,
) -> Result<Found> {
    let repository = grant.repository()?;
    let row = rows::get(tx.meta, id.as_str())?.filter(|row| {
        row.repository == repository.id
            && row.principal == grant.request().principal.unique_id
            && row.expires_at > grant.now()
    });
    match row {
        Some(row) => Ok(Found {
            row,
            context: key_context(repository),
        }),
        None => Err(not_found(repository, id)),
    }
}

fn not_found(repository: &RepositoryRow, id: &UploadId) -> Error {
    Error::UploadNotFound {
        id: id.to_string(),
        name: repository.name.clone(),
        registry: repository.account.clone(),
    }
}

/// Some of an upload's extents: those that begin at `from` or later, up to 1,000.
pub(crate) fn extents_from<A: ReachesUploads>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    id: &UploadId,
    from: i64,
) -> Result<(Found, Vec<ExtentPlace>)> {
    let found = find(tx, grant, id)?;
    let places = rows::extents(tx.meta, id.as_str(), from, 1_000)?;
    Ok((found, places))
}

/// The row of an object that is about to be written, unless the chunk could not be taken anyway.
pub(crate) fn announce(
    tx: &mut Tx<'_>,
    grant: &Grant<UploadLayerPart>,
    id: &UploadId,
    first_byte: u64,
    object: &str,
) -> Result<()> {
    stands_at(tx, grant, id, first_byte)?;
    objects::insert_pending(tx.meta, object, STORE, grant.now(), id.as_str())?;
    Ok(())
}

/// Appends a finished extent: the bytes received so far. Of two at one offset, the second is told where the upload stands.
pub(crate) fn add_extent(
    tx: &mut Tx<'_>,
    grant: &Grant<UploadLayerPart>,
    new: &NewExtent,
) -> Result<u64> {
    stands_at(tx, grant, &new.upload, new.first_byte)?;
    let (object, sealed) = match &new.kept {
        Kept::Row(sealed) => (None, Some(sealed.clone())),
        Kept::Object(name) => {
            let row = objects::get(tx.meta, name)?;
            if row.is_none_or(|row| row.state != "pending") {
                return Err(Error::internal(format!(
                    "object {name} was given up while it was written"
                )));
            }
            (Some(name.clone()), None)
        }
    };
    let id = free_extent_id(tx, grant.now())?;
    let (first_byte, size) = (column(new.first_byte)?, column(new.size)?);
    extents::insert(
        tx.meta,
        &ExtentRow {
            id,
            size,
            object: object.clone(),
            sealed,
            created_at: grant.now(),
        },
    )?;
    let place = ExtentPlace {
        first_byte,
        size,
        extent: id,
        object,
    };
    if !rows::add_extent(
        tx.meta,
        new.upload.as_str(),
        &place,
        grant.now().saturating_add(DAY),
    )? {
        return Err(Error::internal("an upload moved within a transaction"));
    }
    Ok(new.first_byte.saturating_add(new.size))
}

fn stands_at(
    tx: &mut Tx<'_>,
    grant: &Grant<UploadLayerPart>,
    id: &UploadId,
    first_byte: u64,
) -> Result<()> {
    let row = find(tx, grant, id)?.row;
    let received = count(row.received)?;
    if received != first_byte {
        return Err(Error::UploadRange { received });
    }
    if row.extents >= MAX_EXTENTS {
        let reason = format!("An upload may have at most {MAX_EXTENTS} chunks");
        return Err(Error::LimitExceeded { reason });
    }
    Ok(())
}

/// Makes the upload a layer of the granted repository: the one hard write of a push of a layer.
pub(crate) fn complete(
    tx: &mut Tx<'_>,
    grant: &Grant<CompleteLayerUpload>,
    done: &Completion,
) -> Result<Completed> {
    let repository = grant.repository()?.clone();
    let upload = find(tx, grant, &done.upload)?.row;
    if upload.received < done.received {
        return Err(Error::UploadRange {
            received: count(upload.received)?,
        });
    }
    let late = drop_late(tx, grant.now(), done)?;
    let (account, region) = (&repository.account, &repository.region);
    let known = blobs::find(
        tx.meta,
        account,
        region,
        &repository.encryption_type,
        &done.digest,
    )?;
    let linked = blobs::find_link(tx.meta, repository.id, &done.digest)?.is_some();
    let (blob, how, mut useless) = match known {
        None => (
            adopt(tx, grant, &repository, done, &upload)?,
            "new",
            Vec::new(),
        ),
        Some(blob) => match share(tx, &repository, &done.registry, &blob)? {
            Shared::Yes => {
                let useless = take_apart(tx, done.upload.as_str(), grant.now())?.objects;
                (blob.id, "shared", useless)
            }
            Shared::NeedsGeneration(material) => return Ok(Completed::NeedsGeneration(material)),
            Shared::Unreadable => {
                heal(tx, grant, &repository, done, &blob)?;
                (blob.id, "healed", Vec::new())
            }
        },
    };
    useless.extend(late);
    let keep_until = grant.now().saturating_add(DAY);
    blobs::link(
        tx.meta,
        repository.id,
        &done.digest,
        blob,
        keep_until,
        grant.now(),
    )?;
    aliases::remember(tx, repository.id, Some(&done.named), &done.digest)?;
    let subject = format!("{}@{}", repository.name, done.digest);
    let details = json!({ "digest": done.digest, "size": done.received, "stored": how });
    events::record(
        tx,
        grant,
        "layer-uploaded",
        Some(repository.id),
        &subject,
        &details,
    )?;
    // What could not be read was there for nobody.
    let existed = linked && how == "shared";
    Ok(Completed::Linked { useless, existed })
}

/// Drops what came behind the bytes that were hashed: the objects that can go.
fn drop_late(tx: &mut Tx<'_>, now: Micros, done: &Completion) -> Result<Vec<String>> {
    let mut late = Vec::new();
    let places = rows::extents(tx.meta, done.upload.as_str(), done.received, 1_000)?;
    for place in places.iter().rev() {
        if !rows::step_back(tx.meta, done.upload.as_str(), place)? {
            return Err(Error::internal("an upload moved within a transaction"));
        }
        late.extend(remove_extents(tx, std::slice::from_ref(place), now)?);
    }
    Ok(late)
}

/// A blob of the upload's own extents and data key.
fn adopt(
    tx: &mut Tx<'_>,
    grant: &Grant<CompleteLayerUpload>,
    repository: &RepositoryRow,
    done: &Completion,
    upload: &UploadRow,
) -> Result<i64> {
    let id = free_blob_id(tx, grant.now())?;
    let row = BlobRow {
        id,
        account: repository.account.clone(),
        region: repository.region.clone(),
        encryption: repository.encryption_type.clone(),
        digest: done.digest.clone(),
        size: done.received,
        media_type: None,
        created_at: grant.now(),
    };
    blobs::insert(tx.meta, &row)?;
    move_extents(tx, grant.now(), &done.upload, id)?;
    // The upload's key is wrapped for this repository already.
    let key = BlobKeyRow {
        repository: repository.id,
        blob: id,
        key_id: upload.key_id.clone(),
        material: upload.material,
        wrapped: upload.wrapped.clone(),
    };
    blobs::put_key(tx.meta, &key)?;
    Ok(id)
}

/// Gives the upload's extents to a blob and ends the upload.
fn move_extents(tx: &mut Tx<'_>, now: Micros, upload: &UploadId, blob: i64) -> Result<()> {
    let upload = upload.as_str();
    let expected = rows::count_objects(tx.meta, upload)?;
    blobs::adopt_extents(tx.meta, blob, upload)?;
    if column(objects::make_live(tx.meta, upload, now)?)? != expected {
        return Err(Error::internal(format!(
            "an object of upload {upload} was given up"
        )));
    }
    rows::release_extents(tx.meta, upload, i64::MAX)?;
    rows::delete(tx.meta, upload)?;
    Ok(())
}

pub(super) enum Shared {
    Yes,
    NeedsGeneration(i64),
    /// One of its objects cannot be read, or nobody holds its key.
    Unreadable,
}

/// Gives the repository its own copy of a stored blob's data key. Writes nothing unless it can.
pub(super) fn share(
    tx: &mut Tx<'_>,
    repository: &RepositoryRow,
    registry: &[RegistryKeyRef],
    blob: &BlobRow,
) -> Result<Shared> {
    if blobs::unreadable(tx.meta, blob.id)?.is_some() {
        return Ok(Shared::Unreadable);
    }
    if blobs::key(tx.meta, repository.id, blob.id)?.is_some() {
        return Ok(Shared::Yes);
    }
    let Some(held) = blobs::keys(tx.meta, blob.id, i64::MIN, 1)?.pop() else {
        return Ok(Shared::Unreadable);
    };
    let Some(generation) = registry.iter().find(|key| key.material == held.material) else {
        return Ok(Shared::NeedsGeneration(held.material));
    };
    let theirs = key_context_of(&blob.region, &blob.account, held.repository);
    let key = generation
        .key
        .unwrap(&held.wrapped, &theirs)
        .map_err(Error::internal)?;
    blobs::put_key(
        tx.meta,
        &wrapped_for(
            repository.id,
            &key_context(repository),
            blob.id,
            &key,
            registry,
        )?,
    )?;
    Ok(Shared::Yes)
}

/// Replaces the extents of a blob that cannot be read by the upload's, and its data key by the upload's, for every
/// repository that links it.
fn heal(
    tx: &mut Tx<'_>,
    grant: &Grant<CompleteLayerUpload>,
    repository: &RepositoryRow,
    done: &Completion,
    blob: &BlobRow,
) -> Result<()> {
    loop {
        let places = blobs::extents(tx.meta, blob.id, -1, i64::MAX, 1_000)?;
        let Some(last) = places.last() else { break };
        blobs::release_extents(tx.meta, blob.id, last.first_byte)?;
        remove_extents(tx, &places, grant.now().saturating_add(LINGER))?;
    }
    move_extents(tx, grant.now(), &done.upload, blob.id)?;
    let linked = blobs::keys(tx.meta, blob.id, i64::MIN, MAX_LINKS)?;
    let ours = (repository.id, key_context(repository));
    let others = linked
        .into_iter()
        .map(|key| {
            (
                key.repository,
                key_context_of(&blob.region, &blob.account, key.repository),
            )
        })
        .filter(|(other, _)| *other != repository.id);
    for (linking, context) in others.chain([ours]) {
        blobs::put_key(
            tx.meta,
            &wrapped_for(linking, &context, blob.id, &done.key, &done.registry)?,
        )?;
    }
    Ok(())
}

fn wrapped_for(
    repository: i64,
    context: &str,
    blob: i64,
    key: &DataKey,
    registry: &[RegistryKeyRef],
) -> Result<BlobKeyRow> {
    let newest = registry
        .first()
        .ok_or_else(|| Error::internal("no registry key was handed in"))?;
    let wrapped = newest.key.wrap(key, context).map_err(Error::internal)?;
    Ok(BlobKeyRow {
        repository,
        blob,
        key_id: REGISTRY_KEY.to_owned(),
        material: newest.material,
        wrapped,
    })
}

/// Removes the rows of extents that nothing holds any more, and dooms their objects.
pub(in crate::data) fn remove_extents(
    tx: &mut Tx<'_>,
    places: &[ExtentPlace],
    due: Micros,
) -> Result<Vec<String>> {
    let ids: Vec<i64> = places.iter().map(|place| place.extent).collect();
    let names: Vec<String> = places
        .iter()
        .filter_map(|place| place.object.clone())
        .collect();
    extents::delete(tx.meta, &ids)?;
    if !names.is_empty() {
        objects::doom(tx.meta, &names, due)?;
    }
    Ok(names)
}

/// What was taken from an upload that is given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TakenApart {
    /// Objects doomed: nobody can be reading them.
    pub(crate) objects: Vec<String>,
    /// Whether nothing of the upload is left.
    pub(crate) done: bool,
}

/// Ends an upload and removes its first extents, and the upload with the last of them; the sweep does the rest.
pub(super) fn take_apart(tx: &mut Tx<'_>, id: &str, now: Micros) -> Result<TakenApart> {
    rows::abandon(tx.meta, id)?;
    let places = rows::extents(tx.meta, id, 0, AT_ONCE)?;
    if let Some(last) = places.last() {
        rows::release_extents(tx.meta, id, last.first_byte)?;
    }
    let objects = remove_extents(tx, &places, now)?;
    let done = column(places.len() as u64)? < AT_ONCE;
    if done {
        rows::delete(tx.meta, id)?;
    }
    Ok(TakenApart { objects, done })
}

/// Takes back an upload's last extent, if it begins at `from` or later and ends at `to`: where the upload stands then,
/// and the object that can go.
pub(crate) fn take_back(
    tx: &mut Tx<'_>,
    grant: &Grant<UploadLayerPart>,
    id: &UploadId,
    from: u64,
    to: u64,
) -> Result<Option<(u64, Vec<String>)>> {
    find(tx, grant, id)?;
    let last = rows::extents(tx.meta, id.as_str(), column(from)?, 1_000)?.pop();
    let Some(last) = last.filter(|last| count(last.first_byte.saturating_add(last.size)) == Ok(to))
    else {
        return Ok(None);
    };
    if !rows::step_back(tx.meta, id.as_str(), &last)? {
        return Ok(None);
    }
    let objects = remove_extents(tx, std::slice::from_ref(&last), grant.now())?;
    Ok(Some((count(last.first_byte)?, objects)))
}

/// Gives an upload up at its client's wish: the objects that can go.
pub(crate) fn cancel(
    tx: &mut Tx<'_>,
    grant: &Grant<UploadLayerPart>,
    id: &UploadId,
) -> Result<Vec<String>> {
    find(tx, grant, id)?;
    Ok(take_apart(tx, id.as_str(), grant.now())?.objects)
}
