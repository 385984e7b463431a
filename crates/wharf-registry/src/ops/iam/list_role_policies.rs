//! `ListRolePolicies`: the names of a role's inline policies.
use wharf_wire::iam::{ListRolePoliciesRequest as Request, ListRolePoliciesResponse as Response};

use crate::action::iam::ListRolePolicies;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, inline};
use crate::page::Asked;
use crate::{Ctx, Result};

pub(super) async fn list_role_policies(ctx: &Ctx, request: Request) -> Result<Response> {
    let (marker, limit) = (request.marker.as_deref(), request.max_items);
    let page = Asked::new("ListRolePolicies", &request.role_name, marker, limit)?;
    let resource = Resource::Entity {
        kind: EntityKind::Role,
        name: request.role_name,
    };
    ctx.read::<ListRolePolicies, _, _>("list_role_policies", resource, move |tx, grant| {
        let page = inline::list(tx, grant, &page)?;
        Ok(Response {
            is_truncated: Some(page.marker.is_some()),
            marker: page.marker,
            policy_names: page.entries,
        })
    })
    .await
}
