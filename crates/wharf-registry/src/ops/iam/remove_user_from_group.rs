//! `RemoveUserFromGroup`: takes a user out of a group.
use wharf_wire::iam::RemoveUserFromGroupRequest as Request;

use crate::action::iam::RemoveUserFromGroup;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, groups};
use crate::{Ctx, Result};

pub(super) async fn remove_user_from_group(ctx: &Ctx, request: Request) -> Result<()> {
    let resource = Resource::Entity {
        kind: EntityKind::Group,
        name: request.group_name,
    };
    let user = request.user_name;
    ctx.write::<RemoveUserFromGroup, _, _>("remove_user_from_group", resource, move |tx, grant| {
        groups::remove(tx, grant, &user)
    })
    .await
}
