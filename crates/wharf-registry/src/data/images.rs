//! Images under grants: a manifest, what it refers to, and the tags that point to it.
use serde_json::json;
use wharf_meta::manifests::{self, ManifestRow, SealedManifest};
use wharf_meta::tags;
use wharf_wire::ids::ImageTag;
use wharf_wire::oci::{MAX_NESTING, ManifestError};

use super::trash::{Followers, Place, to_trash};
use super::{Tx, aliases, events, following};
use crate::action::{ListImages, PutImage, ReadsImages, RemovesImages};
use crate::mutability::TagMutability;
use crate::{Error, Grant, Result};

/// ECR's limit of tags on one image.
const MAX_TAGS: usize = 1_000;
const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A manifest ready to be stored: parsed, hashed and sealed before the transaction, so that a re-run stores the same bytes.
#[derive(Clone, Debug)]
pub(crate) struct NewImage {
    /// The repository it was sealed for: its data key is wrapped for no other.
    pub(crate) repository: i64,
    /// `image_size` is filled in by the transaction, from the layers it finds.
    pub(crate) row: ManifestRow,
    pub(crate) sealed: SealedManifest,
    /// The digest that the caller used; another than the row's becomes an alias.
    pub(crate) named: Option<String>,
    pub(crate) refers_to: RefersTo,
    /// Each is pointed to the image, or none is.
    pub(crate) tags: Vec<String>,
    /// Whether repeating what is already so succeeds (registry protocol) or is an error (API).
    pub(crate) repeat_succeeds: bool,
    /// Whether that holds of a tag that cannot be moved, too (deviation `same-digest-repush`).
    pub(crate) immutable_repeat_succeeds: bool,
}

/// What a manifest refers to, by the digests that it uses.
#[derive(Clone, Debug)]
pub(crate) enum RefersTo {
    /// Config and layers that must be linked, with the media types their descriptors give.
    Blobs(Vec<(String, String)>),
    /// Members of an index that must be images of the repository.
    Members(Vec<String>),
}

/// How a caller names an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ImageId {
    pub(crate) digest: Option<String>,
    pub(crate) tag: Option<String>,
}

/// Why an image that a caller named cannot be had or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Miss {
    NotFound,
    /// Digest and tag exist, or one of them does, but are not a pair.
    Mismatch,
    /// These indexes hold it.
    Referenced(Vec<String>),
}

/// What a removal took away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Removed {
    pub(crate) digest: String,
    /// Every tag removed; empty when an untagged image went.
    pub(crate) tags: Vec<String>,
}

/// Stores a manifest and moves its tag, or refuses and changes nothing.
pub(crate) fn put(tx: &mut Tx<'_>, grant: &Grant<PutImage>, new: &NewImage) -> Result<()> {
    let repository = grant.repository()?;
    if repository.id != new.repository {
        // Deleted and made anew since the check: the layers went with the old one.
        return Err(Error::RepositoryNotFound {
            name: repository.name.clone(),
            registry: repository.account.clone(),
        });
    }
    let digest = new.row.digest.as_str();
    let known = manifests::get(tx.meta, repository.id, digest)?.is_some();
    if known {
        following::keep(tx, grant, digest)?;
    }
    let mutability = TagMutability::of(repository)?;
    let mut moves = Vec::new();
    for tag in &new.tags {
        let pointed = tags::get(tx.meta, repository.id, tag)?;
        let same = pointed.as_deref() == Some(digest);
        let fixed = mutability.is_fixed(tag);
        let repeats = same && new.repeat_succeeds && (!fixed || new.immutable_repeat_succeeds);
        if pointed.is_some() && fixed && !repeats {
            return Err(Error::ImageTagAlreadyExists {
                tag: tag.clone(),
                name: repository.name.clone(),
            });
        }
        if !same {
            moves.push((tag, pointed));
        }
    }
    let unchanged = known && moves.is_empty();
    if unchanged && !new.repeat_succeeds {
        return Err(Error::ImageAlreadyExists {
            digest: digest.to_owned(),
            tag: new.tags.first().cloned(),
            name: repository.name.clone(),
            registry: repository.account.clone(),
        });
    }
    if !known {
        insert(tx, grant, new)?;
    }
    aliases::remember(tx, repository.id, new.named.as_deref(), digest)?;
    if unchanged {
        return Ok(());
    }
    let tags_then = tags::of_digest(tx.meta, repository.id, digest)?.len();
    if !moves.is_empty() && tags_then.saturating_add(moves.len()) > MAX_TAGS {
        return Err(Error::LimitExceeded {
            reason: format!("An image may have at most {MAX_TAGS} tags"),
        });
    }
    if moves.is_empty() {
        pushed(tx, grant, new, None, !known)?;
    }
    for (position, (tag, pointed)) in moves.iter().enumerate() {
        match pointed {
            Some(_) => tags::move_to(tx.meta, repository.id, tag, digest, grant.now())?,
            None => tags::insert(tx.meta, repository.id, tag, digest, grant.now())?,
        }
        let tag = Some((tag.as_str(), pointed.as_deref()));
        pushed(tx, grant, new, tag, !known && position == 0)?;
    }
    Ok(())
}

