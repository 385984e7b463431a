//! `UntagRole`: removes tags of a role.
use wharf_wire::iam::UntagRoleRequest as Request;

use crate::action::iam::UntagRole;
use crate::authorize::{Asked, Resource};
use crate::data::iam::{EntityKind, entities};
use crate::{Ctx, Result};

pub(super) async fn untag_role(ctx: &Ctx, request: Request) -> Result<()> {
    let keys = request.tag_keys;
    let asked = Asked::from(Resource::Entity {
        kind: EntityKind::Role,
        name: request.role_name,
    })
    .with_list("aws:TagKeys", keys.clone());
    ctx.write::<UntagRole, _, _>("untag_role", asked, move |tx, grant| {
        entities::delete_tags(tx, grant, grant.existing()?, &keys)
    })
    .await
}
