//! `AssumeRole`: temporary credentials of a role, for whom its trust policy names.
use wharf_wire::sts::{AssumeRoleRequest as Request, AssumeRoleResponse as Response};

use super::convert::{self, Fresh, SessionTags};
use super::passed::Passed;
use crate::action::sts::{AssumeRole, SetSourceIdentity, TagSession};
use crate::authorize::{Asked, Resource};
use crate::data::sessions::{self, NewSession, SessionKind};
use crate::error::QueryError;
use crate::identity::SessionDetails;
use crate::{Ctx, Result};

pub(super) async fn assume_role(ctx: &Ctx, request: Request) -> Result<Response> {
    convert::account_of(&request.role_arn)?;
    if request.provided_contexts.is_some() {
        return Err(QueryError::validation_error(
            "ProvidedContexts are not supported",
        ));
    }
    convert::refuse_mfa(
        request.serial_number.as_deref(),
        request.token_code.as_deref(),
    )?;
    let passed = Passed::new(request.policy, request.policy_arns)?;
    let caller = convert::caller(ctx).await?;
    if convert::is_root(&caller) {
        return Err(QueryError::access_denied(
            "Roles may not be assumed by root accounts.",
        ));
    }
    let tags = convert::tags(request.tags);
    let keys = request.transitive_tag_keys.unwrap_or_default();
    let tags = SessionTags::new(&caller.details, tags, keys)?;
    let source_identity = convert::source_identity(&caller.details, request.source_identity)?;
    let name = request.role_session_name;
    let asked = Asked::from(Resource::Role {
        arn: request.role_arn,
    })
    .with("sts:RoleSessionName", name.as_str())
    .with_some("sts:ExternalId", request.external_id)
    .with_some("sts:SourceIdentity", source_identity.as_deref())
    .with_list("sts:TransitiveTagKeys", tags.transitive.clone())
    .with_tags(&tags.all);
    let (fresh, measured) = (Fresh::new(ctx)?, passed.measure(&tags.all));
    let (service, duration) = (ctx.service().clone(), request.duration_seconds);
    ctx.write::<AssumeRole, _, _>("assume_role", asked, move |tx, grant| {
        if !tags.all.is_empty() {
            grant.also::<TagSession>()?;
        }
        if source_identity.is_some() {
            grant.also::<SetSourceIdentity>()?;
        }
        let role = grant.existing()?;
        let seconds = convert::role_seconds(role, caller.credentials, duration)?;
        let packed = measured.clone()?;
        passed.check_existence(tx, service.policies(), &role.account)?;
        let session = NewSession {
            kind: SessionKind::Role,
            access_key_id: &fresh.access_key_id,
            sealed: &fresh.sealed,
            name: &name,
            seconds,
            details: SessionDetails {
                tags: tags.all.clone(),
                transitive: tags.transitive.clone(),
                source_identity: source_identity.clone(),
                issued_by: Some(grant.request().principal.access_key_id.clone()),
                ..passed.details()
            },
        };
        let expires_at = sessions::issue(tx, grant, &session)?;
        Ok(Response {
            credentials: Some(fresh.shown(expires_at)),
            assumed_role_user: Some(convert::assumed(role, &name)),
            packed_policy_size: packed,
            source_identity: source_identity.clone(),
        })
    })
    .await
}
