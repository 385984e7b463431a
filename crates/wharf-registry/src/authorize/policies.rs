//! Compiled policies: the built-in ones, and those of rows, which never change.
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use moka::sync::Cache;
use wharf_policy::{Document, Kind};
use wharf_wire::ids::{AccountId, Region};

use crate::data::policies::RegistryPolicy;
use crate::identity::{Identity, Named};
use crate::{Error, Result, managed};

/// Characters of compiled documents that are kept.
const MOST_CHARACTERS: u64 = 8 << 20;
/// Identities kept.
const MOST_IDENTITIES: u64 = 10_000;

/// Allows nothing: what a boundary limits to whose policy is gone.
const NOTHING: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;

/// As if it had been passed when the session was made: denies what some sessions may not, whoever lets them in.
static BARRING: LazyLock<Option<Named>> = LazyLock::new(|| {
    let document = Document::parse(NOTHING, Kind::Managed).ok()?;
    Some(Named::new(
        "what such a session may not",
        Arc::new(document),
    ))
});

/// What denies everything to a session that may not.
///
/// # Errors
/// `Internal` when the built-in document does not parse.
pub(super) fn barring() -> Result<&'static Named> {
    BARRING
        .as_ref()
        .ok_or_else(|| Error::internal("a built-in policy does not parse"))
}

/// Policies that are known without reading them anew.
#[derive(Debug)]
pub struct Policies {
    root: Named,
    nothing: Named,
    /// AWS's managed policies by their ARN.
    managed: BTreeMap<String, Named>,
    documents: Cache<i64, Arc<Document>>,
    /// By access key id, each with the version of its account's identities at which it was read.
    identities: Cache<String, (i64, Arc<Identity>)>,
    /// With the version of the account's identities.
    registries: Cache<(AccountId, Region), (i64, Arc<RegistryPolicy>)>,
}

impl Policies {
    /// Parses the built-in documents.
    ///
    /// # Errors
    /// `Internal` when a built-in document does not parse.
    pub fn built_in() -> Result<Self> {
        let parse = |name: &str, text: &str| {
            let document = Document::parse(text, Kind::Managed).map_err(Error::internal)?;
            Ok::<_, Error>(Named::new(name, Arc::new(document)))
        };
        let managed = managed::POLICIES.iter().map(|policy| {
            let arn = policy.arn();
            let named = parse(&arn, policy.document)?;
            Ok((arn, named))
        });
        Ok(Self {
            root: parse("root", wharf_policy::ROOT_POLICY)?,
            nothing: parse("a policy that is gone", NOTHING)?,
            managed: managed.collect::<Result<_>>()?,
            documents: Cache::builder()
                .max_capacity(MOST_CHARACTERS)
                .weigher(|_, document: &Arc<Document>| {
                    u32::try_from(document.characters() + 256).unwrap_or(u32::MAX)
                })
                .build(),
            identities: Cache::new(MOST_IDENTITIES),
            registries: Cache::new(1_024),
        })
    }

    /// What an account's root has.
    pub(crate) fn root(&self) -> &Named {
        &self.root
    }

    /// What allows nothing.
    pub(crate) fn nothing(&self) -> &Named {
        &self.nothing
    }

    /// One of AWS's managed policies.
    pub(crate) fn managed(&self, arn: &str) -> Option<&Named> {
        self.managed.get(arn)
    }

    pub(crate) fn document(&self, id: i64) -> Option<Arc<Document>> {
        self.documents.get(&id)
    }

    pub(crate) fn keep_document(&self, id: i64, document: &Arc<Document>) {
        self.documents.insert(id, Arc::clone(document));
    }

    pub(crate) fn identity(&self, access_key_id: &str) -> Option<(i64, Arc<Identity>)> {
        self.identities.get(access_key_id)
    }

    pub(crate) fn keep_identity(&self, access_key_id: &str, version: i64, it: &Arc<Identity>) {
        self.identities
            .insert(access_key_id.to_owned(), (version, Arc::clone(it)));
    }

    pub(crate) fn registry(
        &self,
        account: &AccountId,
        region: &Region,
    ) -> Option<(i64, Arc<RegistryPolicy>)> {
        self.registries.get(&(account.clone(), region.clone()))
    }

    pub(crate) fn keep_registry(
        &self,
        account: &AccountId,
        region: &Region,
        version: i64,
        it: &Arc<RegistryPolicy>,
    ) {
        let at = (account.clone(), region.clone());
        self.registries.insert(at, (version, Arc::clone(it)));
    }
}
