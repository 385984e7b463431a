//! `GetUser`: a user, or whoever asks.
use wharf_wire::iam::{GetUserRequest as Request, GetUserResponse as Response, User};
use wharf_wire::query::Timestamp;

use super::convert;
use crate::action::iam::GetUser;
use crate::authorize::Resource;
use crate::data::iam::{account, entities};
use crate::{Ctx, Result};

pub(super) async fn get_user(ctx: &Ctx, request: Request) -> Result<Response> {
    let resource = convert::owner(ctx, request.user_name)?;
    if let Resource::Arn(_) = &resource {
        return root(ctx, resource).await;
    }
    ctx.read::<GetUser, _, _>("get_user", resource, |tx, grant| {
        let row = grant.existing()?;
        Ok(Response {
            user: User {
                permissions_boundary: convert::boundary(row),
                tags: convert::shown_tags(entities::tags_of(tx, row)?),
                ..convert::user(row)
            },
        })
    })
    .await
}

/// The account's root, which has neither name nor path. Source: iam.md 6.1.
async fn root(ctx: &Ctx, resource: Resource) -> Result<Response> {
    ctx.read::<GetUser, _, _>("get_user", resource, |tx, grant| {
        let created_at = account::created_at(tx, grant)?;
        Ok(Response {
            user: User {
                user_id: grant.account().to_string(),
                arn: grant.arn().to_owned(),
                create_date: Timestamp::from_micros(created_at),
                ..User::default()
            },
        })
    })
    .await
}
