//! `ListRoles`: the account's roles below a path.
use wharf_wire::iam::{ListRolesRequest as Request, ListRolesResponse as Response};

use super::shown;
use crate::action::iam::ListRoles;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, entities};
use crate::page::Asked;
use crate::{Ctx, Result};

pub(super) async fn list_roles(ctx: &Ctx, request: Request) -> Result<Response> {
    let prefix = request.path_prefix.unwrap_or_else(|| "/".to_owned());
    let (marker, limit) = (request.marker.as_deref(), request.max_items);
    let page = Asked::new("ListRoles", &prefix, marker, limit)?;
    ctx.read::<ListRoles, _, _>("list_roles", Resource::Registry, move |tx, grant| {
        let page = entities::list(tx, grant, EntityKind::Role, &prefix, &page)?;
        let mut roles = Vec::with_capacity(page.entries.len());
        for row in &page.entries {
            roles.push(shown::listed_role(tx, row)?);
        }
        Ok(Response {
            is_truncated: Some(page.marker.is_some()),
            marker: page.marker,
            roles,
        })
    })
    .await
}
