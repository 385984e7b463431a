//! Inline policies: documents that one user, role or group has under a name.
use crate::{Result, Row, Tx};

crate::statements! {
    OF = "SELECT entity, name, document FROM iam_inline_policies WHERE entity = $1 AND name > $2 ORDER BY name LIMIT $3";
    GET = "SELECT entity, name, document FROM iam_inline_policies WHERE entity = $1 AND name = $2";
    PUT = "INSERT INTO iam_inline_policies (entity, name, document) VALUES ($1, $2, $3)
           ON CONFLICT (entity, name) DO UPDATE SET document = excluded.document";
    DELETE = "DELETE FROM iam_inline_policies WHERE entity = $1 AND name = $2";
}

/// A row of `iam_inline_policies`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InlineRow {
    /// The unique id of the user, role or group.
    pub entity: String,
    /// The policy's name, in its own case.
    pub name: String,
    /// The id of the document.
    pub document: i64,
}

fn from_row(row: &Row) -> Result<InlineRow> {
    Ok(InlineRow {
        entity: row.get(0)?,
        name: row.get(1)?,
        document: row.get(2)?,
    })
}

/// Up to `limit` inline policies of an entity whose name sorts after `after`, in order of name.
///
/// # Errors
/// Those of the database.
pub fn of(tx: &mut Tx, entity: &str, after: &str, limit: i64) -> Result<Vec<InlineRow>> {
    tx.rows(&OF, &[&entity, &after, &limit])?
        .iter()
        .map(from_row)
        .collect()
}

/// The inline policy of that name, if the entity has it.
///
/// # Errors
/// Those of the database.
pub fn get(tx: &mut Tx, entity: &str, name: &str) -> Result<Option<InlineRow>> {
    tx.row(&GET, &[&entity, &name])?
        .as_ref()
        .map(from_row)
        .transpose()
}

/// Sets an inline policy. The document that it had stays, for the caller to delete.
///
/// # Errors
/// `ForeignKey` when the entity or the document does not exist.
pub fn put(tx: &mut Tx, row: &InlineRow) -> Result<()> {
    tx.run(&PUT, &[&row.entity, &row.name, &row.document])?;
    Ok(())
}

/// Removes an inline policy, but not its document; whether it was there.
///
/// # Errors
/// Those of the database.
pub fn delete(tx: &mut Tx, entity: &str, name: &str) -> Result<bool> {
    Ok(tx.run(&DELETE, &[&entity, &name])? > 0)
}
