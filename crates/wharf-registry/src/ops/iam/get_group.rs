//! `GetGroup`: a group, and its users page by page.
use wharf_wire::iam::{GetGroupRequest as Request, GetGroupResponse as Response};

use super::convert;
use crate::action::iam::GetGroup;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, groups};
use crate::page::Asked;
use crate::{Ctx, Result};

pub(super) async fn get_group(ctx: &Ctx, request: Request) -> Result<Response> {
    let (marker, limit) = (request.marker.as_deref(), request.max_items);
    let page = Asked::new("GetGroup", &request.group_name, marker, limit)?;
    let resource = Resource::Entity {
        kind: EntityKind::Group,
        name: request.group_name,
    };
    ctx.read::<GetGroup, _, _>("get_group", resource, move |tx, grant| {
        let page = groups::users(tx, grant, &page)?;
        Ok(Response {
            group: convert::group(grant.existing()?),
            is_truncated: Some(page.marker.is_some()),
            marker: page.marker,
            users: page.entries.iter().map(convert::user).collect(),
        })
    })
    .await
}
