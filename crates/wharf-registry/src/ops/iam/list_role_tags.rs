//! `ListRoleTags`: the tags of a role, in the order of their keys.
use wharf_wire::iam::{ListRoleTagsRequest as Request, ListRoleTagsResponse as Response};

use super::listed;
use crate::action::iam::ListRoleTags as Action;
use crate::data::iam::EntityKind;
use crate::{Ctx, Result};

pub(super) async fn list_role_tags(ctx: &Ctx, request: Request) -> Result<Response> {
    let (name, place) = (request.role_name, (request.marker, request.max_items));
    let page = listed::tags::<Action>(ctx, EntityKind::Role, name, place).await?;
    Ok(Response {
        is_truncated: Some(page.marker.is_some()),
        marker: page.marker,
        tags: page.entries,
    })
}
