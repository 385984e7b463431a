//! `AttachUserPolicy`: attaches a managed policy to a user. Again: nothing changes.
use wharf_wire::iam::AttachUserPolicyRequest as Request;

use super::shown;
use crate::action::iam::AttachUserPolicy;
use crate::authorize::{Asked, Resource};
use crate::data::iam::{EntityKind, attached};
use crate::{Ctx, Result};

pub(super) async fn attach_user_policy(ctx: &Ctx, request: Request) -> Result<()> {
    let policy = shown::policy_arn(request.policy_arn)?;
    let asked = Asked::from(Resource::Entity {
        kind: EntityKind::User,
        name: request.user_name,
    })
    .with("iam:PolicyARN", policy.as_str());
    let service = ctx.service().clone();
    ctx.write::<AttachUserPolicy, _, _>("attach_user_policy", asked, move |tx, grant| {
        attached::attach(tx, grant, service.policies(), &policy)
    })
    .await
}
