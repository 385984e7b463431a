//! `ListGroupsForUser`: the groups that a user is in.
use wharf_wire::iam::{ListGroupsForUserRequest as Request, ListGroupsForUserResponse as Response};

use super::convert;
use crate::action::iam::ListGroupsForUser;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, groups};
use crate::page::Asked;
use crate::{Ctx, Result};

pub(super) async fn list_groups_for_user(ctx: &Ctx, request: Request) -> Result<Response> {
    let (marker, limit) = (request.marker.as_deref(), request.max_items);
    let page = Asked::new("ListGroupsForUser", &request.user_name, marker, limit)?;
    let resource = Resource::Entity {
        kind: EntityKind::User,
        name: request.user_name,
    };
    ctx.read::<ListGroupsForUser, _, _>("list_groups_for_user", resource, move |tx, grant| {
        let page = groups::of_user(tx, grant, &page)?;
        Ok(Response {
            is_truncated: Some(page.marker.is_some()),
            marker: page.marker,
            groups: page.entries.iter().map(convert::group).collect(),
        })
    })
    .await
}
