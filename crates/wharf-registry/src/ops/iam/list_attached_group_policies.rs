//! `ListAttachedGroupPolicies`: the managed policies that are attached to a group.
use wharf_wire::iam::{
    ListAttachedGroupPoliciesRequest as Request, ListAttachedGroupPoliciesResponse as Response,
};

use super::listed;
use crate::action::iam::ListAttachedGroupPolicies as Action;
use crate::data::iam::EntityKind;
use crate::{Ctx, Result};

pub(super) async fn list_attached_group_policies(ctx: &Ctx, request: Request) -> Result<Response> {
    let (name, prefix) = (request.group_name, request.path_prefix);
    let place = (request.marker, request.max_items);
    let page =
        listed::attached_policies::<Action>(ctx, EntityKind::Group, name, prefix, place).await?;
    Ok(Response {
        is_truncated: Some(page.marker.is_some()),
        marker: page.marker,
        attached_policies: Some(page.entries),
    })
}
