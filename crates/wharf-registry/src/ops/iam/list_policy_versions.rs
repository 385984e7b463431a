//! `ListPolicyVersions`: the versions of a managed policy, the newest first.
use wharf_wire::iam::{
    ListPolicyVersionsRequest as Request, ListPolicyVersionsResponse as Response,
};

use super::shown;
use crate::action::iam::ListPolicyVersions;
use crate::authorize::Resource;
use crate::data::iam::managed;
use crate::page::Asked;
use crate::{Ctx, Result};

pub(super) async fn list_policy_versions(ctx: &Ctx, request: Request) -> Result<Response> {
    let arn = shown::policy_arn(request.policy_arn)?;
    let (marker, limit) = (request.marker.as_deref(), request.max_items);
    let page = Asked::new("ListPolicyVersions", &arn, marker, limit)?;
    ctx.read::<ListPolicyVersions, _, _>(
        "list_policy_versions",
        Resource::Arn(arn),
        move |tx, grant| {
            let page = managed::versions(tx, grant, &page)?;
            Ok(Response {
                is_truncated: Some(page.marker.is_some()),
                versions: Some(page.entries.iter().map(shown::policy_version).collect()),
                marker: page.marker,
            })
        },
    )
    .await
}
