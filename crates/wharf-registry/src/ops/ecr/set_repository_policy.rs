//! `SetRepositoryPolicy`: who else may use a repository, in the place of what its policy said.
use wharf_wire::ecr::{
    SetRepositoryPolicyRequest as Request, SetRepositoryPolicyResponse as Response,
};

use super::convert;
use crate::action::SetRepositoryPolicy;
use crate::authorize::Resource;
use crate::{Ctx, Error, Result, data};

pub(super) async fn set_repository_policy(ctx: &Ctx, request: Request) -> Result<Response> {
    let name = convert::name(&request.repository_name)?;
    let account = ctx.registry(request.registry_id.as_deref())?;
    let (text, force) = (request.policy_text, request.force.unwrap_or(false));
    let shown = wharf_policy::in_ecr_layout(&text)
        .ok_or_else(|| Error::invalid("PolicyText", "Invalid repository policy provided"));
    let answer = |shown| Response {
        registry_id: Some(account.to_string()),
        repository_name: Some(name.to_string()),
        policy_text: Some(shown),
    };
    let resource = Resource::Repository {
        account: account.clone(),
        name: name.clone(),
    };
    let service = ctx.service().clone();
    ctx.write::<SetRepositoryPolicy, _, _>("set_repository_policy", resource, move |tx, grant| {
        data::policies::set(tx, grant, service.policies(), &text, force)
    })
    .await?;
    shown.map(answer)
}
