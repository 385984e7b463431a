//! Lists of an OIDC provider, in order. A list is replaced whole: all of it goes, and each text is inserted.
use crate::{Result, Tx};

crate::statements! {
    OF = "SELECT value FROM iam_strings WHERE entity = $1 AND kind = $2 ORDER BY position";
    DELETE_ALL = "DELETE FROM iam_strings WHERE entity = $1 AND kind = $2";
    INSERT = "INSERT INTO iam_strings (entity, kind, position, value) VALUES ($1, $2, $3, $4)";
}

/// One list of an entity, in order: `kind` is `client-id` (at most 100) or `thumbprint` (at most 5).
///
/// # Errors
/// Those of the database.
pub fn of(tx: &mut Tx, entity: &str, kind: &str) -> Result<Vec<String>> {
    tx.rows(&OF, &[&entity, &kind])?
        .iter()
        .map(|row| row.get(0))
        .collect()
}

/// Empties one list of an entity.
///
/// # Errors
/// Those of the database.
pub fn delete_all(tx: &mut Tx, entity: &str, kind: &str) -> Result<()> {
    tx.run(&DELETE_ALL, &[&entity, &kind])?;
    Ok(())
}

/// Puts a text at a free place of a list.
///
/// # Errors
/// `Unique` when the place is taken; `ForeignKey` when the entity does not exist.
pub fn insert(tx: &mut Tx, entity: &str, kind: &str, position: i64, value: &str) -> Result<()> {
    tx.run(&INSERT, &[&entity, &kind, &position, &value])?;
    Ok(())
}
