//! `DeleteRepositoryPolicy`: removes a repository's policy, and gives it back.
use wharf_wire::ecr::{
    DeleteRepositoryPolicyRequest as Request, DeleteRepositoryPolicyResponse as Response,
};

use super::convert;
use crate::action::DeleteRepositoryPolicy;
use crate::authorize::Resource;
use crate::{Ctx, Result, data};

pub(super) async fn delete_repository_policy(ctx: &Ctx, request: Request) -> Result<Response> {
    let name = convert::name(&request.repository_name)?;
    let account = ctx.registry(request.registry_id.as_deref())?;
    let resource = Resource::Repository {
        account: account.clone(),
        name: name.clone(),
    };
    let text = ctx
        .write::<DeleteRepositoryPolicy, _, _>("delete_repository_policy", resource, |tx, grant| {
            data::policies::delete(tx, grant)
        })
        .await?;
    Ok(Response {
        registry_id: Some(account.to_string()),
        repository_name: Some(name.to_string()),
        policy_text: Some(text),
    })
}
