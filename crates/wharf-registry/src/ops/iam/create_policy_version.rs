//! `CreatePolicyVersion`: another document of a managed policy; in force only if that is wanted.
use wharf_wire::iam::{
    CreatePolicyVersionRequest as Request, CreatePolicyVersionResponse as Response,
};

use super::{convert, shown};
use crate::action::iam::CreatePolicyVersion;
use crate::authorize::Resource;
use crate::data::iam::managed::{self, Version};
use crate::{Ctx, Result};

pub(super) async fn create_policy_version(ctx: &Ctx, request: Request) -> Result<Response> {
    let arn = shown::policy_arn(request.policy_arn)?;
    let text = request.policy_document;
    let in_force = request.set_as_default.unwrap_or(false);
    ctx.write::<CreatePolicyVersion, _, _>(
        "create_policy_version",
        Resource::Arn(arn),
        move |tx, grant| {
            let row = managed::create_version(tx, grant, &text, in_force);
            let row = row.map_err(convert::unsaved)?;
            let version = Version {
                number: row.version,
                in_force,
                created_at: row.created_at,
            };
            Ok(Response {
                policy_version: Some(shown::policy_version(&version)),
            })
        },
    )
    .await
}
