//! `TagResource`: adds or overwrites tags of a repository; the others stay.
use wharf_wire::ecr::{TagResourceRequest as Request, TagResourceResponse as Response};

use super::convert;
use crate::action::TagResource;
use crate::authorize::Asked;
use crate::{Ctx, Result, data};

pub(super) async fn tag_resource(ctx: &Ctx, request: Request) -> Result<Response> {
    let resource = convert::resource(ctx, &request.resource_arn)?;
    let tags = convert::tags(&request.tags)?;
    let asked = Asked::from(resource).with_tags(&tags);
    ctx.write::<TagResource, _, _>("tag_resource", asked, move |tx, grant| {
        data::repositories::put_tags(tx, grant, &tags)
    })
    .await?;
    Ok(Response {})
}
