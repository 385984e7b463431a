//! `DeleteUser`: removes a user on which nothing hangs any more. Its sessions end with it.
use wharf_wire::iam::DeleteUserRequest as Request;

use crate::action::iam::DeleteUser;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, users};
use crate::{Ctx, Result};

pub(super) async fn delete_user(ctx: &Ctx, request: Request) -> Result<()> {
    let resource = Resource::Entity {
        kind: EntityKind::User,
        name: request.user_name,
    };
    ctx.write::<DeleteUser, _, _>("delete_user", resource, |tx, grant| {
        users::delete(tx, grant)
    })
    .await
}
