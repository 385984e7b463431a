//! `InitiateLayerUpload`: begins an upload, and tells how large its parts should be.
use wharf_wire::ecr::{
    InitiateLayerUploadRequest as Request, InitiateLayerUploadResponse as Response,
};

use super::convert;
use crate::uploads::{self, parts};
use crate::{Ctx, Result};

pub(super) async fn initiate_layer_upload(ctx: &Ctx, request: Request) -> Result<Response> {
    let name = convert::name(&request.repository_name)?;
    let ctx = ctx.in_registry(ctx.registry(request.registry_id.as_deref())?);
    let id = uploads::start(&ctx, &name, None).await?;
    Ok(Response {
        upload_id: Some(id.to_string()),
        part_size: Some(parts::PART_BYTES),
    })
}
