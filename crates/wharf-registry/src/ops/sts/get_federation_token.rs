//! `GetFederationToken`: temporary credentials for somebody else, with no more than what the user that asks may and
//! passes on.
use wharf_wire::sts::{
    FederatedUser, GetFederationTokenRequest as Request, GetFederationTokenResponse as Response,
};

use super::convert::{self, Fresh, SessionTags};
use super::passed::Passed;
use crate::action::sts::{GetFederationToken, TagSession};
use crate::authorize::{Asked, Resource};
use crate::data::sessions::{self, NewSession, SessionKind};
use crate::error::QueryError;
use crate::identity::{Credentials, SessionDetails};
use crate::{Ctx, Result};

pub(super) async fn get_federation_token(ctx: &Ctx, request: Request) -> Result<Response> {
    let passed = Passed::new(request.policy, request.policy_arns)?;
    let caller = convert::caller(ctx).await?;
    if caller.credentials != Credentials::LongTerm {
        return Err(QueryError::access_denied(
            "Cannot call GetFederationToken with session credentials",
        ));
    }
    let tags = SessionTags::new(&caller.details, convert::tags(request.tags), Vec::new())?;
    let (name, account) = (request.name, caller.principal.account.clone());
    let arn = format!("arn:aws:sts::{account}:federated-user/{name}");
    let asked = Asked::from(Resource::Arn(arn)).with_tags(&tags.all);
    let (fresh, measured) = (Fresh::new(ctx)?, passed.measure(&tags.all));
    let (service, duration) = (ctx.service().clone(), request.duration_seconds);
    ctx.write::<GetFederationToken, _, _>("get_federation_token", asked, move |tx, grant| {
        if !tags.all.is_empty() {
            grant.also::<TagSession>()?;
        }
        let packed = measured.clone()?;
        passed.check_existence(tx, service.policies(), account.as_str())?;
        let session = NewSession {
            kind: SessionKind::Federated,
            access_key_id: &fresh.access_key_id,
            sealed: &fresh.sealed,
            name: &name,
            seconds: convert::user_seconds(grant.identity(), duration),
            details: SessionDetails {
                tags: tags.all.clone(),
                issued_by: Some(grant.request().principal.access_key_id.clone()),
                ..passed.details()
            },
        };
        let expires_at = sessions::issue(tx, grant, &session)?;
        Ok(Response {
            credentials: Some(fresh.shown(expires_at)),
            federated_user: Some(FederatedUser {
                federated_user_id: format!("{account}:{name}"),
                arn: grant.arn().to_owned(),
            }),
            packed_policy_size: Some(packed.unwrap_or(0)),
        })
    })
    .await
}
