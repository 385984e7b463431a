//! `ListMFADevices`: nobody has one-time codes.
use wharf_wire::iam::{ListMFADevicesRequest as Request, ListMFADevicesResponse as Response};

use super::convert;
use crate::action::iam::ListMFADevices;
use crate::page::Asked;
use crate::{Ctx, Result};

pub(super) async fn list_mfa_devices(ctx: &Ctx, request: Request) -> Result<Response> {
    Asked::new(
        "ListMFADevices",
        "",
        request.marker.as_deref(),
        request.max_items,
    )?;
    let resource = convert::owner(ctx, request.user_name)?;
    ctx.read::<ListMFADevices, _, _>("list_mfa_devices", resource, |_tx, _grant| {
        Ok(Response {
            mfa_devices: Vec::new(),
            is_truncated: Some(false),
            marker: None,
        })
    })
    .await
}
