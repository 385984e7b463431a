//! Uploads as the API sees them: parts at places that the client tells, and an end that says what was wrong.
//!
//! Rows and bytes are those of the registry protocol's uploads, so an upload may go on by either protocol: each request
//! keeps the rules of its own.
use bytes::Bytes;
use futures_util::stream;
use wharf_meta::uploads::ExtentPlace;
use wharf_wire::ids::{RepositoryName, UploadId};
use wharf_wire::oci::Digest;

use super::receive::{self, Chunk};
use super::{MAX_LAYER_BYTES, Whole, check_disk, close, find, hash_at, open_key, read_whole};
use crate::action::UploadLayerPart;
use crate::data::bytes::count;
use crate::{Body, Ctx, Error, Result};

/// Bytes of the parts that clients are told to send.
pub(crate) const PART_BYTES: i64 = 10 << 20;
/// The least bytes of a part that is not the last.
const LEAST_BYTES: u64 = 5 << 20;
/// The most parts of an upload.
const MAX_PARTS: i64 = 4_200;

/// A part of a layer.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// The place of its first byte, from zero.
    pub(crate) first: i64,
    /// The place of its last byte.
    pub(crate) last: i64,
    pub(crate) bytes: Bytes,
}

/// Appends a part. What it returns is the number of bytes received in all.
///
/// # Errors
/// `UploadNotFound`, also for another principal's or repository's; `InvalidLayerPart` for a part that does not begin where
/// the upload stands, or is not as long as its places tell; `LimitExceeded`, `StorageLow`. The upload stays as it was.
/// Source: ECR `UploadLayerPart`.
pub(crate) async fn append(
    ctx: &Ctx,
    name: &RepositoryName,
    id: &UploadId,
    part: Part,
) -> Result<u64> {
    let found = find::<UploadLayerPart>(ctx, name, id).await?;
    let received = count(found.row.received)?;
    let invalid = |received: u64, reason: String| Error::InvalidLayerPart {
        id: id.to_string(),
        name: name.to_string(),
        registry: ctx.account.to_string(),
        received,
        reason,
    };
    let elsewhere = |received: u64| invalid(received, format!("it must begin at byte {received}"));
    if count(part.first)? != received {
        return Err(elsewhere(received));
    }
    let size = part.bytes.len() as u64;
    let told = part
        .last
        .checked_sub(part.first)
        .map(|last| last.checked_add(1));
    if size == 0 || told.flatten().and_then(|told| u64::try_from(told).ok()) != Some(size) {
        let reason = format!(
            "it has {size} bytes, but its first byte is {} and its last {}",
            part.first, part.last
        );
        return Err(invalid(received, reason));
    }
    check_limits(found.row.extents, received, size)?;
    check_disk(ctx.service())?;
    let key = open_key(ctx, &found).await?;
    let chunk = Chunk {
        ctx,
        name,
        id,
        received,
        hash: hash_at(ctx, &found, received),
        key,
        announced: Some(size),
    };
    let bytes = part.bytes;
    let body: Body = Box::pin(stream::once(async move { Ok(bytes) }));
    match receive::receive(chunk, body).await {
        // Another part was faster.
        Err(Error::UploadRange { received }) => Err(elsewhere(received)),
        other => other,
    }
}

fn check_limits(parts: i64, received: u64, size: u64) -> Result<()> {
    if parts >= MAX_PARTS {
        let reason = format!("An upload may have at most {MAX_PARTS} parts");
        return Err(Error::LimitExceeded { reason });
    }
    if received.saturating_add(size) > MAX_LAYER_BYTES {
        let reason = format!("A layer may have at most {MAX_LAYER_BYTES} bytes");
        return Err(Error::LimitExceeded { reason });
    }
    Ok(())
}

/// Makes an upload a layer of the repository, and returns its sha256. Its bytes are on disk then.
///
/// # Errors
/// `UploadNotFound`; `EmptyUpload`, `LayerPartTooSmall` and `DigestMismatch`: the upload remains; `LayerAlreadyExists` once
/// the bytes were found to be those of the digests: the upload is over, and the layer is kept as if it were new.
/// Source: ECR `CompleteLayerUpload`.
pub(crate) async fn complete(
    ctx: &Ctx,
    name: &RepositoryName,
    id: &UploadId,
    digests: &[Digest],
) -> Result<Digest> {
    let (found, places) = read_whole(ctx, name, id).await?;
    if places.is_empty() {
        return Err(Error::EmptyUpload {
            id: id.to_string(),
            name: name.to_string(),
            registry: ctx.account.to_string(),
        });
    }
    check_sizes(id, &places)?;
    let received = count(found.row.received)?;
    let whole = Whole {
        found,
        places,
        received,
    };
    let closed = close(ctx, name, id, whole, digests).await?;
    if closed.existed {
        return Err(Error::LayerAlreadyExists {
            digest: closed.digest.to_string(),
            name: name.to_string(),
            registry: ctx.account.to_string(),
        });
    }
    Ok(closed.digest)
}

fn check_sizes(id: &UploadId, places: &[ExtentPlace]) -> Result<()> {
    let Some((_last, others)) = places.split_last() else {
        return Ok(());
    };
    for place in others {
        let size = count(place.size)?;
        if size < LEAST_BYTES {
            return Err(Error::LayerPartTooSmall {
                id: id.to_string(),
                first: count(place.first_byte)?,
                size,
                least: LEAST_BYTES,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
