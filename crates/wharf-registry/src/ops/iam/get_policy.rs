//! `GetPolicy`: a managed policy, of AWS or of the account.
use wharf_wire::iam::{GetPolicyRequest as Request, GetPolicyResponse as Response, Policy};

use super::{convert, shown};
use crate::action::iam::GetPolicy;
use crate::authorize::Resource;
use crate::data::iam::entities;
use crate::data::iam::managed::{self, Managed};
use crate::{Ctx, Result};

pub(super) async fn get_policy(ctx: &Ctx, request: Request) -> Result<Response> {
    let arn = shown::policy_arn(request.policy_arn)?;
    ctx.read::<GetPolicy, _, _>("get_policy", Resource::Arn(arn), |tx, grant| {
        let policy = managed::known(grant)?;
        let uses = managed::uses(tx, grant, grant.arn())?;
        let (description, tags) = match &policy {
            Managed::Aws(_) => (None, None),
            Managed::Own(row) => (
                row.description.clone(),
                convert::shown_tags(entities::tags_of(tx, row)?),
            ),
        };
        Ok(Response {
            policy: Some(Policy {
                description,
                tags,
                ..shown::listed_policy(&policy, uses)
            }),
        })
    })
    .await
}
