//! `PutRolePolicy`: writes an inline policy of a role, in the place of the one of that name.
use wharf_wire::iam::PutRolePolicyRequest as Request;

use super::convert;
use crate::action::iam::PutRolePolicy;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, inline};
use crate::{Ctx, Result};

pub(super) async fn put_role_policy(ctx: &Ctx, request: Request) -> Result<()> {
    let resource = Resource::Entity {
        kind: EntityKind::Role,
        name: request.role_name,
    };
    let (name, text) = (request.policy_name, request.policy_document);
    ctx.write::<PutRolePolicy, _, _>("put_role_policy", resource, move |tx, grant| {
        inline::put(tx, grant, &name, &text).map_err(convert::unsaved)
    })
    .await
}
