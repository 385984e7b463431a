//! `CreateAccountAlias`: a name for the account, in the place of the one it has. No two accounts have the same.
use wharf_wire::iam::CreateAccountAliasRequest as Request;

use crate::action::iam::CreateAccountAlias;
use crate::authorize::Resource;
use crate::data::iam::account;
use crate::error::QueryError;
use crate::{Ctx, Result};

pub(super) async fn create_account_alias(ctx: &Ctx, request: Request) -> Result<()> {
    let alias = request.account_alias;
    if alias.len() == 12 && alias.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(QueryError::validation_error(
            "The account alias must not look like the id of an account.",
        ));
    }
    let name = "create_account_alias";
    ctx.write::<CreateAccountAlias, _, _>(name, Resource::Registry, move |tx, grant| {
        account::set_alias(tx, grant, &alias)
    })
    .await
}
