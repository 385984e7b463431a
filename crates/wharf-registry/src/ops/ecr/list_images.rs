//! `ListImages`: one entry for each tag, and one for each untagged image.
use wharf_wire::ecr::{
    ImageIdentifier, ListImagesRequest as Request, ListImagesResponse as Response,
};

use super::convert;
use super::filter::Filter;
use crate::action::ListImages;
use crate::authorize::Resource;
use crate::{Ctx, Result, data, page};

/// How often one request looks for entries that pass its filter before it answers a short page.
const ROUNDS: usize = 10;

pub(super) async fn list_images(ctx: &Ctx, request: Request) -> Result<Response> {
    let name = convert::name(&request.repository_name)?;
    let account = ctx.registry(request.registry_id.as_deref())?;
    let size = convert::page_size(
        request.max_results,
        request.next_token.as_deref(),
        false,
        "",
    )?;
    let about = format!("{account}/{name}");
    let mut after = match request.next_token.as_deref() {
        Some(token) => {
            let mut keys = page::read(token, "ListImages", &about)?.into_iter();
            (
                keys.next().unwrap_or_default(),
                keys.next().unwrap_or_default(),
            )
        }
        None => (String::new(), String::new()),
    };
    let asked = request.filter.unwrap_or_default();
    let filter = Filter::new(asked.tag_status, asked.image_status);
    let resource = Resource::Repository { account, name };
    if filter.passes_none() {
        ctx.read::<ListImages, _, _>("list_no_images", resource, |_tx, _grant| Ok(()))
            .await?;
        return Ok(Response {
            image_ids: Some(Vec::new()),
            next_token: None,
        });
    }
    let mut ids: Vec<ImageIdentifier> = Vec::new();
    for _ in 0..ROUNDS {
        let from = after.clone();
        let mut rows = ctx
            .read::<ListImages, _, _>("list_images", resource.clone(), move |tx, grant| {
                data::images::entries(tx, grant, (&from.0, &from.1), page::fetch(size))
            })
            .await?;
        let mut more = page::cut(&mut rows, size);
        for (digest, tag) in rows {
            if i64::try_from(ids.len()).unwrap_or(size) == size {
                more = true;
                break;
            }
            after = (digest.clone(), tag.clone().unwrap_or_default());
            if filter.passes(tag.is_some()) {
                ids.push(ImageIdentifier {
                    image_digest: Some(digest),
                    image_tag: tag,
                });
            }
        }
        if !more {
            return Ok(Response {
                image_ids: Some(ids),
                next_token: None,
            });
        }
        if i64::try_from(ids.len()).unwrap_or(size) == size {
            break;
        }
    }
    let next_token = Some(page::token("ListImages", &about, &[&after.0, &after.1]));
    Ok(Response {
        image_ids: Some(ids),
        next_token,
    })
}
