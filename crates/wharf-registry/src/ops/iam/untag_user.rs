//! `UntagUser`: removes tags of a user; keys that it has not are passed over.
use wharf_wire::iam::UntagUserRequest as Request;

use crate::action::iam::UntagUser;
use crate::authorize::{Asked, Resource};
use crate::data::iam::{EntityKind, entities};
use crate::{Ctx, Result};

pub(super) async fn untag_user(ctx: &Ctx, request: Request) -> Result<()> {
    let keys = request.tag_keys;
    let resource = Resource::Entity {
        kind: EntityKind::User,
        name: request.user_name,
    };
    let asked = Asked::from(resource).with_list("aws:TagKeys", keys.clone());
    ctx.write::<UntagUser, _, _>("untag_user", asked, move |tx, grant| {
        entities::delete_tags(tx, grant, grant.existing()?, &keys)
    })
    .await
}
