//! `ListGroups`: the account's groups below a path.
use wharf_wire::iam::{ListGroupsRequest as Request, ListGroupsResponse as Response};

use super::convert;
use crate::action::iam::ListGroups;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, entities};
use crate::page::Asked;
use crate::{Ctx, Result};

pub(super) async fn list_groups(ctx: &Ctx, request: Request) -> Result<Response> {
    let prefix = request.path_prefix.unwrap_or_else(|| "/".to_owned());
    let (marker, limit) = (request.marker.as_deref(), request.max_items);
    let page = Asked::new("ListGroups", &prefix, marker, limit)?;
    ctx.read::<ListGroups, _, _>("list_groups", Resource::Registry, move |tx, grant| {
        let page = entities::list(tx, grant, EntityKind::Group, &prefix, &page)?;
        Ok(Response {
            is_truncated: Some(page.marker.is_some()),
            marker: page.marker,
            groups: page.entries.iter().map(convert::group).collect(),
        })
    })
    .await
}
