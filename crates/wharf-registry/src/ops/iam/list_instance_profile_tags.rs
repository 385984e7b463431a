//! `ListInstanceProfileTags`: the tags of an instance profile, in the order of their keys.
use wharf_wire::iam::{
    ListInstanceProfileTagsRequest as Request, ListInstanceProfileTagsResponse as Response,
};

use super::shown;
use crate::action::iam::ListInstanceProfileTags;
use crate::authorize::Resource;
use crate::data::iam::EntityKind;
use crate::page::Asked;
use crate::{Ctx, Result};

pub(super) async fn list_instance_profile_tags(ctx: &Ctx, request: Request) -> Result<Response> {
    let name = request.instance_profile_name;
    let (marker, limit) = (request.marker.as_deref(), request.max_items);
    let page = Asked::new("ListInstanceProfileTags", &name, marker, limit)?;
    let resource = Resource::Entity {
        kind: EntityKind::InstanceProfile,
        name,
    };
    ctx.read::<ListInstanceProfileTags, _, _>(
        "list_instance_profile_tags",
        resource,
        move |tx, grant| {
            let page = shown::tags(tx, grant.existing()?, &page)?;
            Ok(Response {
                is_truncated: Some(page.marker.is_some()),
                marker: page.marker,
                tags: page.entries,
            })
        },
    )
    .await
}
