//! Links, as the collector sees them: when each is due, who holds it, and what goes with it.
use crate::{Micros, Result, Row, Tx};

crate::statements! {
    GET = "SELECT links.blob, links.keep_until, links.trash_until, links.deleted_at, blobs.size, blobs.media_type
           FROM links JOIN blobs ON blobs.id = links.blob WHERE links.repository = $1 AND links.digest = $2";
    DUE = "SELECT links.repository, links.digest, links.blob, links.keep_until, links.trash_until, blobs.account, blobs.region, blobs.size
           FROM links JOIN blobs ON blobs.id = links.blob WHERE links.due_at <= $1 ORDER BY links.due_at LIMIT $2";
    NEXT_DUE = "SELECT MIN(due_at) FROM links";
    SET_DUE = "UPDATE links SET due_at = $3 WHERE repository = $1 AND digest = $2";
    LEAVE_TRASH = "UPDATE links SET trash_until = $3, due_at = CASE WHEN keep_until > $3 THEN keep_until ELSE $3 END
                   WHERE repository = $1 AND digest = $2 AND trash_until > $3";
    REMOVE = "DELETE FROM links WHERE repository = $1 AND digest = $2";
    REMOVE_KEY = "DELETE FROM blob_keys WHERE repository = $1 AND blob = $2";
    OF_BLOB = "SELECT repository FROM links WHERE blob = $1 ORDER BY repository LIMIT 1";
    // Neither sorted nor made distinct by SQL: SQLite would read the links of the whole repository for it.
    HOLDERS = "SELECT manifest FROM manifest_links WHERE repository = $1 AND digest = $2 LIMIT $3";
    ALIASES = "SELECT alias FROM digest_aliases WHERE repository = $1 AND digest = $2 ORDER BY alias LIMIT 10";
    REMOVE_ALIAS = "DELETE FROM digest_aliases WHERE repository = $1 AND alias = $2";
    OF_ALIAS = "SELECT repository, digest FROM digest_aliases WHERE alias = $1 ORDER BY repository LIMIT $2";
}

/// When a link is due that a manifest holds: never, until that manifest goes.
pub const HELD: Micros = Micros::MAX;

/// A link that the collector has to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueLink {
    /// Surrogate id of the repository, which may be deleted.
    pub repository: i64,
    /// `sha256:` and 64 hex digits.
    pub digest: String,
    /// The blob's id.
    pub blob: i64,
    /// Not collected before, microseconds since 1970.
    pub keep_until: Micros,
    /// Kept for the trash until, microseconds since 1970.
    pub trash_until: Option<Micros>,
    /// The blob's account.
    pub account: String,
    /// The blob's region.
    pub region: String,
    /// Plain bytes.
    pub size: i64,
}

fn from_row(row: &Row) -> Result<DueLink> {
    Ok(DueLink {
        repository: row.get(0)?,
        digest: row.get(1)?,
        blob: row.get(2)?,
        keep_until: row.get(3)?,
        trash_until: row.get(4)?,
        account: row.get(5)?,
        region: row.get(6)?,
        size: row.get(7)?,
    })
}

/// A link, whether it serves its blob or only keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptLink {
    /// The blob's id.
    pub blob: i64,
    /// Not collected before, microseconds since 1970.
    pub keep_until: Micros,
    /// Kept for the trash until, microseconds since 1970.
    pub trash_until: Option<Micros>,
    /// When a client deleted the blob, microseconds since 1970: since then it serves nothing.
    pub deleted_at: Option<Micros>,
    /// Plain bytes.
    pub size: i64,
    /// The media type that the first manifest gave it.
    pub media_type: Option<String>,
}

