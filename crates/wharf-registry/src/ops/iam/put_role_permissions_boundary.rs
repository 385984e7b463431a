//! `PutRolePermissionsBoundary`: limits what a role may to what a policy allows.
use wharf_meta::iam::entities::EntityRow;
use wharf_wire::iam::PutRolePermissionsBoundaryRequest as Request;

use crate::action::iam::PutRolePermissionsBoundary;
use crate::authorize::{Asked, Resource};
use crate::data::iam::{EntityKind, entities, roles};
use crate::{Ctx, Result, data};

pub(super) async fn put_role_permissions_boundary(ctx: &Ctx, request: Request) -> Result<()> {
    let boundary = request.permissions_boundary;
    let asked = Asked::from(Resource::Entity {
        kind: EntityKind::Role,
        name: request.role_name,
    })
    .with("iam:PermissionsBoundary", boundary.as_str());
    let service = ctx.service().clone();
    ctx.write::<PutRolePermissionsBoundary, _, _>(
        "put_role_permissions_boundary",
        asked,
        move |tx, grant| {
            let role = grant.existing()?;
            roles::check_modifiable(role)?;
            data::iam::check_boundary(tx, grant, service.policies(), &boundary)?;
            let row = EntityRow {
                boundary: Some(boundary.clone()),
                ..role.clone()
            };
            entities::update(tx, grant, &row)
        },
    )
    .await
}
