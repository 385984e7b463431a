//! `PutUserPolicy`: writes an inline policy of a user, in the place of the one of that name.
use wharf_wire::iam::PutUserPolicyRequest as Request;

use super::convert;
use crate::action::iam::PutUserPolicy;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, inline};
use crate::{Ctx, Result};

pub(super) async fn put_user_policy(ctx: &Ctx, request: Request) -> Result<()> {
    let resource = Resource::Entity {
        kind: EntityKind::User,
        name: request.user_name,
    };
    let (name, text) = (request.policy_name, request.policy_document);
    ctx.write::<PutUserPolicy, _, _>("put_user_policy", resource, move |tx, grant| {
        inline::put(tx, grant, &name, &text).map_err(convert::unsaved)
    })
    .await
}
