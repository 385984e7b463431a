//! `UpdateGroup`: gives a group another name or path. Its unique id stays, and what hangs on it; its ARN changes.
use wharf_wire::iam::UpdateGroupRequest as Request;

use super::convert;
use crate::action::iam::UpdateGroup;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, entities};
use crate::{Ctx, Result};

pub(super) async fn update_group(ctx: &Ctx, request: Request) -> Result<()> {
    let path = match request.new_path.as_deref() {
        None | Some("") => None,
        path => Some(convert::path(path)?),
    };
    let resource = Resource::Entity {
        kind: EntityKind::Group,
        name: request.group_name,
    };
    let name = request.new_group_name;
    let service = ctx.service().clone();
    ctx.write::<UpdateGroup, _, _>("update_group", resource, move |tx, grant| {
        let old = grant.existing()?;
        // Who renames needs to be allowed to on both: what it was and what it is to be.
        let new = Resource::NewEntity {
            kind: EntityKind::Group,
            path: path.as_ref().unwrap_or(&old.path).clone(),
            name: name.as_ref().unwrap_or(&old.name).clone(),
        };
        grant.elsewhere::<UpdateGroup>(tx, service.policies(), new)?;
        entities::rename(
            tx,
            grant,
            EntityKind::Group,
            path.as_deref(),
            name.as_deref(),
        )
    })
    .await
}
