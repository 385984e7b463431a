//! Accounts: made, listed, and their roots given new keys. By the operator, not by requests.
use wharf_meta::{Durability, access_keys, accounts, versions};
use wharf_wire::ids::AccountId;

use super::Service;
use crate::data::identities;
use crate::{Error, Micros, Result, RootCredentials};

/// An account, as `account list` prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountInfo {
    pub account: AccountId,
    pub name: String,
    /// Microseconds since 1970.
    pub created_at: Micros,
}

/// Why an account is not made.
pub(super) enum AddError {
    Taken,
    Failed(Error),
}

fn random_account() -> Result<AccountId> {
    let mut random = [0_u8; 8];
    getrandom::fill(&mut random).map_err(Error::internal)?;
    let id = 100_000_000_000 + u64::from_le_bytes(random) % 900_000_000_000;
    AccountId::parse(&id.to_string()).map_err(Error::internal)
}

impl Service {
    pub(super) async fn add_account(
        &self,
        account: AccountId,
        name: &str,
        credentials: RootCredentials,
    ) -> Result<(), AddError> {
        let row = accounts::AccountRow {
            account: account.to_string(),
            name: name.to_owned(),
            created_at: self.now(),
            alias: None,
        };
        let key = self
            .root_key_row(&account, &credentials)
            .map_err(AddError::Failed)?;
        let add = move |tx: &mut wharf_meta::Tx| {
            if accounts::by_id(tx, &row.account)?.is_some() {
                return Ok(false);
            }
            accounts::insert(tx, &row)?;
            access_keys::insert(tx, &key)?;
            Ok::<_, wharf_meta::Error>(true)
        };
        let added = self
            .inner
            .store
            .write("add_account", Durability::Hard, add)
            .await;
        match added {
            Ok(true) => Ok(()),
            Ok(false) => Err(AddError::Taken),
            Err(error) => Err(AddError::Failed(error.into())),
        }
    }

    /// Makes an account with a root access key; without an id, with a random one.
    ///
    /// # Errors
    /// `InvalidParameters` when the id is taken, `Unavailable` when the store refuses.
    pub async fn create_account(
        &self,
        name: &str,
        id: Option<AccountId>,
    ) -> Result<(AccountId, RootCredentials)> {
        let account = match id {
            Some(id) => id,
            None => random_account()?,
        };
        let credentials = RootCredentials::generate()?;
        let added = self
            .add_account(account.clone(), name, credentials.clone())
            .await;
        match added {
            Ok(()) => Ok((account, credentials)),
            Err(AddError::Taken) => Err(Error::InvalidParameters {
                reason: format!("the account {account} exists already"),
            }),
            Err(AddError::Failed(error)) => Err(error),
        }
    }

    /// Gives an account's root a new access key in the place of all that it has: for whoever lost them.
    ///
    /// # Errors
    /// `InvalidParameters` when there is no such account, `Unavailable` when the store refuses.
    pub async fn replace_root_keys(&self, account: &AccountId) -> Result<RootCredentials> {
        let credentials = RootCredentials::generate()?;
        let key = self.root_key_row(account, &credentials)?;
        let owner = account.to_string();
        let replace = move |tx: &mut wharf_meta::Tx| {
            if accounts::by_id(tx, &owner)?.is_none() {
                return Ok(false);
            }
            for old in access_keys::of_principal(tx, &owner, "", 1_000)? {
                access_keys::delete(tx, &old.access_key_id)?;
            }
            access_keys::insert(tx, &key)?;
            versions::bump(tx, &owner, identities::VERSION)?;
            Ok::<_, wharf_meta::Error>(true)
        };
        let store = &self.inner.store;
        if store
            .write("replace_root_keys", Durability::Hard, replace)
            .await?
        {
            return Ok(credentials);
        }
        Err(Error::InvalidParameters {
            reason: format!("there is no account {account}"),
        })
    }

    fn root_key_row(
        &self,
        account: &AccountId,
        credentials: &RootCredentials,
    ) -> Result<access_keys::AccessKeyRow> {
        Ok(access_keys::AccessKeyRow {
            access_key_id: credentials.access_key_id.clone(),
            account: account.to_string(),
            principal: account.to_string(),
            status: "Active".to_owned(),
            secret: self.seal_secret(&credentials.secret, &credentials.access_key_id)?,
            created_at: self.now(),
        })
    }

    /// The accounts, up to 1,000.
    ///
    /// # Errors
    /// `Unavailable` when the store refuses.
    pub async fn accounts(&self) -> Result<Vec<AccountInfo>> {
        let rows = self
            .inner
            .store
            .read("accounts", |tx| accounts::page(tx, "", 1_000))
            .await?;
        rows.into_iter()
            .map(|row| {
                let account = AccountId::parse(&row.account).map_err(Error::internal)?;
                Ok(AccountInfo {
                    account,
                    name: row.name,
                    created_at: row.created_at,
                })
            })
            .collect()
    }
}
