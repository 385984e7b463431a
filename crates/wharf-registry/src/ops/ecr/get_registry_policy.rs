//! `GetRegistryPolicy`: the registry's policy, in ECR's layout.
use wharf_wire::ecr::{GetRegistryPolicyRequest as Request, GetRegistryPolicyResponse as Response};

use crate::action::GetRegistryPolicy;
use crate::authorize::Resource;
use crate::{Ctx, Result, data};

pub(super) async fn get_registry_policy(ctx: &Ctx, _request: Request) -> Result<Response> {
    let resource = Resource::Registry;
    let text = ctx
        .read::<GetRegistryPolicy, _, _>("get_registry_policy", resource, |tx, grant| {
            data::policies::get_registry(tx, grant)
        })
        .await?;
    Ok(Response {
        registry_id: Some(ctx.account.to_string()),
        policy_text: Some(text),
    })
}
