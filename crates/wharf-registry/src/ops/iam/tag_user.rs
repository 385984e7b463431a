//! `TagUser`: sets tags of a user; one whose key differs only in case is replaced.
use wharf_wire::iam::TagUserRequest as Request;

use super::convert;
use crate::action::iam::TagUser;
use crate::authorize::{Asked, Resource};
use crate::data::iam::{EntityKind, entities};
use crate::{Ctx, Result};

pub(super) async fn tag_user(ctx: &Ctx, request: Request) -> Result<()> {
    let tags = convert::tags(Some(&request.tags))?;
    let resource = Resource::Entity {
        kind: EntityKind::User,
        name: request.user_name,
    };
    let asked = Asked::from(resource).with_tags(&tags);
    ctx.write::<TagUser, _, _>("tag_user", asked, move |tx, grant| {
        entities::put_tags(tx, grant, grant.existing()?, &tags)
    })
    .await
}
