//! `DeleteInstanceProfile`: removes an instance profile without a role.
use wharf_wire::iam::DeleteInstanceProfileRequest as Request;

use crate::action::iam::DeleteInstanceProfile;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, profiles};
use crate::{Ctx, Result};

pub(super) async fn delete_instance_profile(ctx: &Ctx, request: Request) -> Result<()> {
    let resource = Resource::Entity {
        kind: EntityKind::InstanceProfile,
        name: request.instance_profile_name,
    };
    ctx.write::<DeleteInstanceProfile, _, _>("delete_instance_profile", resource, |tx, grant| {
        profiles::delete(tx, grant)
    })
    .await
}
