//! `GetCallerIdentity`: who signed. Needs no permission, only credentials that stand.
use wharf_wire::sts::{GetCallerIdentityRequest as Request, GetCallerIdentityResponse as Response};

use crate::{Ctx, Result};

pub(super) async fn get_caller_identity(ctx: &Ctx, _request: Request) -> Result<Response> {
    ctx.check_credentials().await?;
    Ok(Response {
        arn: Some(ctx.principal.arn.clone()),
        user_id: Some(ctx.principal.unique_id.clone()),
        account: Some(ctx.principal.account.to_string()),
    })
}
