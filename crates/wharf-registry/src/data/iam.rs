//! What IAM keeps, under grants: users, groups, roles, instance profiles, managed policies, identity providers.
use serde_json::json;
use wharf_meta::iam::entities::{self as rows, EntityRow};
use wharf_meta::iam::{tags, versions as policy_versions};
use wharf_meta::versions;
use wharf_wire::ids::AccountId;

use super::policies::ResourcePolicies;
use super::{Tx, events, identities};
use crate::action::Action;
use crate::authorize::{Facts, Policies, Resource};
use crate::error::QueryError;
use crate::identity::Named;
use crate::{Error, Grant, Result};

pub(crate) mod account;
pub(crate) mod attached;
pub(crate) mod details;
pub(crate) mod documents;
pub(crate) mod entities;
pub(crate) mod groups;
pub(crate) mod inline;
pub(crate) mod managed;
pub(crate) mod profiles;
pub(crate) mod providers;
pub(crate) mod roles;
pub(crate) mod simulation;
pub(crate) mod users;

/// What an entity of IAM is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntityKind {
    User,
    Group,
    Role,
    InstanceProfile,
    Policy,
    OidcProvider,
}

impl EntityKind {
    const ALL: [Self; 6] = [
        Self::User,
        Self::Group,
        Self::Role,
        Self::InstanceProfile,
        Self::Policy,
        Self::OidcProvider,
    ];

    /// As rows and ARNs have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
            Self::InstanceProfile => "instance-profile",
            Self::Policy => "policy",
            Self::OidcProvider => "oidc-provider",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// What a unique id begins with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::User => "AIDA",
            Self::Group => "AGPA",
            Self::Role => "AROA",
            Self::InstanceProfile => "AIPA",
            Self::Policy => "ANPA",
            // AWS gives providers no id; rows need one.
            Self::OidcProvider => "OIDC",
        }
    }

    /// How many an account may have, and what the quota is called. Source: iam.md 2.9.
    pub(crate) const fn quota(self) -> (i64, &'static str) {
        match self {
            Self::User => (5_000, "UsersPerAccount"),
            Self::Group => (500, "GroupsPerAccount"),
            Self::Role => (5_000, "RolesPerAccount"),
            Self::InstanceProfile => (5_000, "InstanceProfilesPerAccount"),
            Self::Policy => (5_000, "PoliciesPerAccount"),
            Self::OidcProvider => (100, "OpenIdConnectProvidersPerAccount"),
        }
    }

    /// `arn:aws:iam::ACCOUNT:KIND/PATH/NAME`
    pub fn arn(self, account: &AccountId, path: &str, name: &str) -> String {
        arn_of(account.as_str(), self.as_str(), path, name)
    }

    /// The error of one that does not exist. Source: iam.md 6.2.
    pub fn missing(self, name: &str) -> Error {
        let message = match self {
            Self::User => format!("The user with name {name} cannot be found."),
            Self::Group => format!("The group with name {name} cannot be found."),
            Self::Role => format!("The role with name {name} cannot be found."),
            Self::InstanceProfile => format!("Instance Profile {name} cannot be found."),
            Self::Policy => format!("Policy {name} was not found."),
            Self::OidcProvider => format!("OpenIDConnect Provider not found for arn {name}"),
        };
        QueryError::no_such_entity(message)
    }

    /// The error of a name that is taken. Source: iam.md 6.2.
    pub fn exists(self, name: &str) -> Error {
        let message = match self {
            Self::User => format!("User with name {name} already exists."),
            Self::Group => format!("Group with name {name} already exists."),
            Self::Role => format!("Role with name {name} already exists."),
            Self::InstanceProfile => format!("Instance Profile {name} already exists."),
            Self::Policy => {
                format!("A policy called {name} already exists. Duplicate names are not allowed.")
            }
            Self::OidcProvider => format!("Provider with url https://{name} already exists."),
        };
        QueryError::entity_already_exists(message)
    }
}

fn arn_of(account: &str, kind: &str, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:{kind}{path}{name}")
}

/// The ARN of an entity.
pub(crate) fn arn(entity: &EntityRow) -> String {
    arn_of(&entity.account, &entity.kind, &entity.path, &entity.name)
}

/// For the gate: an entity of an account by its name, in any case of letters.
pub(crate) fn find(
    tx: &mut Tx<'_>,
    account: &AccountId,
    kind: EntityKind,
    name: &str,
) -> Result<Option<EntityRow>> {
    let key = name.to_ascii_lowercase();
    Ok(rows::by_name(
        tx.meta,
        account.as_str(),
        kind.as_str(),
        &key,
    )?)
}

