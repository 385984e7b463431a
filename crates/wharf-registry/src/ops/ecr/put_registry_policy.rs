//! `PutRegistryPolicy`: who else may use all repositories of the registry, in the place of what its policy said.
use wharf_wire::ecr::{PutRegistryPolicyRequest as Request, PutRegistryPolicyResponse as Response};

use crate::action::PutRegistryPolicy;
use crate::authorize::Resource;
use crate::{Ctx, Result, data};

pub(super) async fn put_registry_policy(ctx: &Ctx, request: Request) -> Result<Response> {
    let text = request.policy_text;
    let resource = Resource::Registry;
    let text = ctx
        .write::<PutRegistryPolicy, _, _>("put_registry_policy", resource, move |tx, grant| {
            data::policies::put_registry(tx, grant, &text)
        })
        .await?;
    Ok(Response {
        registry_id: Some(ctx.account.to_string()),
        policy_text: Some(text),
    })
}
