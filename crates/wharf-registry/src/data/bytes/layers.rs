//! Layers: a blob as a repository that links it may see it.
use serde_json::json;
use wharf_meta::blobs::{self, BlobKeyRow, Link};
use wharf_meta::uploads::ExtentPlace;
use wharf_meta::{links, objects};
use wharf_wire::oci::Digest;
use wharf_wire::oci::range::Part;

use super::{DAY, column, count, key_context, sealed};
use crate::action::{BatchCheckLayerAvailability, BatchDeleteImage, GetDownloadUrlForLayer};
use crate::data::events::{self, ServiceGrant};
use crate::data::{Tx, aliases};
use crate::{Error, Grant, Result};

/// A layer, as HEAD answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layer {
    /// Plain bytes.
    pub(crate) size: u64,
    pub(crate) media_type: Option<String>,
    /// Whether a manifest holds it, so that it stays without our doing.
    pub(crate) held: bool,
}

/// A layer to be read, with the extents that hold the asked bytes.
#[derive(Clone, Debug)]
pub(crate) struct OpenLayer {
    pub(crate) size: u64,
    pub(crate) media_type: Option<String>,
    /// The bytes asked for: up to, not with, the end.
    pub(crate) range: std::ops::Range<u64>,
    /// The extents that hold them, in order: the first 1,000.
    pub(crate) places: Vec<ExtentPlace>,
    /// The first extent's bytes, if they lie in its row.
    pub(crate) first: Option<Vec<u8>>,
    /// The repository's copy of the data key.
    pub(crate) key: BlobKeyRow,
    /// What that is bound to.
    pub(crate) context: String,
}

