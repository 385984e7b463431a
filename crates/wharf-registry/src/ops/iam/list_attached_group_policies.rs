//! `ListAttachedGroupPolicies`: the managed policies that are attached to a group.
use wharf_wire::iam::{
    ListAttachedGroupPoliciesRequest as Request, ListAttachedGroupPoliciesResponse as Response,
};

use super::shown;
use crate::action::iam::ListAttachedGroupPolicies;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, attached};
use crate::page::Asked;
use crate::{Ctx, Result};

pub(super) async fn list_attached_group_policies(ctx: &Ctx, request: Request) -> Result<Response> {
    let name = request.group_name;
    let prefix = request.path_prefix.unwrap_or_else(|| "/".to_owned());
    let about = format!("{name} {prefix}");
    let (marker, limit) = (request.marker.as_deref(), request.max_items);
    let page = Asked::new("ListAttachedGroupPolicies", &about, marker, limit)?;
    let resource = Resource::Entity {
        kind: EntityKind::Group,
        name,
    };
    ctx.read::<ListAttachedGroupPolicies, _, _>(
        "list_attached_group_policies",
        resource,
        move |tx, grant| {
            let page = attached::list(tx, grant, &prefix, &page)?;
            Ok(Response {
                is_truncated: Some(page.marker.is_some()),
                marker: page.marker,
                attached_policies: Some(shown::attached_policies(page.entries)),
            })
        },
    )
    .await
}
