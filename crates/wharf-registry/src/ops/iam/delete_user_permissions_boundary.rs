//! `DeleteUserPermissionsBoundary`: takes a user's limit away; a user without one stays as it is.
use wharf_wire::iam::DeleteUserPermissionsBoundaryRequest as Request;

use crate::action::iam::DeleteUserPermissionsBoundary;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, entities};
use crate::{Ctx, Result};

pub(super) async fn delete_user_permissions_boundary(ctx: &Ctx, request: Request) -> Result<()> {
    let resource = Resource::Entity {
        kind: EntityKind::User,
        name: request.user_name,
    };
    let name = "delete_user_boundary";
    ctx.write::<DeleteUserPermissionsBoundary, _, _>(name, resource, |tx, grant| {
        let mut row = grant.existing()?.clone();
        row.boundary = None;
        entities::update(tx, grant, &row)
    })
    .await
}
