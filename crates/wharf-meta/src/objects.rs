//! Objects: one row for each stored file, made before the file and removed after it.
//!
//! `pending`: made, perhaps still being written, belongs to an upload at most. `live`: part of a blob.
//! `missing`: part of a blob, and found to be unreadable. `doomed`: of no use; its file may go from `at` on.
use crate::{Micros, Result, Row, Tx, text_list};

crate::statements! {
    INSERT = "INSERT INTO objects (name, store, state, at, upload) VALUES ($1, $2, 'pending', $3, $4)";
    GET = "SELECT name, store, state, at, upload FROM objects WHERE name = $1";
    DISCARD = "DELETE FROM objects WHERE name = $1 AND state = 'pending'
               AND NOT EXISTS (SELECT 1 FROM extents WHERE extents.object = objects.name)";
    // `state || ''`: by name, not through the index of all pending objects.
    MAKE_LIVE = "UPDATE objects SET state = 'live', at = $2 WHERE state || '' = 'pending' AND name IN
                 (SELECT extents.object FROM upload_extents JOIN extents ON extents.id = upload_extents.extent WHERE upload_extents.upload = $1)";
    MARK_MISSING = "UPDATE objects SET state = 'missing', at = $2 WHERE name = $1 AND state = 'live'";
    DOOM = "UPDATE objects SET state = 'doomed', at = $2 WHERE name IN TEXT_LIST($1) AND state <> 'doomed'";
    DOOM_STRAY = "UPDATE objects SET state = 'doomed', at = $2 WHERE name = $1 AND state = 'pending'
                  AND NOT EXISTS (SELECT 1 FROM extents WHERE extents.object = objects.name)";
    STRAYS = "SELECT name, store, state, at, upload FROM objects WHERE state = 'pending' AND (at, name) > ($1, $2)
              AND NOT EXISTS (SELECT 1 FROM extents WHERE extents.object = objects.name) ORDER BY at, name LIMIT $3";
    DUE = "SELECT name, store, state, at, upload FROM objects WHERE state = 'doomed' AND at <= $1 AND (at, name) > ($2, $3)
           ORDER BY at, name LIMIT $4";
    DELETE_DOOMED = "DELETE FROM objects WHERE name IN TEXT_LIST($1) AND state || '' = 'doomed'";
    KNOWN = "SELECT name FROM objects WHERE name IN TEXT_LIST($1)";
}

/// A row of `objects`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectRow {
    /// 32 hex digits.
    pub name: String,
    /// Where it is kept: `local`.
    pub store: String,
    /// `pending`, `live`, `missing` or `doomed`.
    pub state: String,
    /// Since when it is in that state; of a doomed one, from when on its file may go. Microseconds since 1970.
    pub at: Micros,
    /// The upload that it was made for.
    pub upload: Option<String>,
}

/// A place in the order of `(at, name)`, to go on after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    /// The last row's `at`.
    pub at: Micros,
    /// The last row's name.
    pub name: String,
}

impl After {
    /// Before every row.
    pub fn nothing() -> Self {
        Self {
            at: Micros::MIN,
            name: String::new(),
        }
    }
}

impl From<&ObjectRow> for After {
    fn from(row: &ObjectRow) -> Self {
        Self {
            at: row.at,
            name: row.name.clone(),
        }
    }
}

fn from_row(row: &Row) -> Result<ObjectRow> {
    Ok(ObjectRow {
        name: row.get(0)?,
        store: row.get(1)?,
        state: row.get(2)?,
        at: row.get(3)?,
        upload: row.get(4)?,
    })
}

/// Inserts a pending object, before its file is made.
///
/// # Errors
/// `Unique` when the name is taken.
pub fn insert_pending(
    tx: &mut Tx,
    name: &str,
    store: &str,
    at: Micros,
    upload: &str,
) -> Result<()> {
    tx.run(&INSERT, &[&name, &store, &at, &upload])?;
    Ok(())
}

/// The object of that name.
///
/// # Errors
/// Those of the database.
pub fn get(tx: &mut Tx, name: &str) -> Result<Option<ObjectRow>> {
    tx.row(&GET, &[&name])?.as_ref().map(from_row).transpose()
}

/// Removes the row of a pending object that no extent uses, after its file. False: it is not such a one.
///
/// # Errors
/// Those of the database.
pub fn discard(tx: &mut Tx, name: &str) -> Result<bool> {
    Ok(tx.run(&DISCARD, &[&name])? > 0)
}

/// Makes the pending objects of an upload's extents live; how many.
///
/// # Errors
/// Those of the database.
pub fn make_live(tx: &mut Tx, upload: &str, at: Micros) -> Result<u64> {
    tx.run(&MAKE_LIVE, &[&upload, &at])
}

/// Notes that the file of a live object is not there or not readable.
///
/// # Errors
/// Those of the database.
pub fn mark_missing(tx: &mut Tx, name: &str, at: Micros) -> Result<bool> {
    Ok(tx.run(&MARK_MISSING, &[&name, &at])? > 0)
}

/// Dooms objects: their files may go from `due` on. The caller removes the extents that use them.
///
/// # Errors
/// Those of the database.
pub fn doom<T: AsRef<str>>(tx: &mut Tx, names: &[T], due: Micros) -> Result<u64> {
    tx.run(&DOOM, &[&text_list(names), &due])
}

/// Dooms a pending object, unless an extent uses it.
///
/// # Errors
/// Those of the database.
pub fn doom_stray(tx: &mut Tx, name: &str, due: Micros) -> Result<bool> {
    Ok(tx.run(&DOOM_STRAY, &[&name, &due])? > 0)
}

/// Up to `limit` pending objects that no extent uses, in order of `(at, name)`: some are being written.
///
/// # Errors
/// Those of the database.
pub fn strays(tx: &mut Tx, after: &After, limit: i64) -> Result<Vec<ObjectRow>> {
    tx.rows(&STRAYS, &[&after.at, &after.name, &limit])?
        .iter()
        .map(from_row)
        .collect()
}

/// Up to `limit` doomed objects whose files may go at `now`, in order of `(at, name)`.
///
/// # Errors
/// Those of the database.
pub fn due(tx: &mut Tx, now: Micros, after: &After, limit: i64) -> Result<Vec<ObjectRow>> {
    tx.rows(&DUE, &[&now, &after.at, &after.name, &limit])?
        .iter()
        .map(from_row)
        .collect()
}

/// Removes the rows of doomed objects, after their files; how many.
///
/// # Errors
/// `ForeignKey` when an extent uses one.
pub fn delete_doomed<T: AsRef<str>>(tx: &mut Tx, names: &[T]) -> Result<u64> {
    tx.run(&DELETE_DOOMED, &[&text_list(names)])
}

/// Which of these names have a row: at most 1,000 names.
///
/// # Errors
/// Those of the database.
pub fn known<T: AsRef<str>>(tx: &mut Tx, names: &[T]) -> Result<Vec<String>> {
    tx.rows(&KNOWN, &[&text_list(names)])?
        .iter()
        .map(|row| row.get(0))
        .collect()
}
