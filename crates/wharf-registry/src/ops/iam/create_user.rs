//! `CreateUser`: a user without keys and policies.
use wharf_wire::iam::{CreateUserRequest as Request, CreateUserResponse as Response, User};

use super::convert;
use crate::action::iam::CreateUser;
use crate::authorize::{Asked, Resource};
use crate::data::iam::{EntityKind, entities};
use crate::{Ctx, Result, data};

pub(super) async fn create_user(ctx: &Ctx, request: Request) -> Result<Response> {
    let (path, name) = (convert::path(request.path.as_deref())?, request.user_name);
    let tags = convert::tags(request.tags.as_deref())?;
    let boundary = request.permissions_boundary;
    let resource = Resource::NewEntity {
        kind: EntityKind::User,
        path: path.clone(),
        name: name.clone(),
    };
    let asked = Asked::from(resource)
        .with_tags(&tags)
        .with_some("iam:PermissionsBoundary", boundary.as_deref());
    let service = ctx.service().clone();
    ctx.write::<CreateUser, _, _>("create_user", asked, move |tx, grant| {
        let mut row = entities::new_row(grant, EntityKind::User, &path, &name)?;
        if let Some(arn) = &boundary {
            data::iam::check_boundary(tx, grant, service.policies(), arn)?;
            row.boundary = Some(arn.clone());
        }
        entities::create(tx, grant, EntityKind::User, &row, &tags)?;
        Ok(Response {
            user: Some(User {
                permissions_boundary: convert::boundary(&row),
                tags: convert::shown_tags(tags.clone()),
                ..convert::user(&row)
            }),
        })
    })
    .await
}
