//! The gate: the one place where a request becomes a [`Grant`], inside the transaction that does the work.
use std::marker::PhantomData;
use std::sync::Arc;

use wharf_meta::iam::entities::EntityRow;
use wharf_meta::repositories::RepositoryRow;
use wharf_policy::{Inputs, Outcome, PolicySet, RequestContext, ResourceKind, SetVerdict};
use wharf_wire::ids::{AccountId, Region, RepositoryName, repository_arn};

use crate::action::{Action, NeedsNoPermission};
use crate::ctx::RequestInfo;
use crate::data::iam::EntityKind;
use crate::data::identities;
use crate::data::policies::ResourcePolicies;
use crate::identity::{Credentials, Identity, Named};
use crate::{Decided, Error, Micros, Result, data};

mod asked;
mod policies;
pub(crate) mod web_identity;

pub use asked::Asked;
use asked::AskedKey;
pub use policies::Policies;

/// What a request wants to act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// The registry, or whatever else an account has one of: `*` in policies.
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
    /// A user, group, role or instance profile of the caller's account that must exist.
    Entity { kind: EntityKind, name: String },
    /// The same that is to be made: its name is free or not.
    NewEntity {
        kind: EntityKind,
        path: String,
        name: String,
    },
    /// A managed policy or identity provider, by its ARN. Whether it exists is the operation's to tell.
    Arn(String),
    /// A role of any account, by its ARN, that is to be assumed. One that does not exist trusts nobody.
    Role { arn: String },
}

/// What a resource says about itself: its tags and its own policies.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) policies: ResourcePolicies,
    /// Of a user or role: the ARN of the policy that bounds it.
    pub(crate) boundary: Option<String>,
}

/// What a resource turned out to be.
#[derive(Debug)]
struct Target {
    account: AccountId,
    arn: String,
    kind: ResourceKind,
    repository: Option<RepositoryRow>,
    entity: Option<EntityRow>,
    facts: Arc<Facts>,
}

/// The proof that `principal` may do `A` here and now: what functions of [`data`] take instead of names.
///
/// Made only by [`authorize`]; lent to one run of one transaction.
#[derive(Debug)]
pub struct Grant<A> {
    request: Arc<RequestInfo>,
    identity: Arc<Identity>,
    account: AccountId,
    region: Region,
    arn: String,
    kind: ResourceKind,
    repository: Option<RepositoryRow>,
    entity: Option<EntityRow>,
    facts: Arc<Facts>,
    keys: Arc<[AskedKey]>,
    now: Micros,
    action: PhantomData<fn() -> A>,
}

impl<A: Action> Grant<A> {
    /// The registry or account that is acted on.
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

    /// The user, group, role or instance profile; of an ARN, what it names in the caller's account, if anything.
    pub fn entity(&self) -> Option<&EntityRow> {
        self.entity.as_ref()
    }

    /// The user, group, role or instance profile that must exist.
    ///
    /// # Errors
    /// `Internal` when the grant is about something else: a mistake in the operation, not of the client.
    pub fn existing(&self) -> Result<&EntityRow> {
        self.entity
            .as_ref()
            .ok_or_else(|| Error::internal(format!("{} was not granted on an entity", A::NAME)))
    }

    /// Domain time of the request, microseconds since 1970.
    pub fn now(&self) -> Micros {
        self.now
    }

    /// Who was authorized.
    pub fn request(&self) -> &RequestInfo {
        &self.request
    }

    /// Who was authorized, with what policies may ask about them.
    pub(crate) fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    /// What the resource says about itself.
    pub(crate) fn facts(&self) -> &Arc<Facts> {
        &self.facts
    }

    /// A second action on the same resource, in the same transaction: CreateRepository with tags needs TagResource.
    ///
    /// # Errors
    /// `AccessDenied`, naming the second action.
    pub fn also<B: Action>(&self) -> Result<Grant<B>> {
        self.also_with(Arc::clone(&self.keys))
    }

    /// The same action on the same resource with other condition keys: each tag of a push is decided by itself.
    ///
    /// # Errors
    /// `AccessDenied`.
    pub fn again(&self, asked: &Asked) -> Result<Self> {
        self.also_with(asked.keys.clone().into())
    }

    fn also_with<B: Action>(&self, keys: Arc<[AskedKey]>) -> Result<Grant<B>> {
        let question = Question {
            request: &self.request,
            identity: &self.identity,
            account: &self.account,
            arn: &self.arn,
            kind: self.kind,
            facts: &self.facts,
            keys: &keys,
            noted: true,
        };
        question.decide::<B>()?;
        Ok(Grant {
            request: Arc::clone(&self.request),
            identity: Arc::clone(&self.identity),
            account: self.account.clone(),
            region: self.region.clone(),
            arn: self.arn.clone(),
            kind: self.kind,
            repository: self.repository.clone(),
            entity: self.entity.clone(),
            facts: Arc::clone(&self.facts),
            keys,
            now: self.now,
            action: PhantomData,
        })
    }

