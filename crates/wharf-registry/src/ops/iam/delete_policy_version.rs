//! `DeletePolicyVersion`: removes a version of a managed policy that is not in force.
use wharf_wire::iam::DeletePolicyVersionRequest as Request;

use super::shown;
use crate::action::iam::DeletePolicyVersion;
use crate::authorize::Resource;
use crate::data::iam::managed;
use crate::{Ctx, Result};

pub(super) async fn delete_policy_version(ctx: &Ctx, request: Request) -> Result<()> {
    let arn = shown::policy_arn(request.policy_arn)?;
    let id = request.version_id;
    ctx.write::<DeletePolicyVersion, _, _>(
        "delete_policy_version",
        Resource::Arn(arn),
        move |tx, grant| managed::delete_version(tx, grant, &id),
    )
    .await
}
