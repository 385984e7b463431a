//! `ListUsers`: the account's users below a path.
use wharf_wire::iam::{ListUsersRequest as Request, ListUsersResponse as Response};

use super::convert;
use crate::action::iam::ListUsers;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, entities};
use crate::page::Asked;
use crate::{Ctx, Result};

pub(super) async fn list_users(ctx: &Ctx, request: Request) -> Result<Response> {
    let prefix = request.path_prefix.unwrap_or_else(|| "/".to_owned());
    let (marker, limit) = (request.marker.as_deref(), request.max_items);
    let page = Asked::new("ListUsers", &prefix, marker, limit)?;
    ctx.read::<ListUsers, _, _>("list_users", Resource::Registry, move |tx, grant| {
        let page = entities::list(tx, grant, EntityKind::User, &prefix, &page)?;
        Ok(Response {
            is_truncated: Some(page.marker.is_some()),
            marker: page.marker,
            users: page.entries.iter().map(convert::user).collect(),
        })
    })
    .await
}
