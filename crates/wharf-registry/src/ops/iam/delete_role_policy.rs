//! `DeleteRolePolicy`: removes an inline policy of a role.
use wharf_wire::iam::DeleteRolePolicyRequest as Request;

use crate::action::iam::DeleteRolePolicy;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, inline};
use crate::{Ctx, Result};

pub(super) async fn delete_role_policy(ctx: &Ctx, request: Request) -> Result<()> {
    let resource = Resource::Entity {
        kind: EntityKind::Role,
        name: request.role_name,
    };
    let name = request.policy_name;
    ctx.write::<DeleteRolePolicy, _, _>("delete_role_policy", resource, move |tx, grant| {
        inline::delete(tx, grant, &name)
    })
    .await
}