/// For the gate: what an ARN of IAM names in an account.
pub(crate) fn find_arn(
    tx: &mut Tx<'_>,
    account: &AccountId,
    text: &str,
) -> Result<Option<EntityRow>> {
    let Some((kind, name)) = parts_of_arn(text, account.as_str()) else {
        return Ok(None);
    };
    let found = find(tx, account, kind, name)?;
    // The path and the case of the name belong to the ARN.
    Ok(found.filter(|row| arn(row) == text))
}

/// For the gate: a role of any account by its ARN.
pub(crate) fn find_role(tx: &mut Tx<'_>, text: &str) -> Result<Option<EntityRow>> {
    let account = text.split(':').nth(4).unwrap_or_default();
    let Ok(account) = AccountId::parse(account) else {
        return Ok(None);
    };
    let found = find_arn(tx, &account, text)?;
    Ok(found.filter(|row| row.kind == EntityKind::Role.as_str()))
}

/// Kind and name of an ARN of an account: the name is what follows the last `/`, of a provider all behind the kind.
fn parts_of_arn<'a>(text: &'a str, account: &str) -> Option<(EntityKind, &'a str)> {
    let rest = text
        .strip_prefix("arn:aws:iam::")?
        .strip_prefix(account)?
        .strip_prefix(':')?;
    let (kind, rest) = rest.split_once('/')?;
    let kind = EntityKind::parse(kind)?;
    let name = match kind {
        EntityKind::OidcProvider => rest,
        _ => rest.rsplit_once('/').map_or(rest, |(_, name)| name),
    };
    Some((kind, name))
}

/// For the gate: what an entity says about itself. Only a role that is to be assumed has a policy of its own.
pub(crate) fn facts(
    tx: &mut Tx<'_>,
    policies: &Policies,
    resource: &Resource,
    entity: &EntityRow,
) -> Result<Facts> {
    let rows = tags::of(tx.meta, &entity.id)?;
    let trust = match (resource, entity.document) {
        (Resource::Role { .. }, Some(id)) => {
            let document = identities::document(tx, policies, id)?;
            ResourcePolicies::of(Named::new("the trust policy", document))
        }
        _ => ResourcePolicies::default(),
    };
    Ok(Facts {
        tags: rows.into_iter().map(|row| (row.key, row.value)).collect(),
        boundary: entity.boundary.clone(),
        policies: trust,
    })
}

/// A customer's managed policy by its ARN, in the account that may use it.
pub(crate) fn policy_of_arn(
    tx: &mut Tx<'_>,
    account: &str,
    text: &str,
) -> Result<Option<EntityRow>> {
    let account = AccountId::parse(account).map_err(Error::internal)?;
    let found = find_arn(tx, &account, text)?;
    Ok(found.filter(|row| row.kind == EntityKind::Policy.as_str()))
}

/// The document of a managed policy's default version.
pub(crate) fn default_document(tx: &mut Tx<'_>, policy: &EntityRow) -> Result<Option<i64>> {
    let Some(version) = policy.default_version else {
        return Ok(None);
    };
    let row = policy_versions::get(tx.meta, &policy.id, version)?;
    Ok(row.map(|row| row.document))
}

/// Notes that something of the account's identities changed, in the transaction that changes it: an event, and the
/// version by which everybody forgets what they knew. Every writing function of this module ends with it.
pub(crate) fn changed<A: Action>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    kind: &str,
    subject: &str,
) -> Result<()> {
    versions::bump(tx.meta, grant.account().as_str(), identities::VERSION)?;
    let details = json!({ "action": A::NAME });
    events::record(tx, grant, kind, None, subject, &details)
}

/// Refuses a permissions boundary that no policy of the account, and none of AWS's, is. Source: iam.md 6.2.
pub(crate) fn check_boundary<A: Action>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    policies: &Policies,
    text: &str,
) -> Result<()> {
    if !text.starts_with("arn:") {
        return Err(QueryError::validation_error(format!(
            "Value ({text}) for parameter PermissionsBoundary is invalid."
        )));
    }
    match identities::managed(tx, policies, grant.account().as_str(), text)? {
        Some(_) => attached::check_attachable(text),
        None => Err(QueryError::no_such_entity(format!(
            "Scope ARN: {text} does not exist or is not attachable."
        ))),
    }
}
