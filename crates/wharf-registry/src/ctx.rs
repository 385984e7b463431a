//! What a request carries through the product: who, where, when, and the service it acts on.
use std::net::IpAddr;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures_core::Stream;
use wharf_meta::Durability;
use wharf_wire::ids::{AccountId, Region, RepositoryName};
use wharf_wire::oci::{Algorithm, Digest};

use crate::action::Action;
use crate::authorize::{Asked, Policies, Resource, authorize};
use crate::deviations::Deviation;
use crate::{Grant, Micros, Result, Service, Trail, data};

/// Bytes on their way in or out.
pub type Body = Pin<Box<dyn Stream<Item = Result<Bytes, BodyError>> + Send>>;

/// Why a body stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    #[error("no bytes arrived in time")]
    TimedOut,
    #[error("the other side went away")]
    Aborted,
    #[error("more bytes than allowed")]
    TooLarge,
    /// Stored bytes could not be read or opened. For the log.
    #[error("stored bytes could not be read: {0}")]
    Storage(String),
}

impl From<BodyError> for crate::Error {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TimedOut => Self::BodyTimeout,
            BodyError::Aborted => Self::BodyAborted,
            BodyError::TooLarge => Self::BodyTooLarge {
                limit: crate::uploads::MAX_LAYER_BYTES,
            },
            BodyError::Storage(cause) => Self::Internal { cause },
        }
    }
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub account: AccountId,
    /// The unique id of the user or role; of an account's root, the account id.
    pub entity: String,
    /// `UserId` of GetCallerIdentity: the same, with the session's name behind that of a role.
    pub unique_id: String,
    pub arn: String,
    pub access_key_id: String,
}

impl Principal {
    /// The root of an account, using one of its access keys.
    pub fn root(account: AccountId, access_key_id: String) -> Self {
        Self {
            entity: account.to_string(),
            unique_id: account.to_string(),
            arn: format!("arn:aws:iam::{account}:root"),
            account,
            access_key_id,
        }
    }

    /// Somebody without credentials: no access key is theirs, so nothing is granted to them.
    pub fn nobody(account: AccountId) -> Self {
        Self {
            account,
            entity: String::new(),
            unique_id: String::new(),
            arn: "anonymous".to_owned(),
            access_key_id: String::new(),
        }
    }
}

/// By which protocol the request came: a few texts differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plane {
    Api,
    Docker,
}

/// The address that the asking client can use: `repositoryUri` and `proxyEndpoint` are made from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `http` or `https`.
    pub scheme: String,
    /// Host and port, or, when a domain is configured, the pattern's rest after `{account}.dkr.ecr.{region}.`.
    pub authority: String,
    /// Whether `authority` is a domain that takes the `{account}.dkr.ecr.{region}.` prefix.
    pub domain: bool,
}

impl Endpoint {
    /// Host (and port) of a registry: what comes before `/{repository}` in an image's name.
    pub fn registry_host(&self, account: &AccountId, region: &Region) -> String {
        if self.domain {
            format!("{account}.dkr.ecr.{region}.{}", self.authority)
        } else {
            self.authority.clone()
        }
    }

    /// `proxyEndpoint` of an authorization token.
    pub fn registry_url(&self, account: &AccountId, region: &Region) -> String {
        format!("{}://{}", self.scheme, self.registry_host(account, region))
    }
}

/// Everything the edge knows of a request.
#[derive(Clone, Debug)]
pub struct RequestInfo {
    pub request_id: String,
    pub principal: Principal,
    /// The registry addressed: the caller's, or the one that host or token name.
    pub account: AccountId,
    pub region: Region,
    /// Domain time, microseconds since 1970.
    pub now: Micros,
    /// Wall time of arrival, microseconds since 1970.
    pub received_at: Micros,
    pub source: IpAddr,
    pub secure: bool,
    pub user_agent: Option<String>,
    pub endpoint: Endpoint,
    pub deadline: Instant,
    pub plane: Plane,
    /// Where authorization writes down what it decides.
    pub trail: Arc<Trail>,
}

/// One request's view of the service. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ctx {
    service: Service,
    request: Arc<RequestInfo>,
}

impl Deref for Ctx {
    type Target = RequestInfo;

    fn deref(&self) -> &RequestInfo {
        &self.request
    }
}

impl Ctx {
    /// Binds a request to the service.
    pub fn new(service: Service, request: RequestInfo) -> Self {
        Self {
            service,
            request: Arc::new(request),
        }
    }

    /// What the edge knows of the request.
    pub fn request(&self) -> &Arc<RequestInfo> {
        &self.request
    }

    /// The service.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// Whether a difference from ECR is in force here.
    pub fn deviates(&self, deviation: Deviation) -> bool {
        deviation.applies(self.service.settings().compat)
    }

    /// Refuses digests of an algorithm that this registry does not take.
    ///
    /// # Errors
    /// `DigestUnsupported`.
    pub(crate) fn check_algorithm(&self, digest: &Digest) -> Result<()> {
        match digest.algorithm() {
            Algorithm::Sha512 if !self.deviates(crate::deviations::SHA512) => {
                Err(crate::Error::DigestUnsupported {
                    digest: digest.to_string(),
                })
            }
            Algorithm::Sha256 | Algorithm::Sha512 => Ok(()),
        }
    }

    /// The registry a request names: an absent or empty `registryId` is the caller's own.
    ///
    /// # Errors
    /// `InvalidParameter` when it is not twelve digits.
    pub fn registry(&self, id: Option<&str>) -> Result<AccountId> {
        match id {
            None | Some("") => Ok(self.account.clone()),
            Some(id) => AccountId::parse(id).map_err(|_invalid| {
                crate::Error::invalid("registryId", "must satisfy regular expression '[0-9]{12}'")
            }),
        }
    }

