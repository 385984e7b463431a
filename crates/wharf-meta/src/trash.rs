//! Trash: what was deleted, kept for a while as one JSON document a thing.
use crate::{Micros, Result, Row, Tx, usage};

crate::statements! {
    PUT_REPOSITORY = "INSERT INTO trash_repositories (id, account, region, name, document, deleted_at, until) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    PUT_MANIFEST = "INSERT INTO trash_manifests (repository, digest, deleted_at, reason, tags, document, until) VALUES ($1, $2, $3, $4, $5, $6, $7)
                    ON CONFLICT (repository, digest, deleted_at) DO UPDATE SET
                    reason = excluded.reason, tags = excluded.tags, document = excluded.document, until = excluded.until";
    DUE_REPOSITORIES = "SELECT id FROM trash_repositories WHERE until <= $1 ORDER BY until LIMIT $2";
    DUE_MANIFESTS = "SELECT repository, digest, deleted_at FROM trash_manifests WHERE until <= $1 ORDER BY until LIMIT $2";
    DROP_REPOSITORY = "DELETE FROM trash_repositories WHERE id = $1";
    DROP_MANIFEST = "DELETE FROM trash_manifests WHERE repository = $1 AND digest = $2 AND deleted_at = $3";
    DROP_ALIASES = "DELETE FROM digest_aliases WHERE repository = $1 AND digest = $2
                    AND NOT EXISTS (SELECT 1 FROM manifests WHERE manifests.repository = $1 AND manifests.digest = $2)
                    AND NOT EXISTS (SELECT 1 FROM links WHERE links.repository = $1 AND links.digest = $2)
                    AND NOT EXISTS (SELECT 1 FROM trash_manifests WHERE trash_manifests.repository = $1 AND trash_manifests.digest = $2)";
    MANIFEST = "SELECT repository, digest, deleted_at, reason, tags, until FROM trash_manifests
                WHERE repository = $1 AND digest = $2 AND until > $3 ORDER BY deleted_at DESC LIMIT 1";
    OF_REASON = "SELECT repository, digest, deleted_at, reason, tags, until FROM trash_manifests
                 WHERE repository = $1 AND reason = $2 LIMIT $3";
    PAGE = "SELECT repository, digest, deleted_at, reason, tags, until FROM trash_manifests
            WHERE (repository, digest, deleted_at) > ($1, $2, $3) ORDER BY repository, digest, deleted_at LIMIT $4";
    DOCUMENT = "SELECT document FROM trash_manifests WHERE repository = $1 AND digest = $2 AND deleted_at = $3";
    SET_REASON = "UPDATE trash_manifests SET reason = $4 WHERE repository = $1 AND digest = $2 AND deleted_at = $3";
    NAMED = "SELECT id, account, region, name, document, deleted_at, until FROM trash_repositories
             WHERE account = $1 AND region = $2 AND name = $3 ORDER BY deleted_at DESC LIMIT $4";
    REPOSITORY = "SELECT id, account, region, name, document, deleted_at, until FROM trash_repositories WHERE id = $1";
    REPOSITORIES = "SELECT id, account, region, name, document, deleted_at, until FROM trash_repositories WHERE id > $1 ORDER BY id LIMIT $2";
}

/// A deleted repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrashedRepository {
    pub id: i64,
    pub account: String,
    pub region: String,
    pub name: String,
    /// Its settings and resource tags, as JSON.
    pub document: String,
    pub deleted_at: i64,
    /// When the trash may be emptied of it, microseconds since 1970.
    pub until: i64,
}

/// A deleted manifest, without its document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrashedManifest {
    /// Surrogate id of the repository, which may be deleted too.
    pub repository: i64,
    pub digest: String,
    pub deleted_at: i64,
    /// Why it was deleted, in words.
    pub reason: String,
    /// The tags it had, as a JSON array.
    pub tags: String,
    /// When the trash may be emptied of it, microseconds since 1970.
    pub until: i64,
}

/// A place in the order of the trash, to go on after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    pub repository: i64,
    pub digest: String,
    pub deleted_at: i64,
}

impl After {
    /// Before everything of a repository.
    pub fn before(repository: i64) -> Self {
        Self {
            repository,
            digest: String::new(),
            deleted_at: i64::MIN,
        }
    }
}

impl From<&TrashedManifest> for After {
    fn from(row: &TrashedManifest) -> Self {
        Self {
            repository: row.repository,
            digest: row.digest.clone(),
            deleted_at: row.deleted_at,
        }
    }
}

fn manifest_from(row: &Row) -> Result<TrashedManifest> {
    Ok(TrashedManifest {
        repository: row.get(0)?,
        digest: row.get(1)?,
        deleted_at: row.get(2)?,
        reason: row.get(3)?,
        tags: row.get(4)?,
        until: row.get(5)?,
    })
}

fn repository_from(row: &Row) -> Result<TrashedRepository> {
    Ok(TrashedRepository {
        id: row.get(0)?,
        account: row.get(1)?,
        region: row.get(2)?,
        name: row.get(3)?,
        document: row.get(4)?,
        deleted_at: row.get(5)?,
        until: row.get(6)?,
    })
}

/// Puts a repository into the trash.
///
/// # Errors
/// Those of the database.
pub fn put_repository(tx: &mut Tx, row: &TrashedRepository) -> Result<()> {
    tx.run(
        &PUT_REPOSITORY,
        &[
            &row.id,
            &row.account,
            &row.region,
            &row.name,
            &row.document,
            &row.deleted_at,
            &row.until,
        ],
    )?;
    Ok(())
}

