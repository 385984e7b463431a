//! What a repository says about itself: its tags, its own policy and that of its registry.
use std::sync::Arc;

use serde_json::json;
use wharf_meta::registries;
use wharf_meta::repositories::{self, RepositoryRow};
use wharf_policy::{Kind, Policy};
use wharf_wire::ids::{AccountId, Region};

use super::iam::documents::{self, Unsaved};
use super::{Tx, events, iam, identities};
use crate::action::{
    Action, DeleteRegistryPolicy, DeleteRepositoryPolicy, PutAccountSetting, PutRegistryPolicy,
    SetRepositoryPolicy,
};
use crate::authorize::{Facts, Policies};
use crate::ctx::RequestInfo;
use crate::identity::Named;
use crate::{Error, Grant, Micros, Result};

/// What ECR's errors call a policy's text.
const POLICY_TEXT: &str = "PolicyText";
/// What explanations call a repository's own policy.
const REPOSITORY_POLICY: &str = "the repository policy";
/// ECR's own words are not known (`deviations::LOCK_OUT`).
const LOCKED_OUT: &str = "The policy would not allow the caller to set the repository's policy again. Set force to true to save it anyway";

/// The account setting that says what a registry policy governs.
pub(crate) const SCOPE_SETTING: &str = "REGISTRY_POLICY_SCOPE";
/// What a registry policy of the scope V1 governs. Source: ecr.md 5.12.
const V1_ACTIONS: [&str; 3] = [
    "ecr:ReplicateImage",
    "ecr:BatchImportUpstreamImage",
    "ecr:CreateRepository",
];

/// A registry's own policy, and how far it reaches.
#[derive(Debug, Default)]
pub(crate) struct RegistryPolicy {
    pub(crate) policy: Option<Named>,
    pub(crate) v1: bool,
}

/// The policies of a resource.
#[derive(Debug, Default)]
pub(crate) struct ResourcePolicies {
    own: Option<Named>,
    registry: Arc<RegistryPolicy>,
}

impl ResourcePolicies {
    /// A resource with nothing but a policy of its own.
    pub(crate) fn of(own: Named) -> Self {
        Self {
            own: Some(own),
            registry: Arc::default(),
        }
    }

    /// The same with another policy of the repository's own.
    fn with_own(&self, own: Named) -> Self {
        Self {
            own: Some(own),
            registry: Arc::clone(&self.registry),
        }
    }

    /// The policies that count for an action.
    pub(crate) fn for_action(&self, action: &str) -> impl Iterator<Item = Policy<'_>> {
        let governed = !self.registry.v1 || V1_ACTIONS.contains(&action);
        let registry = self.registry.policy.as_ref().filter(|_| governed);
        self.own.iter().chain(registry).map(Named::as_policy)
    }
}

/// What decides about a repository beside the caller's own policies; without a row, what its registry says.
pub(crate) fn of_repository(
    tx: &mut Tx<'_>,
    policies: &Policies,
    request: &RequestInfo,
    account: &AccountId,
    row: Option<&RepositoryRow>,
) -> Result<Facts> {
    let registry = of_registry(tx, policies, account, &request.region)?;
    let Some(row) = row else {
        return Ok(Facts {
            boundary: None,
            tags: Vec::new(),
            policies: ResourcePolicies {
                own: None,
                registry,
            },
        });
    };
    let own = match row.policy {
        Some(id) => Some(Named::new(
            REPOSITORY_POLICY,
            identities::document(tx, policies, id)?,
        )),
        None => None,
    };
    let tags = repositories::tags(tx.meta, row.id)?;
    Ok(Facts {
        boundary: None,
        tags,
        policies: ResourcePolicies { own, registry },
    })
}

/// Writes a repository's policy in the place of the one it has. Unless `force`, one that would keep the caller from
/// setting another is refused.
pub(crate) fn set(
    tx: &mut Tx<'_>,
    grant: &Grant<SetRepositoryPolicy>,
    policies: &Policies,
    text: &str,
    force: bool,
) -> Result<()> {
    let repository = grant.repository()?.clone();
    let invalid = "Invalid repository policy provided";
    let id = save(tx, Kind::Repository, text, grant.now(), invalid)?;
    let document = identities::document(tx, policies, id)?;
    let facts = Facts {
        tags: grant.facts().tags.clone(),
        policies: grant
            .facts()
            .policies
            .with_own(Named::new(REPOSITORY_POLICY, document)),
        boundary: None,
    };
    if !force && !grant.could::<SetRepositoryPolicy>(&facts) {
        return Err(Error::invalid(POLICY_TEXT, LOCKED_OUT));
    }
    repositories::set_policy(tx.meta, repository.id, Some(id))?;
    if let Some(old) = repository.policy {
        documents::remove(tx, old)?;
    }
    let details = json!({ "policy": text });
    let (id, name) = (Some(repository.id), repository.name.as_str());
    events::record(tx, grant, "repository-policy-set", id, name, &details)
}

/// The text of a repository's policy, in ECR's layout.
pub(crate) fn get<A: Action>(tx: &mut Tx<'_>, grant: &Grant<A>) -> Result<String> {
    let repository = grant.repository()?;
    match repository.policy {
        Some(id) => shown(tx, id),
        None => Err(Error::RepositoryPolicyNotFound {
            name: repository.name.clone(),
            registry: repository.account.clone(),
        }),
    }
}

