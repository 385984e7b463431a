//! `DeleteRolePermissionsBoundary`: no longer limits what a role may. Without a boundary, nothing changes.
use wharf_meta::iam::entities::EntityRow;
use wharf_wire::iam::DeleteRolePermissionsBoundaryRequest as Request;

use crate::action::iam::DeleteRolePermissionsBoundary;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, entities, roles};
use crate::{Ctx, Result};

pub(super) async fn delete_role_permissions_boundary(ctx: &Ctx, request: Request) -> Result<()> {
    let resource = Resource::Entity {
        kind: EntityKind::Role,
        name: request.role_name,
    };
    ctx.write::<DeleteRolePermissionsBoundary, _, _>(
        "delete_role_permissions_boundary",
        resource,
        |tx, grant| {
            let role = grant.existing()?;
            roles::check_modifiable(role)?;
            let row = EntityRow {
                boundary: None,
                ..role.clone()
            };
            entities::update(tx, grant, &row)
        },
    )
    .await
}
