//! `GetInstanceProfile`: an instance profile with its role.
use wharf_wire::iam::{
    GetInstanceProfileRequest as Request, GetInstanceProfileResponse as Response, InstanceProfile,
};

use super::{convert, shown};
use crate::action::iam::GetInstanceProfile;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, entities};
use crate::{Ctx, Result};

pub(super) async fn get_instance_profile(ctx: &Ctx, request: Request) -> Result<Response> {
    let resource = Resource::Entity {
        kind: EntityKind::InstanceProfile,
        name: request.instance_profile_name,
    };
    ctx.read::<GetInstanceProfile, _, _>("get_instance_profile", resource, |tx, grant| {
        let row = grant.existing()?;
        Ok(Response {
            instance_profile: InstanceProfile {
                tags: convert::shown_tags(entities::tags_of(tx, row)?),
                ..shown::profile(tx, row)?
            },
        })
    })
    .await
}
