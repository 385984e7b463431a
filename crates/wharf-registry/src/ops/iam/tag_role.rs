//! `TagRole`: adds or overwrites tags of a role.
use wharf_wire::iam::TagRoleRequest as Request;

use super::convert;
use crate::action::iam::TagRole;
use crate::authorize::{Asked, Resource};
use crate::data::iam::{EntityKind, entities};
use crate::{Ctx, Result};

pub(super) async fn tag_role(ctx: &Ctx, request: Request) -> Result<()> {
    let tags = convert::tags(Some(&request.tags))?;
    let asked = Asked::from(Resource::Entity {
        kind: EntityKind::Role,
        name: request.role_name,
    })
    .with_tags(&tags);
    ctx.write::<TagRole, _, _>("tag_role", asked, move |tx, grant| {
        entities::put_tags(tx, grant, grant.existing()?, &tags)
    })
    .await
}
