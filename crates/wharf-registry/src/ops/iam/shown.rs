//! Roles, managed policies and instance profiles as answers carry them, and the ARNs of policies.
use wharf_meta::iam::entities::EntityRow;
use wharf_wire::iam::{AttachedPolicy, Role, RoleLastUsed, Tag};
use wharf_wire::query::{Timestamp, percent_encode_document};

use super::convert;
use crate::data::iam::documents::trust_of;
use crate::data::iam::{attached, entities};
use crate::data::{Tx, iam};
use crate::error::QueryError;
use crate::page::{self, Page};
use crate::{Result, data};

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

/// Attached policies as answers carry them.
pub(super) fn attached_policies(arns: Vec<String>) -> Option<Vec<AttachedPolicy>> {
    let each = arns.into_iter().map(|arn| AttachedPolicy {
        policy_name: Some(attached::name_of(&arn).to_owned()),
        policy_arn: Some(arn),
    });
    Some(each.collect())
}

/// A page of an entity's tags.
pub(super) fn tags(tx: &mut Tx<'_>, row: &EntityRow, page: &page::Asked) -> Result<Page<Tag>> {
    let tags = data::iam::entities::tags_of(tx, row)?;
    let page = page.of_all(tags, |(key, _)| key.to_lowercase());
    Ok(page.map(|(key, value)| Tag { key, value }))
}
