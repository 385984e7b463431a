//! Settings of registries, each one account's in one region. A registry without a row has no policy.
use crate::{Result, Tx};

crate::statements! {
    GET = "SELECT account, region, policy FROM registries WHERE account = $1 AND region = $2";
    PUT_POLICY = "INSERT INTO registries (account, region, policy) VALUES ($1, $2, $3)
                  ON CONFLICT (account, region) DO UPDATE SET policy = excluded.policy";
    GET_SETTING = "SELECT value FROM account_settings WHERE account = $1 AND region = $2 AND name = $3";
    PUT_SETTING = "INSERT INTO account_settings (account, region, name, value) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (account, region, name) DO UPDATE SET value = excluded.value";
}

/// A row of `registries`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryRow {
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// The registry's policy, if it has one: the id of a document.
    pub policy: Option<i64>,
}

/// The settings of a registry, if it has a row.
///
/// # Errors
/// Those of the database.
pub fn get(tx: &mut Tx, account: &str, region: &str) -> Result<Option<RegistryRow>> {
    let row = tx.row(&GET, &[&account, &region])?;
    row.map(|row| {
        Ok(RegistryRow {
            account: row.get(0)?,
            region: row.get(1)?,
            policy: row.get(2)?,
        })
    })
    .transpose()
}

/// Gives a registry another policy, or none. The document that it had stays, for the caller to delete.
///
/// # Errors
/// `ForeignKey` when the account or the document does not exist.
pub fn put_policy(tx: &mut Tx, account: &str, region: &str, policy: Option<i64>) -> Result<()> {
    tx.run(&PUT_POLICY, &[&account, &region, &policy])?;
    Ok(())
}

/// An account's setting in a region, if it was ever set.
///
/// # Errors
/// Those of the database.
pub fn get_setting(tx: &mut Tx, account: &str, region: &str, name: &str) -> Result<Option<String>> {
    tx.row(&GET_SETTING, &[&account, &region, &name])?
        .map(|row| row.get(0))
        .transpose()
}

/// Sets an account's setting in a region.
///
/// # Errors
/// `ForeignKey` when the account does not exist.
pub fn put_setting(
    tx: &mut Tx,
    account: &str,
    region: &str,
    name: &str,
    value: &str,
) -> Result<()> {
    tx.run(&PUT_SETTING, &[&account, &region, &name, &value])?;
    Ok(())
}
