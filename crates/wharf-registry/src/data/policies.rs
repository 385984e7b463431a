//! What a repository says about itself: its tags, its own policy and that of its registry.
use std::sync::Arc;

use wharf_meta::registries;
use wharf_meta::repositories::{self, RepositoryRow};
use wharf_policy::Policy;
use wharf_wire::ids::{AccountId, Region};

use super::{Tx, identities};
use crate::Result;
use crate::authorize::{Facts, Policies};
use crate::ctx::RequestInfo;
use crate::identity::Named;

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
            tags: Vec::new(),
            policies: ResourcePolicies {
                own: None,
                registry,
            },
        });
    };
    let own = match row.policy {
        Some(id) => Some(Named::new(
            "the repository policy",
            identities::document(tx, policies, id)?,
        )),
        None => None,
    };
    let tags = repositories::tags(tx.meta, row.id)?;
    Ok(Facts {
        tags,
        policies: ResourcePolicies { own, registry },
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