    /// Whether the principal could do `B` to the resource if that said this about itself.
    pub(crate) fn could<B: Action>(&self, facts: &Facts) -> bool {
        let question = Question {
            request: &self.request,
            identity: &self.identity,
            account: &self.account,
            arn: &self.arn,
            kind: self.kind,
            facts,
            keys: &[],
            noted: false,
        };
        question.decide::<B>().is_ok()
    }

    /// An action on another resource, for the same principal in the same transaction: a mount reads where it mounts from.
    ///
    /// # Errors
    /// Those of [`authorize`].
    pub fn elsewhere<B: Action>(
        &self,
        tx: &mut data::Tx<'_>,
        policies: &Policies,
        asked: impl Into<Asked>,
    ) -> Result<Grant<B>> {
        authorize::<B>(tx, policies, &self.request, &asked.into())
    }
}

/// Decides whether the request may do `A` on what is asked about, and only then tells whether that exists.
///
/// # Errors
/// `CredentialsGone` when the access key was removed, `ExpiredToken`, `AccessDenied`, `RepositoryNotFound`,
/// `NoSuchEntity`.
pub fn authorize<A: Action>(
    tx: &mut data::Tx<'_>,
    policies: &Policies,
    request: &Arc<RequestInfo>,
    asked: &Asked,
) -> Result<Grant<A>> {
    let identity = current(tx, policies, request)?;
    authorize_as(tx, policies, request, identity, asked)
}

/// Who asks, as this transaction sees it.
fn current(
    tx: &mut data::Tx<'_>,
    policies: &Policies,
    request: &RequestInfo,
) -> Result<Arc<Identity>> {
    let identity = identities::current(tx, policies, &request.principal.access_key_id)?
        .filter(|it| it.principal.unique_id == request.principal.unique_id)
        .ok_or(Error::CredentialsGone)?;
    identity.check_time(request.now)?;
    Ok(identity)
}

/// Decides for somebody who is known.
fn authorize_as<A: Action>(
    tx: &mut data::Tx<'_>,
    policies: &Policies,
    request: &Arc<RequestInfo>,
    identity: Arc<Identity>,
    asked: &Asked,
) -> Result<Grant<A>> {
    let governed = governs::<A>(&identity);
    let target = find(tx, policies, request, &asked.resource, governed)?;
    let question = Question {
        request,
        identity: &identity,
        account: &target.account,
        arn: &target.arn,
        kind: target.kind,
        facts: &target.facts,
        keys: &asked.keys,
        noted: true,
    };
    question.decide::<A>()?;
    check_existence(&asked.resource, &target)?;
    Ok(grant(request, identity, target, &asked.keys))
}

/// A grant of what needs no permission, but credentials that stand: a session of one's own.
///
/// # Errors
/// `CredentialsGone`, `ExpiredToken`.
pub(crate) fn authorize_own<A: NeedsNoPermission>(
    tx: &mut data::Tx<'_>,
    policies: &Policies,
    request: &Arc<RequestInfo>,
) -> Result<Grant<A>> {
    let identity = current(tx, policies, request)?;
    let target = find(tx, policies, request, &Resource::Registry, false)?;
    Ok(grant(request, identity, target, &[]))
}

fn grant<A: Action>(
    request: &Arc<RequestInfo>,
    identity: Arc<Identity>,
    target: Target,
    keys: &[AskedKey],
) -> Grant<A> {
    Grant {
        request: Arc::clone(request),
        identity,
        account: target.account,
        region: request.region.clone(),
        arn: target.arn,
        kind: target.kind,
        repository: target.repository,
        entity: target.entity,
        facts: target.facts,
        keys: keys.into(),
        now: request.now,
        action: PhantomData,
    }
}

/// Whether a registry's own policy speaks of what an account has one of.
///
/// Tokens are the caller's own, whatever registry they are for. A policy that denies too much has to go again: the
/// account's root may always delete it.
fn governs<A: Action>(identity: &Identity) -> bool {
    let root = identity.principal.entity == identity.principal.account.as_str();
    match A::NAME {
        "ecr:GetAuthorizationToken" => false,
        "ecr:DeleteRegistryPolicy" => !root,
        name => name.starts_with("ecr:"),
    }
}

