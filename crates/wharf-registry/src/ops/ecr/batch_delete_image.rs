//! `BatchDeleteImage`: removes tags, or images with all their tags; what cannot be removed is told in `failures`.
use wharf_wire::ecr::{
    BatchDeleteImageRequest as Request, BatchDeleteImageResponse as Response, ImageIdentifier,
};

use super::convert;
use crate::action::BatchDeleteImage;
use crate::authorize::Resource;
use crate::data::images as rows;
use crate::data::trash::Followers;
use crate::images::Removed;
use crate::{Ctx, Result};

pub(super) async fn batch_delete_image(ctx: &Ctx, request: Request) -> Result<Response> {
    let name = convert::name(&request.repository_name)?;
    let account = ctx.registry(request.registry_id.as_deref())?;
    let resource = Resource::Repository { account, name };
    ctx.read::<BatchDeleteImage, _, _>(
        "batch_delete_image",
        resource.clone(),
        |_tx, _grant| Ok(()),
    )
    .await?;
    let trash_days = ctx.service().settings().trash_days;
    let followers = Followers::of(ctx.service().settings().compat);
    let (mut deleted, mut failures) = (Vec::new(), Vec::new());
    for asked in &request.image_ids {
        let id = match convert::batch_id(asked) {
            Ok(id) => id,
            Err(failure) => {
                failures.push(failure);
                continue;
            }
        };
        // One transaction an image: an image may carry a thousand tags, the most a transaction may write.
        let removed = ctx
            .write::<BatchDeleteImage, _, _>("delete_image", resource.clone(), move |tx, grant| {
                rows::delete(tx, grant, &id, true, trash_days, followers)
            })
            .await?;
        match removed {
            Ok(removed) => deleted.extend(identifiers(&removed)),
            Err(miss) => failures.push(convert::miss(asked, &miss)),
        }
    }
    Ok(Response {
        image_ids: Some(deleted),
        failures: Some(failures),
    })
}

/// One entry for each tag that went, or one with the digest alone.
fn identifiers(removed: &Removed) -> Vec<ImageIdentifier> {
    let entry = |tag: Option<String>| ImageIdentifier {
        image_digest: Some(removed.digest.clone()),
        image_tag: tag,
    };
    if removed.tags.is_empty() {
        return vec![entry(None)];
    }
    removed
        .tags
        .iter()
        .map(|tag| entry(Some(tag.clone())))
        .collect()
}
