//! Temporary credentials: what each session is of, until when, and its sealed secret.
use crate::{Micros, Result, Tx};

crate::statements! {
    INSERT = "INSERT INTO sessions (access_key_id, account, kind, principal, name, issued_at, expires_at, secret, details)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    BY_ID = "SELECT access_key_id, account, kind, principal, name, issued_at, expires_at, secret, details
             FROM sessions WHERE access_key_id = $1";
    DELETE = "DELETE FROM sessions WHERE access_key_id = $1";
    DELETE_OF_PRINCIPAL = "DELETE FROM sessions WHERE access_key_id IN
                           (SELECT access_key_id FROM sessions WHERE principal = $1 ORDER BY access_key_id LIMIT $2)";
    EXPIRED = "SELECT access_key_id FROM sessions WHERE expires_at <= $1 ORDER BY expires_at, access_key_id LIMIT $2";
}

/// The most sessions that [`delete_of_principal`] removes at once.
pub const MOST_DELETED: u64 = 1_000;

/// A row of `sessions`.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// `ASIA` and 16 characters.
    pub access_key_id: String,
    /// The account it acts in.
    pub account: String,
    /// `user`, `role` or `federated-user`.
    pub kind: String,
    /// The unique id of the user or role; the account id of a root's.
    pub principal: String,
    /// The session's name; a user's has that of the user.
    pub name: String,
    /// Microseconds since 1970.
    pub issued_at: Micros,
    /// Microseconds since 1970: from then on it is worth nothing.
    pub expires_at: Micros,
    /// The secret, sealed under the root key.
    pub secret: Vec<u8>,
    /// What else it carries, as JSON: its policies, tags, source identity.
    pub details: String,
}

impl std::fmt::Debug for SessionRow {
    /// Without the secret, though it is sealed.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("SessionRow")
            .field("access_key_id", &self.access_key_id)
            .field("account", &self.account)
            .field("kind", &self.kind)
            .field("principal", &self.principal)
            .field("name", &self.name)
            .field("issued_at", &self.issued_at)
            .field("expires_at", &self.expires_at)
            .field("details", &self.details)
            .finish_non_exhaustive()
    }
}

/// Inserts a session.
///
/// # Errors
/// `Unique` when the id is taken, `ForeignKey` when the account does not exist.
pub fn insert(tx: &mut Tx, row: &SessionRow) -> Result<()> {
    tx.run(
        &INSERT,
        &[
            &row.access_key_id,
            &row.account,
            &row.kind,
            &row.principal,
            &row.name,
            &row.issued_at,
            &row.expires_at,
            &row.secret,
            &row.details,
        ],
    )?;
    Ok(())
}

/// The session of that access key, if it exists, also if it has expired.
///
/// # Errors
/// Those of the database.
pub fn by_id(tx: &mut Tx, access_key_id: &str) -> Result<Option<SessionRow>> {
    let row = tx.row(&BY_ID, &[&access_key_id])?;
    row.map(|row| {
        Ok(SessionRow {
            access_key_id: row.get(0)?,
            account: row.get(1)?,
            kind: row.get(2)?,
            principal: row.get(3)?,
            name: row.get(4)?,
            issued_at: row.get(5)?,
            expires_at: row.get(6)?,
            secret: row.get(7)?,
            details: row.get(8)?,
        })
    })
    .transpose()
}

/// Removes a session; whether it was there.
///
/// # Errors
/// Those of the database.
pub fn delete(tx: &mut Tx, access_key_id: &str) -> Result<bool> {
    Ok(tx.run(&DELETE, &[&access_key_id])? > 0)
}

/// Removes up to [`MOST_DELETED`] sessions of a principal; how many went. As many as that: there may be more.
///
/// # Errors
/// Those of the database.
pub fn delete_of_principal(tx: &mut Tx, principal: &str) -> Result<u64> {
    let most = MOST_DELETED.cast_signed();
    tx.run(&DELETE_OF_PRINCIPAL, &[&principal, &most])
}

/// Access keys of up to `limit` sessions that have expired at `before`, the first in front.
///
/// # Errors
/// Those of the database.
pub fn expired(tx: &mut Tx, before: Micros, limit: i64) -> Result<Vec<String>> {
    tx.rows(&EXPIRED, &[&before, &limit])?
        .iter()
        .map(|row| row.get(0))
        .collect()
}
