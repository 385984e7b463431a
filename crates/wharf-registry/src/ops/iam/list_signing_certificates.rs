//! `ListSigningCertificates`: nobody has signing certificates.
use wharf_wire::iam::{
    ListSigningCertificatesRequest as Request, ListSigningCertificatesResponse as Response,
};

use super::convert;
use crate::action::iam::ListSigningCertificates;
use crate::page::Asked;
use crate::{Ctx, Result};

pub(super) async fn list_signing_certificates(ctx: &Ctx, request: Request) -> Result<Response> {
    Asked::new(
        "ListSigningCertificates",
        "",
        request.marker.as_deref(),
        request.max_items,
    )?;
    let resource = convert::owner(ctx, request.user_name)?;
    ctx.read::<ListSigningCertificates, _, _>(
        "list_signing_certificates",
        resource,
        |_tx, _grant| {
            Ok(Response {
                certificates: Vec::new(),
                is_truncated: Some(false),
                marker: None,
            })
        },
    )
    .await
}
