//! `UpdateUser`: gives a user another name or path. Its unique id stays, and what hangs on it; its ARN changes.
use wharf_wire::iam::UpdateUserRequest as Request;

use super::convert;
use crate::action::iam::UpdateUser;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, entities};
use crate::{Ctx, Result};

pub(super) async fn update_user(ctx: &Ctx, request: Request) -> Result<()> {
    let path = match request.new_path.as_deref() {
        None | Some("") => None,
        path => Some(convert::path(path)?),
    };
    let resource = Resource::Entity {
        kind: EntityKind::User,
        name: request.user_name,
    };
    let name = request.new_user_name;
    let service = ctx.service().clone();
    ctx.write::<UpdateUser, _, _>("update_user", resource, move |tx, grant| {
        let old = grant.existing()?;
        // Who renames needs to be allowed to on both: what it was and what it is to be.
        let new = Resource::NewEntity {
            kind: EntityKind::User,
            path: path.as_ref().unwrap_or(&old.path).clone(),
            name: name.as_ref().unwrap_or(&old.name).clone(),
        };
        grant.elsewhere::<UpdateUser>(tx, service.policies(), new)?;
        entities::rename(
            tx,
            grant,
            EntityKind::User,
            path.as_deref(),
            name.as_deref(),
        )
    })
    .await
}
