//! `ListInstanceProfileTags`: the tags of an instance profile, in the order of their keys.
use wharf_wire::iam::{
    ListInstanceProfileTagsRequest as Request, ListInstanceProfileTagsResponse as Response,
};

use super::listed;
use crate::action::iam::ListInstanceProfileTags as Action;
use crate::data::iam::EntityKind;
use crate::{Ctx, Result};

pub(super) async fn list_instance_profile_tags(ctx: &Ctx, request: Request) -> Result<Response> {
    let (name, place) = (
        request.instance_profile_name,
        (request.marker, request.max_items),
    );
    let page = listed::tags::<Action>(ctx, EntityKind::InstanceProfile, name, place).await?;
    Ok(Response {
        is_truncated: Some(page.marker.is_some()),
        marker: page.marker,
        tags: page.entries,
    })
}
