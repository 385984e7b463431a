//! `GetCallerIdentity`: who signed. Needs no permission, only credentials that exist.
use wharf_wire::query::{Answer, Params};
use wharf_wire::sts::{GetCallerIdentityRequest, GetCallerIdentityResponse};

use crate::{Ctx, Result};

pub(super) async fn get_caller_identity(ctx: &Ctx, _params: &Params) -> Result<Answer> {
    ctx.check_credentials().await?;
    Ok(Answer::to::<GetCallerIdentityRequest>(
        GetCallerIdentityResponse {
            arn: Some(ctx.principal.arn.as_str().to_owned()),
            user_id: Some(ctx.principal.unique_id.as_str().to_owned()),
            account: Some(ctx.principal.account.as_str().to_owned()),
        },
    ))
}
