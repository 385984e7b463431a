//! `ListGroupPolicies`: the names of a group's inline policies.
use wharf_wire::iam::{ListGroupPoliciesRequest as Request, ListGroupPoliciesResponse as Response};

use super::listed;
use crate::action::iam::ListGroupPolicies as Action;
use crate::data::iam::EntityKind;
use crate::{Ctx, Result};

pub(super) async fn list_group_policies(ctx: &Ctx, request: Request) -> Result<Response> {
    let (name, place) = (request.group_name, (request.marker, request.max_items));
    let page = listed::inline_policies::<Action>(ctx, EntityKind::Group, name, place).await?;
    Ok(Response {
        is_truncated: Some(page.marker.is_some()),
        marker: page.marker,
        policy_names: page.entries,
    })
}
