//! Usage: pulls and key uses, added up per day.
use crate::{Micros, Result, Tx};

crate::statements! {
    ADD = "INSERT INTO usage (account, repository, subject, principal, day, uses, last_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)
           ON CONFLICT (repository, subject, day, principal) DO UPDATE SET
               uses = usage.uses + excluded.uses,
               last_at = CASE WHEN excluded.last_at > usage.last_at THEN excluded.last_at ELSE usage.last_at END";
    LAST_AT = "SELECT MAX(last_at) FROM usage WHERE repository = $1 AND subject = $2";
    TOTAL = "SELECT CAST(SUM(uses) AS BIGINT) FROM usage WHERE repository = $1 AND subject = $2";
    LAST_OF = "SELECT principal, last_at FROM usage WHERE repository = $1 AND subject = $2 ORDER BY last_at DESC LIMIT 1";
    FORGET = "DELETE FROM usage WHERE repository = $1 AND subject = $2";
    REMOVE = "DELETE FROM usage WHERE (repository, subject, day, principal) IN
              (SELECT repository, subject, day, principal FROM usage WHERE repository = $1 LIMIT $2)";
}

/// Uses of one thing by one principal on one day, to be added to what is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageRow {
    /// The account of the repository.
    pub account: String,
    /// The surrogate id of the repository; 0 for an access key.
    pub repository: i64,
    /// A digest, or a key.
    pub subject: String,
    /// Who used it; of an access key, where.
    pub principal: String,
    /// Days since 1970.
    pub day: i64,
    /// How often.
    pub uses: i64,
    /// The last of them, microseconds since 1970.
    pub last_at: Micros,
}

/// Adds uses; the later `last_at` stays.
///
/// # Errors
/// Those of the database.
pub fn add(tx: &mut Tx, row: &UsageRow) -> Result<()> {
    tx.run(
        &ADD,
        &[
            &row.account,
            &row.repository,
            &row.subject,
            &row.principal,
            &row.day,
            &row.uses,
            &row.last_at,
        ],
    )?;
    Ok(())
}

/// When a thing was last used, if ever.
///
/// # Errors
/// Those of the database.
pub fn last_at(tx: &mut Tx, repository: i64, subject: &str) -> Result<Option<Micros>> {
    let last = tx
        .row(&LAST_AT, &[&repository, &subject])?
        .map(|row| row.get::<Option<i64>>(0))
        .transpose()?;
    Ok(last.flatten())
}

/// By whom a thing was used last, and when, if ever.
///
/// # Errors
/// Those of the database.
pub fn last_of(tx: &mut Tx, repository: i64, subject: &str) -> Result<Option<(String, Micros)>> {
    let last = tx.row(&LAST_OF, &[&repository, &subject])?;
    last.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

/// Removes all rows of a thing: one a day and user at most.
///
/// # Errors
/// Those of the database.
pub fn forget(tx: &mut Tx, repository: i64, subject: &str) -> Result<()> {
    tx.run(&FORGET, &[&repository, &subject])?;
    Ok(())
}

/// How often a thing was used.
///
/// # Errors
/// Those of the database.
pub fn total(tx: &mut Tx, repository: i64, subject: &str) -> Result<i64> {
    let total = tx
        .row(&TOTAL, &[&repository, &subject])?
        .map(|row| row.get::<Option<i64>>(0))
        .transpose()?;
    Ok(total.flatten().unwrap_or(0))
}

/// Removes up to `limit` rows of a repository; how many went.
///
/// # Errors
/// Those of the database.
pub fn remove(tx: &mut Tx, repository: i64, limit: i64) -> Result<u64> {
    tx.run(&REMOVE, &[&repository, &limit])
}
