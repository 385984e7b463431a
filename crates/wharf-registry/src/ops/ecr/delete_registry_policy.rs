//! `DeleteRegistryPolicy`: removes the registry's policy, and gives it back.
use wharf_wire::ecr::{
    DeleteRegistryPolicyRequest as Request, DeleteRegistryPolicyResponse as Response,
};

use crate::action::DeleteRegistryPolicy;
use crate::authorize::Resource;
use crate::{Ctx, Result, data};

pub(super) async fn delete_registry_policy(ctx: &Ctx, _request: Request) -> Result<Response> {
    let resource = Resource::Registry;
    let text = ctx
        .write::<DeleteRegistryPolicy, _, _>("delete_registry_policy", resource, |tx, grant| {
            data::policies::delete_registry(tx, grant)
        })
        .await?;
    Ok(Response {
        registry_id: Some(ctx.account.to_string()),
        policy_text: Some(text),
    })
}
