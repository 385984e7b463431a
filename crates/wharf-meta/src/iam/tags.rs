//! Tags of what IAM keeps: a key is taken once, whatever its case.
use crate::{Result, Tx};

crate::statements! {
    OF = "SELECT entity, key_lower, key, value FROM iam_tags WHERE entity = $1 ORDER BY key_lower";
    PUT = "INSERT INTO iam_tags (entity, key_lower, key, value) VALUES ($1, $2, $3, $4)
           ON CONFLICT (entity, key_lower) DO UPDATE SET key = excluded.key, value = excluded.value";
    DELETE = "DELETE FROM iam_tags WHERE entity = $1 AND key_lower = $2";
    DELETE_ALL = "DELETE FROM iam_tags WHERE entity = $1";
}

/// A row of `iam_tags`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagRow {
    /// The unique id of what has the tag.
    pub entity: String,
    /// The key in lower case.
    pub key_lower: String,
    /// The key as it was given last.
    pub key: String,
    /// The value, which may be empty.
    pub value: String,
}

/// All tags of an entity, in order of the key in lower case: at most 50.
///
/// # Errors
/// Those of the database.
pub fn of(tx: &mut Tx, entity: &str) -> Result<Vec<TagRow>> {
    let rows = tx.rows(&OF, &[&entity])?;
    rows.iter()
        .map(|row| {
            Ok(TagRow {
                entity: row.get(0)?,
                key_lower: row.get(1)?,
                key: row.get(2)?,
                value: row.get(3)?,
            })
        })
        .collect()
}

/// Sets a tag; one whose key differs only in case is replaced.
///
/// # Errors
/// `ForeignKey` when the entity does not exist.
pub fn put(tx: &mut Tx, row: &TagRow) -> Result<()> {
    tx.run(&PUT, &[&row.entity, &row.key_lower, &row.key, &row.value])?;
    Ok(())
}

/// Removes a tag; whether it was there.
///
/// # Errors
/// Those of the database.
pub fn delete(tx: &mut Tx, entity: &str, key_lower: &str) -> Result<bool> {
    Ok(tx.run(&DELETE, &[&entity, &key_lower])? > 0)
}

/// Removes all tags of an entity.
///
/// # Errors
/// Those of the database.
pub fn delete_all(tx: &mut Tx, entity: &str) -> Result<()> {
    tx.run(&DELETE_ALL, &[&entity])?;
    Ok(())
}