/// Puts a manifest into the trash.
///
/// # Errors
/// Those of the database.
pub fn put_manifest(tx: &mut Tx, row: &TrashedManifest, document: &str) -> Result<()> {
    tx.run(
        &PUT_MANIFEST,
        &[
            &row.repository,
            &row.digest,
            &row.deleted_at,
            &row.reason,
            &row.tags,
            &document,
            &row.until,
        ],
    )?;
    Ok(())
}

/// The manifest of that digest that was deleted last, if its time in the trash is not over at `now`.
///
/// # Errors
/// Those of the database.
pub fn manifest(
    tx: &mut Tx,
    repository: i64,
    digest: &str,
    now: Micros,
) -> Result<Option<TrashedManifest>> {
    tx.row(&MANIFEST, &[&repository, &digest, &now])?
        .as_ref()
        .map(manifest_from)
        .transpose()
}

/// Up to `limit` manifests of a repository that were deleted for this reason.
///
/// # Errors
/// Those of the database.
pub fn of_reason(
    tx: &mut Tx,
    repository: i64,
    reason: &str,
    limit: i64,
) -> Result<Vec<TrashedManifest>> {
    tx.rows(&OF_REASON, &[&repository, &reason, &limit])?
        .iter()
        .map(manifest_from)
        .collect()
}

/// Up to `limit` deleted manifests after a place, in order of repository, digest and time.
///
/// # Errors
/// Those of the database.
pub fn page(tx: &mut Tx, after: &After, limit: i64) -> Result<Vec<TrashedManifest>> {
    tx.rows(
        &PAGE,
        &[&after.repository, &after.digest, &after.deleted_at, &limit],
    )?
    .iter()
    .map(manifest_from)
    .collect()
}

/// The document of a deleted manifest.
///
/// # Errors
/// Those of the database.
pub fn document(tx: &mut Tx, row: &TrashedManifest) -> Result<Option<String>> {
    tx.row(&DOCUMENT, &[&row.repository, &row.digest, &row.deleted_at])?
        .map(|row| row.get(0))
        .transpose()
}

/// Says anew why a manifest lies in the trash.
///
/// # Errors
/// Those of the database.
pub fn set_reason(tx: &mut Tx, row: &TrashedManifest, reason: &str) -> Result<()> {
    tx.run(
        &SET_REASON,
        &[&row.repository, &row.digest, &row.deleted_at, &reason],
    )?;
    Ok(())
}

/// Takes a manifest out of the trash. What it was called by other digests goes too, if nothing else is called so.
///
/// # Errors
/// Those of the database.
pub fn drop_manifest(tx: &mut Tx, repository: i64, digest: &str, deleted_at: i64) -> Result<u64> {
    let gone = tx.run(&DROP_MANIFEST, &[&repository, &digest, &deleted_at])?;
    tx.run(&DROP_ALIASES, &[&repository, &digest])?;
    Ok(gone)
}

/// Up to `limit` deleted repositories of that name, the last deleted in front.
///
/// # Errors
/// Those of the database.
pub fn repositories_named(
    tx: &mut Tx,
    account: &str,
    region: &str,
    name: &str,
    limit: i64,
) -> Result<Vec<TrashedRepository>> {
    tx.rows(&NAMED, &[&account, &region, &name, &limit])?
        .iter()
        .map(repository_from)
        .collect()
}

/// The deleted repository of that surrogate id.
///
/// # Errors
/// Those of the database.
pub fn repository(tx: &mut Tx, id: i64) -> Result<Option<TrashedRepository>> {
    tx.row(&REPOSITORY, &[&id])?
        .as_ref()
        .map(repository_from)
        .transpose()
}

/// Up to `limit` deleted repositories whose surrogate id comes after `after`.
///
/// # Errors
/// Those of the database.
pub fn repositories(tx: &mut Tx, after: i64, limit: i64) -> Result<Vec<TrashedRepository>> {
    tx.rows(&REPOSITORIES, &[&after, &limit])?
        .iter()
        .map(repository_from)
        .collect()
}

/// Takes a repository out of the trash.
///
/// # Errors
/// Those of the database.
pub fn drop_repository(tx: &mut Tx, id: i64) -> Result<u64> {
    tx.run(&DROP_REPOSITORY, &[&id])
}

/// Whether anything in the trash has lain there for its time.
///
/// # Errors
/// Those of the database.
pub fn is_due(tx: &mut Tx, now: i64) -> Result<bool> {
    let one = 1_i64;
    Ok(tx.row(&DUE_MANIFESTS, &[&now, &one])?.is_some()
        || tx.row(&DUE_REPOSITORIES, &[&now, &one])?.is_some())
}

/// Removes up to `limit` repositories and `limit` manifests whose time has come; how many went. A repository goes after
/// the counts of its use, of which one call removes `limit`.
///
/// # Errors
/// Those of the database.
pub fn empty(tx: &mut Tx, now: i64, limit: i64) -> Result<u64> {
    let mut gone = 0;
    for row in tx.rows(&DUE_MANIFESTS, &[&now, &limit])? {
        let (repository, digest, deleted_at): (i64, String, i64) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        gone += drop_manifest(tx, repository, &digest, deleted_at)?;
    }
    let mut left = limit;
    for row in tx.rows(&DUE_REPOSITORIES, &[&now, &limit])? {
        let id: i64 = row.get(0)?;
        left -= i64::try_from(usage::remove(tx, id, left)?).unwrap_or(left);
        if left <= 0 {
            break;
        }
        gone += drop_repository(tx, id)?;
    }
    Ok(gone)
}
