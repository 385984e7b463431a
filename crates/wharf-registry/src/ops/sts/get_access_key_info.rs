//! `GetAccessKeyInfo`: the account of an access key, active or not. Of the keys of other accounts nothing is told, as they
//! are not told apart from those that do not exist.
use wharf_wire::sts::{GetAccessKeyInfoRequest as Request, GetAccessKeyInfoResponse as Response};

use crate::action::sts::GetAccessKeyInfo;
use crate::authorize::Resource;
use crate::data::sessions;
use crate::error::QueryError;
use crate::{Ctx, Result};

pub(super) async fn get_access_key_info(ctx: &Ctx, request: Request) -> Result<Response> {
    let id = request.access_key_id;
    ctx.read::<GetAccessKeyInfo, _, _>(
        "get_access_key_info",
        Resource::Registry,
        move |tx, grant| match sessions::account_of_key(tx, grant, &id)? {
            Some(account) if account == grant.account().as_str() => Ok(Response {
                account: Some(account),
            }),
            _ => Err(QueryError::validation_error(
                "The access key id is not known",
            )),
        },
    )
    .await
}
