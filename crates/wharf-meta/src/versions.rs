//! Versions: counters that readers compare to know whether what they cached still holds.
use crate::{Result, Tx};

crate::statements! {
    GET = "SELECT version FROM versions WHERE account = $1 AND kind = $2";
    BUMP = "INSERT INTO versions (account, kind, version) VALUES ($1, $2, 1)
            ON CONFLICT (account, kind) DO UPDATE SET version = versions.version + 1 RETURNING version";
}

/// The version of what `kind` names in an account; 0 if it never changed.
///
/// # Errors
/// Those of the database.
pub fn get(tx: &mut Tx, account: &str, kind: &str) -> Result<i64> {
    Ok(tx
        .row(&GET, &[&account, &kind])?
        .map(|row| row.get(0))
        .transpose()?
        .unwrap_or(0))
}

/// Notes a change of what `kind` names in an account, in the transaction that makes it; the new version.
///
/// # Errors
/// Those of the database.
pub fn bump(tx: &mut Tx, account: &str, kind: &str) -> Result<i64> {
    Ok(tx
        .row(&BUMP, &[&account, &kind])?
        .map(|row| row.get(0))
        .transpose()?
        .unwrap_or(0))
}
