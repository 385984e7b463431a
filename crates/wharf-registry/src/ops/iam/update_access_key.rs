//! `UpdateAccessKey`: makes a key of a user, or of whoever asks, active or inactive from the next request on.
use wharf_wire::iam::{StatusType, UpdateAccessKeyRequest as Request};

use super::convert;
use crate::action::iam::UpdateAccessKey;
use crate::data::iam::users;
use crate::error::QueryError;
use crate::{Ctx, Result};

pub(super) async fn update_access_key(ctx: &Ctx, request: Request) -> Result<()> {
    let active = match request.status {
        StatusType::Active => true,
        StatusType::Inactive => false,
        StatusType::Expired => {
            return Err(QueryError::invalid_input(
                "The status of an access key can be set to Active or Inactive only.",
            ));
        }
    };
    let resource = convert::owner(ctx, request.user_name)?;
    let id = request.access_key_id;
    ctx.write::<UpdateAccessKey, _, _>("update_access_key", resource, move |tx, grant| {
        users::set_key_status(tx, grant, &id, active)
    })
    .await
}
