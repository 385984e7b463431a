//! `UntagPolicy`: removes tags of a customer managed policy.
use wharf_wire::iam::UntagPolicyRequest as Request;

use super::shown;
use crate::action::iam::UntagPolicy;
use crate::authorize::{Asked, Resource};
use crate::data::iam::{entities, managed};
use crate::{Ctx, Result};

pub(super) async fn untag_policy(ctx: &Ctx, request: Request) -> Result<()> {
    let arn = shown::policy_arn(request.policy_arn)?;
    let keys = request.tag_keys;
    let asked = Asked::from(Resource::Arn(arn)).with_list("aws:TagKeys", keys.clone());
    ctx.write::<UntagPolicy, _, _>("untag_policy", asked, move |tx, grant| {
        entities::delete_tags(tx, grant, managed::existing(grant)?, &keys)
    })
    .await
}
