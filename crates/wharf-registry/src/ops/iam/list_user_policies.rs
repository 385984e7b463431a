//! `ListUserPolicies`: the names of a user's inline policies.
use wharf_wire::iam::{ListUserPoliciesRequest as Request, ListUserPoliciesResponse as Response};

use crate::action::iam::ListUserPolicies;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, inline};
use crate::page::Asked;
use crate::{Ctx, Result};

pub(super) async fn list_user_policies(ctx: &Ctx, request: Request) -> Result<Response> {
    let (marker, limit) = (request.marker.as_deref(), request.max_items);
    let page = Asked::new("ListUserPolicies", &request.user_name, marker, limit)?;
    let resource = Resource::Entity {
        kind: EntityKind::User,
        name: request.user_name,
    };
    ctx.read::<ListUserPolicies, _, _>("list_user_policies", resource, move |tx, grant| {
        let page = inline::list(tx, grant, &page)?;
        Ok(Response {
            is_truncated: Some(page.marker.is_some()),
            marker: page.marker,
            policy_names: page.entries,
        })
    })
    .await
}
