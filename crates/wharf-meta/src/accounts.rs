//! Accounts: 12-digit ids with a name.
use crate::{Micros, Result, Row, Tx};

crate::statements! {
    INSERT = "INSERT INTO accounts (account, name, created_at) VALUES ($1, $2, $3)";
    BY_ID = "SELECT account, name, created_at FROM accounts WHERE account = $1";
    PAGE = "SELECT account, name, created_at FROM accounts WHERE account > $1 ORDER BY account LIMIT $2";
}

/// A row of `accounts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// 12 digits.
    pub account: String,
    /// What its operator calls it.
    pub name: String,
    /// Microseconds since 1970.
    pub created_at: Micros,
}

fn from_row(row: &Row) -> Result<AccountRow> {
    Ok(AccountRow {
        account: row.get(0)?,
        name: row.get(1)?,
        created_at: row.get(2)?,
    })
}

/// Inserts an account.
///
/// # Errors
/// `Unique` when the id is taken.
pub fn insert(tx: &mut Tx, row: &AccountRow) -> Result<()> {
    tx.run(&INSERT, &[&row.account, &row.name, &row.created_at])?;
    Ok(())
}

/// The account of that id, if it exists.
///
/// # Errors
/// Those of the database.
pub fn by_id(tx: &mut Tx, account: &str) -> Result<Option<AccountRow>> {
    tx.row(&BY_ID, &[&account])?
        .as_ref()
        .map(from_row)
        .transpose()
}

/// Up to `limit` accounts whose id sorts after `after`, in order of id.
///
/// # Errors
/// Those of the database.
pub fn page(tx: &mut Tx, after: &str, limit: i64) -> Result<Vec<AccountRow>> {
    tx.rows(&PAGE, &[&after, &limit])?
        .iter()
        .map(from_row)
        .collect()
}
