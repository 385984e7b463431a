//! `GetServiceLinkedRoleDeletionStatus`: how far the deletion of a service's role is: done, since it is done at once.
use wharf_wire::iam::{
    DeletionTaskStatusType, GetServiceLinkedRoleDeletionStatusRequest as Request,
    GetServiceLinkedRoleDeletionStatusResponse as Response,
};

use crate::action::iam::GetServiceLinkedRoleDeletionStatus;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, roles};
use crate::error::QueryError;
use crate::{Ctx, Result};

pub(super) async fn get_service_linked_role_deletion_status(
    ctx: &Ctx,
    request: Request,
) -> Result<Response> {
    let task = request.deletion_task_id;
    let Some((path, name, made)) = roles::role_of_task(&task, &ctx.principal.account) else {
        return Err(QueryError::invalid_input(format!(
            "{task} is no id of a deletion task."
        )));
    };
    let resource = Resource::Arn(EntityKind::Role.arn(&ctx.principal.account, &path, &name));
    ctx.read::<GetServiceLinkedRoleDeletionStatus, _, _>(
        "get_service_linked_role_deletion_status",
        resource,
        move |_tx, _grant| {
            if !made {
                return Err(QueryError::no_such_entity(format!(
                    "The deletion task {task} cannot be found."
                )));
            }
            Ok(Response {
                status: DeletionTaskStatusType::Succeeded,
                reason: None,
            })
        },
    )
    .await
}
