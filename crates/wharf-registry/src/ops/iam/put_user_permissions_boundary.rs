//! `PutUserPermissionsBoundary`: limits a user to what a managed policy allows.
use wharf_wire::iam::PutUserPermissionsBoundaryRequest as Request;

use crate::action::iam::PutUserPermissionsBoundary;
use crate::authorize::{Asked, Resource};
use crate::data::iam::{EntityKind, check_boundary, entities};
use crate::{Ctx, Result};

pub(super) async fn put_user_permissions_boundary(ctx: &Ctx, request: Request) -> Result<()> {
    let resource = Resource::Entity {
        kind: EntityKind::User,
        name: request.user_name,
    };
    let boundary = request.permissions_boundary;
    let asked = Asked::from(resource).with("iam:PermissionsBoundary", boundary.as_str());
    let service = ctx.service().clone();
    ctx.write::<PutUserPermissionsBoundary, _, _>("put_user_boundary", asked, move |tx, grant| {
        check_boundary(tx, grant, service.policies(), &boundary)?;
        let mut row = grant.existing()?.clone();
        row.boundary = Some(boundary.clone());
        entities::update(tx, grant, &row)
    })
    .await
}
