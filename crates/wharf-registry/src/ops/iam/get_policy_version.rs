//! `GetPolicyVersion`: a version of a managed policy, with its document.
use wharf_wire::iam::{
    GetPolicyVersionRequest as Request, GetPolicyVersionResponse as Response, PolicyVersion,
};
use wharf_wire::query::percent_encode_document;

use super::shown;
use crate::action::iam::GetPolicyVersion;
use crate::authorize::Resource;
use crate::data::iam::managed;
use crate::{Ctx, Result};

pub(super) async fn get_policy_version(ctx: &Ctx, request: Request) -> Result<Response> {
    let arn = shown::policy_arn(request.policy_arn)?;
    let id = request.version_id;
    ctx.read::<GetPolicyVersion, _, _>(
        "get_policy_version",
        Resource::Arn(arn),
        move |tx, grant| {
            let (version, text) = managed::version(tx, grant, &id)?;
            Ok(Response {
                policy_version: Some(PolicyVersion {
                    document: Some(percent_encode_document(&text)),
                    ..shown::policy_version(&version)
                }),
            })
        },
    )
    .await
}
