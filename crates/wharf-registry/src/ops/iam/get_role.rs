//! `GetRole`: a role with its trust policy.
use wharf_wire::iam::{GetRoleRequest as Request, GetRoleResponse as Response};

use super::shown;
use crate::action::iam::GetRole;
use crate::authorize::Resource;
use crate::data::iam::EntityKind;
use crate::{Ctx, Result};

pub(super) async fn get_role(ctx: &Ctx, request: Request) -> Result<Response> {
    let resource = Resource::Entity {
        kind: EntityKind::Role,
        name: request.role_name,
    };
    ctx.read::<GetRole, _, _>("get_role", resource, |tx, grant| {
        Ok(Response {
            role: shown::role(tx, grant.existing()?)?,
        })
    })
    .await
}
