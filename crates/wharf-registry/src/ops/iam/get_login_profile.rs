//! `GetLoginProfile`: no user has a password, so there is never one.
use wharf_wire::iam::{GetLoginProfileRequest as Request, GetLoginProfileResponse as Response};

use super::convert;
use crate::action::iam::GetLoginProfile;
use crate::{Ctx, Result};

pub(super) async fn get_login_profile(ctx: &Ctx, request: Request) -> Result<Response> {
    let resource = convert::user_or_self(ctx, request.user_name)?;
    ctx.read::<GetLoginProfile, _, _>("get_login_profile", resource, |_tx, grant| {
        Err(convert::no_login_profile(&grant.existing()?.name))
    })
    .await
}
