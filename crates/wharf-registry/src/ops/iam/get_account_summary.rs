//! `GetAccountSummary`: what the account has of each kind, and may have.
use wharf_wire::iam::{GetAccountSummaryRequest as Request, GetAccountSummaryResponse as Response};

use crate::action::iam::GetAccountSummary;
use crate::authorize::Resource;
use crate::data::iam::account;
use crate::{Ctx, Result};

pub(super) async fn get_account_summary(ctx: &Ctx, _request: Request) -> Result<Response> {
    let name = "get_account_summary";
    ctx.read::<GetAccountSummary, _, _>(name, Resource::Registry, |tx, grant| {
        Ok(Response {
            summary_map: Some(account::summary(tx, grant)?),
        })
    })
    .await
}
