//! `ListTagsForResource`: the tags of a repository, in order of key; not paged.
use wharf_wire::ecr::{
    ListTagsForResourceRequest as Request, ListTagsForResourceResponse as Response, Tag,
};

use super::convert;
use crate::action::ListTagsForResource;
use crate::{Ctx, Result, data};

pub(super) async fn list_tags_for_resource(ctx: &Ctx, request: Request) -> Result<Response> {
    let resource = convert::resource(ctx, &request.resource_arn)?;
    let tags = ctx
        .read::<ListTagsForResource, _, _>("list_tags_for_resource", resource, |tx, grant| {
            data::repositories::tags(tx, grant)
        })
        .await?;
    let tags = tags
        .into_iter()
        .map(|(key, value)| Tag { key, value })
        .collect();
    Ok(Response { tags: Some(tags) })
}
