//! `DeleteAccountAlias`: takes the account's name away.
use wharf_wire::iam::DeleteAccountAliasRequest as Request;

use crate::action::iam::DeleteAccountAlias;
use crate::authorize::Resource;
use crate::data::iam::account;
use crate::{Ctx, Result};

pub(super) async fn delete_account_alias(ctx: &Ctx, request: Request) -> Result<()> {
    let (name, alias) = ("delete_account_alias", request.account_alias);
    ctx.write::<DeleteAccountAlias, _, _>(name, Resource::Registry, move |tx, grant| {
        account::delete_alias(tx, grant, &alias)
    })
    .await
}
