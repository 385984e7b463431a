//! `GetRepositoryPolicy`: a repository's policy, in ECR's layout.
use wharf_wire::ecr::{
    GetRepositoryPolicyRequest as Request, GetRepositoryPolicyResponse as Response,
};

use super::convert;
use crate::action::GetRepositoryPolicy;
use crate::authorize::Resource;
use crate::{Ctx, Result, data};

pub(super) async fn get_repository_policy(ctx: &Ctx, request: Request) -> Result<Response> {
    let name = convert::name(&request.repository_name)?;
    let account = ctx.registry(request.registry_id.as_deref())?;
    let resource = Resource::Repository {
        account: account.clone(),
        name: name.clone(),
    };
    let text = ctx
        .read::<GetRepositoryPolicy, _, _>("get_repository_policy", resource, |tx, grant| {
            data::policies::get(tx, grant)
        })
        .await?;
    Ok(Response {
        registry_id: Some(account.to_string()),
        repository_name: Some(name.to_string()),
        policy_text: Some(text),
    })
}
