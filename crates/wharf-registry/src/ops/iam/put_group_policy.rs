//! `PutGroupPolicy`: writes an inline policy of a group, in the place of the one of that name.
use wharf_wire::iam::PutGroupPolicyRequest as Request;

use super::convert;
use crate::action::iam::PutGroupPolicy;
use crate::authorize::Resource;
use crate::data::iam::{EntityKind, inline};
use crate::{Ctx, Result};

pub(super) async fn put_group_policy(ctx: &Ctx, request: Request) -> Result<()> {
    let resource = Resource::Entity {
        kind: EntityKind::Group,
        name: request.group_name,
    };
    let (name, text) = (request.policy_name, request.policy_document);
    ctx.write::<PutGroupPolicy, _, _>("put_group_policy", resource, move |tx, grant| {
        inline::put(tx, grant, &name, &text).map_err(convert::unsaved)
    })
    .await
}