/// Removes a repository's policy; its text.
pub(crate) fn delete(tx: &mut Tx<'_>, grant: &Grant<DeleteRepositoryPolicy>) -> Result<String> {
    let text = get(tx, grant)?;
    let repository = grant.repository()?;
    repositories::set_policy(tx.meta, repository.id, None)?;
    if let Some(old) = repository.policy {
        documents::remove(tx, old)?;
    }
    let details = json!({ "policy": text });
    let (id, name) = (Some(repository.id), repository.name.as_str());
    events::record(tx, grant, "repository-policy-deleted", id, name, &details)?;
    Ok(text)
}

/// Writes the registry's policy in the place of the one it has; the text in ECR's layout.
pub(crate) fn put_registry(
    tx: &mut Tx<'_>,
    grant: &Grant<PutRegistryPolicy>,
    text: &str,
) -> Result<String> {
    let (account, region) = (grant.account().as_str(), grant.region().as_str());
    let scope = registries::get_setting(tx.meta, account, region, SCOPE_SETTING)?;
    let kind = match scope.as_deref() {
        Some("V1") => Kind::RegistryV1,
        _ => Kind::Registry,
    };
    let invalid = "Invalid registry policy provided";
    let id = save(tx, kind, text, grant.now(), invalid)?;
    replace_registry(tx, grant, Some(id), "registry-policy-set")?;
    shown(tx, id)
}

/// The text of the registry's policy, in ECR's layout.
pub(crate) fn get_registry<A: Action>(tx: &mut Tx<'_>, grant: &Grant<A>) -> Result<String> {
    let (account, region) = (grant.account().as_str(), grant.region().as_str());
    let row = registries::get(tx.meta, account, region)?;
    match row.and_then(|row| row.policy) {
        Some(id) => shown(tx, id),
        None => Err(Error::RegistryPolicyNotFound {
            registry: account.to_owned(),
        }),
    }
}

/// Removes the registry's policy; its text.
pub(crate) fn delete_registry(
    tx: &mut Tx<'_>,
    grant: &Grant<DeleteRegistryPolicy>,
) -> Result<String> {
    let text = get_registry(tx, grant)?;
    replace_registry(tx, grant, None, "registry-policy-deleted")?;
    Ok(text)
}

fn replace_registry<A: Action>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    new: Option<i64>,
    event: &str,
) -> Result<()> {
    let (account, region) = (grant.account().as_str(), grant.region().as_str());
    let old = registries::get(tx.meta, account, region)?.and_then(|row| row.policy);
    registries::put_policy(tx.meta, account, region, new)?;
    if let Some(old) = old {
        documents::remove(tx, old)?;
    }
    iam::changed(tx, grant, event, account)
}

/// The value of a setting of the registry, if it was ever set.
pub(crate) fn setting<A: Action>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    name: &str,
) -> Result<Option<String>> {
    let (account, region) = (grant.account().as_str(), grant.region().as_str());
    Ok(registries::get_setting(tx.meta, account, region, name)?)
}

/// Sets a setting of the registry.
pub(crate) fn put_setting(
    tx: &mut Tx<'_>,
    grant: &Grant<PutAccountSetting>,
    name: &str,
    value: &str,
) -> Result<()> {
    let (account, region) = (grant.account().as_str(), grant.region().as_str());
    registries::put_setting(tx.meta, account, region, name, value)?;
    iam::changed(tx, grant, "account-setting-put", name)
}

fn shown(tx: &mut Tx<'_>, id: i64) -> Result<String> {
    let text = documents::text(tx, id)?;
    wharf_policy::in_ecr_layout(&text).ok_or_else(|| Error::internal("a policy is no JSON"))
}

/// Saves a document; ECR tells no more of one that is refused. Source: iam.md 2.8.
fn save(tx: &mut Tx<'_>, kind: Kind, text: &str, now: Micros, invalid: &str) -> Result<i64> {
    documents::save(tx, kind, text, now).map_err(|unsaved| match unsaved {
        Unsaved::Invalid(_) => Error::invalid(POLICY_TEXT, invalid),
        Unsaved::NoPrincipal(_) => Error::invalid(POLICY_TEXT, "Principal not found"),
        Unsaved::Failed(error) => error,
    })
}

/// A registry's policy, kept for as long as nothing about its account's identities and settings changes.
fn of_registry(
    tx: &mut Tx<'_>,
    policies: &Policies,
    account: &AccountId,
    region: &Region,
) -> Result<Arc<RegistryPolicy>> {
    let version = identities::version_of(tx, account.as_str())?;
    if let Some((at, known)) = policies.registry(account, region)
        && at == version
    {
        return Ok(known);
    }
    let row = registries::get(tx.meta, account.as_str(), region.as_str())?;
    let policy = match row.and_then(|row| row.policy) {
        Some(id) => Some(Named::new(
            "the registry policy",
            identities::document(tx, policies, id)?,
        )),
        None => None,
    };
    let scope = registries::get_setting(tx.meta, account.as_str(), region.as_str(), SCOPE_SETTING)?;
    let found = Arc::new(RegistryPolicy {
        policy,
        v1: scope.as_deref() == Some("V1"),
    });
    policies.keep_registry(account, region, version, &found);
    Ok(found)
}

#[cfg(test)]
mod tests;
