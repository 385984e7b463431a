//! The things themselves: found by (account, kind, name in lower case) or by unique id.
use crate::{Micros, Result, Row, Tx};

/// The columns of [`EntityRow`], in its order. No table that is joined has one of these names.
macro_rules! columns {
    () => {
        "id, account, kind, name_key, name, path, created_at, updated_at, description, document, boundary, \
         max_session, default_version, last_version"
    };
}
pub(super) use columns;

crate::statements! {
    INSERT = concat!("INSERT INTO iam_entities (", columns!(), ")
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)");
    BY_ID = concat!("SELECT ", columns!(), " FROM iam_entities WHERE id = $1");
    BY_NAME = concat!("SELECT ", columns!(), " FROM iam_entities WHERE account = $1 AND kind = $2 AND name_key = $3");
    PAGE = concat!("SELECT ", columns!(), " FROM iam_entities
                    WHERE account = $1 AND kind = $2 AND name_key > $3 AND path >= $4 AND path < $5 ORDER BY name_key LIMIT $6");
    UPDATE = "UPDATE iam_entities SET name_key = $2, name = $3, path = $4, updated_at = $5, description = $6, document = $7,
              boundary = $8, max_session = $9, default_version = $10, last_version = $11 WHERE id = $1";
    DELETE = "DELETE FROM iam_entities WHERE id = $1";
    COUNT = "SELECT CAST(COUNT(*) AS BIGINT) FROM iam_entities WHERE account = $1 AND kind = $2";
    WITH_BOUNDARY = concat!("SELECT ", columns!(), " FROM iam_entities
                             WHERE boundary = $1 AND account = $2 AND id > $3 ORDER BY id LIMIT $4");
    COUNT_WITH_BOUNDARY = "SELECT CAST(COUNT(*) AS BIGINT) FROM iam_entities WHERE boundary = $1 AND account = $2";
}

/// A row of `iam_entities`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityRow {
    /// Unique id: `AIDA…`, `AROA…`, `AGPA…`, `AIPA…`, `ANPA…`; of an OIDC provider one that its maker chose.
    pub id: String,
    /// The account it belongs to.
    pub account: String,
    /// `user`, `role`, `group`, `instance-profile`, `policy` or `oidc-provider`.
    pub kind: String,
    /// The name in lower case: taken once in an account and kind.
    pub name_key: String,
    /// The name as it was given.
    pub name: String,
    /// Begins and ends with `/`.
    pub path: String,
    /// Microseconds since 1970.
    pub created_at: Micros,
    /// Microseconds since 1970.
    pub updated_at: Micros,
    /// Of a role or policy.
    pub description: Option<String>,
    /// Of a role: the id of its trust policy's document.
    pub document: Option<i64>,
    /// Of a user or role: the ARN of the policy that bounds it.
    pub boundary: Option<String>,
    /// Of a role: how long a session may be, in seconds.
    pub max_session: Option<i64>,
    /// Of a policy: the version that is in force.
    pub default_version: Option<i64>,
    /// Of a policy: the number of its latest version, also of one that is gone.
    pub last_version: Option<i64>,
}

/// Reads what a statement found with `columns!()`.
pub(super) fn from_row(row: &Row) -> Result<EntityRow> {
    Ok(EntityRow {
        id: row.get(0)?,
        account: row.get(1)?,
        kind: row.get(2)?,
        name_key: row.get(3)?,
        name: row.get(4)?,
        path: row.get(5)?,
        created_at: row.get(6)?,
        updated_at: row.get(7)?,
        description: row.get(8)?,
        document: row.get(9)?,
        boundary: row.get(10)?,
        max_session: row.get(11)?,
        default_version: row.get(12)?,
        last_version: row.get(13)?,
    })
}

/// Inserts an entity.
///
/// # Errors
/// `Unique` when the name is taken in its account and kind, or the id; `ForeignKey` when its account or document does
/// not exist.
pub fn insert(tx: &mut Tx, row: &EntityRow) -> Result<()> {
    tx.run(
        &INSERT,
        &[
            &row.id,
            &row.account,
            &row.kind,
            &row.name_key,
            &row.name,
            &row.path,
            &row.created_at,
            &row.updated_at,
            &row.description,
            &row.document,
            &row.boundary,
            &row.max_session,
            &row.default_version,
            &row.last_version,
        ],
    )?;
    Ok(())
}

/// The entity of that unique id, if it exists.
///
/// # Errors
/// Those of the database.
pub fn by_id(tx: &mut Tx, id: &str) -> Result<Option<EntityRow>> {
    tx.row(&BY_ID, &[&id])?.as_ref().map(from_row).transpose()
}

/// The entity of that name in lower case, if it exists.
///
/// # Errors
/// Those of the database.
pub fn by_name(
    tx: &mut Tx,
    account: &str,
    kind: &str,
    name_key: &str,
) -> Result<Option<EntityRow>> {
    tx.row(&BY_NAME, &[&account, &kind, &name_key])?
        .as_ref()
        .map(from_row)
        .transpose()
}

/// Up to `limit` entities of a kind whose path begins with `path_prefix` and whose name in lower case sorts after
/// `after`, in order of that name. `/` is every path.
///
/// Those of other paths are passed over one by one: how many an account has of a kind bounds the work.
///
/// # Errors
/// Those of the database.
pub fn page(
    tx: &mut Tx,
    account: &str,
    kind: &str,
    path_prefix: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<EntityRow>> {
    // No path has that character in it, and none sorts behind it.
    let end = format!("{path_prefix}\u{10FFFF}");
    tx.rows(
        &PAGE,
        &[&account, &kind, &after, &path_prefix, &end, &limit],
    )?
    .iter()
    .map(from_row)
    .collect()
}

/// Replaces what of an entity can change: all but its id, account, kind and when it was made. Whether it exists.
///
/// # Errors
/// `Unique` when its new name is taken; `ForeignKey` when its new document does not exist.
pub fn update(tx: &mut Tx, row: &EntityRow) -> Result<bool> {
    let changed = tx.run(
        &UPDATE,
        &[
            &row.id,
            &row.name_key,
            &row.name,
            &row.path,
            &row.updated_at,
            &row.description,
            &row.document,
            &row.boundary,
            &row.max_session,
            &row.default_version,
            &row.last_version,
        ],
    )?;
    Ok(changed > 0)
}

/// Removes an entity; whether it was there.
///
/// # Errors
/// `ForeignKey` while something hangs on it.
pub fn delete(tx: &mut Tx, id: &str) -> Result<bool> {
    Ok(tx.run(&DELETE, &[&id])? > 0)
}

/// How many entities of a kind an account has.
///
/// # Errors
/// Those of the database.
pub fn count(tx: &mut Tx, account: &str, kind: &str) -> Result<i64> {
    counted(tx.row(&COUNT, &[&account, &kind])?)
}

/// Up to `limit` users and roles of an account that a policy bounds, whose unique id sorts after `after`, in order of
/// that id.
///
/// # Errors
/// Those of the database.
pub fn with_boundary(
    tx: &mut Tx,
    policy_arn: &str,
    account: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<EntityRow>> {
    tx.rows(&WITH_BOUNDARY, &[&policy_arn, &account, &after, &limit])?
        .iter()
        .map(from_row)
        .collect()
}

/// How many users and roles of an account a policy bounds.
///
/// # Errors
/// Those of the database.
pub fn count_with_boundary(tx: &mut Tx, policy_arn: &str, account: &str) -> Result<i64> {
    counted(tx.row(&COUNT_WITH_BOUNDARY, &[&policy_arn, &account])?)
}

/// The one column of an aggregate's one row.
pub(super) fn counted(row: Option<Row>) -> Result<i64> {
    row.map_or(Ok(0), |row| row.get(0))
}
