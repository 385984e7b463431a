//! `AttachRolePolicy`: attaches a managed policy to a role. Again: nothing changes.
use wharf_wire::iam::AttachRolePolicyRequest as Request;

use super::shown;
use crate::action::iam::AttachRolePolicy;
use crate::authorize::{Asked, Resource};
use crate::data::iam::{EntityKind, attached};
use crate::{Ctx, Result};

pub(super) async fn attach_role_policy(ctx: &Ctx, request: Request) -> Result<()> {
    let policy = shown::policy_arn(request.policy_arn)?;
    let asked = Asked::from(Resource::Entity {
        kind: EntityKind::Role,
        name: request.role_name,
    })
    .with("iam:PolicyARN", policy.as_str());
    let service = ctx.service().clone();
    ctx.write::<AttachRolePolicy, _, _>("attach_role_policy", asked, move |tx, grant| {
        attached::attach(tx, grant, service.policies(), &policy)
    })
    .await
}
