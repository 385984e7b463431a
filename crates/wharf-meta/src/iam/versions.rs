//! Versions of managed policies.
use super::entities::counted;
use crate::{Micros, Result, Row, Tx};

crate::statements! {
    OF = "SELECT entity, version, document, created_at FROM iam_policy_versions WHERE entity = $1 ORDER BY version DESC";
    GET = "SELECT entity, version, document, created_at FROM iam_policy_versions WHERE entity = $1 AND version = $2";
    COUNT = "SELECT CAST(COUNT(*) AS BIGINT) FROM iam_policy_versions JOIN iam_entities ON id = entity WHERE account = $1 AND kind = $2";
    INSERT = "INSERT INTO iam_policy_versions (entity, version, document, created_at) VALUES ($1, $2, $3, $4)";
    DELETE = "DELETE FROM iam_policy_versions WHERE entity = $1 AND version = $2";
}

/// A row of `iam_policy_versions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRow {
    /// The unique id of the policy.
    pub entity: String,
    /// Its number, from 1.
    pub version: i64,
    /// The id of the document.
    pub document: i64,
    /// Microseconds since 1970.
    pub created_at: Micros,
}

fn from_row(row: &Row) -> Result<VersionRow> {
    Ok(VersionRow {
        entity: row.get(0)?,
        version: row.get(1)?,
        document: row.get(2)?,
        created_at: row.get(3)?,
    })
}

/// All versions of a policy, the newest first: a handful, since old ones must go before there are new ones.
///
/// # Errors
/// Those of the database.
pub fn of(tx: &mut Tx, entity: &str) -> Result<Vec<VersionRow>> {
    tx.rows(&OF, &[&entity])?.iter().map(from_row).collect()
}

/// The version of that number, if the policy has it.
///
/// # Errors
/// Those of the database.
pub fn get(tx: &mut Tx, entity: &str, version: i64) -> Result<Option<VersionRow>> {
    tx.row(&GET, &[&entity, &version])?
        .as_ref()
        .map(from_row)
        .transpose()
}

/// How many versions the policies of an account have together.
///
/// # Errors
/// Those of the database.
pub fn count(tx: &mut Tx, account: &str) -> Result<i64> {
    counted(tx.row(&COUNT, &[&account, &"policy"])?)
}

/// Inserts a version.
///
/// # Errors
/// `Unique` when the policy has one of that number; `ForeignKey` when the policy or the document does not exist.
pub fn insert(tx: &mut Tx, row: &VersionRow) -> Result<()> {
    tx.run(
        &INSERT,
        &[&row.entity, &row.version, &row.document, &row.created_at],
    )?;
    Ok(())
}

/// Removes a version, but not its document; whether it was there.
///
/// # Errors
/// Those of the database.
pub fn delete(tx: &mut Tx, entity: &str, version: i64) -> Result<bool> {
    Ok(tx.run(&DELETE, &[&entity, &version])? > 0)
}
