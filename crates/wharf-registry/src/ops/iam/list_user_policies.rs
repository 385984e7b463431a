//! `ListUserPolicies`: the names of a user's inline policies.
use wharf_wire::iam::{ListUserPoliciesRequest as Request, ListUserPoliciesResponse as Response};

use super::listed;
use crate::action::iam::ListUserPolicies as Action;
use crate::data::iam::EntityKind;
use crate::{Ctx, Result};

pub(super) async fn list_user_policies(ctx: &Ctx, request: Request) -> Result<Response> {
    let (name, place) = (request.user_name, (request.marker, request.max_items));
    let page = listed::inline_policies::<Action>(ctx, EntityKind::User, name, place).await?;
    Ok(Response {
        is_truncated: Some(page.marker.is_some()),
        marker: page.marker,
        policy_names: page.entries,
    })
}
