//! `UpdateRole`: changes a role's description and longest session. What is not given stays.
use wharf_meta::iam::entities::EntityRow;
use wharf_wire::iam::{UpdateRoleRequest as Request, UpdateRoleResponse as Response};

use super::shown;
use crate::action::iam::UpdateRole;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, entities, roles};
use crate::{Ctx, Result};

pub(super) async fn update_role(ctx: &Ctx, request: Request) -> Result<Response> {
    let (description, longest) = (request.description, request.max_session_duration);
    let resource = Resource::Entity {
        kind: EntityKind::Role,
        name: request.role_name,
    };
    ctx.write::<UpdateRole, _, _>("update_role", resource, move |tx, grant| {
        let role = grant.existing()?;
        if longest.is_some() {
            // The description of a service's role is anybody's to change.
            roles::check_modifiable(role)?;
        }
        let row = EntityRow {
            description: match &description {
                Some(text) => shown::description(Some(text.clone())),
                None => role.description.clone(),
            },
            max_session: longest.or(role.max_session),
            ..role.clone()
        };
        entities::update(tx, grant, &row)?;
        Ok(Response {})
    })
    .await
}
