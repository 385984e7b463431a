//! `ListInstanceProfilesForRole`: the instance profiles that a role is in.
use wharf_wire::iam::{
    ListInstanceProfilesForRoleRequest as Request, ListInstanceProfilesForRoleResponse as Response,
};

use super::shown;
use crate::action::iam::ListInstanceProfilesForRole;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, profiles};
use crate::page::Asked;
use crate::{Ctx, Result};

pub(super) async fn list_instance_profiles_for_role(
    ctx: &Ctx,
    request: Request,
) -> Result<Response> {
    let name = request.role_name;
    let (marker, limit) = (request.marker.as_deref(), request.max_items);
    let page = Asked::new("ListInstanceProfilesForRole", &name, marker, limit)?;
    let resource = Resource::Entity {
        kind: EntityKind::Role,
        name,
    };
    ctx.read::<ListInstanceProfilesForRole, _, _>(
        "list_instance_profiles_for_role",
        resource,
        move |tx, grant| {
            let page = profiles::of_role(tx, grant, &page)?;
            Ok(Response {
                is_truncated: Some(page.marker.is_some()),
                instance_profiles: shown::profiles(tx, &page.entries)?,
                marker: page.marker,
            })
        },
    )
    .await
}
