//! `ListRolePolicies`: the names of a role's inline policies.
use wharf_wire::iam::{ListRolePoliciesRequest as Request, ListRolePoliciesResponse as Response};

use super::listed;
use crate::action::iam::ListRolePolicies as Action;
use crate::data::iam::EntityKind;
use crate::{Ctx, Result};

pub(super) async fn list_role_policies(ctx: &Ctx, request: Request) -> Result<Response> {
    let (name, place) = (request.role_name, (request.marker, request.max_items));
    let page = listed::inline_policies::<Action>(ctx, EntityKind::Role, name, place).await?;
    Ok(Response {
        is_truncated: Some(page.marker.is_some()),
        marker: page.marker,
        policy_names: page.entries,
    })
}
