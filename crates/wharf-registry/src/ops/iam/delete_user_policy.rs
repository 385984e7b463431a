//! `DeleteUserPolicy`: removes an inline policy of a user.
use wharf_wire::iam::DeleteUserPolicyRequest as Request;

use crate::action::iam::DeleteUserPolicy;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, inline};
use crate::{Ctx, Result};

pub(super) async fn delete_user_policy(ctx: &Ctx, request: Request) -> Result<()> {
    let resource = Resource::Entity {
        kind: EntityKind::User,
        name: request.user_name,
    };
    let name = request.policy_name;
    ctx.write::<DeleteUserPolicy, _, _>("delete_user_policy", resource, move |tx, grant| {
        inline::delete(tx, grant, &name)
    })
    .await
}
