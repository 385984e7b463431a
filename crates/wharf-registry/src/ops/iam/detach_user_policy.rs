//! `DetachUserPolicy`: takes a managed policy from a user.
use wharf_wire::iam::DetachUserPolicyRequest as Request;

use super::shown;
use crate::action::iam::DetachUserPolicy;
use crate::authorize::{Asked, Resource};
use crate::data::iam::{EntityKind, attached};
use crate::{Ctx, Result};

pub(super) async fn detach_user_policy(ctx: &Ctx, request: Request) -> Result<()> {
    let policy = shown::policy_arn(request.policy_arn)?;
    let asked = Asked::from(Resource::Entity {
        kind: EntityKind::User,
        name: request.user_name,
    })
    .with("iam:PolicyARN", policy.as_str());

    ctx.write::<DetachUserPolicy, _, _>("detach_user_policy", asked, move |tx, grant| {
        attached::detach(tx, grant, &policy)
    })
    .await
}
