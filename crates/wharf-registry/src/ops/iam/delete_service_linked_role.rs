//! `DeleteServiceLinkedRole`: removes the role of a service, at once. The task that is answered is done already.
use wharf_wire::iam::{
    DeleteServiceLinkedRoleRequest as Request, DeleteServiceLinkedRoleResponse as Response,
};

use crate::action::iam::DeleteServiceLinkedRole;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, roles};
use crate::{Ctx, Result};

pub(super) async fn delete_service_linked_role(ctx: &Ctx, request: Request) -> Result<Response> {
    let resource = Resource::Entity {
        kind: EntityKind::Role,
        name: request.role_name,
    };
    ctx.write::<DeleteServiceLinkedRole, _, _>(
        "delete_service_linked_role",
        resource,
        |tx, grant| {
            let deletion_task_id = roles::deletion_task(grant.existing()?);
            roles::delete_service_linked(tx, grant)?;
            Ok(Response { deletion_task_id })
        },
    )
    .await
}
