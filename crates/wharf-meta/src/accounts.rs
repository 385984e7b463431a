//! Accounts: 12-digit ids with a name.
use crate::{Micros, Result, Row, Tx};

crate::statements! {
    INSERT = "INSERT INTO accounts (account, name, created_at, alias) VALUES ($1, $2, $3, $4)";
    BY_ID = "SELECT account, name, created_at, alias FROM accounts WHERE account = $1";
    BY_ALIAS = "SELECT account, name, created_at, alias FROM accounts WHERE alias = $1";
    PAGE = "SELECT account, name, created_at, alias FROM accounts WHERE account > $1 ORDER BY account LIMIT $2";
    SET_ALIAS = "UPDATE accounts SET alias = $2 WHERE account = $1";
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
    /// What its addresses for people are called by, if it has one.
    pub alias: Option<String>,
}

fn from_row(row: &Row) -> Result<AccountRow> {
    Ok(AccountRow {
        account: row.get(0)?,
        name: row.get(1)?,
        created_at: row.get(2)?,
        alias: row.get(3)?,
    })
}

/// Inserts an account.
///
/// # Errors
/// `Unique` when the id or the alias is taken.
pub fn insert(tx: &mut Tx, row: &AccountRow) -> Result<()> {
    tx.run(
        &INSERT,
        &[&row.account, &row.name, &row.created_at, &row.alias],
    )?;
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

/// The account of that alias, if one has it.
///
/// # Errors
/// Those of the database.
pub fn by_alias(tx: &mut Tx, alias: &str) -> Result<Option<AccountRow>> {
    tx.row(&BY_ALIAS, &[&alias])?
        .as_ref()
        .map(from_row)
        .transpose()
}

/// Gives an account an alias instead of the one it had, or none.
///
/// # Errors
/// `Unique` when another account has it.
pub fn set_alias(tx: &mut Tx, account: &str, alias: Option<&str>) -> Result<()> {
    tx.run(&SET_ALIAS, &[&account, &alias])?;
    Ok(())
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
