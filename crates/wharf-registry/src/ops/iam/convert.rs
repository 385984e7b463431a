//! Between the shapes of IAM and rows.
use std::collections::BTreeSet;

use wharf_meta::iam::entities::EntityRow;
use wharf_wire::iam::{
    AttachedPermissionsBoundary, Group, PermissionsBoundaryAttachmentType, Tag, User,
};
use wharf_wire::query::Timestamp;

use crate::authorize::Resource;
use crate::data::iam::documents::Unsaved;
use crate::data::iam::entities::MAX_TAGS;
use crate::data::iam::{self, EntityKind};
use crate::error::QueryError;
use crate::{Ctx, Error, Result};

/// The path of a new entity.
pub(super) fn path(path: Option<&str>) -> Result<String> {
    match path {
        None | Some("") => Ok("/".to_owned()),
        Some(path) if path.contains("//") => Err(QueryError::validation_error(
            "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.",
        )),
        Some(path) => Ok(path.to_owned()),
    }
}

/// Checked tags: not AWS's own, no key twice in any case of letters.
pub(super) fn tags(tags: Option<&[Tag]>) -> Result<Vec<(String, String)>> {
    let tags = tags.unwrap_or_default();
    let mut seen = BTreeSet::new();
    let mut checked = Vec::with_capacity(tags.len());
    for tag in tags {
        if tag.key.to_ascii_lowercase().starts_with("aws:") {
            return Err(QueryError::invalid_input(
                "Tag keys may not begin with aws: in any case of letters",
            ));
        }
        if !seen.insert(tag.key.to_ascii_lowercase()) {
            return Err(QueryError::invalid_input(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
        checked.push((tag.key.clone(), tag.value.clone()));
    }
    if checked.len() > MAX_TAGS {
        return Err(QueryError::limit_exceeded(format!(
            "Cannot exceed quota for TagsPerResource: {MAX_TAGS}"
        )));
    }
    Ok(checked)
}

/// Tags as answers carry them: none when there are none.
pub(super) fn shown_tags(tags: Vec<(String, String)>) -> Option<Vec<Tag>> {
    let tags: Vec<Tag> = tags
        .into_iter()
        .map(|(key, value)| Tag { key, value })
        .collect();
    (!tags.is_empty()).then_some(tags)
}

/// A boundary as answers carry it.
pub(super) fn boundary(row: &EntityRow) -> Option<AttachedPermissionsBoundary> {
    row.boundary
        .as_ref()
        .map(|arn| AttachedPermissionsBoundary {
            permissions_boundary_type: Some(
                PermissionsBoundaryAttachmentType::PermissionsBoundaryPolicy,
            ),
            permissions_boundary_arn: Some(arn.clone()),
        })
}

/// A user without its tags and boundary: how lists show it.
pub(super) fn user(row: &EntityRow) -> User {
    User {
        path: Some(row.path.clone()),
        user_name: Some(row.name.clone()),
        user_id: row.id.clone(),
        arn: iam::arn(row),
        create_date: Timestamp::from_micros(row.created_at),
        ..User::default()
    }
}

/// What IAM says of a document that is not saved.
pub(super) fn unsaved(unsaved: Unsaved) -> Error {
    match unsaved {
        Unsaved::Invalid(error) => QueryError::malformed_policy_document(error.iam_message()),
        Unsaved::NoPrincipal(arn) => QueryError::malformed_policy_document(format!(
            "Invalid principal in policy: \"AWS\":\"{arn}\""
        )),
        Unsaved::Failed(error) => error,
    }
}

/// What IAM says of a trust policy that is not saved.
pub(super) fn unsaved_trust(error: Unsaved) -> Error {
    match error {
        Unsaved::Invalid(error) => QueryError::malformed_policy_document(error.trust_message()),
        other => unsaved(other),
    }
}

/// The name of the user that asks, for operations that mean it when they name none.
pub(super) fn own_name(ctx: &Ctx) -> Result<String> {
    let arn = ctx.principal.arn.as_str();
    let user = arn.split_once(":user/").map(|(_, rest)| rest);
    let name = user.map(|rest| rest.rsplit_once('/').map_or(rest, |(_, name)| name));
    name.map(str::to_owned).ok_or_else(|| {
        QueryError::validation_error("Must specify userName when calling with non-User credentials")
    })
}

/// The user that is named, or the one that asks.
pub(super) fn user_or_self(ctx: &Ctx, named: Option<String>) -> Result<Resource> {
    Ok(Resource::Entity {
        kind: EntityKind::User,
        name: named.map_or_else(|| own_name(ctx), Ok)?,
    })
}

/// The user that is named, or who asks: a user, or the account's root, which is no entity.
pub(super) fn owner(ctx: &Ctx, named: Option<String>) -> Result<Resource> {
    let arn = ctx.principal.arn.as_str();
    if named.is_none() && arn == format!("arn:aws:iam::{}:root", ctx.principal.account) {
        return Ok(Resource::Arn(arn.to_owned()));
    }
    user_or_self(ctx, named)
}

/// A group.
pub(super) fn group(row: &EntityRow) -> Group {
    Group {
        path: row.path.clone(),
        group_name: row.name.clone(),
        group_id: row.id.clone(),
        arn: iam::arn(row),
        create_date: Timestamp::from_micros(row.created_at),
    }
}

/// The error of a user without password, which all are.
pub(super) fn no_login_profile(user: &str) -> Error {
    QueryError::no_such_entity(format!("Login Profile for User {user} cannot be found."))
}
