//! The service: the stores, keys and clocks that every request shares.
use std::fmt;
use std::sync::Arc;

use moka::sync::Cache;
use tokio::sync::{Notify, watch};
use wharf_identity::{Secret, TokenKey};
use wharf_keys::RootKey;
use wharf_meta::{Changes, Durability, Store, store_id};
use wharf_wire::ids::{AccountId, Region};

use crate::authorize::Policies;
use crate::data::identities;
use crate::identity::Identity;
use crate::keyring::Keyring;
use crate::known::Known;
use crate::oidc::ProviderKeys;
use crate::usage::{KEY_USE, Usage};
use crate::{
    Clock, Error, Failpoints, Micros, Principal, RegistryKeyRef, Result, Settings, data, images,
    jobs, uploads,
};

mod accounts;

pub use self::accounts::AccountInfo;
use self::accounts::AddError;

/// Bytes of decoded manifests kept in memory.
const MANIFEST_CACHE_BYTES: u64 = 32 << 20;

/// The running product. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    clock: Clock,
    failpoints: Failpoints,
    store: Store,
    objects: wharf_blob::Directory,
    root: Arc<RootKey>,
    token_key: TokenKey,
    keyring: Keyring,
    policies: Policies,
    manifests: Cache<(i64, String), Arc<images::Content>>,
    /// Secrets by access key id, which never change.
    keys: Cache<String, Secret>,
    known: Known,
    oidc: ProviderKeys,
    usage: Usage,
    running: uploads::Running,
    wake: Notify,
    stop: watch::Sender<bool>,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("data_dir", &self.inner.settings.data_dir)
            .finish_non_exhaustive()
    }
}

/// An access key or session with its opened secret. That it still stands is read in each request's own transaction.
#[derive(Clone, Debug)]
pub struct AccessKey {
    pub secret: Secret,
    pub principal: Principal,
    /// When a session ends, microseconds since 1970 of domain time; none for a long-term key.
    pub expires_at: Option<Micros>,
}

/// Why a registry password is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordError {
    /// Not a password of ours, or altered.
    Invalid,
    /// Older than twelve hours.
    Expired,
    /// What it was made from is gone, or cannot be looked up.
    Failed(Error),
}

impl Service {
    /// Opens the data directory; the first start makes the account, its root access key and the keys.
    ///
    /// # Errors
    /// When the directory cannot be used, is of a newer version, or the root key is not the one it was made with.
    pub async fn open(settings: Settings) -> Result<Self> {
        let database = settings.data_dir.join("metadata.db");
        let key = settings.data_dir.join("root.key");
        if database.try_exists().map_err(Error::internal)?
            && !key.try_exists().map_err(Error::internal)?
        {
            // A new key would open nothing, and hide that the old one is lost.
            return Err(Error::internal(format!(
                "{} is missing: put it back",
                key.display()
            )));
        }
        let (root, _created) = RootKey::load_or_create(&key).map_err(Error::internal)?;
        let root = Arc::new(root);
        let clock = Clock::new(settings.wall);
        let store = Store::open_sqlite(&database, wharf_meta::Options::new(clock.wall()))?;
        let objects =
            wharf_blob::Directory::open(&settings.data_dir.join("objects"), settings.byte_budget)
                .map_err(Error::internal)?;
        let service = Self {
            inner: Arc::new(Inner {
                token_key: TokenKey::new(root.token_key()),
                keyring: Keyring::new(Arc::clone(&root), store.clone()),
                policies: Policies::built_in()?,
                manifests: Cache::builder()
                    .max_capacity(MANIFEST_CACHE_BYTES)
                    .weigher(|_, content: &Arc<images::Content>| {
                        u32::try_from(content.bytes.len() + 512).unwrap_or(u32::MAX)
                    })
                    .build(),
                keys: Cache::new(10_000),
                known: Known::new(),
                oidc: ProviderKeys::new(settings.outbound.clone(), &settings.oidc_keys)?,
                usage: Usage::default(),
                running: uploads::Running::default(),
                failpoints: Failpoints::default(),
                wake: Notify::new(),
                stop: watch::Sender::new(false),
                settings,
                clock,
                store,
                objects,
                root,
            }),
        };
        service.check_root_key().await?;
        service.first_start().await?;
        jobs::ensure_collect(&service).await?;
        Ok(service)
    }

    async fn check_root_key(&self) -> Result<()> {
        let made = store_id::StoreIdRow {
            id: uuid::Uuid::new_v4().to_string(),
            created_at: self.now(),
            root_generation: 1,
            key_check: self.inner.root.check_value().map_err(Error::internal)?,
        };
        let row = self
            .inner
            .store
            .write(
                "store_id",
                Durability::Hard,
                move |tx| match store_id::get(tx)? {
                    Some(row) => Ok(row),
                    None => store_id::insert(tx, &made).map(|_first| made.clone()),
                },
            )
            .await?;
        self.inner.root.check(&row.key_check).map_err(|error| {
            Error::internal(format!(
                "root.key is not the key this data directory was made with: {error}"
            ))
        })
    }

