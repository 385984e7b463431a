//! `UntagInstanceProfile`: removes tags of an instance profile.
use wharf_wire::iam::UntagInstanceProfileRequest as Request;

use crate::action::iam::UntagInstanceProfile;
use crate::authorize::{Asked, Resource};
use crate::data::iam::{EntityKind, entities};
use crate::{Ctx, Result};

pub(super) async fn untag_instance_profile(ctx: &Ctx, request: Request) -> Result<()> {
    let keys = request.tag_keys;
    let asked = Asked::from(Resource::Entity {
        kind: EntityKind::InstanceProfile,
        name: request.instance_profile_name,
    })
    .with_list("aws:TagKeys", keys.clone());
    ctx.write::<UntagInstanceProfile, _, _>("untag_instance_profile", asked, move |tx, grant| {
        entities::delete_tags(tx, grant, grant.existing()?, &keys)
    })
    .await
}
