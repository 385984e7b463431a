//! `ListUserTags`: the tags of a user, in the order of their keys.
use wharf_wire::iam::{ListUserTagsRequest as Request, ListUserTagsResponse as Response};

use super::listed;
use crate::action::iam::ListUserTags as Action;
use crate::data::iam::EntityKind;
use crate::{Ctx, Result};

pub(super) async fn list_user_tags(ctx: &Ctx, request: Request) -> Result<Response> {
    let (name, place) = (request.user_name, (request.marker, request.max_items));
    let page = listed::tags::<Action>(ctx, EntityKind::User, name, place).await?;
    Ok(Response {
        is_truncated: Some(page.marker.is_some()),
        marker: page.marker,
        tags: page.entries,
    })
}
