//! `PutImage`: stores a manifest whose layers are in the repository, and points a tag to it.
use bytes::Bytes;
use wharf_wire::ecr::{
    Image, ImageIdentifier, PutImageRequest as Request, PutImageResponse as Response,
};
use wharf_wire::ids::ImageTag;
use wharf_wire::oci::Digest;

use super::convert;
use crate::images::{self, Put};
use crate::{Ctx, Error, Result};

pub(super) async fn put_image(ctx: &Ctx, request: Request) -> Result<Response> {
    let name = convert::name(&request.repository_name)?;
    let account = ctx.registry(request.registry_id.as_deref())?;
    let tag = request
        .image_tag
        .map(|tag| ImageTag::parse(&tag).map_err(|_invalid| Error::InvalidTag { tag: tag.clone() }))
        .transpose()?;
    let digest = match &request.image_digest {
        Some(digest) => Some(Digest::parse(digest).map_err(|_invalid| {
            Error::invalid(
                "imageDigest",
                "must satisfy regular expression 'sha256:[a-f0-9]{64}'",
            )
        })?),
        None => None,
    };
    let bytes = Bytes::from(request.image_manifest);
    let put = Put {
        tags: tag.iter().cloned().collect(),
        digest,
        bytes: bytes.clone(),
        media_type: request.image_manifest_media_type,
    };
    let stored = images::put(ctx, account.clone(), &name, put).await?;
    let manifest = String::from_utf8(bytes.to_vec()).map_err(Error::internal)?;
    Ok(Response {
        image: Some(Image {
            registry_id: Some(account.to_string()),
            repository_name: Some(name.to_string()),
            image_id: Some(ImageIdentifier {
                image_digest: Some(stored.digest.to_string()),
                image_tag: tag.map(|tag| tag.to_string()),
            }),
            image_manifest: Some(manifest),
            image_manifest_media_type: Some(stored.media_type),
        }),
    })
}
