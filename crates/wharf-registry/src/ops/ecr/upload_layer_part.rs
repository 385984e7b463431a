//! `UploadLayerPart`: the next part of an upload.
use wharf_wire::ecr::{UploadLayerPartRequest as Request, UploadLayerPartResponse as Response};

use super::convert;
use crate::uploads::parts::{self, Part};
use crate::{Ctx, Error, Result};

pub(super) async fn upload_layer_part(ctx: &Ctx, request: Request) -> Result<Response> {
    let name = convert::name(&request.repository_name)?;
    let ctx = ctx.in_registry(ctx.registry(request.registry_id.as_deref())?);
    let id = convert::upload_id(&request.upload_id)?;
    let part = Part {
        first: request.part_first_byte,
        last: request.part_last_byte,
        bytes: request.layer_part_blob,
    };
    let received = parts::append(&ctx, &name, &id, part).await?;
    let received = i64::try_from(received).map_err(Error::internal)?;
    Ok(Response {
        registry_id: Some(ctx.account.to_string()),
        repository_name: Some(name.to_string()),
        upload_id: Some(id.to_string()),
        last_byte_received: Some(received.saturating_sub(1)),
    })
}
