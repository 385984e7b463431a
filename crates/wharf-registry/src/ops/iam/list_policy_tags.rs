//! `ListPolicyTags`: the tags of a customer managed policy, in the order of their keys.
use wharf_wire::iam::{ListPolicyTagsRequest as Request, ListPolicyTagsResponse as Response};

use super::shown;
use crate::action::iam::ListPolicyTags;
use crate::authorize::Resource;
use crate::data::iam::managed;
use crate::page::Asked;
use crate::{Ctx, Result};

pub(super) async fn list_policy_tags(ctx: &Ctx, request: Request) -> Result<Response> {
    let arn = shown::policy_arn(request.policy_arn)?;
    let (marker, limit) = (request.marker.as_deref(), request.max_items);
    let page = Asked::new("ListPolicyTags", &arn, marker, limit)?;
    ctx.read::<ListPolicyTags, _, _>("list_policy_tags", Resource::Arn(arn), move |tx, grant| {
        let page = shown::tags(tx, managed::existing(grant)?, &page)?;
        Ok(Response {
            is_truncated: Some(page.marker.is_some()),
            marker: page.marker,
            tags: page.entries,
        })
    })
    .await
}
