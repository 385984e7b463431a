//! `PutImageTagMutability`: replaces the mode of tag mutability and its exclusion filters. Tags stay as they are.
use wharf_wire::ecr::{
    PutImageTagMutabilityRequest as Request, PutImageTagMutabilityResponse as Response,
};

use super::convert;
use crate::action::PutImageTagMutability;
use crate::authorize::Resource;
use crate::mutability::TagMutability;
use crate::{Ctx, Result, data};

pub(super) async fn put_image_tag_mutability(ctx: &Ctx, request: Request) -> Result<Response> {
    let name = convert::name(&request.repository_name)?;
    let account = ctx.registry(request.registry_id.as_deref())?;
    let new = TagMutability::new(
        request.image_tag_mutability,
        request.image_tag_mutability_exclusion_filters,
    )?;
    let answer = Response {
        registry_id: Some(account.to_string()),
        repository_name: Some(name.to_string()),
        image_tag_mutability: Some(new.mode()),
        image_tag_mutability_exclusion_filters: new.filters(),
    };
    let resource = Resource::Repository { account, name };
    ctx.write::<PutImageTagMutability, _, _>(
        "put_image_tag_mutability",
        resource,
        move |tx, grant| data::repositories::set_tag_mutability(tx, grant, &new),
    )
    .await?;
    Ok(answer)
}
