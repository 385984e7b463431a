//! Roles, managed policies and instance profiles as answers carry them, and the ARNs of policies.
use wharf_meta::iam::entities::EntityRow;
use wharf_wire::iam::{
    AttachedPolicy, InstanceProfile, Policy, PolicyVersion, Role, RoleLastUsed, Tag,
};
use wharf_wire::query::{Timestamp, percent_encode_document};

use super::convert;
use crate::Result;
use crate::data::iam::documents::trust_of;
use crate::data::iam::managed::{self, Managed, Uses};
use crate::data::iam::{attached, entities, profiles};
use crate::data::{Tx, iam};
use crate::error::QueryError;
use crate::page::{self, Page};

/// A role without its tags, boundary and duration: how the answer to its creation begins.
pub(super) fn new_role(tx: &mut Tx<'_>, row: &EntityRow) -> Result<Role> {
    Ok(Role {
        path: row.path.clone(),
        role_name: row.name.clone(),
        role_id: row.id.clone(),
        arn: iam::arn(row),
        create_date: Timestamp::from_micros(row.created_at),
        assume_role_policy_document: Some(percent_encode_document(&trust_of(tx, row)?)),
        description: row.description.clone(),
        ..Role::default()
    })
}

/// A role as lists show it.
pub(super) fn listed_role(tx: &mut Tx<'_>, row: &EntityRow) -> Result<Role> {
    Ok(Role {
        max_session_duration: row.max_session,
        ..new_role(tx, row)?
    })
}

/// A role with all that is known of it.
pub(super) fn role(tx: &mut Tx<'_>, row: &EntityRow) -> Result<Role> {
    Ok(Role {
        permissions_boundary: convert::boundary(row),
        tags: convert::shown_tags(entities::tags_of(tx, row)?),
        // When sessions of a role were used is not kept.
        role_last_used: Some(RoleLastUsed::default()),
        ..listed_role(tx, row)?
    })
}

/// A description as it is kept: an empty one is none.
pub(super) fn description(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// The ARN of a managed policy, in a form that one can have.
pub(super) fn policy_arn(text: String) -> Result<String> {
    arn_of_iam(text, "policy/")
}

/// An ARN of IAM whose sixth field begins with `kind`.
pub(super) fn arn_of_iam(text: String, kind: &str) -> Result<String> {
    let fields: Vec<&str> = text.splitn(6, ':').collect();
    let [arn, partition, service, region, account, resource] = fields.as_slice() else {
        return Err(QueryError::validation_error(
            "Invalid ARN:  Could not be parsed!",
        ));
    };
    if *arn != "arn" || partition.is_empty() || service.is_empty() {
        return Err(QueryError::validation_error(
            "Invalid ARN:  Could not be parsed!",
        ));
    }
    let whose = *account == "aws" || wharf_wire::ids::AccountId::parse(account).is_ok();
    let named = resource
        .strip_prefix(kind)
        .is_some_and(|name| !name.is_empty());
    if *partition != "aws" || *service != "iam" || !region.is_empty() || !whose || !named {
        return Err(QueryError::invalid_input(format!(
            "ARN {text} is not valid."
        )));
    }
    Ok(text)
}

/// An attached policy as answers carry it.
pub(super) fn attached_policy(arn: String) -> AttachedPolicy {
    AttachedPolicy {
        policy_name: Some(attached::name_of(&arn).to_owned()),
        policy_arn: Some(arn),
    }
}

/// A page of an entity's tags.
pub(super) fn tags(tx: &mut Tx<'_>, row: &EntityRow, page: &page::Asked) -> Result<Page<Tag>> {
    let tags = entities::tags_of(tx, row)?;
    let page = page.of_all(tags, |(key, _)| key.to_ascii_lowercase());
    Ok(page.map(|(key, value)| Tag { key, value }))
}

/// The ARN of an identity provider, in a form that one can have.
pub(super) fn provider_arn(text: String) -> Result<String> {
    arn_of_iam(text, "oidc-provider/")
}

/// A managed policy as lists show it.
pub(super) fn listed_policy(policy: &Managed, uses: Uses) -> Policy {
    let (name, path, id, version, created, updated) = match policy {
        Managed::Aws(it) => (
            it.name,
            it.path,
            it.id,
            it.version.into(),
            Timestamp::from_seconds(it.created),
            Timestamp::from_seconds(it.updated),
        ),
        Managed::Own(row) => (
            row.name.as_str(),
            row.path.as_str(),
            row.id.as_str(),
            row.default_version.unwrap_or(1),
            Timestamp::from_micros(row.created_at),
            Timestamp::from_micros(row.updated_at),
        ),
    };
    Policy {
        policy_name: Some(name.to_owned()),
        policy_id: Some(id.to_owned()),
        arn: Some(policy.arn()),
        path: Some(path.to_owned()),
        default_version_id: Some(format!("v{version}")),
        attachment_count: Some(uses.attached),
        permissions_boundary_usage_count: Some(uses.boundaries),
        is_attachable: Some(true),
        create_date: Some(created),
        update_date: Some(updated),
        ..Policy::default()
    }
}

/// A version of a managed policy without its document.
pub(super) fn policy_version(version: &managed::Version) -> PolicyVersion {
    PolicyVersion {
        document: None,
        version_id: Some(format!("v{}", version.number)),
        is_default_version: Some(version.in_force),
        create_date: Some(Timestamp::from_micros(version.created_at)),
    }
}

/// An instance profile with its role, without its tags.
pub(super) fn profile(tx: &mut Tx<'_>, row: &EntityRow) -> Result<InstanceProfile> {
    let mut roles = Vec::new();
    for role in profiles::roles_of(tx, row)? {
        roles.push(new_role(tx, &role)?);
    }
    Ok(InstanceProfile {
        path: row.path.clone(),
        instance_profile_name: row.name.clone(),
        instance_profile_id: row.id.clone(),
        arn: iam::arn(row),
        create_date: Timestamp::from_micros(row.created_at),
        roles,
        tags: None,
    })
}

/// Instance profiles as lists show them.
pub(super) fn profiles(tx: &mut Tx<'_>, rows: &[EntityRow]) -> Result<Vec<InstanceProfile>> {
    rows.iter().map(|row| profile(tx, row)).collect()
}
