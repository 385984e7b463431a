//! The gate: the one place where a request becomes a [`Grant`], inside the transaction that does the work.
use std::marker::PhantomData;
use std::sync::Arc;

use wharf_meta::repositories::RepositoryRow;
use wharf_policy::{Document, Inputs, Kind, Policy, RequestContext, ResourceKind};
use wharf_wire::ids::{AccountId, Region, RepositoryName, repository_arn};

use crate::action::Action;
use crate::ctx::RequestInfo;
use crate::{Decided, Error, Micros, Result, data};

/// What a request wants to act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// The registry as a whole: `*` in policies.
    Registry,
    /// A repository that must exist. Whether it does is told only to those who may act on it.
    Repository {
        account: AccountId,
        name: RepositoryName,
    },
    /// A repository's name, free or not.
    Name {
        account: AccountId,
        name: RepositoryName,
    },
    /// All repositories of a registry: what listing asks about.
    AllRepositories { account: AccountId },
}

/// The proof that `principal` may do `A` here and now: what functions of [`data`] take instead of names.
///
/// Made only by [`authorize`]; lent to one run of one transaction.
#[derive(Debug)]
pub struct Grant<A> {
    request: Arc<RequestInfo>,
    account: AccountId,
    region: Region,
    arn: String,
    repository: Option<RepositoryRow>,
    now: Micros,
    action: PhantomData<fn() -> A>,
}

impl<A: Action> Grant<A> {
    /// The registry that is acted on.
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The region that is acted in.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The ARN that the decision was about.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// The repository, as this transaction sees it.
    ///
    /// # Errors
    /// `Internal` when the grant is about the registry: a mistake in the operation, not of the client.
    pub fn repository(&self) -> Result<&RepositoryRow> {
        self.repository
            .as_ref()
            .ok_or_else(|| Error::internal(format!("{} was not granted on a repository", A::NAME)))
    }

    /// Domain time of the request, microseconds since 1970.
    pub fn now(&self) -> Micros {
        self.now
    }

    /// Who was authorized.
    pub fn request(&self) -> &RequestInfo {
        &self.request
    }

    /// A second action on the same resource, in the same transaction: CreateRepository with tags needs TagResource.
    ///
    /// # Errors
    /// `AccessDenied`, naming the second action.
    pub fn also<B: Action>(&self, tx: &mut data::Tx<'_>, policies: &Policies) -> Result<Grant<B>> {
        decide::<B>(tx, policies, &self.request, &self.account, &self.arn)?;
        Ok(Grant {
            request: Arc::clone(&self.request),
            account: self.account.clone(),
            region: self.region.clone(),
            arn: self.arn.clone(),
            repository: self.repository.clone(),
            now: self.now,
            action: PhantomData,
        })
    }
}

impl<A: Action> Grant<A> {
    /// An action on another resource, for the same principal in the same transaction: a mount reads where it mounts from.
    ///
    /// # Errors
    /// Those of [`authorize`].
    pub fn elsewhere<B: Action>(
        &self,
        tx: &mut data::Tx<'_>,
        policies: &Policies,
        resource: &Resource,
    ) -> Result<Grant<B>> {
        authorize::<B>(tx, policies, &self.request, resource)
    }
}

/// The policies that do not live in rows: the built-in one of an account's root.
#[derive(Debug)]
pub struct Policies {
    root: Document,
}

impl Policies {
    /// Parses the built-in documents.
    ///
    /// # Errors
    /// `Internal` when a built-in document does not parse.
    pub fn built_in() -> Result<Self> {
        Ok(Self {
            root: Document::parse(wharf_policy::ROOT_POLICY, Kind::Managed)
                .map_err(Error::internal)?,
        })
    }
}

/// Decides whether the request may do `A` on `resource`, and only then looks whether the resource exists.
///
/// # Errors
/// `CredentialsGone` when the access key was removed, `AccessDenied`, `RepositoryNotFound`.
pub fn authorize<A: Action>(
    tx: &mut data::Tx<'_>,
    policies: &Policies,
    request: &Arc<RequestInfo>,
    resource: &Resource,
) -> Result<Grant<A>> {
    let region = request.region.clone();
    let (account, arn) = subject(request, resource);
    decide::<A>(tx, policies, request, &account, &arn)?;
    let repository = match resource {
        Resource::Repository { account, name } => Some(
            data::repositories::find(tx, account, &region, name)?.ok_or_else(|| {
                Error::RepositoryNotFound {
                    name: name.to_string(),
                    registry: account.to_string(),
                }
            })?,
        ),
        Resource::Registry | Resource::Name { .. } | Resource::AllRepositories { .. } => None,
    };
    Ok(Grant {
        request: Arc::clone(request),
        account,
        region,
        arn,
        repository,
        now: request.now,
        action: PhantomData,
    })
}

/// Whose a resource is, and what policies call it.
fn subject(request: &RequestInfo, resource: &Resource) -> (AccountId, String) {
    let region = &request.region;
    match resource {
        Resource::Registry => (request.account.clone(), "*".to_owned()),
        Resource::Repository { account, name } | Resource::Name { account, name } => {
            (account.clone(), repository_arn(region, account, name))
        }
        Resource::AllRepositories { account } => (
            account.clone(),
            format!("arn:aws:ecr:{region}:{account}:repository/*"),
        ),
    }
}

/// Decides on facts that are known to be current, without a transaction: the key is active, the resource exists.
///
/// # Errors
/// `AccessDenied`.
pub(crate) fn decide_known<A: Action>(
    policies: &Policies,
    request: &RequestInfo,
    resource: &Resource,
) -> Result<()> {
    let (account, arn) = subject(request, resource);
    judge::<A>(policies, request, &account, &arn)
}

/// The decision alone: the key's row, then what [`judge`] says.
fn decide<A: Action>(
    tx: &mut data::Tx<'_>,
    policies: &Policies,
    request: &RequestInfo,
    account: &AccountId,
    arn: &str,
) -> Result<()> {
    if !data::accounts::key_is_active(tx, &request.principal)? {
        return Err(Error::CredentialsGone);
    }
    judge::<A>(policies, request, account, arn)
}

/// Identity policies, then, across accounts, the resource's own policy.
fn judge<A: Action>(
    policies: &Policies,
    request: &RequestInfo,
    account: &AccountId,
    arn: &str,
) -> Result<()> {
    let caller = wharf_policy::Principal::root("aws", request.principal.account.as_str());
    let asked = RequestContext::new(caller, A::NAME, arn, request.now);
    let inputs = Inputs {
        request: &asked,
        identity: &[Policy {
            name: "root",
            document: &policies.root,
        }],
        boundary: None,
        session: None,
        // Another account's resource needs that account's word; it has none until repository policies are built.
        resource: &[],
        resource_account: account.as_str(),
        resource_kind: ResourceKind::Ordinary,
    };
    let decision = wharf_policy::evaluate(&inputs);
    request.trail.note(Decided::of(A::NAME, &inputs, &decision));
    if decision.allowed() {
        return Ok(());
    }
    Err(Error::AccessDenied {
        reason: decision.refusal(&asked),
    })
}
