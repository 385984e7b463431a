//! `ListAccountAliases`: the account's name, if it has one.
use wharf_wire::iam::{
    ListAccountAliasesRequest as Request, ListAccountAliasesResponse as Response,
};

use crate::action::iam::ListAccountAliases;
use crate::authorize::Resource;
use crate::data::iam::account;
use crate::page::Asked;
use crate::{Ctx, Result};

pub(super) async fn list_account_aliases(ctx: &Ctx, request: Request) -> Result<Response> {
    let name = "list_account_aliases";
    let (marker, limit) = (request.marker.as_deref(), request.max_items);
    let page = Asked::new("ListAccountAliases", "", marker, limit)?;
    ctx.read::<ListAccountAliases, _, _>(name, Resource::Registry, move |tx, grant| {
        let aliases = account::alias(tx, grant)?.into_iter().collect();
        let page = page.of_all(aliases, String::clone);
        Ok(Response {
            is_truncated: Some(page.marker.is_some()),
            marker: page.marker,
            account_aliases: page.entries,
        })
    })
    .await
}
