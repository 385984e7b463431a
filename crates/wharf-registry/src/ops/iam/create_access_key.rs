//! `CreateAccessKey`: a key of a user, or of whoever asks. Its secret is told once, here.
use wharf_wire::iam::{
    AccessKey, CreateAccessKeyRequest as Request, CreateAccessKeyResponse as Response, StatusType,
};
use wharf_wire::query::Timestamp;

use super::convert;
use crate::action::iam::CreateAccessKey;
use crate::data::iam::users;
use crate::{Ctx, Error, Result};

pub(super) async fn create_access_key(ctx: &Ctx, request: Request) -> Result<Response> {
    let resource = convert::owner(ctx, request.user_name)?;
    let id = wharf_identity::new_access_key_id().map_err(Error::internal)?;
    let secret = wharf_identity::new_secret().map_err(Error::internal)?;
    // Sealed before the transaction, so that a re-run stores the same bytes.
    let sealed = ctx.service().seal_secret(&secret, &id)?;
    ctx.write::<CreateAccessKey, _, _>("create_access_key", resource, move |tx, grant| {
        let user = users::create_key(tx, grant, &id, &sealed)?;
        Ok(Response {
            access_key: AccessKey {
                user_name: user,
                access_key_id: id.clone(),
                status: StatusType::Active,
                secret_access_key: secret.expose().to_owned(),
                create_date: Some(Timestamp::from_micros(grant.now())),
            },
        })
    })
    .await
}
