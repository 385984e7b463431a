//! `ListAttachedUserPolicies`: the managed policies that are attached to a user.
use wharf_wire::iam::{
    ListAttachedUserPoliciesRequest as Request, ListAttachedUserPoliciesResponse as Response,
};

use super::listed;
use crate::action::iam::ListAttachedUserPolicies as Action;
use crate::data::iam::EntityKind;
use crate::{Ctx, Result};

pub(super) async fn list_attached_user_policies(ctx: &Ctx, request: Request) -> Result<Response> {
    let (name, prefix) = (request.user_name, request.path_prefix);
    let place = (request.marker, request.max_items);
    let page =
        listed::attached_policies::<Action>(ctx, EntityKind::User, name, prefix, place).await?;
    Ok(Response {
        is_truncated: Some(page.marker.is_some()),
        marker: page.marker,
        attached_policies: Some(page.entries),
    })
}
