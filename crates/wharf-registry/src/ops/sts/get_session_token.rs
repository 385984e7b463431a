//! `GetSessionToken`: temporary credentials of the user or root that asks. Needs no permission.
use wharf_wire::sts::{GetSessionTokenRequest as Request, GetSessionTokenResponse as Response};

use super::convert::{self, Fresh};
use crate::action::sts::GetSessionToken;
use crate::authorize::authorize_own;
use crate::data::sessions::{self, NewSession, SessionKind};
use crate::error::QueryError;
use crate::identity::{Credentials, SessionDetails};
use crate::{Ctx, Result};

pub(super) async fn get_session_token(ctx: &Ctx, request: Request) -> Result<Response> {
    convert::refuse_mfa(
        request.serial_number.as_deref(),
        request.token_code.as_deref(),
    )?;
    let (fresh, asked) = (Fresh::new(ctx)?, request.duration_seconds);
    let gate = authorize_own::<GetSessionToken>;
    ctx.write_through("get_session_token", gate, move |tx, grant| {
        let caller = grant.identity();
        if caller.credentials != Credentials::LongTerm {
            return Err(QueryError::access_denied(
                "Cannot call GetSessionToken with session credentials",
            ));
        }
        let arn = caller.principal.arn.as_str();
        let session = NewSession {
            kind: SessionKind::User,
            access_key_id: &fresh.access_key_id,
            sealed: &fresh.sealed,
            // A user's session has the user's name, that of a root `root`.
            name: arn.rsplit(['/', ':']).next().unwrap_or(arn),
            seconds: convert::user_seconds(caller, asked),
            details: SessionDetails {
                issued_by: Some(caller.principal.access_key_id.clone()),
                ..SessionDetails::default()
            },
        };
        let expires_at = sessions::issue(tx, grant, &session)?;
        Ok(Response {
            credentials: Some(fresh.shown(expires_at)),
        })
    })
    .await
}