/// The event of a push, one for each tag: with the tag and the digest it pointed to before.
fn pushed(
    tx: &mut Tx<'_>,
    grant: &Grant<PutImage>,
    new: &NewImage,
    tag: Option<(&str, Option<&str>)>,
    is_new: bool,
) -> Result<()> {
    let repository = grant.repository()?;
    let digest = new.row.digest.as_str();
    let subject = match tag {
        Some((tag, _)) => format!("{}:{tag}", repository.name),
        None => format!("{}@{digest}", repository.name),
    };
    let details = json!({
        "digest": digest, "tag": tag.map(|(tag, _)| tag), "movedFrom": tag.and_then(|(_, from)| from),
        "new": is_new, "mediaType": new.row.media_type, "size": new.row.size,
    });
    events::record(
        tx,
        grant,
        "image-pushed",
        Some(repository.id),
        &subject,
        &details,
    )
}

fn insert(tx: &mut Tx<'_>, grant: &Grant<PutImage>, new: &NewImage) -> Result<()> {
    let repository = grant.repository()?.id;
    let mut row = new.row.clone();
    match &new.refers_to {
        RefersTo::Blobs(blobs) => {
            let (size, digests) = check_blobs(tx, grant, blobs)?;
            row.image_size = size;
            manifests::insert(tx.meta, repository, &row, &new.sealed)?;
            for (position, digest) in (0_i64..).zip(&digests) {
                manifests::add_link(tx.meta, repository, &row.digest, position, digest)?;
            }
        }
        RefersTo::Members(members) => {
            let found = check_members(tx, grant, members)?;
            (row.image_size, row.depth) = (found.largest, found.depth + 1);
            if row.depth > MAX_NESTING {
                return Err(ManifestError::NestedTooDeep.into());
            }
            manifests::insert(tx.meta, repository, &row, &new.sealed)?;
            for (position, digest) in (0_i64..).zip(&found.digests) {
                manifests::add_child(tx.meta, repository, &row.digest, position, digest)?;
            }
        }
    }
    Ok(())
}

/// The bytes of config and layers, all of which the repository must link, and their sha256 digests.
fn check_blobs(
    tx: &mut Tx<'_>,
    grant: &Grant<PutImage>,
    blobs: &[(String, String)],
) -> Result<(i64, Vec<String>)> {
    let repository = grant.repository()?;
    let mut size = 0_i64;
    let mut digests = Vec::with_capacity(blobs.len());
    let mut missing = Vec::new();
    for (named, media_type) in blobs {
        let digest = aliases::identity(tx, repository.id, named)?;
        let linked = match &digest {
            Some(digest) => manifests::linked_blob(tx.meta, repository.id, digest)?,
            None => None,
        };
        let (Some(digest), Some(linked)) = (digest, linked) else {
            missing.push(named.clone());
            continue;
        };
        digests.push(digest);
        size = size.saturating_add(linked.size);
        if linked.media_type.is_none() {
            manifests::name_media_type(tx.meta, linked.blob, media_type)?;
        }
    }
    if missing.is_empty() {
        return Ok((size, digests));
    }
    missing.dedup();
    Err(Error::LayersNotFound {
        digests: missing,
        name: repository.name.clone(),
        registry: repository.account.clone(),
    })
}

/// The members of an index, found.
struct Members {
    /// Bytes of the largest.
    largest: i64,
    /// Of the deepest; 0 when there is none.
    depth: i64,
    /// sha256 digests, in the order of the index.
    digests: Vec<String>,
}

