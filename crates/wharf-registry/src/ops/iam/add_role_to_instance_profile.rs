//! `AddRoleToInstanceProfile`: puts a role into an instance profile, for those who may pass that role to machines.
use wharf_wire::iam::AddRoleToInstanceProfileRequest as Request;

use crate::action::iam::{AddRoleToInstanceProfile, PassRole};
use crate::authorize::{Asked, Resource};
use crate::data::iam::{EntityKind, profiles};
use crate::{Ctx, Result};

pub(super) async fn add_role_to_instance_profile(ctx: &Ctx, request: Request) -> Result<()> {
    let resource = Resource::Entity {
        kind: EntityKind::InstanceProfile,
        name: request.instance_profile_name,
    };
    let passed = Asked::from(Resource::Entity {
        kind: EntityKind::Role,
        name: request.role_name,
    })
    .with("iam:PassedToService", "ec2.amazonaws.com");
    let service = ctx.service().clone();
    ctx.write::<AddRoleToInstanceProfile, _, _>(
        "add_role_to_instance_profile",
        resource,
        move |tx, grant| {
            let pass = grant.elsewhere::<PassRole>(tx, service.policies(), passed.clone())?;
            profiles::add_role(tx, grant, &pass)
        },
    )
    .await
}
