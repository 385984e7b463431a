//! `DecodeAuthorizationMessage`: no refusal here is encoded, so nothing that is sent is one.
use wharf_wire::sts::{
    DecodeAuthorizationMessageRequest as Request, DecodeAuthorizationMessageResponse as Response,
};

use crate::action::sts::DecodeAuthorizationMessage;
use crate::authorize::Resource;
use crate::error::QueryError;
use crate::{Ctx, Result};

pub(super) async fn decode_authorization_message(ctx: &Ctx, _request: Request) -> Result<Response> {
    ctx.read::<DecodeAuthorizationMessage, _, _>(
        "decode_authorization_message",
        Resource::Registry,
        |_tx, _grant| {
            Err(QueryError::invalid_authorization_message(
                "Message is not valid",
            ))
        },
    )
    .await
}
