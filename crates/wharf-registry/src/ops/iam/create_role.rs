//! `CreateRole`: a role that others may assume, without policies of its own.
use wharf_meta::iam::entities::EntityRow;
use wharf_wire::iam::{CreateRoleRequest as Request, CreateRoleResponse as Response, Role};

use super::{convert, shown};
use crate::action::iam::CreateRole;
use crate::authorize::{Asked, Resource};
use crate::data::iam::{EntityKind, entities, roles};
use crate::error::QueryError;
use crate::{Ctx, Result, data};

pub(super) async fn create_role(ctx: &Ctx, request: Request) -> Result<Response> {
    let (path, name) = (convert::path(request.path.as_deref())?, request.role_name);
    if path.starts_with(roles::SERVICE_PATH) {
        return Err(QueryError::invalid_input(format!(
            "Roles with the path prefix {} are made by CreateServiceLinkedRole.",
            roles::SERVICE_PATH
        )));
    }
    let tags = convert::tags(request.tags.as_deref())?;
    let boundary = request.permissions_boundary;
    let description = shown::description(request.description);
    let (trust, longest) = (
        request.assume_role_policy_document,
        request.max_session_duration,
    );
    let resource = Resource::NewEntity {
        kind: EntityKind::Role,
        path: path.clone(),
        name: name.clone(),
    };
    let asked = Asked::from(resource)
        .with_tags(&tags)
        .with_some("iam:PermissionsBoundary", boundary.as_deref());
    let service = ctx.service().clone();
    ctx.write::<CreateRole, _, _>("create_role", asked, move |tx, grant| {
        if let Some(arn) = &boundary {
            data::iam::check_boundary(tx, grant, service.policies(), arn)?;
        }
        let row = EntityRow {
            boundary: boundary.clone(),
            description: description.clone(),
            max_session: longest,
            ..entities::new_row(grant, EntityKind::Role, &path, &name)?
        };
        let row = roles::create(tx, grant, &row, &trust, &tags).map_err(convert::unsaved_trust)?;
        Ok(Response {
            role: Role {
                permissions_boundary: convert::boundary(&row),
                tags: convert::shown_tags(tags.clone()),
                ..shown::new_role(tx, &row)?
            },
        })
    })
    .await
}
