//! The texts of policies. A document never changes: whoever has another text inserts another row, refers to it, and
//! deletes the old one.
use crate::{Micros, Result, Tx};

crate::statements! {
    INSERT = "INSERT INTO policies (id, kind, text, principals, created_at) VALUES ($1, $2, $3, $4, $5)";
    GET = "SELECT id, kind, text, principals, created_at FROM policies WHERE id = $1";
    DELETE = "DELETE FROM policies WHERE id = $1";
}

/// A row of `policies`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRow {
    /// Surrogate id.
    pub id: i64,
    /// What it is a policy of.
    pub kind: String,
    /// The document as it was sent, or as it is told.
    pub text: String,
    /// A JSON object: each ARN of a user or role that it names, to the unique id that this had when it was saved.
    pub principals: String,
    /// Microseconds since 1970.
    pub created_at: Micros,
}

/// Inserts a document.
///
/// # Errors
/// `Unique` when the id is taken.
pub fn insert(tx: &mut Tx, row: &PolicyRow) -> Result<()> {
    tx.run(
        &INSERT,
        &[
            &row.id,
            &row.kind,
            &row.text,
            &row.principals,
            &row.created_at,
        ],
    )?;
    Ok(())
}

/// The document of that id, if it exists.
///
/// # Errors
/// Those of the database.
pub fn get(tx: &mut Tx, id: i64) -> Result<Option<PolicyRow>> {
    let row = tx.row(&GET, &[&id])?;
    row.map(|row| {
        Ok(PolicyRow {
            id: row.get(0)?,
            kind: row.get(1)?,
            text: row.get(2)?,
            principals: row.get(3)?,
            created_at: row.get(4)?,
        })
    })
    .transpose()
}

/// Removes a document; whether it was there.
///
/// # Errors
/// `ForeignKey` while something refers to it.
pub fn delete(tx: &mut Tx, id: i64) -> Result<bool> {
    Ok(tx.run(&DELETE, &[&id])? > 0)
}
