//! `GetUserPolicy`: an inline policy of a user, its document percent-encoded.
use wharf_wire::iam::{GetUserPolicyRequest as Request, GetUserPolicyResponse as Response};
use wharf_wire::query::percent_encode_document;

use crate::action::iam::GetUserPolicy;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, inline};
use crate::{Ctx, Result};

pub(super) async fn get_user_policy(ctx: &Ctx, request: Request) -> Result<Response> {
    let resource = Resource::Entity {
        kind: EntityKind::User,
        name: request.user_name,
    };
    let name = request.policy_name;
    ctx.read::<GetUserPolicy, _, _>("get_user_policy", resource, move |tx, grant| {
        let text = inline::get(tx, grant, &name)?;
        Ok(Response {
            user_name: grant.existing()?.name.clone(),
            policy_name: name.clone(),
            policy_document: percent_encode_document(&text),
        })
    })
    .await
}
