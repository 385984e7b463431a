//! `TagInstanceProfile`: adds or overwrites tags of an instance profile.
use wharf_wire::iam::TagInstanceProfileRequest as Request;

use super::convert;
use crate::action::iam::TagInstanceProfile;
use crate::authorize::{Asked, Resource};
use crate::data::iam::{EntityKind, entities};
use crate::{Ctx, Result};

pub(super) async fn tag_instance_profile(ctx: &Ctx, request: Request) -> Result<()> {
    let tags = convert::tags(Some(&request.tags))?;
    let asked = Asked::from(Resource::Entity {
        kind: EntityKind::InstanceProfile,
        name: request.instance_profile_name,
    })
    .with_tags(&tags);
    ctx.write::<TagInstanceProfile, _, _>("tag_instance_profile", asked, move |tx, grant| {
        entities::put_tags(tx, grant, grant.existing()?, &tags)
    })
    .await
}
