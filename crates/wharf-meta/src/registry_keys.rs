//! Registry keys: one per account and region, in generations, wrapped under the root key.
use crate::{Micros, Result, Row, Tx};

crate::statements! {
    INSERT = "INSERT INTO registry_keys (account, region, material, wrapped, created_at) VALUES ($1, $2, $3, $4, $5)";
    GET = "SELECT account, region, material, wrapped, created_at
           FROM registry_keys WHERE account = $1 AND region = $2 AND material = $3";
    CURRENT = "SELECT account, region, material, wrapped, created_at
               FROM registry_keys WHERE account = $1 AND region = $2 ORDER BY material DESC LIMIT 1";
}

/// A row of `registry_keys`.
#[derive(Clone, PartialEq, Eq)]
pub struct RegistryKeyRow {
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// The generation, from 1.
    pub material: i64,
    /// The key, wrapped under the root key.
    pub wrapped: Vec<u8>,
    /// Microseconds since 1970.
    pub created_at: Micros,
}

impl std::fmt::Debug for RegistryKeyRow {
    /// Without the key, though it is wrapped.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("RegistryKeyRow")
            .field("account", &self.account)
            .field("region", &self.region)
            .field("material", &self.material)
            .finish_non_exhaustive()
    }
}

fn from_row(row: &Row) -> Result<RegistryKeyRow> {
    Ok(RegistryKeyRow {
        account: row.get(0)?,
        region: row.get(1)?,
        material: row.get(2)?,
        wrapped: row.get(3)?,
        created_at: row.get(4)?,
    })
}

/// Inserts a generation.
///
/// # Errors
/// `Unique` when it exists: two sessions cannot both make it.
pub fn insert(tx: &mut Tx, row: &RegistryKeyRow) -> Result<()> {
    tx.run(
        &INSERT,
        &[
            &row.account,
            &row.region,
            &row.material,
            &row.wrapped,
            &row.created_at,
        ],
    )?;
    Ok(())
}

/// One generation of a registry's key, if it exists.
///
/// # Errors
/// Those of the database.
pub fn get(
    tx: &mut Tx,
    account: &str,
    region: &str,
    material: i64,
) -> Result<Option<RegistryKeyRow>> {
    tx.row(&GET, &[&account, &region, &material])?
        .as_ref()
        .map(from_row)
        .transpose()
}

/// The newest generation of a registry's key, if it has one.
///
/// # Errors
/// Those of the database.
pub fn current(tx: &mut Tx, account: &str, region: &str) -> Result<Option<RegistryKeyRow>> {
    tx.row(&CURRENT, &[&account, &region])?
        .as_ref()
        .map(from_row)
        .transpose()
}
