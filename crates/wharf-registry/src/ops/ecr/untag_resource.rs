//! `UntagResource`: removes tags of a repository; keys that are not there are passed over.
use wharf_wire::ecr::{UntagResourceRequest as Request, UntagResourceResponse as Response};

use super::convert;
use crate::action::UntagResource;
use crate::authorize::Asked;
use crate::{Ctx, Result, data};

pub(super) async fn untag_resource(ctx: &Ctx, request: Request) -> Result<Response> {
    let resource = convert::resource(ctx, &request.resource_arn)?;
    let keys = request.tag_keys;
    keys.iter().try_for_each(|key| convert::tag_key(key))?;
    let asked = Asked::from(resource).with_list("aws:TagKeys", keys.clone());
    ctx.write::<UntagResource, _, _>("untag_resource", asked, move |tx, grant| {
        data::repositories::delete_tags(tx, grant, &keys)
    })
    .await?;
    Ok(Response {})
}
