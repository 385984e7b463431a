//! `ListSSHPublicKeys`: nobody has keys of SSH.
use wharf_wire::iam::{ListSSHPublicKeysRequest as Request, ListSSHPublicKeysResponse as Response};

use super::convert;
use crate::action::iam::ListSSHPublicKeys;
use crate::page::Asked;
use crate::{Ctx, Result};

pub(super) async fn list_ssh_public_keys(ctx: &Ctx, request: Request) -> Result<Response> {
    Asked::new(
        "ListSSHPublicKeys",
        "",
        request.marker.as_deref(),
        request.max_items,
    )?;
    let resource = convert::owner(ctx, request.user_name)?;
    ctx.read::<ListSSHPublicKeys, _, _>("list_ssh_public_keys", resource, |_tx, _grant| {
        Ok(Response {
            ssh_public_keys: Some(Vec::new()),
            is_truncated: Some(false),
            marker: None,
        })
    })
    .await
}
