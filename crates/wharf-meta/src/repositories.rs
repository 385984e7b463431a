//! Repositories: one row each, found by (account, region, name) or by surrogate id.
use crate::{Result, Row, Tx, policies};

crate::statements! {
    INSERT = "INSERT INTO repositories (id, account, region, name, created_at, tag_mutability, mutability_filters, scan_on_push, encryption_type, kms_key, policy)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    BY_NAME = "SELECT id, account, region, name, created_at, tag_mutability, mutability_filters, scan_on_push, encryption_type, kms_key, policy
               FROM repositories WHERE account = $1 AND region = $2 AND name = $3";
    BY_ID = "SELECT id, account, region, name, created_at, tag_mutability, mutability_filters, scan_on_push, encryption_type, kms_key, policy
             FROM repositories WHERE id = $1";
    PAGE = "SELECT id, account, region, name, created_at, tag_mutability, mutability_filters, scan_on_push, encryption_type, kms_key, policy
            FROM repositories WHERE account = $1 AND region = $2 AND name > $3 ORDER BY name LIMIT $4";
    POLICY = "SELECT policy FROM repositories WHERE id = $1";
    DELETE = "DELETE FROM repositories WHERE id = $1";
    SET_MUTABILITY = "UPDATE repositories SET tag_mutability = $2, mutability_filters = $3 WHERE id = $1";
    SET_POLICY = "UPDATE repositories SET policy = $2 WHERE id = $1";
    TAGS = "SELECT key, value FROM repository_tags WHERE repository = $1 ORDER BY key";
    PUT_TAG = "INSERT INTO repository_tags (repository, key, value) VALUES ($1, $2, $3)
               ON CONFLICT (repository, key) DO UPDATE SET value = excluded.value";
    DELETE_TAG = "DELETE FROM repository_tags WHERE repository = $1 AND key = $2";
    DELETE_TAGS = "DELETE FROM repository_tags WHERE repository = $1";
}

/// A row of `repositories`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryRow {
    /// Surrogate id: what images, links and uploads hang on.
    pub id: i64,
    pub account: String,
    pub region: String,
    pub name: String,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// `MUTABLE`, `IMMUTABLE`, `MUTABLE_WITH_EXCLUSION` or `IMMUTABLE_WITH_EXCLUSION`.
    pub tag_mutability: String,
    /// Exclusion filters as the API's JSON list, if the mode has them.
    pub mutability_filters: Option<String>,
    pub scan_on_push: bool,
    /// `AES256`, `KMS` or `KMS_DSSE`.
    pub encryption_type: String,
    /// The key's ARN, for the KMS types.
    pub kms_key: Option<String>,
    /// Its policy, if it has one: the id of a document.
    pub policy: Option<i64>,
}

fn from_row(row: &Row) -> Result<RepositoryRow> {
    Ok(RepositoryRow {
        id: row.get(0)?,
        account: row.get(1)?,
        region: row.get(2)?,
        name: row.get(3)?,
        created_at: row.get(4)?,
        tag_mutability: row.get(5)?,
        mutability_filters: row.get(6)?,
        scan_on_push: row.get(7)?,
        encryption_type: row.get(8)?,
        kms_key: row.get(9)?,
        policy: row.get(10)?,
    })
}

/// Inserts a repository.
///
/// # Errors
/// `Unique` when the name is taken; `ForeignKey` when there is no such policy.
pub fn insert(tx: &mut Tx, row: &RepositoryRow) -> Result<()> {
    tx.run(
        &INSERT,
        &[
            &row.id,
            &row.account,
            &row.region,
            &row.name,
            &row.created_at,
            &row.tag_mutability,
            &row.mutability_filters,
            &row.scan_on_push,
            &row.encryption_type,
            &row.kms_key,
            &row.policy,
        ],
    )?;
    Ok(())
}

/// The repository of that name, if it exists.
///
/// # Errors
/// Those of the database.
pub fn by_name(
    tx: &mut Tx,
    account: &str,
    region: &str,
    name: &str,
) -> Result<Option<RepositoryRow>> {
    tx.row(&BY_NAME, &[&account, &region, &name])?
        .as_ref()
        .map(from_row)
        .transpose()
}

/// The repository of that surrogate id, if it exists.
///
/// # Errors
/// Those of the database.
pub fn by_id(tx: &mut Tx, id: i64) -> Result<Option<RepositoryRow>> {
    tx.row(&BY_ID, &[&id])?.as_ref().map(from_row).transpose()
}

/// Up to `limit` repositories whose name sorts after `after`, in order of name.
///
/// # Errors
/// Those of the database.
pub fn page(
    tx: &mut Tx,
    account: &str,
    region: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<RepositoryRow>> {
    tx.rows(&PAGE, &[&account, &region, &after, &limit])?
        .iter()
        .map(from_row)
        .collect()
}

/// Replaces the mode of tag mutability and its exclusion filters.
///
/// # Errors
/// Those of the database.
pub fn set_mutability(tx: &mut Tx, id: i64, mode: &str, filters: Option<&str>) -> Result<()> {
    tx.run(&SET_MUTABILITY, &[&id, &mode, &filters])?;
    Ok(())
}

/// Gives a repository another policy, or none. The document that it had stays, for the caller to delete.
///
/// # Errors
/// `ForeignKey` when there is no such document.
pub fn set_policy(tx: &mut Tx, id: i64, policy: Option<i64>) -> Result<()> {
    tx.run(&SET_POLICY, &[&id, &policy])?;
    Ok(())
}

/// Removes the row, its resource tags and its policy. What hangs on the id stays for the job that moves it.
///
/// # Errors
/// Those of the database.
pub fn delete(tx: &mut Tx, id: i64) -> Result<()> {
    let policy = tx
        .row(&POLICY, &[&id])?
        .map(|row| row.get::<Option<i64>>(0))
        .transpose()?;
    tx.run(&DELETE_TAGS, &[&id])?;
    tx.run(&DELETE, &[&id])?;
    if let Some(policy) = policy.flatten() {
        policies::delete(tx, policy)?;
    }
    Ok(())
}

/// The resource tags, in order of key: at most 50.
///
/// # Errors
/// Those of the database.
pub fn tags(tx: &mut Tx, id: i64) -> Result<Vec<(String, String)>> {
    tx.rows(&TAGS, &[&id])?
        .iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

/// Sets one resource tag.
///
/// # Errors
/// Those of the database.
pub fn put_tag(tx: &mut Tx, id: i64, key: &str, value: &str) -> Result<()> {
    tx.run(&PUT_TAG, &[&id, &key, &value])?;
    Ok(())
}

/// Removes one resource tag; whether it was there.
///
/// # Errors
/// Those of the database.
pub fn delete_tag(tx: &mut Tx, id: i64, key: &str) -> Result<bool> {
    Ok(tx.run(&DELETE_TAG, &[&id, &key])? > 0)
}
