//! `GetDownloadUrlForLayer`: a URL by which a layer of an image can be downloaded for an hour, without credentials.
use wharf_wire::ecr::{
    GetDownloadUrlForLayerRequest as Request, GetDownloadUrlForLayerResponse as Response,
};

use super::convert;
use crate::layers::url;
use crate::{Ctx, Result};

pub(super) async fn get_download_url_for_layer(ctx: &Ctx, request: Request) -> Result<Response> {
    let name = convert::name(&request.repository_name)?;
    let account = ctx.registry(request.registry_id.as_deref())?;
    let made = url::of_image_layer(ctx, account, name, &request.layer_digest).await?;
    Ok(Response {
        download_url: Some(made.url),
        layer_digest: Some(made.digest.to_string()),
    })
}