    async fn first_start(&self) -> Result<()> {
        let known = self
            .inner
            .store
            .read("accounts", |tx| wharf_meta::accounts::page(tx, "", 1))
            .await?;
        if known.is_empty() {
            let account = self.inner.settings.account.clone();
            let credentials = self.inner.settings.root_credentials.clone();
            // Two that start at once: the second finds the first one's.
            match self.add_account(account, "default", credentials).await {
                Ok(()) | Err(AddError::Taken) => {}
                Err(AddError::Failed(error)) => return Err(error),
            }
        }
        let (account, region) = (
            self.inner.settings.account.clone(),
            self.inner.settings.region.clone(),
        );
        self.registry_key(&account, &region).await?;
        Ok(())
    }

    /// Whose an access key or session is, if it stands: without the store where that is known to be current.
    ///
    /// # Errors
    /// `Unavailable` when the store refuses.
    pub(crate) async fn identity(&self, access_key_id: &str) -> Result<Option<Arc<Identity>>> {
        let changes = self.inner.store.changes();
        let known = changes.and_then(|it| self.inner.known.identity(it, access_key_id));
        if known.is_some() {
            return Ok(known);
        }
        let since = changes.map(Changes::now);
        let (service, id) = (self.clone(), access_key_id.to_owned());
        let read = move |tx: &mut data::Tx<'_>| identities::current(tx, service.policies(), &id);
        let found = self.read("identity", read).await?;
        if let (Some(since), Some(identity)) = (since, &found) {
            self.inner.known.keep_identity(since, identity);
        }
        Ok(found)
    }

    /// The access key or session of that id, if it stands.
    ///
    /// # Errors
    /// `Unavailable` when the store refuses.
    pub async fn access_key(&self, id: &str) -> Result<Option<AccessKey>> {
        let Some(identity) = self.identity(id).await? else {
            return Ok(None);
        };
        let secret = match self.inner.keys.get(id) {
            Some(secret) => secret,
            None => match self.open_secret(id).await? {
                Some(secret) => secret,
                None => return Ok(None),
            },
        };
        Ok(Some(AccessKey {
            secret,
            principal: identity.principal.clone(),
            expires_at: identity.expires_at,
        }))
    }

    async fn open_secret(&self, id: &str) -> Result<Option<Secret>> {
        let asked = id.to_owned();
        let read = move |tx: &mut data::Tx<'_>| identities::sealed_secret(tx, &asked);
        let Some(sealed) = self.read("access_key", read).await? else {
            return Ok(None);
        };
        let secret = self
            .inner
            .root
            .open_secret(&sealed, id)
            .map_err(Error::internal)?;
        let secret = String::from_utf8(secret.to_vec()).map_err(Error::internal)?;
        let secret = Secret::new(secret);
        self.inner.keys.insert(id.to_owned(), secret.clone());
        Ok(Some(secret))
    }

    /// Seals the secret of a new access key or session, as its row keeps it.
    pub(crate) fn seal_secret(&self, secret: &Secret, access_key_id: &str) -> Result<Vec<u8>> {
        self.inner
            .root
            .seal_secret(secret.expose().as_bytes(), access_key_id)
            .map_err(Error::internal)
    }

    /// Whether a session token is the one that was given out with an access key id: a token of another key is none.
    pub fn is_token_of(&self, token: &str, access_key_id: &str) -> bool {
        wharf_identity::open_session_token(&self.inner.token_key, token)
            .is_ok_and(|id| id == access_key_id)
    }

