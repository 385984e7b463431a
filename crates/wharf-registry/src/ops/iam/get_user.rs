//! `GetUser`: a user, or whoever asks.
use wharf_wire::iam::{GetUserRequest as Request, GetUserResponse as Response, User};
use wharf_wire::query::Timestamp;

use super::convert;
use crate::action::iam::GetUser;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, entities};
use crate::{Ctx, Result};

pub(super) async fn get_user(ctx: &Ctx, request: Request) -> Result<Response> {
    let name = match request.user_name {
        Some(name) => name,
        None if ctx.principal.entity == ctx.principal.account.as_str() => return root(ctx).await,
        None => convert::own_name(ctx)?,
    };
    let resource = Resource::Entity {
        kind: EntityKind::User,
        name,
    };
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

/// The account's root, which is no entity. Source: iam.md 6.1.
async fn root(ctx: &Ctx) -> Result<Response> {
    let arn = ctx.principal.arn.clone();
    ctx.read::<GetUser, _, _>("get_user", Resource::Arn(arn), |_tx, grant| {
        let principal = &grant.request().principal;
        Ok(Response {
            user: User {
                user_id: principal.unique_id.clone(),
                arn: principal.arn.clone(),
                create_date: Timestamp::from_micros(0),
                ..User::default()
            },
        })
    })
    .await
}
