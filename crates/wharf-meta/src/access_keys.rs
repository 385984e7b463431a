//! Access keys: whose they are, and their sealed secret.
use crate::{Micros, Result, Row, Tx};

crate::statements! {
    INSERT = "INSERT INTO access_keys (access_key_id, account, principal, status, secret, created_at)
              VALUES ($1, $2, $3, $4, $5, $6)";
    BY_ID = "SELECT access_key_id, account, principal, status, secret, created_at
             FROM access_keys WHERE access_key_id = $1";
    OF_ACCOUNT = "SELECT access_key_id, account, principal, status, secret, created_at
                  FROM access_keys WHERE account = $1 AND access_key_id > $2 ORDER BY access_key_id LIMIT $3";
    OF_PRINCIPAL = "SELECT access_key_id, account, principal, status, secret, created_at
                    FROM access_keys WHERE principal = $1 AND access_key_id > $2 ORDER BY access_key_id LIMIT $3";
    SET_STATUS = "UPDATE access_keys SET status = $2 WHERE access_key_id = $1";
    DELETE = "DELETE FROM access_keys WHERE access_key_id = $1";
}

/// A row of `access_keys`.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKeyRow {
    /// `AKIA` and 16 characters.
    pub access_key_id: String,
    /// The account it belongs to.
    pub account: String,
    /// The unique id of its owner; the root's is the account id.
    pub principal: String,
    /// `Active` or `Inactive`.
    pub status: String,
    /// The secret, sealed under the root key.
    pub secret: Vec<u8>,
    /// Microseconds since 1970.
    pub created_at: Micros,
}

impl std::fmt::Debug for AccessKeyRow {
    /// Without the secret, though it is sealed.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("AccessKeyRow")
            .field("access_key_id", &self.access_key_id)
            .field("principal", &self.principal)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

fn from_row(row: &Row) -> Result<AccessKeyRow> {
    Ok(AccessKeyRow {
        access_key_id: row.get(0)?,
        account: row.get(1)?,
        principal: row.get(2)?,
        status: row.get(3)?,
        secret: row.get(4)?,
        created_at: row.get(5)?,
    })
}

/// Inserts an access key.
///
/// # Errors
/// `Unique` when the id is taken, `ForeignKey` when the account does not exist.
pub fn insert(tx: &mut Tx, row: &AccessKeyRow) -> Result<()> {
    tx.run(
        &INSERT,
        &[
            &row.access_key_id,
            &row.account,
            &row.principal,
            &row.status,
            &row.secret,
            &row.created_at,
        ],
    )?;
    Ok(())
}

/// The access key of that id, if it exists.
///
/// # Errors
/// Those of the database.
pub fn by_id(tx: &mut Tx, access_key_id: &str) -> Result<Option<AccessKeyRow>> {
    tx.row(&BY_ID, &[&access_key_id])?
        .as_ref()
        .map(from_row)
        .transpose()
}

/// Up to `limit` access keys of an account whose id sorts after `after`, in order of id.
///
/// # Errors
/// Those of the database.
pub fn of_account(
    tx: &mut Tx,
    account: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<AccessKeyRow>> {
    tx.rows(&OF_ACCOUNT, &[&account, &after, &limit])?
        .iter()
        .map(from_row)
        .collect()
}

/// Up to `limit` access keys of an owner, by its unique id, whose id sorts after `after`, in order of id.
///
/// # Errors
/// Those of the database.
pub fn of_principal(
    tx: &mut Tx,
    principal: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<AccessKeyRow>> {
    tx.rows(&OF_PRINCIPAL, &[&principal, &after, &limit])?
        .iter()
        .map(from_row)
        .collect()
}

/// Makes an access key `Active` or `Inactive`; whether it exists.
///
/// # Errors
/// Those of the database.
pub fn set_status(tx: &mut Tx, access_key_id: &str, status: &str) -> Result<bool> {
    Ok(tx.run(&SET_STATUS, &[&access_key_id, &status])? > 0)
}

/// Removes an access key; whether it was there.
///
/// # Errors
/// Those of the database.
pub fn delete(tx: &mut Tx, access_key_id: &str) -> Result<bool> {
    Ok(tx.run(&DELETE, &[&access_key_id])? > 0)
}