/// A repository's link to a digest, also one that a client deleted.
///
/// # Errors
/// Those of the database.
pub fn get(tx: &mut Tx, repository: i64, digest: &str) -> Result<Option<KeptLink>> {
    let row = tx.row(&GET, &[&repository, &digest])?;
    row.map(|row| {
        Ok(KeptLink {
            blob: row.get(0)?,
            keep_until: row.get(1)?,
            trash_until: row.get(2)?,
            deleted_at: row.get(3)?,
            size: row.get(4)?,
            media_type: row.get(5)?,
        })
    })
    .transpose()
}

/// Up to `limit` links that are due at `now`, the first in front.
///
/// # Errors
/// Those of the database.
pub fn due(tx: &mut Tx, now: Micros, limit: i64) -> Result<Vec<DueLink>> {
    tx.rows(&DUE, &[&now, &limit])?
        .iter()
        .map(from_row)
        .collect()
}

/// When the first link is due that no manifest is known to hold.
///
/// # Errors
/// Those of the database.
pub fn next_due(tx: &mut Tx) -> Result<Option<Micros>> {
    let next = tx
        .row(&NEXT_DUE, &[])?
        .map(|row| row.get::<Option<i64>>(0))
        .transpose()?;
    Ok(next.flatten().filter(|due| *due < HELD))
}

/// Says when the collector looks at a link next; [`HELD`]: not before the manifest goes that holds it.
///
/// # Errors
/// Those of the database.
pub fn set_due(tx: &mut Tx, repository: i64, digest: &str, due: Micros) -> Result<()> {
    tx.run(&SET_DUE, &[&repository, &digest, &due])?;
    Ok(())
}

/// Ends at `now` what the trash needs a link for; what was promised of it still holds.
///
/// # Errors
/// Those of the database.
pub fn leave_trash(tx: &mut Tx, repository: i64, digest: &str, now: Micros) -> Result<bool> {
    Ok(tx.run(&LEAVE_TRASH, &[&repository, &digest, &now])? > 0)
}

/// Removes a link and the repository's copy of the blob's key.
///
/// # Errors
/// `ForeignKey` while a manifest holds it.
pub fn remove(tx: &mut Tx, repository: i64, digest: &str, blob: i64) -> Result<()> {
    tx.run(&REMOVE, &[&repository, &digest])?;
    tx.run(&REMOVE_KEY, &[&repository, &blob])?;
    Ok(())
}

/// Some repository that links a blob.
///
/// # Errors
/// Those of the database.
pub fn of_blob(tx: &mut Tx, blob: i64) -> Result<Option<i64>> {
    tx.row(&OF_BLOB, &[&blob])?
        .map(|row| row.get(0))
        .transpose()
}

/// Some manifests of the repository that hold a link, up to `limit`, in order of digest.
///
/// # Errors
/// Those of the database.
pub fn holders(tx: &mut Tx, repository: i64, digest: &str, limit: i64) -> Result<Vec<String>> {
    let mut holders = tx
        .rows(&HOLDERS, &[&repository, &digest, &limit])?
        .iter()
        .map(|row| row.get(0))
        .collect::<Result<Vec<String>>>()?;
    holders.sort();
    // A manifest may name a layer several times.
    holders.dedup();
    Ok(holders)
}

/// Other names of content in a repository: the first ten.
///
/// # Errors
/// Those of the database.
pub fn aliases(tx: &mut Tx, repository: i64, digest: &str) -> Result<Vec<String>> {
    tx.rows(&ALIASES, &[&repository, &digest])?
        .iter()
        .map(|row| row.get(0))
        .collect()
}

/// Removes another name of content from a repository.
///
/// # Errors
/// Those of the database.
pub fn remove_alias(tx: &mut Tx, repository: i64, alias: &str) -> Result<()> {
    tx.run(&REMOVE_ALIAS, &[&repository, &alias])?;
    Ok(())
}

/// Repositories that know content by another name, and what they call it: up to `limit`.
///
/// # Errors
/// Those of the database.
pub fn of_alias(tx: &mut Tx, alias: &str, limit: i64) -> Result<Vec<(i64, String)>> {
    tx.rows(&OF_ALIAS, &[&alias, &limit])?
        .iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}
