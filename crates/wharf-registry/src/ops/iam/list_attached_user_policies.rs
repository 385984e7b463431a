//! `ListAttachedUserPolicies`: the managed policies that are attached to a user.
use wharf_wire::iam::{
    ListAttachedUserPoliciesRequest as Request, ListAttachedUserPoliciesResponse as Response,
};

use super::shown;
use crate::action::iam::ListAttachedUserPolicies;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, attached};
use crate::page::Asked;
use crate::{Ctx, Result};

pub(super) async fn list_attached_user_policies(ctx: &Ctx, request: Request) -> Result<Response> {
    let name = request.user_name;
    let prefix = request.path_prefix.unwrap_or_else(|| "/".to_owned());
    let about = format!("{name} {prefix}");
    let (marker, limit) = (request.marker.as_deref(), request.max_items);
    let page = Asked::new("ListAttachedUserPolicies", &about, marker, limit)?;
    let resource = Resource::Entity {
        kind: EntityKind::User,
        name,
    };
    ctx.read::<ListAttachedUserPolicies, _, _>(
        "list_attached_user_policies",
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
