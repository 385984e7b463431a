//! `UpdateRoleDescription`: changes a role's description, also that of a service's role.
use wharf_meta::iam::entities::EntityRow;
use wharf_wire::iam::{
    UpdateRoleDescriptionRequest as Request, UpdateRoleDescriptionResponse as Response,
};

use super::shown;
use crate::action::iam::UpdateRoleDescription;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, entities};
use crate::{Ctx, Result};

pub(super) async fn update_role_description(ctx: &Ctx, request: Request) -> Result<Response> {
    let description = shown::description(Some(request.description));
    let resource = Resource::Entity {
        kind: EntityKind::Role,
        name: request.role_name,
    };
    ctx.write::<UpdateRoleDescription, _, _>(
        "update_role_description",
        resource,
        move |tx, grant| {
            let row = EntityRow {
                description: description.clone(),
                ..grant.existing()?.clone()
            };
            entities::update(tx, grant, &row)?;
            Ok(Response {
                role: Some(shown::listed_role(tx, &row)?),
            })
        },
    )
    .await
}
