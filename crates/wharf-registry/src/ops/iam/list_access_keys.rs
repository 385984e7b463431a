//! `ListAccessKeys`: the keys of a user, or of whoever asks, without their secrets.
use wharf_wire::iam::{
    AccessKeyMetadata, ListAccessKeysRequest as Request, ListAccessKeysResponse as Response,
    StatusType,
};
use wharf_wire::query::Timestamp;

use super::convert;
use crate::action::iam::ListAccessKeys;
use crate::data::iam::users::{self, KeyInfo};
use crate::page::Asked;
use crate::{Ctx, Result};

pub(super) async fn list_access_keys(ctx: &Ctx, request: Request) -> Result<Response> {
    let about = request.user_name.as_deref().unwrap_or_default();
    let (marker, limit) = (request.marker.as_deref(), request.max_items);
    let page = Asked::new("ListAccessKeys", about, marker, limit)?;
    let resource = convert::owner(ctx, request.user_name)?;
    ctx.read::<ListAccessKeys, _, _>("list_access_keys", resource, move |tx, grant| {
        let page = users::keys(tx, grant, &page)?;
        Ok(Response {
            is_truncated: Some(page.marker.is_some()),
            marker: page.marker,
            access_key_metadata: page.entries.into_iter().map(metadata).collect(),
        })
    })
    .await
}

fn metadata(key: KeyInfo) -> AccessKeyMetadata {
    AccessKeyMetadata {
        user_name: key.user,
        access_key_id: Some(key.id),
        status: Some(if key.active {
            StatusType::Active
        } else {
            StatusType::Inactive
        }),
        create_date: Some(Timestamp::from_micros(key.created_at)),
    }
}
