//! `DeleteAccessKey`: removes a key of a user, or of whoever asks, and nothing but it.
use wharf_wire::iam::DeleteAccessKeyRequest as Request;

use super::convert;
use crate::action::iam::DeleteAccessKey;
use crate::data::iam::users;
use crate::{Ctx, Result};

pub(super) async fn delete_access_key(ctx: &Ctx, request: Request) -> Result<()> {
    let resource = convert::owner(ctx, request.user_name)?;
    let id = request.access_key_id;
    ctx.write::<DeleteAccessKey, _, _>("delete_access_key", resource, move |tx, grant| {
        users::delete_key(tx, grant, &id)
    })
    .await
}
