//! The trash: how an image gets there, and what is written of it.
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wharf_meta::manifests::{self, ManifestRow, SealedManifest};
use wharf_meta::trash::{self as rows, TrashedManifest};
use wharf_meta::{repositories, tags};

use super::bytes::DAY;
use super::events::{self, Author, ServiceGrant};
use super::{Tx, following};
use crate::{Compat, Error, Micros, Result, deviations};

/// Why the images of a deleted repository are in the trash.
pub(crate) const REPOSITORY_DELETED: &str = "repository deleted";

/// Where a removed image was, and how long the trash keeps it.
pub(super) struct Place<'a> {
    pub(super) repository: i64,
    pub(super) name: &'a str,
    pub(super) until: Micros,
    /// What is to follow it, if nothing else refers to that.
    pub(super) followers: Followers,
}

/// What follows an image into the trash, a day later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Followers {
    /// Everything goes anyway.
    Nobody,
    /// Manifests about it: as in ECR.
    Referrers,
    /// Its members, too (deviation `children-follow-index`).
    ReferrersAndMembers,
}

impl Followers {
    /// What follows an image that was deleted on its own.
    pub(crate) fn of(compat: Compat) -> Self {
        if deviations::CHILDREN_FOLLOW_INDEX.applies(compat) {
            Self::ReferrersAndMembers
        } else {
            Self::Referrers
        }
    }
}

/// What the trash keeps of a manifest beside its row there.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    media_type: String,
    size: i64,
    image_size: i64,
    depth: i64,
    subject: Option<String>,
    artifact_type: Option<String>,
    config_media_type: Option<String>,
    annotations: Option<String>,
    pushed_at: Micros,
    key_id: String,
    material: i64,
    wrapped: String,
    sealed: String,
    /// The blobs that it names, config first.
    pub(super) links: Vec<String>,
    /// The members of an index.
    pub(super) children: Vec<String>,
}

impl Document {
    /// The document of a row of the trash.
    pub(super) fn of(tx: &mut Tx<'_>, row: &TrashedManifest) -> Result<Self> {
        let text = rows::document(tx.meta, row)?
            .ok_or_else(|| Error::internal("a row of the trash has no document"))?;
        serde_json::from_str(&text).map_err(Error::internal)
    }

    /// Bytes of the manifest.
    pub(super) fn size(&self) -> i64 {
        self.size
    }

    /// The manifest as it was.
    pub(super) fn manifest(&self, digest: &str) -> Result<(ManifestRow, SealedManifest)> {
        let bytes = |text: &str| STANDARD.decode(text).map_err(Error::internal);
        let row = ManifestRow {
            digest: digest.to_owned(),
            media_type: self.media_type.clone(),
            size: self.size,
            image_size: self.image_size,
            depth: self.depth,
            subject: self.subject.clone(),
            artifact_type: self.artifact_type.clone(),
            config_media_type: self.config_media_type.clone(),
            annotations: self.annotations.clone(),
            pushed_at: self.pushed_at,
            keep_until: None,
        };
        let sealed = SealedManifest {
            key_id: self.key_id.clone(),
            material: self.material,
            wrapped: bytes(&self.wrapped)?,
            sealed: bytes(&self.sealed)?,
        };
        Ok((row, sealed))
    }
}

