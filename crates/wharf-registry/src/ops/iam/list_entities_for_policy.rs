//! `ListEntitiesForPolicy`: the users, groups and roles that have a managed policy, in the order of their ids.
use wharf_meta::iam::entities::EntityRow;
use wharf_wire::iam::{
    EntityType, ListEntitiesForPolicyRequest as Request, ListEntitiesForPolicyResponse as Response,
    PolicyGroup, PolicyRole, PolicyUsageType, PolicyUser,
};

use super::shown;
use crate::action::iam::ListEntitiesForPolicy;
use crate::authorize::Resource;
use crate::data::iam::EntityKind;
use crate::data::iam::managed::{self, Having};
use crate::page::{Asked, Page};
use crate::{Ctx, Result};

pub(super) async fn list_entities_for_policy(ctx: &Ctx, request: Request) -> Result<Response> {
    let arn = shown::policy_arn(request.policy_arn)?;
    let usage = request.policy_usage_filter;
    let having = Having {
        kind: request.entity_filter.map(|filter| match filter {
            EntityType::User => EntityKind::User.as_str(),
            EntityType::Role => EntityKind::Role.as_str(),
            EntityType::Group => EntityKind::Group.as_str(),
            // No policy has a policy.
            EntityType::LocalManagedPolicy | EntityType::AWSManagedPolicy => "",
        }),
        prefix: request.path_prefix.unwrap_or_else(|| "/".to_owned()),
        attached: usage != Some(PolicyUsageType::PermissionsBoundary),
        boundaries: usage != Some(PolicyUsageType::PermissionsPolicy),
    };
    let about = format!("{arn} {having:?}");
    let (marker, limit) = (request.marker.as_deref(), request.max_items);
    let page = Asked::new("ListEntitiesForPolicy", &about, marker, limit)?;
    ctx.read::<ListEntitiesForPolicy, _, _>(
        "list_entities_for_policy",
        Resource::Arn(arn),
        move |tx, grant| Ok(answer(managed::entities_of(tx, grant, &having, &page)?)),
    )
    .await
}

fn answer(page: Page<EntityRow>) -> Response {
    let (mut groups, mut users, mut roles) = (Vec::new(), Vec::new(), Vec::new());
    for row in page.entries {
        let (name, id) = (Some(row.name), Some(row.id));
        match row.kind.as_str() {
            "group" => groups.push(PolicyGroup {
                group_name: name,
                group_id: id,
            }),
            "user" => users.push(PolicyUser {
                user_name: name,
                user_id: id,
            }),
            _ => roles.push(PolicyRole {
                role_name: name,
                role_id: id,
            }),
        }
    }
    Response {
        policy_groups: Some(groups),
        policy_users: Some(users),
        policy_roles: Some(roles),
        is_truncated: Some(page.marker.is_some()),
        marker: page.marker,
    }
}
