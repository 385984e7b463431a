//! Extents: what one request carried, as an object or sealed in the row. Never changed, only removed.
use crate::{Micros, Result, Tx, bigint_list};

crate::statements! {
    INSERT = "INSERT INTO extents (id, size, object, sealed, created_at) VALUES ($1, $2, $3, $4, $5)";
    EXISTS = "SELECT id FROM extents WHERE id = $1";
    SEALED = "SELECT sealed FROM extents WHERE id = $1";
    DELETE = "DELETE FROM extents WHERE id IN BIGINT_LIST($1)";
}

/// A row of `extents`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtentRow {
    /// Surrogate id.
    pub id: i64,
    /// Plain bytes.
    pub size: i64,
    /// The object that holds them, unless the row does.
    pub object: Option<String>,
    /// The bytes themselves, sealed, unless an object holds them.
    pub sealed: Option<Vec<u8>>,
    /// Microseconds since 1970.
    pub created_at: Micros,
}

/// Inserts an extent.
///
/// # Errors
/// `Unique` when the id is taken, `ForeignKey` when there is no such object.
pub fn insert(tx: &mut Tx, row: &ExtentRow) -> Result<()> {
    tx.run(
        &INSERT,
        &[
            &row.id,
            &row.size,
            &row.object,
            &row.sealed,
            &row.created_at,
        ],
    )?;
    Ok(())
}

/// Whether an extent has that id.
///
/// # Errors
/// Those of the database.
pub fn exists(tx: &mut Tx, id: i64) -> Result<bool> {
    Ok(tx.row(&EXISTS, &[&id])?.is_some())
}

/// The bytes of an extent that lie in its row.
///
/// # Errors
/// Those of the database.
pub fn sealed(tx: &mut Tx, id: i64) -> Result<Option<Vec<u8>>> {
    let sealed = tx
        .row(&SEALED, &[&id])?
        .map(|mut row| row.take::<Option<Vec<u8>>>(0))
        .transpose()?;
    Ok(sealed.flatten())
}

/// Removes extents, at most 1,000; how many. No upload and no blob may hold them any more.
///
/// # Errors
/// `ForeignKey` when one does.
pub fn delete(tx: &mut Tx, ids: &[i64]) -> Result<u64> {
    tx.run(&DELETE, &[&bigint_list(ids)])
}
