//! Mounting: a link and a data key of one repository, made anew for another.
use serde_json::json;
use wharf_meta::blobs;
use wharf_wire::oci::Digest;

use super::DAY;
use super::uploads::{Shared, share};
use crate::action::{CompleteLayerUpload, GetDownloadUrlForLayer};
use crate::data::{Tx, aliases, events};
use crate::keyring::RegistryKeyRef;
use crate::{Grant, Result};

/// What became of a mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mounted {
    Yes,
    /// It cannot be had from there.
    No,
    /// Nothing was done: the data key is wrapped under this generation.
    NeedsGeneration(i64),
}

/// Whether the source links the layer.
pub(crate) fn has(
    tx: &mut Tx<'_>,
    source: &Grant<GetDownloadUrlForLayer>,
    digest: &Digest,
) -> Result<bool> {
    let repository = source.repository()?.id;
    let Some(identity) = aliases::identity(tx, repository, digest.as_str())? else {
        return Ok(false);
    };
    Ok(blobs::find_link(tx.meta, repository, &identity)?.is_some())
}

/// Links the source's layer to the target, if both are encrypted alike and its bytes can be read.
pub(crate) fn mount(
    tx: &mut Tx<'_>,
    target: &Grant<CompleteLayerUpload>,
    source: &Grant<GetDownloadUrlForLayer>,
    digest: &Digest,
    registry: &[RegistryKeyRef],
) -> Result<Mounted> {
    let (from, to) = (source.repository()?, target.repository()?);
    let Some(identity) = aliases::identity(tx, from.id, digest.as_str())? else {
        return Ok(Mounted::No);
    };
    let link = blobs::find_link(tx.meta, from.id, &identity)?;
    // A blob is shared within account, region and encryption: the target's must be the very same.
    let blob = blobs::find(
        tx.meta,
        &to.account,
        &to.region,
        &to.encryption_type,
        &identity,
    )?;
    let Some(blob) = blob.filter(|blob| link.is_some_and(|link| link.blob == blob.id)) else {
        return Ok(Mounted::No);
    };
    match share(tx, to, registry, &blob)? {
        Shared::Yes => {}
        Shared::Unreadable => return Ok(Mounted::No),
        Shared::NeedsGeneration(material) => return Ok(Mounted::NeedsGeneration(material)),
    }
    let keep_until = target.now().saturating_add(DAY);
    blobs::link(tx.meta, to.id, &identity, blob.id, keep_until, target.now())?;
    aliases::remember(tx, to.id, Some(digest.as_str()), &identity)?;
    let subject = format!("{}@{identity}", to.name);
    let details = json!({ "digest": identity, "size": blob.size, "from": from.name });
    events::record(tx, target, "layer-mounted", Some(to.id), &subject, &details)?;
    Ok(Mounted::Yes)
}
