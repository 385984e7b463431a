//! The registry's own keys: one per account and region, wrapped under the root key in a row.
use std::sync::Arc;

use moka::sync::Cache;
use wharf_keys::{RegistryKey, RootKey};
use wharf_meta::{Durability, Store, registry_keys};
use wharf_wire::ids::{AccountId, Region};

use crate::{Error, Micros, Result};

/// What `key_id` columns hold for the registry's own key.
pub(crate) const REGISTRY_KEY: &str = "registry";

/// An open registry key.
#[derive(Clone, Debug)]
pub struct RegistryKeyRef {
    pub key: Arc<RegistryKey>,
    /// Which generation: what `material` columns hold.
    pub material: i64,
}

/// Opens registry keys and keeps them: a key never changes, only a new generation is added.
#[derive(Debug)]
pub(crate) struct Keyring {
    root: Arc<RootKey>,
    store: Store,
    open: Cache<(AccountId, Region, i64), Arc<RegistryKey>>,
    current: Cache<(AccountId, Region), i64>,
}

impl Keyring {
    pub(crate) fn new(root: Arc<RootKey>, store: Store) -> Self {
        Self {
            root,
            store,
            open: Cache::new(1_024),
            current: Cache::new(1_024),
        }
    }

    /// The key that new things are wrapped under; the first use of a registry makes it.
    pub(crate) async fn current(
        &self,
        account: &AccountId,
        region: &Region,
        now: Micros,
    ) -> Result<RegistryKeyRef> {
        let at = (account.clone(), region.clone());
        if let Some(material) = self.current.get(&at) {
            return self.generation(account, region, material).await;
        }
        let (owner, place) = at.clone();
        let found = self
            .store
            .read("registry_key", move |tx| {
                registry_keys::current(tx, owner.as_str(), place.as_str())
            })
            .await?;
        let row = match found {
            Some(row) => row,
            None => self.make(account, region, now).await?,
        };
        self.current.insert(at, row.material);
        self.generation(account, region, row.material).await
    }

    async fn make(
        &self,
        account: &AccountId,
        region: &Region,
        now: Micros,
    ) -> Result<registry_keys::RegistryKeyRow> {
        let key = RegistryKey::generate().map_err(Error::internal)?;
        let wrapped = self
            .root
            .wrap_registry_key(&key, account.as_str(), region.as_str())
            .map_err(Error::internal)?;
        let row = registry_keys::RegistryKeyRow {
            account: account.to_string(),
            region: region.to_string(),
            material: 1,
            wrapped,
            created_at: now,
        };
        let make = move |tx: &mut wharf_meta::Tx| {
            // Two first pushes at once: the second uses the first one's key.
            match registry_keys::current(tx, &row.account, &row.region)? {
                Some(made) => Ok(made),
                None => registry_keys::insert(tx, &row).map(|()| row.clone()),
            }
        };
        Ok(self
            .store
            .write("make_registry_key", Durability::Hard, make)
            .await?)
    }

    /// One generation of a registry's key.
    pub(crate) async fn generation(
        &self,
        account: &AccountId,
        region: &Region,
        material: i64,
    ) -> Result<RegistryKeyRef> {
        let at = (account.clone(), region.clone(), material);
        if let Some(key) = self.open.get(&at) {
            return Ok(RegistryKeyRef { key, material });
        }
        let (owner, place) = (account.to_string(), region.to_string());
        let row = self
            .store
            .read("registry_key_generation", move |tx| {
                registry_keys::get(tx, &owner, &place, material)
            })
            .await?
            .ok_or_else(|| Error::internal("a registry key's generation is not in the store"))?;
        let key = self
            .root
            .unwrap_registry_key(&row.wrapped, account.as_str(), region.as_str())
            .map_err(Error::internal)?;
        let key = Arc::new(key);
        self.open.insert(at, Arc::clone(&key));
        Ok(RegistryKeyRef { key, material })
    }
}