    /// Opens a registry password: who it was given to, and for which account and region. It dies with its principal,
    /// its session and its access key.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn open_password(
        &self,
        password: &str,
    ) -> Result<(Principal, AccountId, Region), PasswordError> {
        let claims = wharf_identity::open_password(&self.inner.token_key, password)
            .map_err(|_invalid| PasswordError::Invalid)?;
        if self.now() / 1_000_000 >= claims.expires {
            return Err(PasswordError::Expired);
        }
        let account =
            AccountId::parse(&claims.account).map_err(|_invalid| PasswordError::Invalid)?;
        let region = Region::parse(&claims.region).map_err(|_invalid| PasswordError::Invalid)?;
        let identity = self.identity(&claims.access_key_id).await;
        let identity = identity.map_err(PasswordError::Failed)?;
        let identity = identity
            .filter(|it| it.principal.entity == claims.principal)
            .ok_or(PasswordError::Failed(Error::CredentialsGone))?;
        Ok((identity.principal.clone(), account, region))
    }

    /// What signs URLs of a registry's layers.
    pub(crate) fn layer_url_secret(&self, account: &AccountId, region: &Region) -> Result<Secret> {
        let secret = self
            .inner
            .root
            .layer_url_secret(account.as_str(), region.as_str())
            .map_err(Error::internal)?;
        Ok(Secret::new(secret.to_string()))
    }

    pub(crate) fn token_key(&self) -> &TokenKey {
        &self.inner.token_key
    }

    /// The key that new things of a registry are wrapped under.
    pub(crate) async fn registry_key(
        &self,
        account: &AccountId,
        region: &Region,
    ) -> Result<RegistryKeyRef> {
        self.inner
            .keyring
            .current(account, region, self.now())
            .await
    }

    /// One generation of a registry's key, to open what it wrapped.
    pub(crate) async fn registry_key_generation(
        &self,
        account: &AccountId,
        region: &Region,
        material: i64,
    ) -> Result<RegistryKeyRef> {
        self.inner
            .keyring
            .generation(account, region, material)
            .await
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Reads on behalf of the service itself, or of a request that was authorized before.
    pub(crate) async fn read<T, F>(&self, name: &'static str, mut read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut data::Tx<'_>) -> Result<T> + Send + 'static,
    {
        self.inner
            .store
            .read(name, move |tx| read(&mut data::Tx::new(tx)))
            .await
    }

    /// Writes on behalf of the service itself: the closure carries a `ServiceGrant` that says why.
    pub(crate) async fn write<T, F>(
        &self,
        name: &'static str,
        durability: Durability,
        mut write: F,
    ) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut data::Tx<'_>) -> Result<T> + Send + 'static,
    {
        self.inner
            .store
            .write(name, durability, move |tx| write(&mut data::Tx::new(tx)))
            .await
    }

    pub(crate) fn objects(&self) -> &wharf_blob::Directory {
        &self.inner.objects
    }

    pub(crate) fn policies(&self) -> &Policies {
        &self.inner.policies
    }

    pub(crate) fn manifests(&self) -> &Cache<(i64, String), Arc<images::Content>> {
        &self.inner.manifests
    }

    pub(crate) fn known(&self) -> &Known {
        &self.inner.known
    }

    /// The keys of identity providers.
    pub fn oidc(&self) -> &ProviderKeys {
        &self.inner.oidc
    }

    pub(crate) fn usage(&self) -> &Usage {
        &self.inner.usage
    }

    /// Counts a use of a long-term access key, where it was used: the service and region of the signature.
    pub fn count_key_use(&self, principal: &Principal, service: &str, region: &Region) {
        let (account, key) = (principal.account.as_str(), &principal.access_key_id);
        let place = format!("{service} {region}");
        self.usage().add(account, KEY_USE, key, &place, self.now());
    }

    pub(crate) fn running(&self) -> &uploads::Running {
        &self.inner.running
    }

    /// The settings it was opened with.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// Domain time, microseconds since 1970.
    pub fn now(&self) -> Micros {
        self.inner.clock.now()
    }

    /// Wall time, microseconds since 1970.
    pub fn wall(&self) -> Micros {
        self.inner.clock.wall()
    }

    /// Moves domain time. False when testing is not allowed.
    pub fn advance_clock(&self, by: Micros) -> bool {
        if self.inner.settings.allow_testing {
            self.inner.clock.advance(by);
            self.inner.wake.notify_waiters();
        }
        self.inner.settings.allow_testing
    }

    /// Arms a failpoint. False when testing is not allowed or there is no such name.
    pub fn arm_failpoint(&self, name: &str, after: u64) -> bool {
        self.inner.settings.allow_testing && self.inner.failpoints.arm(name, after)
    }

    /// Ends the process here if a test asked for it.
    pub(crate) fn failpoint(&self, name: &'static str) {
        self.inner.failpoints.pass(name);
    }

    /// Rows of every table, for tests and the operator.
    ///
    /// # Errors
    /// `Unavailable` when the store refuses.
    pub async fn table_counts(&self) -> Result<std::collections::BTreeMap<String, i64>> {
        Ok(self.inner.store.table_counts().await?)
    }

    /// How many closures and commits the store has made: hard ones are waits for the disk.
    pub fn commits(&self) -> wharf_meta::Commits {
        self.inner.store.commits()
    }

    /// Whether requests can be served: the store answers a read.
    pub async fn ready(&self) -> bool {
        self.inner
            .store
            .read("ready", |tx| store_id::get(tx).map(|row| row.is_some()))
            .await
            .unwrap_or(false)
    }

    /// Starts what runs beside requests: usage flushes, jobs, the sweep. Returns at once.
    pub fn start_background(&self) -> Vec<tokio::task::JoinHandle<()>> {
        jobs::start(self)
    }

    /// Tells background work that there is something to do.
    pub(crate) fn wake_jobs(&self) {
        self.inner.wake.notify_waiters();
    }

    pub(crate) fn wake(&self) -> &Notify {
        &self.inner.wake
    }

    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.inner.stop.subscribe()
    }

    /// Ends background work, writes what is in memory, closes the store.
    pub async fn shutdown(&self) {
        self.inner.stop.send_replace(true);
        if let Err(error) = self.inner.usage.flush(&self.inner.store).await {
            tracing::warn!(%error, "the last counts of use were not written");
        }
        self.inner.store.close().await;
    }
}
