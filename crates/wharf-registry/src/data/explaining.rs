//! Why something is stored, or when and why it went: what rows and events tell of a digest.
use serde::Serialize;
use serde_json::Value;
use wharf_meta::trash as trash_rows;
use wharf_meta::{blobs, events, links, manifests, orphans, tags};

use super::Tx;
use super::trash::{name_of, tags_of};
use crate::{Micros, Result};

/// Manifests, referrers and events told of at most.
const TOLD: i64 = 20;

/// What one repository knows of a digest.
#[derive(Clone, Debug, Serialize)]
pub struct Place {
    pub account: String,
    pub region: String,
    pub repository: String,
    /// Whether the repository itself is deleted.
    pub repository_deleted: bool,
    /// Other digests of the same content.
    pub aliases: Vec<String>,
    /// As a layer, if it is one there.
    pub layer: Option<Layer>,
    /// As an image, if it is one there.
    pub image: Option<Image>,
    /// As an image in the trash.
    pub trash: Option<Trashed>,
    /// What happened to it there: the last events, the newest in front.
    pub events: Vec<Event>,
}

/// A layer of a repository.
#[derive(Clone, Debug, Serialize)]
pub struct Layer {
    pub size: i64,
    pub media_type: Option<String>,
    /// The images that hold it: the first twenty.
    pub held_by: Vec<Holder>,
    /// Not collected before, microseconds since 1970: somebody was told that it exists.
    pub keep_until: Micros,
    /// A client deleted it then: it serves nothing since.
    pub deleted_at: Option<Micros>,
    /// The trash needs it until.
    pub trash_until: Option<Micros>,
    /// How many of its stored objects are in which state. None: its bytes lie in rows.
    pub objects: Vec<(String, i64)>,
}

/// An image that holds a layer.
#[derive(Clone, Debug, Serialize)]
pub struct Holder {
    pub digest: String,
    pub tags: Vec<String>,
}

/// An image of a repository.
#[derive(Clone, Debug, Serialize)]
pub struct Image {
    pub media_type: String,
    pub size: i64,
    pub pushed_at: Micros,
    pub tags: Vec<String>,
    /// The indexes that hold it.
    pub parents: Vec<String>,
    pub subject: Option<String>,
    pub subject_exists: bool,
    /// What is about it: the first twenty.
    pub referrers: Vec<String>,
    /// When the collector looks whether anything refers to it; none: nobody asks.
    pub keep_until: Option<Micros>,
    /// The index or subject whose removal made it ask.
    pub orphaned_by: Option<String>,
}

/// An image in the trash.
#[derive(Clone, Debug, Serialize)]
pub struct Trashed {
    pub deleted_at: Micros,
    pub until: Micros,
    pub reason: String,
    pub tags: Vec<String>,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    pub at: Micros,
    pub kind: String,
    pub principal: String,
    pub request_id: String,
    pub details: Value,
}

impl From<events::EventRow> for Event {
    fn from(row: events::EventRow) -> Self {
        Self {
            at: row.at,
            kind: row.kind,
            principal: row.principal,
            request_id: row.request_id,
            details: serde_json::from_str(&row.details).unwrap_or(Value::Null),
        }
    }
}

/// The next repository after a surrogate id that ever had to do with a digest.
pub(crate) fn next_repository(tx: &mut Tx<'_>, digest: &str, after: i64) -> Result<Option<i64>> {
    Ok(events::next_repository(tx.meta, digest, after)?)
}

/// What content is called by sha256 that repositories know by another digest.
pub(crate) fn named(tx: &mut Tx<'_>, alias: &str) -> Result<Option<String>> {
    let found = links::of_alias(tx.meta, alias, 1)?.pop();
    Ok(found.map(|(_, digest)| digest))
}

/// Events about a digest that belong to no repository: its blob's removal.
pub(crate) fn events_alone(tx: &mut Tx<'_>, digest: &str) -> Result<Vec<Event>> {
    let rows = events::of_digest(tx.meta, digest, None, TOLD)?;
    Ok(rows.into_iter().map(Event::from).collect())
}

/// What a repository knows of a digest.
pub(crate) fn place(tx: &mut Tx<'_>, id: i64, digest: &str, now: Micros) -> Result<Place> {
    let (account, region, repository, repository_deleted) =
        name_of(tx, id)?.unwrap_or_else(|| (String::new(), String::new(), id.to_string(), true));
    let happened = events::of_digest(tx.meta, digest, Some(id), TOLD)?;
    let trash = trash_rows::manifest(tx.meta, id, digest, now)?;
    Ok(Place {
        account,
        region,
        repository,
        repository_deleted,
        aliases: links::aliases(tx.meta, id, digest)?,
        layer: layer(tx, id, digest, now)?,
        image: image(tx, id, digest)?,
        trash: match trash {
            Some(row) => Some(Trashed {
                deleted_at: row.deleted_at,
                until: row.until,
                tags: tags_of(&row)?,
                reason: row.reason,
            }),
            None => None,
        },
        events: happened.into_iter().map(Event::from).collect(),
    })
}

fn layer(tx: &mut Tx<'_>, id: i64, digest: &str, now: Micros) -> Result<Option<Layer>> {
    let Some(link) = links::get(tx.meta, id, digest)? else {
        return Ok(None);
    };
    let mut held_by = Vec::new();
    for manifest in links::holders(tx.meta, id, digest, TOLD)? {
        held_by.push(Holder {
            tags: tags::of_digest(tx.meta, id, &manifest)?,
            digest: manifest,
        });
    }
    Ok(Some(Layer {
        size: link.size,
        media_type: link.media_type,
        held_by,
        keep_until: link.keep_until,
        deleted_at: link.deleted_at,
        trash_until: link.trash_until.filter(|until| *until > now),
        objects: blobs::object_states(tx.meta, link.blob)?,
    }))
}

fn image(tx: &mut Tx<'_>, id: i64, digest: &str) -> Result<Option<Image>> {
    let Some(row) = manifests::get(tx.meta, id, digest)? else {
        return Ok(None);
    };
    let subject_exists = match &row.subject {
        Some(subject) => orphans::there(tx.meta, id, subject)?,
        None => false,
    };
    Ok(Some(Image {
        media_type: row.media_type,
        size: row.size,
        pushed_at: row.pushed_at,
        tags: tags::of_digest(tx.meta, id, digest)?,
        parents: manifests::parents(tx.meta, id, digest)?,
        subject: row.subject,
        subject_exists,
        referrers: orphans::referrers(tx.meta, id, digest, "", TOLD)?,
        keep_until: row.keep_until,
        orphaned_by: orphans::orphaned_by(tx.meta, id, digest)?,
    }))
}
