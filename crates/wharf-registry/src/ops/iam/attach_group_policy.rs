//! `AttachGroupPolicy`: attaches a managed policy to a group. Again: nothing changes.
use wharf_wire::iam::AttachGroupPolicyRequest as Request;

use super::shown;
use crate::action::iam::AttachGroupPolicy;
use crate::authorize::{Asked, Resource};
use crate::data::iam::{EntityKind, attached};
use crate::{Ctx, Result};

pub(super) async fn attach_group_policy(ctx: &Ctx, request: Request) -> Result<()> {
    let policy = shown::policy_arn(request.policy_arn)?;
    let asked = Asked::from(Resource::Entity {
        kind: EntityKind::Group,
        name: request.group_name,
    })
    .with("iam:PolicyARN", policy.as_str());
    let service = ctx.service().clone();
    ctx.write::<AttachGroupPolicy, _, _>("attach_group_policy", asked, move |tx, grant| {
        attached::attach(tx, grant, service.policies(), &policy)
    })
    .await
}
