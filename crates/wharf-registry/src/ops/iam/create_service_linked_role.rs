//! `CreateServiceLinkedRole`: a role that only a service may assume.
use wharf_wire::iam::{
    CreateServiceLinkedRoleRequest as Request, CreateServiceLinkedRoleResponse as Response,
};

use super::shown;
use crate::action::iam::CreateServiceLinkedRole;
use crate::authorize::{Asked, Resource};
use crate::data::iam::EntityKind;
use crate::data::iam::roles::{self, ServiceRole};
use crate::error::QueryError;
use crate::{Ctx, Result};

pub(super) async fn create_service_linked_role(ctx: &Ctx, request: Request) -> Result<Response> {
    let service = request.aws_service_name;
    let role = ServiceRole::of(&service);
    let description = shown::description(request.description);
    let asked = Asked::from(Resource::NewEntity {
        kind: EntityKind::Role,
        path: format!("{}{service}/", roles::SERVICE_PATH),
        name: role.map_or("*", |role| role.name).to_owned(),
    })
    .with("iam:AWSServiceName", service.as_str());
    let suffix = request.custom_suffix.is_some();
    ctx.write::<CreateServiceLinkedRole, _, _>(
        "create_service_linked_role",
        asked,
        move |tx, grant| {
            let Some(role) = role else {
                return Err(QueryError::invalid_input(format!(
                    "Service-linked roles of {service} are not supported."
                )));
            };
            if suffix {
                return Err(QueryError::invalid_input(format!(
                    "Custom suffix is not allowed for {service}"
                )));
            }
            let row = roles::create_service_linked(tx, grant, role, description.as_deref())?;
            Ok(Response {
                role: Some(shown::new_role(tx, &row)?),
            })
        },
    )
    .await
}
