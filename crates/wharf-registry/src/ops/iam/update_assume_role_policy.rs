//! `UpdateAssumeRolePolicy`: lets a role trust others than before. Running sessions stay.
use wharf_wire::iam::UpdateAssumeRolePolicyRequest as Request;

use super::convert;
use crate::action::iam::UpdateAssumeRolePolicy;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, roles};
use crate::{Ctx, Result};

pub(super) async fn update_assume_role_policy(ctx: &Ctx, request: Request) -> Result<()> {
    let text = request.policy_document;
    let resource = Resource::Entity {
        kind: EntityKind::Role,
        name: request.role_name,
    };
    ctx.write::<UpdateAssumeRolePolicy, _, _>(
        "update_assume_role_policy",
        resource,
        move |tx, grant| roles::set_trust(tx, grant, &text).map_err(convert::unsaved_trust),
    )
    .await
}
