//! `RemoveRoleFromInstanceProfile`: takes a role out of an instance profile.
use wharf_wire::iam::RemoveRoleFromInstanceProfileRequest as Request;

use crate::action::iam::RemoveRoleFromInstanceProfile;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, profiles};
use crate::{Ctx, Result};

pub(super) async fn remove_role_from_instance_profile(ctx: &Ctx, request: Request) -> Result<()> {
    let resource = Resource::Entity {
        kind: EntityKind::InstanceProfile,
        name: request.instance_profile_name,
    };
    let role = request.role_name;
    ctx.write::<RemoveRoleFromInstanceProfile, _, _>(
        "remove_role_from_instance_profile",
        resource,
        move |tx, grant| profiles::remove_role(tx, grant, &role),
    )
    .await
}
