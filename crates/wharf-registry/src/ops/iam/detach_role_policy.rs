//! `DetachRolePolicy`: takes a managed policy from a role.
use wharf_wire::iam::DetachRolePolicyRequest as Request;

use super::shown;
use crate::action::iam::DetachRolePolicy;
use crate::authorize::{Asked, Resource};
use crate::data::iam::{EntityKind, attached};
use crate::{Ctx, Result};

pub(super) async fn detach_role_policy(ctx: &Ctx, request: Request) -> Result<()> {
    let policy = shown::policy_arn(request.policy_arn)?;
    let asked = Asked::from(Resource::Entity {
        kind: EntityKind::Role,
        name: request.role_name,
    })
    .with("iam:PolicyARN", policy.as_str());

    ctx.write::<DetachRolePolicy, _, _>("detach_role_policy", asked, move |tx, grant| {
        attached::detach(tx, grant, &policy)
    })
    .await
}
