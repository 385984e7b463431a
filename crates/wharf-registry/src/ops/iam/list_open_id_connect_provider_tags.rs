//! `ListOpenIDConnectProviderTags`: the tags of an identity provider, in the order of their keys.
use wharf_wire::iam::{
    ListOpenIDConnectProviderTagsRequest as Request,
    ListOpenIDConnectProviderTagsResponse as Response,
};

use super::shown;
use crate::action::iam::ListOpenIDConnectProviderTags;
use crate::authorize::Resource;
use crate::data::iam::providers;
use crate::page::Asked;
use crate::{Ctx, Result};

pub(super) async fn list_open_id_connect_provider_tags(
    ctx: &Ctx,
    request: Request,
) -> Result<Response> {
    let arn = shown::provider_arn(request.open_id_connect_provider_arn)?;
    let (marker, limit) = (request.marker.as_deref(), request.max_items);
    let page = Asked::new("ListOpenIDConnectProviderTags", &arn, marker, limit)?;
    ctx.read::<ListOpenIDConnectProviderTags, _, _>(
        "list_open_id_connect_provider_tags",
        Resource::Arn(arn),
        move |tx, grant| {
            let page = shown::tags(tx, providers::existing(grant)?, &page)?;
            Ok(Response {
                is_truncated: Some(page.marker.is_some()),
                marker: page.marker,
                tags: page.entries,
            })
        },
    )
    .await
}
