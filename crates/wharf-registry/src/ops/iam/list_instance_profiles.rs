//! `ListInstanceProfiles`: the account's instance profiles below a path.
use wharf_wire::iam::{
    ListInstanceProfilesRequest as Request, ListInstanceProfilesResponse as Response,
};

use super::shown;
use crate::action::iam::ListInstanceProfiles;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, entities};
use crate::page::Asked;
use crate::{Ctx, Result};

pub(super) async fn list_instance_profiles(ctx: &Ctx, request: Request) -> Result<Response> {
    let prefix = request.path_prefix.unwrap_or_else(|| "/".to_owned());
    let (marker, limit) = (request.marker.as_deref(), request.max_items);
    let page = Asked::new("ListInstanceProfiles", &prefix, marker, limit)?;
    ctx.read::<ListInstanceProfiles, _, _>(
        "list_instance_profiles",
        Resource::Registry,
        move |tx, grant| {
            let page = entities::list(tx, grant, EntityKind::InstanceProfile, &prefix, &page)?;
            Ok(Response {
                is_truncated: Some(page.marker.is_some()),
                instance_profiles: shown::profiles(tx, &page.entries)?,
                marker: page.marker,
            })
        },
    )
    .await
}
