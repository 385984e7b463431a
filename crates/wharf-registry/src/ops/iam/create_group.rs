//! `CreateGroup`: a group without users and policies.
use wharf_wire::iam::{CreateGroupRequest as Request, CreateGroupResponse as Response};

use super::convert;
use crate::action::iam::CreateGroup;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, entities};
use crate::{Ctx, Result};

pub(super) async fn create_group(ctx: &Ctx, request: Request) -> Result<Response> {
    let (path, name) = (convert::path(request.path.as_deref())?, request.group_name);
    let resource = Resource::NewEntity {
        kind: EntityKind::Group,
        path: path.clone(),
        name: name.clone(),
    };
    ctx.write::<CreateGroup, _, _>("create_group", resource, move |tx, grant| {
        let row = entities::new_row(grant, EntityKind::Group, &path, &name)?;
        entities::create(tx, grant, EntityKind::Group, &row, &[])?;
        Ok(Response {
            group: convert::group(&row),
        })
    })
    .await
}