/// All members must be images of the repository.
fn check_members(tx: &mut Tx<'_>, grant: &Grant<PutImage>, members: &[String]) -> Result<Members> {
    let repository = grant.repository()?;
    let mut found = Members {
        largest: 0,
        depth: 0,
        digests: Vec::with_capacity(members.len()),
    };
    let mut missing = Vec::new();
    for named in members {
        match by_digest(tx, repository.id, named)? {
            Some(row) => {
                found.largest = found.largest.max(row.image_size);
                found.depth = found.depth.max(row.depth);
                found.digests.push(row.digest);
            }
            None => missing.push(named.clone()),
        }
    }
    if missing.is_empty() {
        return Ok(found);
    }
    Err(Error::ReferencedImagesNotFound {
        digests: missing,
        name: repository.name.clone(),
        registry: repository.account.clone(),
    })
}

/// An image by whatever digest the repository knows it.
fn by_digest(tx: &mut Tx<'_>, repository: i64, digest: &str) -> Result<Option<ManifestRow>> {
    match aliases::identity(tx, repository, digest)? {
        Some(digest) => Ok(manifests::get(tx.meta, repository, &digest)?),
        None => Ok(None),
    }
}

/// Finds the image that a caller named. The caller has seen to it that digest or tag is there.
pub(crate) fn find<A: ReadsImages>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    id: &ImageId,
) -> Result<Result<ManifestRow, Miss>> {
    let repository = grant.repository()?;
    let pointed = match &id.tag {
        // One that cannot be a tag points to nothing.
        Some(tag) if ImageTag::parse(tag).is_ok() => tags::get(tx.meta, repository.id, tag)?,
        Some(_) | None => None,
    };
    let named = match &id.digest {
        Some(digest) => by_digest(tx, repository.id, digest)?,
        None => None,
    };
    Ok(match (&id.digest, &id.tag, named, pointed) {
        (Some(_), None, Some(row), _) => Ok(row),
        (Some(_), Some(_), Some(row), Some(pointed)) if pointed == row.digest => Ok(row),
        (Some(_), Some(_), named, pointed) if named.is_some() || pointed.is_some() => {
            Err(Miss::Mismatch)
        }
        (None, Some(_), _, Some(pointed)) => {
            manifests::get(tx.meta, repository.id, &pointed)?.ok_or(Miss::NotFound)
        }
        _ => Err(Miss::NotFound),
    })
}

/// The sealed bytes of an image of the granted repository.
pub(crate) fn sealed<A: ReadsImages>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    digest: &str,
) -> Result<Option<SealedManifest>> {
    Ok(manifests::sealed(tx.meta, grant.repository()?.id, digest)?)
}

/// Tags after `after`, in byte order.
pub(crate) fn tag_page(
    tx: &mut Tx<'_>,
    grant: &Grant<ListImages>,
    after: &str,
    limit: i64,
) -> Result<Vec<String>> {
    Ok(tags::page(tx.meta, grant.repository()?.id, after, limit)?)
}

/// Removes a tag, or an image with all its tags when only its digest is named.
///
/// `last_tag_takes_image`: ECR's API removes the image with its last tag; the registry protocol leaves it untagged.
pub(crate) fn delete<A: RemovesImages + ReadsImages>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    id: &ImageId,
    last_tag_takes_image: bool,
    trash_days: u32,
    followers: Followers,
) -> Result<Result<Removed, Miss>> {
    let row = match find(tx, grant, id)? {
        Ok(row) => row,
        Err(miss) => return Ok(Err(miss)),
    };
    let repository = grant.repository()?;
    if let Some(tag) = &id.tag {
        let others = tags::of_digest(tx.meta, repository.id, &row.digest)?.len() > 1;
        if others || !last_tag_takes_image {
            tags::delete(tx.meta, repository.id, tag)?;
            let subject = format!("{}:{tag}", repository.name);
            let details = json!({ "digest": row.digest, "reason": "request" });
            events::record(
                tx,
                grant,
                "tag-deleted",
                Some(repository.id),
                &subject,
                &details,
            )?;
            return Ok(Ok(Removed {
                digest: row.digest,
                tags: vec![tag.clone()],
            }));
        }
    }
    let parents = manifests::parents(tx.meta, repository.id, &row.digest)?;
    if !parents.is_empty() {
        return Ok(Err(Miss::Referenced(parents)));
    }
    let until = grant.now() + i64::from(trash_days) * MICROS_PER_DAY;
    let place = Place {
        repository: repository.id,
        name: &repository.name,
        until,
        followers,
    };
    let tags = to_trash(tx, grant, &place, &row, "request")?;
    Ok(Ok(Removed {
        digest: row.digest,
        tags,
    }))
}
