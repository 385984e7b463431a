//! `ListImages`: one entry for each tag, and one for each untagged image, in order of digest and tag.
use wharf_wire::ecr::{
    ImageIdentifier, ListImagesRequest as Request, ListImagesResponse as Response,
};

use super::convert;
use super::filter::Filter;
use crate::action::ListImages;
use crate::authorize::Resource;
use crate::data::listing::{self, Entry, Page};
use crate::{Ctx, Result, page};

/// The operation's name in tokens.
const OPERATION: &str = "ListImages";

pub(super) async fn list_images(ctx: &Ctx, request: Request) -> Result<Response> {
    let name = convert::name(&request.repository_name)?;
    let account = ctx.registry(request.registry_id.as_deref())?;
    let size = request.max_results.unwrap_or(page::DEFAULT_PAGE);
    let asked = request.filter.unwrap_or_default();
    let filter = Filter::new(asked.tag_status, asked.image_status);
    let about = filter.about(account.as_str(), name.as_str());
    let mut keys = match request.next_token.as_deref() {
        Some(token) => page::read(token, OPERATION, &about)?,
        None => Vec::new(),
    }
    .into_iter();
    let (digest, tag) = (
        keys.next().unwrap_or_default(),
        keys.next().unwrap_or_default(),
    );
    let resource = Resource::Repository { account, name };
    let Page { rows, more } = ctx
        .read::<ListImages, _, _>("list_images", resource, move |tx, grant| {
            match filter.which() {
                Some(which) => listing::entries(tx, grant, which, (&digest, &tag), size),
                None => Ok(Page {
                    rows: Vec::new(),
                    more: false,
                }),
            }
        })
        .await?;
    let last = rows.last().filter(|_| more);
    let next_token = last.map(|(digest, tag)| {
        let keys = [digest.as_str(), tag.as_deref().unwrap_or_default()];
        page::token(OPERATION, &about, &keys)
    });
    Ok(Response {
        image_ids: Some(rows.into_iter().map(identifier).collect()),
        next_token,
    })
}

fn identifier((digest, tag): Entry) -> ImageIdentifier {
    ImageIdentifier {
        image_digest: Some(digest),
        image_tag: tag,
    }
}
