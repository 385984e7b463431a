//! Asking an issuer for its keys.
use std::time::Duration;

use serde::Deserialize;
use wharf_identity::{JwksError, KeySet, MAX_JWKS_BYTES, TokenError};

use crate::outbound::{Client, FetchError, Limits, Thumbprint};

/// How long keys are good for if the issuer does not say, and the bounds of what it says.
const DEFAULT_AGE: Duration = Duration::from_hours(1);
const AGES: (Duration, Duration) = (Duration::from_mins(5), Duration::from_hours(24));

/// Keys, and how long they are good for.
#[derive(Debug)]
pub(super) struct Discovered {
    pub(super) keys: KeySet,
    pub(super) max_age: Duration,
}

/// Why an issuer's keys are not known.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("{url}: {error}")]
    Fetch { url: String, error: FetchError },
    #[error("{0}: it is not a discovery document: {1}")]
    Document(String, serde_json::Error),
    #[error("{url}: it is of the issuer `{issuer}`")]
    Issuer { url: String, issuer: String },
    #[error("{0}: {1}")]
    Keys(String, JwksError),
}

impl Failure {
    /// What the owner of a token is told.
    pub(super) fn told(&self) -> TokenError {
        match self {
            Self::Fetch { error, .. } => match error {
                FetchError::Thumbprint => TokenError::Thumbprint,
                // It may be better a moment later.
                FetchError::Resolve(_)
                | FetchError::Connect(_)
                | FetchError::Tls(_)
                | FetchError::Protocol(_)
                | FetchError::Timeout(_)
                | FetchError::Status(408 | 429 | 500..) => TokenError::Communication,
                FetchError::Url(_)
                | FetchError::Private(_)
                | FetchError::Redirect(_)
                | FetchError::Status(_)
                | FetchError::TooLarge(_) => TokenError::NoKey,
            },
            Self::Document(..) | Self::Issuer { .. } | Self::Keys(..) => TokenError::NoKey,
        }
    }
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    jwks_uri: String,
}

/// Fetches the discovery document of an issuer, and the keys that it names. Both together take no longer than one
/// fetch may.
pub(super) async fn discover(
    client: &Client,
    issuer: &str,
    thumbprints: &[Thumbprint],
) -> Result<Discovered, Failure> {
    let base = issuer.strip_suffix('/').unwrap_or(issuer);
    let url = format!("{base}/.well-known/openid-configuration");
    let timeout = client.timeout();
    tokio::time::timeout(timeout, both(client, issuer, url.clone(), thumbprints))
        .await
        .map_err(|_elapsed| Failure::Fetch {
            url,
            error: FetchError::Timeout(timeout),
        })?
}

async fn both(
    client: &Client,
    issuer: &str,
    url: String,
    thumbprints: &[Thumbprint],
) -> Result<Discovered, Failure> {
    let limits = Limits {
        max_bytes: MAX_JWKS_BYTES,
        thumbprints,
    };
    let document = match client.get(&url, limits).await {
        Ok(fetched) => fetched.body,
        Err(error) => return Err(Failure::Fetch { url, error }),
    };
    let document: Document = match serde_json::from_slice(&document) {
        Ok(document) => document,
        Err(error) => return Err(Failure::Document(url, error)),
    };
    if document.issuer != issuer {
        let issuer = document.issuer.chars().take(300).collect();
        return Err(Failure::Issuer { url, issuer });
    }
    let url = document.jwks_uri;
    let fetched = match client.get(&url, limits).await {
        Ok(fetched) => fetched,
        Err(error) => return Err(Failure::Fetch { url, error }),
    };
    let (least, most) = AGES;
    Ok(Discovered {
        keys: KeySet::parse(&fetched.body).map_err(|error| Failure::Keys(url, error))?,
        max_age: fetched.max_age.unwrap_or(DEFAULT_AGE).clamp(least, most),
    })
}
