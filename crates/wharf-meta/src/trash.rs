//! Trash: what was deleted, kept for a while as one JSON document a thing.
use crate::{Result, Tx};

crate::statements! {
    PUT_REPOSITORY = "INSERT INTO trash_repositories (id, account, region, name, document, deleted_at, until) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    PUT_MANIFEST = "INSERT INTO trash_manifests (repository, digest, deleted_at, document, until) VALUES ($1, $2, $3, $4, $5)
                    ON CONFLICT (repository, digest, deleted_at) DO UPDATE SET document = excluded.document, until = excluded.until";
    DUE_REPOSITORIES = "SELECT id FROM trash_repositories WHERE until <= $1 ORDER BY until LIMIT $2";
    DUE_MANIFESTS = "SELECT repository, digest, deleted_at FROM trash_manifests WHERE until <= $1 ORDER BY until LIMIT $2";
    DROP_REPOSITORY = "DELETE FROM trash_repositories WHERE id = $1";
    DROP_MANIFEST = "DELETE FROM trash_manifests WHERE repository = $1 AND digest = $2 AND deleted_at = $3";
    MANIFEST = "SELECT document FROM trash_manifests WHERE repository = $1 AND digest = $2 ORDER BY deleted_at DESC LIMIT 1";
}

/// A repository on its way to the trash.
#[derive(Clone, Debug)]
pub struct TrashedRepository<'a> {
    pub id: i64,
    pub account: &'a str,
    pub region: &'a str,
    pub name: &'a str,
    /// Its settings and resource tags, as JSON.
    pub document: &'a str,
    pub deleted_at: i64,
    /// When the trash may be emptied of it, microseconds since 1970.
    pub until: i64,
}

/// Puts a repository into the trash.
///
/// # Errors
/// Those of the database.
pub fn put_repository(tx: &mut Tx, row: &TrashedRepository<'_>) -> Result<()> {
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

/// Puts a manifest, with its tags, into the trash.
///
/// # Errors
/// Those of the database.
pub fn put_manifest(
    tx: &mut Tx,
    repository: i64,
    digest: &str,
    document: &str,
    deleted_at: i64,
    until: i64,
) -> Result<()> {
    tx.run(
        &PUT_MANIFEST,
        &[&repository, &digest, &deleted_at, &document, &until],
    )?;
    Ok(())
}

/// The newest document of a manifest in the trash.
///
/// # Errors
/// Those of the database.
pub fn manifest(tx: &mut Tx, repository: i64, digest: &str) -> Result<Option<String>> {
    tx.row(&MANIFEST, &[&repository, &digest])?
        .map(|row| row.get(0))
        .transpose()
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

/// Removes up to `limit` repositories and `limit` manifests whose time has come; how many went.
///
/// # Errors
/// Those of the database.
pub fn empty(tx: &mut Tx, now: i64, limit: i64) -> Result<u64> {
    let mut gone = 0;
    for row in tx.rows(&DUE_MANIFESTS, &[&now, &limit])? {
        let (repository, digest, deleted_at): (i64, String, i64) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        gone += tx.run(&DROP_MANIFEST, &[&repository, &digest, &deleted_at])?;
    }
    for row in tx.rows(&DUE_REPOSITORIES, &[&now, &limit])? {
        let id: i64 = row.get(0)?;
        gone += tx.run(&DROP_REPOSITORY, &[&id])?;
    }
    Ok(gone)
}
