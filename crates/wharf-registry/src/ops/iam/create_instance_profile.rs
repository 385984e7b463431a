//! `CreateInstanceProfile`: an instance profile without a role.
use wharf_wire::iam::{
    CreateInstanceProfileRequest as Request, CreateInstanceProfileResponse as Response,
    InstanceProfile,
};

use super::{convert, shown};
use crate::action::iam::CreateInstanceProfile;
use crate::authorize::{Asked, Resource};
use crate::data::iam::{EntityKind, entities};
use crate::{Ctx, Result};

pub(super) async fn create_instance_profile(ctx: &Ctx, request: Request) -> Result<Response> {
    let (path, name) = (
        convert::path(request.path.as_deref())?,
        request.instance_profile_name,
    );
    let tags = convert::tags(request.tags.as_deref())?;
    let asked = Asked::from(Resource::NewEntity {
        kind: EntityKind::InstanceProfile,
        path: path.clone(),
        name: name.clone(),
    })
    .with_tags(&tags);
    ctx.write::<CreateInstanceProfile, _, _>("create_instance_profile", asked, move |tx, grant| {
        let row = entities::new_row(grant, EntityKind::InstanceProfile, &path, &name)?;
        entities::create(tx, grant, EntityKind::InstanceProfile, &row, &tags)?;
        Ok(Response {
            instance_profile: InstanceProfile {
                tags: convert::shown_tags(tags.clone()),
                ..shown::profile(tx, &row)?
            },
        })
    })
    .await
}
