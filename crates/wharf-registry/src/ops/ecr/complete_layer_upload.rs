//! `CompleteLayerUpload`: makes an upload a layer, if its bytes have the digests that the client names.
use wharf_wire::ecr::{
    CompleteLayerUploadRequest as Request, CompleteLayerUploadResponse as Response,
};
use wharf_wire::oci::Digest;

use super::convert;
use crate::uploads::parts;
use crate::{Ctx, Error, Result};

pub(super) async fn complete_layer_upload(ctx: &Ctx, request: Request) -> Result<Response> {
    let name = convert::name(&request.repository_name)?;
    let ctx = ctx.in_registry(ctx.registry(request.registry_id.as_deref())?);
    let id = convert::upload_id(&request.upload_id)?;
    let digests = request
        .layer_digests
        .iter()
        .map(|text| {
            Digest::parse(text).map_err(|_invalid| {
                Error::invalid(
                    "layerDigests",
                    "must satisfy regular expression 'sha256:[a-f0-9]{64}'",
                )
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let digest = parts::complete(&ctx, &name, &id, &digests).await?;
    Ok(Response {
        registry_id: Some(ctx.account.to_string()),
        repository_name: Some(name.to_string()),
        upload_id: Some(id.to_string()),
        layer_digest: Some(digest.to_string()),
    })
}