/// The layer, if the granted repository has it.
pub(crate) fn stat(
    tx: &mut Tx<'_>,
    grant: &Grant<BatchCheckLayerAvailability>,
    digest: &Digest,
) -> Result<Option<Layer>> {
    let (link, identity) = match find(tx, grant, digest) {
        Ok(found) => found,
        Err(Error::LayerNotFound { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let held = blobs::is_held(tx.meta, grant.repository()?.id, &identity)?;
    Ok(Some(Layer {
        size: count(link.size)?,
        media_type: link.media_type,
        held,
    }))
}

/// The same, and the layer is not collected for a day: what an answer "exists" promises.
pub(crate) fn stat_and_keep(
    tx: &mut Tx<'_>,
    grant: &Grant<BatchCheckLayerAvailability>,
    digest: &Digest,
) -> Result<Option<Layer>> {
    let layer = stat(tx, grant, digest)?;
    let repository = grant.repository()?.id;
    if layer.is_some()
        && let Some(identity) = aliases::identity(tx, repository, digest.as_str())?
    {
        let until = grant.now().saturating_add(DAY);
        blobs::keep(tx.meta, repository, &identity, until)?;
    }
    Ok(layer)
}

/// The sha256 digest of a layer that can be downloaded.
pub(crate) fn identity(
    tx: &mut Tx<'_>,
    grant: &Grant<GetDownloadUrlForLayer>,
    digest: &Digest,
) -> Result<String> {
    find(tx, grant, digest).map(|(_, identity)| identity)
}

/// The same, if an image of the repository holds the layer. `digest`: none where `text`, which the caller wrote, is no
/// digest.
pub(crate) fn of_image(
    tx: &mut Tx<'_>,
    grant: &Grant<GetDownloadUrlForLayer>,
    digest: Option<&Digest>,
    text: &str,
) -> Result<String> {
    let repository = grant.repository()?;
    let (name, registry) = (repository.name.clone(), repository.account.clone());
    let Some(digest) = digest else {
        let digest = text.to_owned();
        return Err(Error::LayerNotFound {
            digest,
            name,
            registry,
        });
    };
    let identity = identity(tx, grant, digest)?;
    if blobs::is_held(tx.meta, repository.id, &identity)? {
        Ok(identity)
    } else {
        Err(Error::LayerInaccessible {
            digest: text.to_owned(),
            name,
            registry,
        })
    }
}

/// Takes a layer from the granted repository at a client's wish, unless an image holds it. What lies in the trash still
/// has it.
pub(crate) fn delete(
    tx: &mut Tx<'_>,
    grant: &Grant<BatchDeleteImage>,
    digest: &Digest,
) -> Result<()> {
    let repository = grant.repository()?;
    let (link, identity) = find(tx, grant, digest)?;
    let images = links::holders(tx.meta, repository.id, &identity, 10)?;
    if !images.is_empty() {
        return Err(Error::LayerInUse {
            digest: digest.to_string(),
            images,
        });
    }
    blobs::delete_link(tx.meta, repository.id, &identity, grant.now())?;
    let subject = format!("{}@{identity}", repository.name);
    let details = json!({ "digest": identity, "size": link.size, "reason": "request" });
    events::record(
        tx,
        grant,
        "layer-deleted",
        Some(repository.id),
        &subject,
        &details,
    )
}

/// Finds what is needed to read a layer, or a part of it.
pub(crate) fn open(
    tx: &mut Tx<'_>,
    grant: &Grant<GetDownloadUrlForLayer>,
    digest: &Digest,
    part: Option<Part>,
) -> Result<OpenLayer> {
    let (link, _) = find(tx, grant, digest)?;
    let repository = grant.repository()?;
    let size = count(link.size)?;
    let range = resolve(part, size)?;
    let key = blobs::key(tx.meta, repository.id, link.blob)?.ok_or_else(|| {
        Error::internal(format!(
            "repository {} has no key of {digest}",
            repository.id
        ))
    })?;
    let places = extents(tx, &key, &range)?;
    let first = match places.first() {
        Some(place) if place.object.is_none() => Some(sealed(tx, place)?),
        _ => None,
    };
    let context = key_context(repository);
    Ok(OpenLayer {
        size,
        media_type: link.media_type,
        range,
        places,
        first,
        key,
        context,
    })
}

/// More extents of an open layer. Who has the key's row was granted the layer.
pub(crate) fn extents(
    tx: &mut Tx<'_>,
    key: &BlobKeyRow,
    range: &std::ops::Range<u64>,
) -> Result<Vec<ExtentPlace>> {
    Ok(blobs::extents(
        tx.meta,
        key.blob,
        column(range.start)?,
        column(range.end)?,
        1_000,
    )?)
}

/// Notes that an object's file is not there or not what it was, so that HEAD says so and a push heals it.
pub(crate) fn mark_missing(
    tx: &mut Tx<'_>,
    grant: &ServiceGrant,
    object: &str,
    why: &str,
) -> Result<()> {
    if objects::mark_missing(tx.meta, object, grant.now)? {
        events::record(
            tx,
            grant,
            "object-missing",
            None,
            object,
            &json!({ "reason": why }),
        )?;
    }
    Ok(())
}

/// The link to a layer that can be read, and the layer's sha256 digest.
fn find<A: crate::action::Action>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    digest: &Digest,
) -> Result<(Link, String)> {
    let repository = grant.repository()?;
    let identity = aliases::identity(tx, repository.id, digest.as_str())?.unwrap_or_default();
    let link = blobs::find_link(tx.meta, repository.id, &identity)?;
    let unreadable = match &link {
        Some(link) => blobs::unreadable(tx.meta, link.blob)?.is_some(),
        None => false,
    };
    link.filter(|_| !unreadable)
        .map(|link| (link, identity))
        .ok_or_else(|| Error::LayerNotFound {
            digest: digest.to_string(),
            name: repository.name.clone(),
            registry: repository.account.clone(),
        })
}

/// Source: RFC 9110, 14.1.2: an end beyond the last byte is the last byte, a start beyond it is refused. So are an empty
/// suffix and any suffix of an empty layer, and a longer one than the layer is all of it.
fn resolve(part: Option<Part>, size: u64) -> Result<std::ops::Range<u64>> {
    let outside = Error::RangeNotSatisfiable { size };
    match part {
        None => Ok(0..size),
        Some(Part::From(first, _)) if first >= size => Err(outside),
        Some(Part::From(first, None)) => Ok(first..size),
        Some(Part::From(first, Some(last))) if last < first => Err(outside),
        Some(Part::From(first, Some(last))) => Ok(first..last.saturating_add(1).min(size)),
        Some(Part::Last(count)) if count == 0 || size == 0 => Err(outside),
        Some(Part::Last(count)) => Ok(size.saturating_sub(count)..size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_end_with_the_layer_and_begin_within_it() {
        assert_eq!(resolve(None, 0), Ok(0..0));
        assert_eq!(resolve(None, 7), Ok(0..7));
        assert_eq!(resolve(Some(Part::From(0, Some(0))), 7), Ok(0..1));
        assert_eq!(resolve(Some(Part::From(3, None)), 7), Ok(3..7));
        assert_eq!(resolve(Some(Part::From(3, Some(u64::MAX))), 7), Ok(3..7));
        assert_eq!(resolve(Some(Part::Last(3)), 7), Ok(4..7));
        assert_eq!(resolve(Some(Part::Last(u64::MAX)), 7), Ok(0..7));
        for outside in [
            Part::From(7, None),
            Part::From(8, Some(9)),
            Part::From(u64::MAX, None),
            Part::From(4, Some(3)),
            Part::Last(0),
        ] {
            assert_eq!(
                resolve(Some(outside), 7),
                Err(Error::RangeNotSatisfiable { size: 7 })
            );
        }
        for part in [Part::From(0, None), Part::Last(5)] {
            assert_eq!(
                resolve(Some(part), 0),
                Err(Error::RangeNotSatisfiable { size: 0 })
            );
        }
    }
}
