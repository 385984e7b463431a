//! `ListVirtualMFADevices`: the account has none.
use wharf_wire::iam::{
    ListVirtualMFADevicesRequest as Request, ListVirtualMFADevicesResponse as Response,
};

use crate::action::iam::ListVirtualMFADevices;
use crate::authorize::Resource;
use crate::page::Asked;
use crate::{Ctx, Result};

pub(super) async fn list_virtual_mfa_devices(ctx: &Ctx, request: Request) -> Result<Response> {
    let (marker, limit) = (request.marker.as_deref(), request.max_items);
    Asked::new("ListVirtualMFADevices", "", marker, limit)?;
    let name = "list_virtual_mfa_devices";
    ctx.read::<ListVirtualMFADevices, _, _>(name, Resource::Registry, |_tx, _grant| {
        Ok(Response {
            virtual_mfa_devices: Vec::new(),
            is_truncated: Some(false),
            marker: None,
        })
    })
    .await
}
