//! `ListGroupPolicies`: the names of a group's inline policies.
use wharf_wire::iam::{ListGroupPoliciesRequest as Request, ListGroupPoliciesResponse as Response};

use crate::action::iam::ListGroupPolicies;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, inline};
use crate::page::Asked;
use crate::{Ctx, Result};

pub(super) async fn list_group_policies(ctx: &Ctx, request: Request) -> Result<Response> {
    let (marker, limit) = (request.marker.as_deref(), request.max_items);
    let page = Asked::new("ListGroupPolicies", &request.group_name, marker, limit)?;
    let resource = Resource::Entity {
        kind: EntityKind::Group,
        name: request.group_name,
    };
    ctx.read::<ListGroupPolicies, _, _>("list_group_policies", resource, move |tx, grant| {
        let page = inline::list(tx, grant, &page)?;
        Ok(Response {
            is_truncated: Some(page.marker.is_some()),
            marker: page.marker,
            policy_names: page.entries,
        })
    })
    .await
}
