//! Orphans: manifests whose index or subject was removed, and when the collector looks whether anything refers to them.
use crate::{Micros, Result, Tx};

crate::statements! {
    MARK = "UPDATE manifests SET keep_until = $3, orphaned_by = $4 WHERE repository = $1 AND digest = $2
            AND NOT EXISTS (SELECT 1 FROM tags WHERE tags.repository = $1 AND tags.digest = $2)
            AND NOT EXISTS (SELECT 1 FROM manifest_children WHERE manifest_children.repository = $1 AND manifest_children.child = $2)";
    REFERRERS = "SELECT digest FROM manifests WHERE repository = $1 AND subject = $2 AND digest > $3 ORDER BY digest LIMIT $4";
    DUE = "SELECT repository, digest, orphaned_by FROM manifests WHERE keep_until <= $1 ORDER BY keep_until LIMIT $2";
    NEXT_DUE = "SELECT MIN(keep_until) FROM manifests WHERE keep_until IS NOT NULL";
    KEEP = "UPDATE manifests SET keep_until = $3 WHERE repository = $1 AND digest = $2 AND keep_until < $3";
    CLEAR = "UPDATE manifests SET keep_until = NULL, orphaned_by = NULL WHERE repository = $1 AND digest = $2";
    ORPHANED_BY = "SELECT orphaned_by FROM manifests WHERE repository = $1 AND digest = $2";
    A_TAG = "SELECT tag FROM tags WHERE repository = $1 AND digest = $2 LIMIT 1";
    A_PARENT = "SELECT parent FROM manifest_children WHERE repository = $1 AND child = $2 LIMIT 1";
    THERE = "SELECT digest FROM manifests WHERE repository = $1 AND digest = $2";
}

/// A manifest that the collector has to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphan {
    /// Surrogate id of the repository, which may be deleted.
    pub repository: i64,
    /// Its digest.
    pub digest: String,
    /// The index or subject that was removed.
    pub orphaned_by: Option<String>,
}

/// Says that the collector looks at a manifest at `until`, unless it has a tag or an index holds it. False: so it is.
///
/// # Errors
/// Those of the database.
pub fn mark(
    tx: &mut Tx,
    repository: i64,
    digest: &str,
    orphaned_by: &str,
    until: Micros,
) -> Result<bool> {
    Ok(tx.run(&MARK, &[&repository, &digest, &until, &orphaned_by])? > 0)
}

/// Up to `limit` manifests about a subject whose digest sorts after `after`, in order of digest.
///
/// # Errors
/// Those of the database.
pub fn referrers(
    tx: &mut Tx,
    repository: i64,
    subject: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<String>> {
    tx.rows(&REFERRERS, &[&repository, &subject, &after, &limit])?
        .iter()
        .map(|row| row.get(0))
        .collect()
}

/// Up to `limit` manifests that are due at `now`, the first in front.
///
/// # Errors
/// Those of the database.
pub fn due(tx: &mut Tx, now: Micros, limit: i64) -> Result<Vec<Orphan>> {
    let rows = tx.rows(&DUE, &[&now, &limit])?;
    rows.iter()
        .map(|row| {
            Ok(Orphan {
                repository: row.get(0)?,
                digest: row.get(1)?,
                orphaned_by: row.get(2)?,
            })
        })
        .collect()
}

/// When the first manifest is due.
///
/// # Errors
/// Those of the database.
pub fn next_due(tx: &mut Tx) -> Result<Option<Micros>> {
    let next = tx
        .row(&NEXT_DUE, &[])?
        .map(|row| row.get::<Option<i64>>(0))
        .transpose()?;
    Ok(next.flatten())
}

/// Keeps a manifest that is to be looked at until `until` at least. One that nobody asks about stays so.
///
/// # Errors
/// Those of the database.
pub fn keep(tx: &mut Tx, repository: i64, digest: &str, until: Micros) -> Result<()> {
    tx.run(&KEEP, &[&repository, &digest, &until])?;
    Ok(())
}

/// Says that nobody asks about a manifest any more.
///
/// # Errors
/// Those of the database.
pub fn clear(tx: &mut Tx, repository: i64, digest: &str) -> Result<()> {
    tx.run(&CLEAR, &[&repository, &digest])?;
    Ok(())
}

/// The index or subject whose removal made the collector ask about a manifest.
///
/// # Errors
/// Those of the database.
pub fn orphaned_by(tx: &mut Tx, repository: i64, digest: &str) -> Result<Option<String>> {
    let by = tx
        .row(&ORPHANED_BY, &[&repository, &digest])?
        .map(|row| row.get::<Option<String>>(0))
        .transpose()?;
    Ok(by.flatten())
}

/// Whether a manifest has a tag, an index holds it, or its subject is there.
///
/// # Errors
/// Those of the database.
pub fn is_referred_to(
    tx: &mut Tx,
    repository: i64,
    digest: &str,
    subject: Option<&str>,
) -> Result<bool> {
    if tx.row(&A_TAG, &[&repository, &digest])?.is_some()
        || tx.row(&A_PARENT, &[&repository, &digest])?.is_some()
    {
        return Ok(true);
    }
    match subject {
        Some(subject) => there(tx, repository, subject),
        None => Ok(false),
    }
}

/// Whether the repository holds a manifest of that digest.
///
/// # Errors
/// Those of the database.
pub fn there(tx: &mut Tx, repository: i64, digest: &str) -> Result<bool> {
    Ok(tx.row(&THERE, &[&repository, &digest])?.is_some())
}
