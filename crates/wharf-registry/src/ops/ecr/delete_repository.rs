//! `DeleteRepository`: moves a repository to the trash; with `force` also when it holds images.
use wharf_wire::ecr::{DeleteRepositoryRequest as Request, DeleteRepositoryResponse as Response};

use super::convert;
use crate::action::DeleteRepository;
use crate::authorize::Resource;
use crate::{Ctx, Result, data};

pub(super) async fn delete_repository(ctx: &Ctx, request: Request) -> Result<Response> {
    let name = convert::name(&request.repository_name)?;
    let account = ctx.registry(request.registry_id.as_deref())?;
    let force = request.force.unwrap_or(false);
    let trash_days = ctx.service().settings().trash_days;
    let row = ctx
        .write::<DeleteRepository, _, _>(
            "delete_repository",
            Resource::Repository { account, name },
            move |tx, grant| {
                data::repositories::delete(tx, grant, force, trash_days)?;
                Ok(grant.repository()?.clone())
            },
        )
        .await?;
    ctx.service().wake_jobs();
    Ok(Response {
        repository: Some(convert::repository(ctx, &row)?),
    })
}
