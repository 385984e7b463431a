//! `DeleteRole`: removes a role on which nothing hangs any more. Its sessions end with it.
use wharf_wire::iam::DeleteRoleRequest as Request;

use crate::action::iam::DeleteRole;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, roles};
use crate::{Ctx, Result};

pub(super) async fn delete_role(ctx: &Ctx, request: Request) -> Result<()> {
    let resource = Resource::Entity {
        kind: EntityKind::Role,
        name: request.role_name,
    };
    ctx.write::<DeleteRole, _, _>("delete_role", resource, |tx, grant| {
        roles::delete(tx, grant)
    })
    .await
}