/// What must exist, and does not: told only after the decision.
fn check_existence(resource: &Resource, target: &Target) -> Result<()> {
    match resource {
        Resource::Repository { account, name } if target.repository.is_none() => {
            Err(Error::RepositoryNotFound {
                name: name.to_string(),
                registry: account.to_string(),
            })
        }
        Resource::Entity { kind, name } if target.entity.is_none() => Err(kind.missing(name)),
        _ => Ok(()),
    }
}

/// Looks a resource up, with what it says about itself; `governed`: the registry too.
fn find(
    tx: &mut data::Tx<'_>,
    policies: &Policies,
    request: &RequestInfo,
    resource: &Resource,
    governed: bool,
) -> Result<Target> {
    let (account, arn) = subject(request, resource);
    let mut target = Target {
        account,
        arn,
        kind: match resource {
            Resource::Role { .. } => ResourceKind::Role,
            _ => ResourceKind::Ordinary,
        },
        repository: None,
        entity: None,
        facts: Arc::default(),
    };
    match resource {
        Resource::Registry if governed => {
            let account = &target.account;
            let facts = data::policies::of_repository(tx, policies, request, account, None);
            target.facts = Arc::new(facts?);
        }
        Resource::Registry | Resource::NewEntity { .. } => {}
        Resource::Repository { account, name } => {
            let row = data::repositories::find(tx, account, &request.region, name)?;
            let facts = data::policies::of_repository(tx, policies, request, account, row.as_ref());
            target.facts = Arc::new(facts?);
            target.repository = row;
        }
        // A name is about what is to be: what is there does not concern it.
        Resource::Name { account, .. } | Resource::AllRepositories { account } => {
            let facts = data::policies::of_repository(tx, policies, request, account, None);
            target.facts = Arc::new(facts?);
        }
        Resource::Entity { kind, name } => {
            target.entity = data::iam::find(tx, &target.account, *kind, name)?;
        }
        Resource::Arn(arn) => target.entity = data::iam::find_arn(tx, &target.account, arn)?,
        Resource::Role { arn } => {
            target.entity = data::iam::find_role(tx, arn)?;
        }
    }
    if let Some(entity) = &target.entity {
        target.arn = data::iam::arn(entity);
        target.facts = Arc::new(data::iam::facts(tx, policies, resource, entity)?);
    }
    Ok(target)
}

/// Whose a resource is, and what policies call it as long as nothing else is known of it.
fn subject(request: &RequestInfo, resource: &Resource) -> (AccountId, String) {
    let region = &request.region;
    let own = || request.account.clone();
    match resource {
        Resource::Registry => (own(), "*".to_owned()),
        Resource::Repository { account, name } | Resource::Name { account, name } => {
            (account.clone(), repository_arn(region, account, name))
        }
        Resource::AllRepositories { account } => (
            account.clone(),
            format!("arn:aws:ecr:{region}:{account}:repository/*"),
        ),
        Resource::Entity { kind, name } => (own(), kind.arn(&request.account, "/", name)),
        Resource::NewEntity { kind, path, name } => (own(), kind.arn(&request.account, path, name)),
        Resource::Arn(arn) | Resource::Role { arn } => {
            let account = arn.split(':').nth(4);
            let account = account.and_then(|account| AccountId::parse(account).ok());
            // AWS's managed policies are everybody's.
            (account.unwrap_or_else(own), arn.clone())
        }
    }
}

/// Decides on facts that are known to be current, without a transaction: the key is active, the resource exists.
///
/// # Errors
/// `ExpiredToken`, `AccessDenied`.
pub(crate) fn decide_known<A: Action>(
    request: &RequestInfo,
    identity: &Identity,
    facts: &Facts,
    resource: &Resource,
) -> Result<()> {
    identity.check_time(request.now)?;
    let (account, arn) = subject(request, resource);
    let question = Question {
        request,
        identity,
        account: &account,
        arn: &arn,
        kind: ResourceKind::Ordinary,
        facts,
        keys: &[],
        noted: true,
    };
    question.decide::<A>()
}

/// The refusal that everybody of another account hears whom a resource does not let in, whatever else is so.
fn strange(asked: &RequestContext, kind: ResourceKind) -> String {
    let (name, action) = (asked.principal().name(), asked.action());
    let policy = match kind {
        ResourceKind::Role => "role trust",
        ResourceKind::Ordinary | ResourceKind::Key => "resource-based",
    };
    format!(
        "User: {name} is not authorized to perform: {action} on resource: {} because no {policy} policy allows the {action} action",
        asked.resource()
    )
}

/// Everything that a decision is made from.
struct Question<'a> {
    request: &'a RequestInfo,
    identity: &'a Identity,
    account: &'a AccountId,
    arn: &'a str,
    kind: ResourceKind,
    facts: &'a Facts,
    keys: &'a [AskedKey],
    /// Whether the decision is one about the request; else only a supposition.
    noted: bool,
}

