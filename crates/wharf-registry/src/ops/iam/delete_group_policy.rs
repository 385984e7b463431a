//! `DeleteGroupPolicy`: removes an inline policy of a group.
use wharf_wire::iam::DeleteGroupPolicyRequest as Request;

use crate::action::iam::DeleteGroupPolicy;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, inline};
use crate::{Ctx, Result};

pub(super) async fn delete_group_policy(ctx: &Ctx, request: Request) -> Result<()> {
    let resource = Resource::Entity {
        kind: EntityKind::Group,
        name: request.group_name,
    };
    let name = request.policy_name;
    ctx.write::<DeleteGroupPolicy, _, _>("delete_group_policy", resource, move |tx, grant| {
        inline::delete(tx, grant, &name)
    })
    .await
}
