//! `TagPolicy`: adds or overwrites tags of a customer managed policy.
use wharf_wire::iam::TagPolicyRequest as Request;

use super::{convert, shown};
use crate::action::iam::TagPolicy;
use crate::authorize::{Asked, Resource};
use crate::data::iam::{entities, managed};
use crate::{Ctx, Result};

pub(super) async fn tag_policy(ctx: &Ctx, request: Request) -> Result<()> {
    let arn = shown::policy_arn(request.policy_arn)?;
    let tags = convert::tags(Some(&request.tags))?;
    let asked = Asked::from(Resource::Arn(arn)).with_tags(&tags);
    ctx.write::<TagPolicy, _, _>("tag_policy", asked, move |tx, grant| {
        entities::put_tags(tx, grant, managed::existing(grant)?, &tags)
    })
    .await
}
