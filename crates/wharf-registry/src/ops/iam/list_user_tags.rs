//! `ListUserTags`: the tags of a user, in the order of their keys.
use wharf_wire::iam::{ListUserTagsRequest as Request, ListUserTagsResponse as Response, Tag};

use crate::action::iam::ListUserTags;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, entities};
use crate::page::Asked;
use crate::{Ctx, Result};

pub(super) async fn list_user_tags(ctx: &Ctx, request: Request) -> Result<Response> {
    let (marker, limit) = (request.marker.as_deref(), request.max_items);
    let page = Asked::new("ListUserTags", &request.user_name, marker, limit)?;
    let resource = Resource::Entity {
        kind: EntityKind::User,
        name: request.user_name,
    };
    ctx.read::<ListUserTags, _, _>("list_user_tags", resource, move |tx, grant| {
        let tags = entities::tags_of(tx, grant.existing()?)?;
        let page = page.of_all(tags, |(key, _)| key.to_ascii_lowercase());
        let page = page.map(|(key, value)| Tag { key, value });
        Ok(Response {
            is_truncated: Some(page.marker.is_some()),
            marker: page.marker,
            tags: page.entries,
        })
    })
    .await
}
