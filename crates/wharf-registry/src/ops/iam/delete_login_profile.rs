//! `DeleteLoginProfile`: no user has a password, so there is never one.
use wharf_wire::iam::DeleteLoginProfileRequest as Request;

use super::convert;
use crate::action::iam::DeleteLoginProfile;
use crate::{Ctx, Result};

pub(super) async fn delete_login_profile(ctx: &Ctx, request: Request) -> Result<()> {
    let resource = convert::user_or_self(ctx, request.user_name)?;
    ctx.write::<DeleteLoginProfile, _, _>("delete_login_profile", resource, |_tx, grant| {
        Err(convert::no_login_profile(&grant.existing()?.name))
    })
    .await
}
