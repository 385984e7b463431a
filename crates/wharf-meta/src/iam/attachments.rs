//! Which managed policies are attached to which user, role or group.
use super::entities::{EntityRow, columns, counted, from_row as entity};
use crate::{Micros, Result, Tx};

crate::statements! {
    OF = "SELECT entity, policy_arn, attached_at FROM iam_attachments
          WHERE entity = $1 AND policy_arn > $2 ORDER BY policy_arn LIMIT $3";
    EXISTS = "SELECT attached_at FROM iam_attachments WHERE entity = $1 AND policy_arn = $2";
    INSERT = "INSERT INTO iam_attachments (entity, policy_arn, attached_at) VALUES ($1, $2, $3)
              ON CONFLICT (entity, policy_arn) DO NOTHING";
    DELETE = "DELETE FROM iam_attachments WHERE entity = $1 AND policy_arn = $2";
    COUNT = "SELECT CAST(COUNT(*) AS BIGINT) FROM iam_attachments WHERE entity = $1";
    OF_POLICY = concat!("SELECT ", columns!(), " FROM iam_attachments JOIN iam_entities ON id = entity
                         WHERE policy_arn = $1 AND account = $2 AND entity > $3 ORDER BY entity LIMIT $4");
    COUNT_OF_POLICY = "SELECT CAST(COUNT(*) AS BIGINT) FROM iam_attachments JOIN iam_entities ON id = entity
                       WHERE policy_arn = $1 AND account = $2";
}

/// A row of `iam_attachments`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachmentRow {
    /// The unique id of the user, role or group.
    pub entity: String,
    /// The policy's ARN; it may be one that comes with the service.
    pub policy_arn: String,
    /// Microseconds since 1970.
    pub attached_at: Micros,
}

/// Up to `limit` attachments of an entity whose policy's ARN sorts after `after`, in order of ARN.
///
/// # Errors
/// Those of the database.
pub fn of(tx: &mut Tx, entity: &str, after: &str, limit: i64) -> Result<Vec<AttachmentRow>> {
    let rows = tx.rows(&OF, &[&entity, &after, &limit])?;
    rows.iter()
        .map(|row| {
            Ok(AttachmentRow {
                entity: row.get(0)?,
                policy_arn: row.get(1)?,
                attached_at: row.get(2)?,
            })
        })
        .collect()
}

/// Whether a policy is attached to an entity.
///
/// # Errors
/// Those of the database.
pub fn exists(tx: &mut Tx, entity: &str, policy_arn: &str) -> Result<bool> {
    Ok(tx.row(&EXISTS, &[&entity, &policy_arn])?.is_some())
}

/// Attaches a policy; false: it was attached already, and its time stays.
///
/// # Errors
/// `ForeignKey` when the entity does not exist.
pub fn insert(tx: &mut Tx, row: &AttachmentRow) -> Result<bool> {
    let new = tx.run(&INSERT, &[&row.entity, &row.policy_arn, &row.attached_at])?;
    Ok(new > 0)
}

/// Detaches a policy; whether it was attached.
///
/// # Errors
/// Those of the database.
pub fn delete(tx: &mut Tx, entity: &str, policy_arn: &str) -> Result<bool> {
    Ok(tx.run(&DELETE, &[&entity, &policy_arn])? > 0)
}

/// How many policies are attached to an entity.
///
/// # Errors
/// Those of the database.
pub fn count(tx: &mut Tx, entity: &str) -> Result<i64> {
    counted(tx.row(&COUNT, &[&entity])?)
}

/// Up to `limit` entities of an account that a policy is attached to, whose unique id sorts after `after`, in order of
/// that id. Those of other accounts are passed over.
///
/// # Errors
/// Those of the database.
pub fn of_policy(
    tx: &mut Tx,
    policy_arn: &str,
    account: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<EntityRow>> {
    tx.rows(&OF_POLICY, &[&policy_arn, &account, &after, &limit])?
        .iter()
        .map(entity)
        .collect()
}

/// How many entities of an account a policy is attached to.
///
/// # Errors
/// Those of the database.
pub fn count_of_policy(tx: &mut Tx, policy_arn: &str, account: &str) -> Result<i64> {
    counted(tx.row(&COUNT_OF_POLICY, &[&policy_arn, &account])?)
}
