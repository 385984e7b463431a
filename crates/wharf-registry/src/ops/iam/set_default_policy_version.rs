//! `SetDefaultPolicyVersion`: puts a version of a managed policy in force.
use wharf_wire::iam::SetDefaultPolicyVersionRequest as Request;

use super::shown;
use crate::action::iam::SetDefaultPolicyVersion;
use crate::authorize::Resource;
use crate::data::iam::managed;
use crate::{Ctx, Result};

pub(super) async fn set_default_policy_version(ctx: &Ctx, request: Request) -> Result<()> {
    let arn = shown::policy_arn(request.policy_arn)?;
    let id = request.version_id;
    ctx.write::<SetDefaultPolicyVersion, _, _>(
        "set_default_policy_version",
        Resource::Arn(arn),
        move |tx, grant| managed::set_default(tx, grant, &id),
    )
    .await
}