    /// The same request, about another registry: what it acts on is that one's, decided by that one's policies as well.
    #[must_use]
    pub fn in_registry(&self, account: AccountId) -> Self {
        if account == self.account {
            return self.clone();
        }
        let request = RequestInfo {
            account,
            ..(*self.request).clone()
        };
        Self::new(self.service.clone(), request)
    }

    /// The same request, by somebody who has turned out to ask: the request's trail names them from here on.
    pub(crate) fn proven(&self, principal: Principal) -> Self {
        self.trail.note_caller(&principal);
        let request = RequestInfo {
            account: principal.account.clone(),
            principal,
            ..(*self.request).clone()
        };
        Self::new(self.service.clone(), request)
    }

    /// A repository of this request's registry.
    pub fn repository(&self, name: &RepositoryName) -> Resource {
        Resource::Repository {
            account: self.account.clone(),
            name: name.clone(),
        }
    }

    /// Reads under a grant for `A`.
    ///
    /// # Errors
    /// Those of [`authorize`], of the closure, and `Unavailable`.
    pub async fn read<A, T, F>(
        &self,
        name: &'static str,
        asked: impl Into<Asked>,
        read: F,
    ) -> Result<T>
    where
        A: Action,
        T: Send + 'static,
        F: FnMut(&mut data::Tx<'_>, &Grant<A>) -> Result<T> + Send + 'static,
    {
        let run = self.gated(asked.into(), read);
        self.service.store().read(name, run).await
    }

    /// Writes under a grant for `A`; the answer is given after the flush to disk.
    ///
    /// # Errors
    /// Those of [`authorize`], of the closure, and `Unavailable`.
    pub async fn write<A, T, F>(
        &self,
        name: &'static str,
        asked: impl Into<Asked>,
        write: F,
    ) -> Result<T>
    where
        A: Action,
        T: Send + 'static,
        F: FnMut(&mut data::Tx<'_>, &Grant<A>) -> Result<T> + Send + 'static,
    {
        self.write_with(name, Durability::Hard, asked.into(), write)
            .await
    }

    /// Writes under a grant for `A` what may be lost with power, but not with the process.
    ///
    /// # Errors
    /// Those of [`authorize`], of the closure, and `Unavailable`.
    pub async fn write_soft<A, T, F>(
        &self,
        name: &'static str,
        asked: impl Into<Asked>,
        write: F,
    ) -> Result<T>
    where
        A: Action,
        T: Send + 'static,
        F: FnMut(&mut data::Tx<'_>, &Grant<A>) -> Result<T> + Send + 'static,
    {
        self.write_with(name, Durability::Soft, asked.into(), write)
            .await
    }

    async fn write_with<A, T, F>(
        &self,
        name: &'static str,
        durability: Durability,
        asked: Asked,
        write: F,
    ) -> Result<T>
    where
        A: Action,
        T: Send + 'static,
        F: FnMut(&mut data::Tx<'_>, &Grant<A>) -> Result<T> + Send + 'static,
    {
        let run = self.gated(asked, write);
        self.service.store().write(name, durability, run).await
    }

    /// Writes under a grant that another gate of [`crate::authorize`] gives: for those whose question is not what an access
    /// key may do.
    ///
    /// # Errors
    /// Those of the gate, of the closure, and `Unavailable`.
    pub(crate) async fn write_through<A, T, G, F>(
        &self,
        name: &'static str,
        mut gate: G,
        mut write: F,
    ) -> Result<T>
    where
        A: Action,
        T: Send + 'static,
        G: FnMut(&mut data::Tx<'_>, &Policies, &Arc<RequestInfo>) -> Result<Grant<A>>
            + Send
            + 'static,
        F: FnMut(&mut data::Tx<'_>, &Grant<A>) -> Result<T> + Send + 'static,
    {
        let ctx = self.clone();
        let run = move |tx: &mut wharf_meta::Tx| {
            let mut tx = data::Tx::new(tx);
            let grant = gate(&mut tx, ctx.service.policies(), &ctx.request)?;
            write(&mut tx, &grant)
        };
        self.service
            .store()
            .write(name, Durability::Hard, run)
            .await
    }

    /// The closure behind the gate: each run of it is authorized anew, and gets its own grant.
    fn gated<A, T, F>(
        &self,
        asked: Asked,
        mut run: F,
    ) -> impl FnMut(&mut wharf_meta::Tx) -> Result<T> + Send + use<A, T, F>
    where
        A: Action,
        F: FnMut(&mut data::Tx<'_>, &Grant<A>) -> Result<T> + Send + 'static,
    {
        let ctx = self.clone();
        move |tx| {
            let mut tx = data::Tx::new(tx);
            let grant = authorize::<A>(&mut tx, ctx.service.policies(), &ctx.request, &asked)?;
            run(&mut tx, &grant)
        }
    }

    /// Whether the access key or session behind this request still stands: all that `/v2/` and GetCallerIdentity ask.
    ///
    /// # Errors
    /// `CredentialsGone`, `ExpiredToken`, `Unavailable`.
    pub async fn check_credentials(&self) -> Result<()> {
        let identity = self.service.identity(&self.principal.access_key_id).await?;
        let identity = identity
            .filter(|it| it.principal.unique_id == self.principal.unique_id)
            .ok_or(crate::Error::CredentialsGone)?;
        identity.check_time(self.now)
    }
}
