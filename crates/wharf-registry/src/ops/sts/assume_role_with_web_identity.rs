//! `AssumeRoleWithWebIdentity`: temporary credentials of a role, for whom an identity provider vouches. Nobody signs it.
//!
//! Order: sts.md 5.1. What is told before the trust policy was asked is about the token and the account's providers;
//! that a role does not exist and that it does not trust the token are one refusal.
use std::sync::Arc;

use wharf_identity::{TokenError, UnverifiedToken};
use wharf_wire::sts::{
    AssumeRoleWithWebIdentityRequest as Request, AssumeRoleWithWebIdentityResponse as Response,
};

use super::convert::{self, Fresh, SessionTags};
use super::passed::Passed;
use crate::action::sts::{AssumeRoleWithWebIdentity, SetSourceIdentity, TagSession};
use crate::authorize::web_identity::{self, WebIdentity};
use crate::authorize::{Asked, Resource};
use crate::data::sessions::{self, NewSession, SessionKind};
use crate::error::QueryError;
use crate::identity::{Credentials, SessionDetails};
use crate::{Ctx, Error, Result};

pub(super) async fn assume_role_with_web_identity(ctx: &Ctx, request: Request) -> Result<Response> {
    let account = convert::account_of(&request.role_arn)?;
    if request.provider_id.is_some() {
        return Err(QueryError::validation_error(
            "ProviderId must not be passed with a token of an OpenID Connect provider",
        ));
    }
    let passed = Passed::new(request.policy, request.policy_arns)?;
    let token = UnverifiedToken::parse(&request.web_identity_token).map_err(|e| refused(&e))?;
    let who = Arc::new(vouched(ctx, &account, &token).await?);
    let ctx = ctx.proven(who.principal());
    let name = request.role_session_name;
    let resource = Resource::Role {
        arn: request.role_arn,
    };
    let assumed = assume(&ctx, &who, resource, name, passed, request.duration_seconds).await;
    assumed.map_err(|error| match error {
        // More claims than a decision can be made from are no reason to make one without them.
        Error::AccessDenied { .. } | Error::InvalidParameters { .. } => {
            QueryError::access_denied("Not authorized to perform sts:AssumeRoleWithWebIdentity")
        }
        other => other,
    })
}

/// Whom the token's provider vouches for, once its signature, times and audience are checked.
async fn vouched(
    ctx: &Ctx,
    account: &wharf_wire::ids::AccountId,
    token: &UnverifiedToken,
) -> Result<WebIdentity> {
    let service = ctx.service();
    let (of, issuer) = (account.clone(), token.issuer().to_owned());
    let find = move |tx: &mut crate::data::Tx<'_>| sessions::provider(tx, &of, &issuer);
    let found = service.read("identity_provider", find).await?;
    let Some((arn, provider)) = found else {
        let issuer = token.issuer().to_owned();
        return Err(refused(&TokenError::NoProvider { issuer }));
    };
    let verified = service.oidc().verify(&provider, token, ctx.received_at);
    let claims = verified.await.map_err(|error| refused(&error))?;
    Ok(WebIdentity {
        account: account.clone(),
        provider_arn: arn,
        provider_url: provider.url,
        claims,
    })
}

fn refused(error: &TokenError) -> Error {
    Error::Query(QueryError {
        code: error.code(),
        status: 400,
        message: error.message(),
    })
}

async fn assume(
    ctx: &Ctx,
    who: &Arc<WebIdentity>,
    role: Resource,
    name: String,
    passed: Passed,
    duration: Option<i64>,
) -> Result<Response> {
    let claims = &who.claims;
    let keys = claims.transitive_tag_keys.clone();
    check_tags(&claims.tags, claims.source_identity.as_deref())?;
    let tags = SessionTags::new(&SessionDetails::default(), claims.tags.clone(), keys)?;
    let asked = who
        .keys(Asked::from(role))
        .with("sts:RoleSessionName", name.as_str())
        .with_some("sts:SourceIdentity", claims.source_identity.as_deref())
        .with_list("sts:TransitiveTagKeys", tags.transitive.clone())
        .with_tags(&tags.all);
    let (fresh, measured) = (Fresh::new(ctx)?, passed.measure(&tags.all));
    let (service, who) = (ctx.service().clone(), Arc::clone(who));
    let gate = web_identity::gate::<AssumeRoleWithWebIdentity>(who.identity(), asked);
    ctx.write_through("assume_role_with_web_identity", gate, move |tx, grant| {
        let claims = &who.claims;
        if !tags.all.is_empty() {
            grant.also::<TagSession>()?;
        }
        if claims.source_identity.is_some() {
            grant.also::<SetSourceIdentity>()?;
        }
        let role = grant.existing()?;
        let seconds = convert::role_seconds(role, Credentials::WebIdentity, duration)?;
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
                source_identity: claims.source_identity.clone(),
                provider: Some(who.provider_arn.clone()),
                ..passed.details()
            },
        };
        let expires_at = sessions::issue(tx, grant, &session)?;
        Ok(Response {
            credentials: Some(fresh.shown(expires_at)),
            subject_from_web_identity_token: Some(claims.subject.clone()),
            assumed_role_user: Some(convert::assumed(role, &name)),
            packed_policy_size: packed,
            provider: Some(who.provider_arn.clone()),
            audience: Some(claims.audience.clone()),
            source_identity: claims.source_identity.clone(),
        })
    })
    .await
}

/// Tags and source identity of a token have to be what requests may pass as well.
fn check_tags(tags: &[(String, String)], source_identity: Option<&str>) -> Result<()> {
    let sized =
        |text: &str, least: usize, most: usize| (least..=most).contains(&text.chars().count());
    // Letters, numbers, and separators that are no control characters.
    let of_tag = |char: char| {
        char.is_alphanumeric()
            || (char.is_whitespace() && !char.is_control())
            || "_.:/=+-@".contains(char)
    };
    let good = tags.iter().all(|(key, value)| {
        sized(key, 1, 128) && sized(value, 0, 256) && key.chars().chain(value.chars()).all(of_tag)
    });
    let named = source_identity.is_none_or(|text| {
        let plain = |char: char| char.is_ascii_alphanumeric() || "_+=,.@-".contains(char);
        sized(text, 2, 64) && text.chars().all(plain)
    });
    if good && named {
        return Ok(());
    }
    Err(QueryError::invalid_identity_token(
        "The session tags or the source identity of the ID Token are not valid",
    ))
}
