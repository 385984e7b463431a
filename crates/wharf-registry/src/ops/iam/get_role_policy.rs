//! `GetRolePolicy`: an inline policy of a role, its document percent-encoded.
use wharf_wire::iam::{GetRolePolicyRequest as Request, GetRolePolicyResponse as Response};
use wharf_wire::query::percent_encode_document;

use crate::action::iam::GetRolePolicy;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, inline};
use crate::{Ctx, Result};

pub(super) async fn get_role_policy(ctx: &Ctx, request: Request) -> Result<Response> {
    let resource = Resource::Entity {
        kind: EntityKind::Role,
        name: request.role_name,
    };
    let name = request.policy_name;
    ctx.read::<GetRolePolicy, _, _>("get_role_policy", resource, move |tx, grant| {
        let text = inline::get(tx, grant, &name)?;
        Ok(Response {
            role_name: grant.existing()?.name.clone(),
            policy_name: name.clone(),
            policy_document: percent_encode_document(&text),
        })
    })
    .await
}
