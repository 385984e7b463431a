//! `GetGroupPolicy`: an inline policy of a group, its document percent-encoded.
use wharf_wire::iam::{GetGroupPolicyRequest as Request, GetGroupPolicyResponse as Response};
use wharf_wire::query::percent_encode_document;

use crate::action::iam::GetGroupPolicy;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, inline};
use crate::{Ctx, Result};

pub(super) async fn get_group_policy(ctx: &Ctx, request: Request) -> Result<Response> {
    let resource = Resource::Entity {
        kind: EntityKind::Group,
        name: request.group_name,
    };
    let name = request.policy_name;
    ctx.read::<GetGroupPolicy, _, _>("get_group_policy", resource, move |tx, grant| {
        let text = inline::get(tx, grant, &name)?;
        Ok(Response {
            group_name: grant.existing()?.name.clone(),
            policy_name: name.clone(),
            policy_document: percent_encode_document(&text),
        })
    })
    .await
}
