//! `DeleteGroup`: removes a group on which nothing hangs any more.
use wharf_wire::iam::DeleteGroupRequest as Request;

use crate::action::iam::DeleteGroup;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, groups};
use crate::{Ctx, Result};

pub(super) async fn delete_group(ctx: &Ctx, request: Request) -> Result<()> {
    let resource = Resource::Entity {
        kind: EntityKind::Group,
        name: request.group_name,
    };
    ctx.write::<DeleteGroup, _, _>("delete_group", resource, |tx, grant| {
        groups::delete(tx, grant)
    })
    .await
}
