//! `AddUserToGroup`: puts a user into a group; one that is in it stays.
use wharf_wire::iam::AddUserToGroupRequest as Request;

use crate::action::iam::AddUserToGroup;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, groups};
use crate::{Ctx, Result};

pub(super) async fn add_user_to_group(ctx: &Ctx, request: Request) -> Result<()> {
    let resource = Resource::Entity {
        kind: EntityKind::Group,
        name: request.group_name,
    };
    let user = request.user_name;
    ctx.write::<AddUserToGroup, _, _>("add_user_to_group", resource, move |tx, grant| {
        groups::add(tx, grant, &user)
    })
    .await
}