/// Moves an image that no index holds to the trash, with its tags, which are returned.
pub(super) fn to_trash(
    tx: &mut Tx<'_>,
    author: &impl Author,
    place: &Place<'_>,
    row: &ManifestRow,
    reason: &str,
) -> Result<Vec<String>> {
    let Some(sealed) = manifests::sealed(tx.meta, place.repository, &row.digest)? else {
        return Err(Error::internal("a manifest's row has no bytes"));
    };
    let tags = tags::of_digest(tx.meta, place.repository, &row.digest)?;
    let document = Document {
        media_type: row.media_type.clone(),
        size: row.size,
        image_size: row.image_size,
        depth: row.depth,
        subject: row.subject.clone(),
        artifact_type: row.artifact_type.clone(),
        config_media_type: row.config_media_type.clone(),
        annotations: row.annotations.clone(),
        pushed_at: row.pushed_at,
        key_id: sealed.key_id,
        material: sealed.material,
        wrapped: STANDARD.encode(&sealed.wrapped),
        sealed: STANDARD.encode(&sealed.sealed),
        links: manifests::links(tx.meta, place.repository, &row.digest)?,
        children: manifests::children(tx.meta, place.repository, &row.digest)?,
    };
    let now = author.now();
    let trashed = TrashedManifest {
        repository: place.repository,
        digest: row.digest.clone(),
        deleted_at: now,
        reason: reason.to_owned(),
        tags: json!(tags).to_string(),
        until: place.until,
    };
    let text = serde_json::to_string(&document).map_err(Error::internal)?;
    rows::put_manifest(tx.meta, &trashed, &text)?;
    let keep = now.saturating_add(DAY);
    manifests::trash_links(tx.meta, place.repository, &row.digest, place.until, keep)?;
    for tag in &tags {
        tags::delete(tx.meta, place.repository, tag)?;
    }
    manifests::delete(tx.meta, place.repository, &row.digest)?;
    let members = match place.followers {
        Followers::ReferrersAndMembers => document.children,
        Followers::Referrers | Followers::Nobody => Vec::new(),
    };
    if place.followers != Followers::Nobody {
        following::mark(tx, author, place.repository, &row.digest, members)?;
    }
    let details =
        json!({ "digest": row.digest, "tags": tags, "reason": reason, "trashUntil": place.until });
    let subject = format!("{}@{}", place.name, row.digest);
    events::record(
        tx,
        author,
        "image-deleted",
        Some(place.repository),
        &subject,
        &details,
    )?;
    Ok(tags)
}

/// Moves some images of a deleted repository to the trash: about `limit` rows. True: nothing is left.
pub(crate) fn empty_some(
    tx: &mut Tx<'_>,
    grant: &ServiceGrant,
    repository: i64,
    name: &str,
    until: Micros,
    limit: i64,
) -> Result<bool> {
    let mut left = limit;
    let place = Place {
        repository,
        name,
        until,
        followers: Followers::Nobody,
    };
    // Indexes go before their members, each with the list of them.
    while left > 0 {
        let Some(index) = an_uppermost_index(tx, repository)? else {
            break;
        };
        left -= cost(tx, repository, &index.digest)?;
        to_trash(tx, grant, &place, &index, REPOSITORY_DELETED)?;
    }
    if left <= 0 {
        return Ok(false);
    }
    let rows = manifests::page(tx.meta, repository, "", 50)?;
    for row in &rows {
        left -= cost(tx, repository, &row.digest)?;
        to_trash(tx, grant, &place, row, REPOSITORY_DELETED)?;
        if left <= 0 {
            return Ok(false);
        }
    }
    Ok(rows.len() < 50)
}

/// An index that has members and that no other index holds. Indexes nest as deep as their digests allow, so this ends.
fn an_uppermost_index(tx: &mut Tx<'_>, repository: i64) -> Result<Option<ManifestRow>> {
    let Some(mut digest) = manifests::a_parent(tx.meta, repository)? else {
        return Ok(None);
    };
    while let Some(parent) = manifests::parents(tx.meta, repository, &digest)?.pop() {
        digest = parent;
    }
    Ok(manifests::get(tx.meta, repository, &digest)?)
}

/// About how many rows change when an image goes to the trash.
pub(super) fn cost(tx: &mut Tx<'_>, repository: i64, digest: &str) -> Result<i64> {
    let links = manifests::links(tx.meta, repository, digest)?.len();
    let children = manifests::children(tx.meta, repository, digest)?.len();
    let tags = tags::of_digest(tx.meta, repository, digest)?.len();
    i64::try_from(3 + 2 * links + 2 * children + tags).map_err(Error::internal)
}

/// What a repository is called, deleted or not: account, region, name, and whether it is deleted.
pub(super) fn name_of(
    tx: &mut Tx<'_>,
    repository: i64,
) -> Result<Option<(String, String, String, bool)>> {
    if let Some(row) = repositories::by_id(tx.meta, repository)? {
        return Ok(Some((row.account, row.region, row.name, false)));
    }
    let row = rows::repository(tx.meta, repository)?;
    Ok(row.map(|row| (row.account, row.region, row.name, true)))
}

/// The tags that a row of the trash names.
pub(super) fn tags_of(row: &TrashedManifest) -> Result<Vec<String>> {
    serde_json::from_str(&row.tags).map_err(Error::internal)
}

/// The tags as they stand in a row of the trash, for an answer.
pub(super) fn tags_value(row: &TrashedManifest) -> Value {
    serde_json::from_str(&row.tags).unwrap_or(Value::Null)
}
