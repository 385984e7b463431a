//! The store's identity: one row, with a constant sealed under the root key.
use crate::{Micros, Result, Row, Tx};

crate::statements! {
    GET = "SELECT id, created_at, root_generation, key_check FROM store_id ORDER BY id LIMIT 1";
    INSERT = "INSERT INTO store_id (id, created_at, root_generation, key_check)
              SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT 1 FROM store_id)";
}

/// The row of `store_id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreIdRow {
    /// A UUID.
    pub id: String,
    /// Microseconds since 1970.
    pub created_at: Micros,
    /// Which root key the check value is sealed under, from 1.
    pub root_generation: i64,
    /// A constant sealed under the root key: a wrong root key cannot open it.
    pub key_check: Vec<u8>,
}

fn from_row(row: &Row) -> Result<StoreIdRow> {
    Ok(StoreIdRow {
        id: row.get(0)?,
        created_at: row.get(1)?,
        root_generation: row.get(2)?,
        key_check: row.get(3)?,
    })
}

/// The store's identity, if it has one already.
///
/// # Errors
/// Those of the database.
pub fn get(tx: &mut Tx) -> Result<Option<StoreIdRow>> {
    tx.row(&GET, &[])?.as_ref().map(from_row).transpose()
}

/// Gives the store its identity; whether it had none before.
///
/// # Errors
/// Those of the database.
pub fn insert(tx: &mut Tx, row: &StoreIdRow) -> Result<bool> {
    Ok(tx.run(
        &INSERT,
        &[
            &row.id,
            &row.created_at,
            &row.root_generation,
            &row.key_check,
        ],
    )? > 0)
}
