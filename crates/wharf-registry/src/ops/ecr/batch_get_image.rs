//! `BatchGetImage`: manifests by tag or digest; what cannot be had is told in `failures`.
use wharf_wire::ecr::{
    BatchGetImageRequest as Request, BatchGetImageResponse as Response, Image, ImageIdentifier,
};

use super::convert;
use crate::action::BatchGetImage;
use crate::authorize::Resource;
use crate::data::images::Miss;
use crate::images;
use crate::{Ctx, Error, Result};

/// Bytes of manifests in one answer: a hundred of the largest would be 400 MiB.
const MAX_BYTES: usize = 32 << 20;

pub(super) async fn batch_get_image(ctx: &Ctx, request: Request) -> Result<Response> {
    let name = convert::name(&request.repository_name)?;
    let account = ctx.registry(request.registry_id.as_deref())?;
    let resource = Resource::Repository {
        account: account.clone(),
        name: name.clone(),
    };
    ctx.read::<BatchGetImage, _, _>("batch_get_image", resource.clone(), |_tx, _grant| Ok(()))
        .await?;
    let accepts = request.accepted_media_types.unwrap_or_default();
    let accepts: Vec<&str> = accepts.iter().map(String::as_str).collect();
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    let mut bytes = 0_usize;
    for asked in &request.image_ids {
        let id = match convert::batch_id(asked) {
            Ok(id) => id,
            Err(failure) => {
                failures.push(failure);
                continue;
            }
        };
        // One transaction an image: a hundred manifests of four megabytes must not pin one snapshot.
        let content = match images::read(ctx, resource.clone(), id.clone(), true).await? {
            Ok(content) => content,
            Err(miss) => {
                failures.push(convert::miss(asked, &miss));
                continue;
            }
        };
        let Some(content) = images::accepted(ctx, &id, &content, &accepts) else {
            failures.push(convert::miss(asked, &Miss::NotFound));
            continue;
        };
        bytes = bytes.saturating_add(content.bytes.len());
        if bytes > MAX_BYTES {
            return Err(Error::LimitExceeded {
                reason: format!(
                    "The manifests of one request may have at most {MAX_BYTES} bytes in all: ask for fewer images at once"
                ),
            });
        }
        found.push(image(account.as_str(), name.as_str(), asked, &content)?);
    }
    Ok(Response {
        images: Some(found),
        failures: Some(failures),
    })
}

fn image(
    registry: &str,
    name: &str,
    asked: &ImageIdentifier,
    content: &images::Content,
) -> Result<Image> {
    Ok(Image {
        registry_id: Some(registry.to_owned()),
        repository_name: Some(name.to_owned()),
        image_id: Some(ImageIdentifier {
            image_digest: Some(content.digest.to_string()),
            image_tag: asked.image_tag.clone(),
        }),
        image_manifest: Some(String::from_utf8(content.bytes.to_vec()).map_err(Error::internal)?),
        image_manifest_media_type: Some(content.media_type.clone()),
    })
}