impl Question<'_> {
    /// Identity policies, boundary, session policies, and the resource's own: iam.md 3.
    fn decide<A: Action>(&self) -> Result<()> {
        let asked = self.context::<A>().map_err(|too_large| {
            let reason = too_large.to_string();
            Error::InvalidParameters { reason }
        })?;
        let own: Vec<_> = self
            .identity
            .policies
            .iter()
            .map(Named::as_policy)
            .collect();
        let passed = self.identity.session_policies.as_ref();
        let passed = passed.map(|passed| passed.iter().map(Named::as_policy).collect());
        let passed: Option<Vec<_>> = if self.barred::<A>() {
            Some(vec![policies::barring()?.as_policy()])
        } else {
            passed
        };
        let resource: Vec<_> = self.facts.policies.for_action(A::NAME).collect();
        let inputs = Inputs {
            request: &asked,
            identity: &own,
            boundary: self.identity.boundary.as_ref().map(Named::as_policy),
            session: passed.as_deref(),
            resource: &resource,
            resource_account: self.account.as_str(),
            resource_kind: self.kind,
        };
        let decision = wharf_policy::evaluate(&inputs);
        if self.noted {
            let decided = Decided::of(A::NAME, &inputs, &decision);
            self.request.trail.note(decided);
        }
        if decision.allowed() {
            return Ok(());
        }
        let reason = if self.is_strange(&inputs) {
            strange(&asked, self.kind)
        } else {
            decision.refusal(&asked)
        };
        Err(Error::AccessDenied { reason })
    }

    /// Whether the resource is another account's, which lets the caller in nowhere: what the caller's own policies say
    /// of it would tell whether it is there, and how it is tagged.
    fn is_strange(&self, inputs: &Inputs<'_>) -> bool {
        let consents = |set: &SetVerdict| {
            matches!(set.set, PolicySet::Resource | PolicySet::Trust)
                && set.outcome == Outcome::Allowed
        };
        self.identity.principal.account != *self.account
            && !wharf_policy::explain(inputs).sets.iter().any(consents)
    }

    /// What some sessions may not whatever policies say. Source: sts.md 6.
    fn barred<A: Action>(&self) -> bool {
        let of_iam = A::NAME.starts_with("iam:");
        let of_sts = A::NAME.starts_with("sts:");
        match self.identity.credentials {
            Credentials::LongTerm | Credentials::Role | Credentials::WebIdentity => false,
            Credentials::User { mfa } => {
                (of_iam && !mfa) || (of_sts && A::NAME != "sts:AssumeRole")
            }
            Credentials::Federated => of_iam || of_sts,
        }
    }

    /// The condition keys of the request. Source: iam.md 2.5.
    fn context<A: Action>(&self) -> Result<RequestContext, wharf_policy::ContextTooLarge> {
        let request = self.request;
        let caller = self.identity.caller.clone();
        let mut asked = RequestContext::new(caller, A::NAME, self.arn, request.now);
        let service = A::NAME.split_once(':').map_or("", |(service, _)| service);
        let region = if service == "iam" {
            "us-east-1"
        } else {
            request.region.as_str()
        };
        asked.set("aws:RequestedRegion", region)?;
        asked.set("aws:SourceIp", &request.source.to_canonical().to_string())?;
        let secure = if request.secure { "true" } else { "false" };
        asked.set("aws:SecureTransport", secure)?;
        asked.set("aws:ResourceAccount", self.account.as_str())?;
        asked.set(
            "aws:UserAgent",
            request.user_agent.as_deref().unwrap_or_default(),
        )?;
        for (key, value) in &self.identity.keys {
            asked.set(key, value)?;
        }
        // Roles' tags are IAM's, whoever asks about them.
        let prefix = if service == "sts" { "iam" } else { service };
        for (key, value) in &self.facts.tags {
            asked.set(&format!("aws:ResourceTag/{key}"), value)?;
            asked.set(&format!("{prefix}:ResourceTag/{key}"), value)?;
        }
        // What a request sets stands before what is set.
        if let Some(boundary) = &self.facts.boundary
            && crate::action::iam::asks_for_boundary(A::NAME)
        {
            asked.set("iam:PermissionsBoundary", boundary)?;
        }
        for key in self.keys {
            match (key.many, key.values.as_slice()) {
                (false, [value]) => asked.set(&key.name, value)?,
                (_, values) => asked.set_list(&key.name, values.iter().map(String::as_str))?,
            }
        }
        Ok(asked)
    }
}
