//! Identity providers: where their keys come from, and who is believed with them.
//!
//! Keys come from a file that the operator names for an issuer, which is then never asked, or from the issuer: its
//! discovery document tells where they are. Nobody is asked who is not registered, and nobody more often than
//! `Remote` allows, whatever tokens are sent.
//!
//! Source: STS `AssumeRoleWithWebIdentity`; `OpenID` Connect Discovery 4.
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use wharf_identity::{Claims, KeySet, TokenError, UnverifiedToken};

use crate::outbound::{Client, Thumbprint};
use crate::{Micros, OutboundSettings, Result};

mod discovery;
mod files;
mod remote;

pub use files::KeyFile;
use files::Watched;
use remote::Remote;

/// Issuers whose keys are kept; those least recently used are forgotten.
const MAX_ISSUERS: u64 = 256;
/// Thumbprints of a provider, as IAM bounds them.
const MAX_THUMBPRINTS: usize = 5;

/// A registered identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// The issuer without `https://`.
    pub url: String,
    /// The audiences that tokens may have.
    pub client_ids: Vec<String>,
    /// SHA-1 of certificates, in hexadecimal digits; they count where a chain ends in no known authority.
    pub thumbprints: Vec<String>,
}

/// The keys of identity providers. Cheap to clone.
#[derive(Clone)]
pub struct ProviderKeys {
    inner: Arc<Inner>,
}

struct Inner {
    client: Arc<Client>,
    /// By issuer.
    files: HashMap<String, Watched>,
    /// Providers of one issuer with other thumbprints trust another server: they share no keys and no failures.
    remotes: Cache<(String, Vec<Thumbprint>), Arc<Remote>>,
}

impl fmt::Debug for ProviderKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderKeys")
            .field("client", &self.inner.client)
            .field("files", &self.inner.files.keys())
            .finish_non_exhaustive()
    }
}

impl ProviderKeys {
    /// Asks issuers by `settings`, but for those that have a file.
    ///
    /// # Errors
    /// `Internal` if the cryptography cannot speak TLS.
    pub fn new(settings: OutboundSettings, files: &[KeyFile]) -> Result<Self> {
        let watched = |file: &KeyFile| (file.issuer.clone(), Watched::new(file.path.clone()));
        Ok(Self {
            inner: Arc::new(Inner {
                client: Arc::new(Client::new(settings)?),
                files: files.iter().map(watched).collect(),
                remotes: Cache::builder()
                    .max_capacity(MAX_ISSUERS)
                    .eviction_policy(EvictionPolicy::lru())
                    .build(),
            }),
        })
    }

    /// Judges a token of a registered provider at `wall`, in microseconds since 1970.
    ///
    /// What it says may be believed; whether that allows anything is for policies to say.
    ///
    /// # Errors
    /// In this order: `NoProvider` if the token is of another issuer, `Algorithm`, `Communication`, `Thumbprint` and
    /// `NoKey` if there are no keys, and those of [`UnverifiedToken::verify`].
    pub async fn verify(
        &self,
        provider: &Provider,
        token: &UnverifiedToken,
        wall: Micros,
    ) -> Result<Claims, TokenError> {
        if token.issuer().strip_prefix("https://") != Some(provider.url.as_str()) {
            let issuer = token.issuer().to_owned();
            return Err(TokenError::NoProvider { issuer });
        }
        token.check_header()?;
        let now = wall.div_euclid(1_000_000);
        let judge = |keys: &KeySet| token.verify(keys, &provider.client_ids, now);
        if let Some(file) = self.inner.files.get(token.issuer()) {
            return judge(&*file.keys().await?);
        }
        let remote = self.remote(provider, token.issuer());
        let (held, is_new) = remote.current(&self.inner.client, wall).await?;
        match judge(held.keys()) {
            Err(error) if token.may_have_newer_key(&error) && !is_new => {
                match remote.newer(&self.inner.client, &held, wall).await {
                    Ok(Some(newer)) => judge(newer.keys()),
                    // A signature that is wrong stays so; for want of a key, the reason is that nobody answered.
                    Err(unanswered) if error == TokenError::NoKey => Err(unanswered),
                    Ok(None) | Err(_) => Err(error),
                }
            }
            verdict => verdict,
        }
    }

    fn remote(&self, provider: &Provider, issuer: &str) -> Arc<Remote> {
        let thumbprints = provider.thumbprints.iter().take(MAX_THUMBPRINTS);
        let mut thumbprints: Vec<_> = thumbprints
            .filter_map(|text| Thumbprint::parse(text))
            .collect();
        thumbprints.sort_unstable();
        thumbprints.dedup();
        let at = (issuer.to_owned(), thumbprints);
        let made = || Arc::new(Remote::new(at.0.clone(), at.1.clone()));
        self.inner.remotes.get_with_by_ref(&at, made)
    }
}
