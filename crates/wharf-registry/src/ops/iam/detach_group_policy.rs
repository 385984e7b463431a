//! `DetachGroupPolicy`: takes a managed policy from a group.
use wharf_wire::iam::DetachGroupPolicyRequest as Request;

use super::shown;
use crate::action::iam::DetachGroupPolicy;
use crate::authorize::{Asked, Resource};
use crate::data::iam::{EntityKind, attached};
use crate::{Ctx, Result};

pub(super) async fn detach_group_policy(ctx: &Ctx, request: Request) -> Result<()> {
    let policy = shown::policy_arn(request.policy_arn)?;
    let asked = Asked::from(Resource::Entity {
        kind: EntityKind::Group,
        name: request.group_name,
    })
    .with("iam:PolicyARN", policy.as_str());

    ctx.write::<DetachGroupPolicy, _, _>("detach_group_policy", asked, move |tx, grant| {
        attached::detach(tx, grant, &policy)
    })
    .await
}
