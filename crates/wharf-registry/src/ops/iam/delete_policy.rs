//! `DeletePolicy`: removes a managed policy of the account that nobody has and that has one version.
use wharf_wire::iam::DeletePolicyRequest as Request;

use super::shown;
use crate::action::iam::DeletePolicy;
use crate::authorize::Resource;
use crate::data::iam::managed;
use crate::{Ctx, Result};

pub(super) async fn delete_policy(ctx: &Ctx, request: Request) -> Result<()> {
    let arn = shown::policy_arn(request.policy_arn)?;
    ctx.write::<DeletePolicy, _, _>("delete_policy", Resource::Arn(arn), |tx, grant| {
        managed::delete(tx, grant)
    })
    .await
}
