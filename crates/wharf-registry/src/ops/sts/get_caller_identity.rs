//! `GetCallerIdentity`: who signed. Needs no permission, only credentials that exist.
use wharf_wire::query::{Answer, Params};

use crate::{Ctx, Result};

pub(super) async fn get_caller_identity(ctx: &Ctx, _params: &Params) -> Result<Answer> {
    ctx.check_credentials().await?;
    Ok(Answer::new("GetCallerIdentity")
        .with("Arn", ctx.principal.arn.as_str())
        .with("UserId", ctx.principal.unique_id.as_str())
        .with("Account", ctx.principal.account.as_str()))
}
