//! `ListRoleTags`: the tags of a role, in the order of their keys.
use wharf_wire::iam::{ListRoleTagsRequest as Request, ListRoleTagsResponse as Response};

use super::shown;
use crate::action::iam::ListRoleTags;
use crate::authorize::Resource;
use crate::data::iam::EntityKind;
use crate::page::Asked;
use crate::{Ctx, Result};

pub(super) async fn list_role_tags(ctx: &Ctx, request: Request) -> Result<Response> {
    let name = request.role_name;
    let (marker, limit) = (request.marker.as_deref(), request.max_items);
    let page = Asked::new("ListRoleTags", &name, marker, limit)?;
    let resource = Resource::Entity {
        kind: EntityKind::Role,
        name,
    };
    ctx.read::<ListRoleTags, _, _>("list_role_tags", resource, move |tx, grant| {
        let page = shown::tags(tx, grant.existing()?, &page)?;
        Ok(Response {
            is_truncated: Some(page.marker.is_some()),
            marker: page.marker,
            tags: page.entries,
        })
    })
    .await
}
