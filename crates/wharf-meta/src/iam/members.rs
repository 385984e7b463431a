//! The users of a group, and the role of an instance profile.
use super::entities::{EntityRow, columns, counted, from_row as entity};
use crate::{Micros, Result, Tx};

crate::statements! {
    OF_OWNER = concat!("SELECT ", columns!(), " FROM iam_members JOIN iam_entities ON id = member
                        WHERE owner = $1 AND name_key > $2 ORDER BY name_key LIMIT $3");
    OF_MEMBER = concat!("SELECT ", columns!(), " FROM iam_members JOIN iam_entities ON id = owner
                         WHERE member = $1 AND name_key > $2 ORDER BY name_key LIMIT $3");
    INSERT = "INSERT INTO iam_members (owner, member, added_at) VALUES ($1, $2, $3) ON CONFLICT (owner, member) DO NOTHING";
    DELETE = "DELETE FROM iam_members WHERE owner = $1 AND member = $2";
    COUNT_OF_OWNER = "SELECT CAST(COUNT(*) AS BIGINT) FROM iam_members WHERE owner = $1";
    COUNT_OF_MEMBER = "SELECT CAST(COUNT(*) AS BIGINT) FROM iam_members WHERE member = $1";
}

/// Up to `limit` members of a group or instance profile whose name in lower case sorts after `after`, in order of that
/// name.
///
/// # Errors
/// Those of the database.
pub fn of_owner(tx: &mut Tx, owner: &str, after: &str, limit: i64) -> Result<Vec<EntityRow>> {
    tx.rows(&OF_OWNER, &[&owner, &after, &limit])?
        .iter()
        .map(entity)
        .collect()
}

/// Up to `limit` groups of a user, or instance profiles of a role, whose name in lower case sorts after `after`, in
/// order of that name.
///
/// # Errors
/// Those of the database.
pub fn of_member(tx: &mut Tx, member: &str, after: &str, limit: i64) -> Result<Vec<EntityRow>> {
    tx.rows(&OF_MEMBER, &[&member, &after, &limit])?
        .iter()
        .map(entity)
        .collect()
}

/// Adds a member; false: it was one already.
///
/// # Errors
/// `ForeignKey` when one of the two does not exist.
pub fn insert(tx: &mut Tx, owner: &str, member: &str, added_at: Micros) -> Result<bool> {
    Ok(tx.run(&INSERT, &[&owner, &member, &added_at])? > 0)
}

/// Removes a member; whether it was one.
///
/// # Errors
/// Those of the database.
pub fn delete(tx: &mut Tx, owner: &str, member: &str) -> Result<bool> {
    Ok(tx.run(&DELETE, &[&owner, &member])? > 0)
}

/// How many members a group or instance profile has.
///
/// # Errors
/// Those of the database.
pub fn count_of_owner(tx: &mut Tx, owner: &str) -> Result<i64> {
    counted(tx.row(&COUNT_OF_OWNER, &[&owner])?)
}

/// How many groups a user is in, or instance profiles a role.
///
/// # Errors
/// Those of the database.
pub fn count_of_member(tx: &mut Tx, member: &str) -> Result<i64> {
    counted(tx.row(&COUNT_OF_MEMBER, &[&member])?)
}
