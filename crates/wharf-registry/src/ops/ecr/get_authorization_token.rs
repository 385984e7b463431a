//! `GetAuthorizationToken`: a password for registry clients, good for twelve hours, or for as long as the
//! session that asks.
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wharf_identity::PasswordClaims;
use wharf_wire::ecr::{
    AuthorizationData, GetAuthorizationTokenRequest as Request,
    GetAuthorizationTokenResponse as Response,
};

use super::convert;
use crate::action::GetAuthorizationToken;
use crate::authorize::Resource;
use crate::{Ctx, Error, Result};

/// How long a password lives, in seconds.
const LIFETIME: i64 = 12 * 3_600;

pub(super) async fn get_authorization_token(ctx: &Ctx, request: Request) -> Result<Response> {
    let end = ctx
        .read::<GetAuthorizationToken, _, _>(
            "authorization_token",
            Resource::Registry,
            |_tx, grant| Ok(grant.identity().expires_at),
        )
        .await?;
    let issued = ctx.now / 1_000_000;
    let expires = issued + LIFETIME;
    // A session's password is worth nothing after the session: nobody is told that it is.
    let expires = end.map_or(expires, |end| expires.min(end / 1_000_000));
    let claims = PasswordClaims {
        account: ctx.account.to_string(),
        region: ctx.region.to_string(),
        principal: ctx.principal.entity.clone(),
        access_key_id: ctx.principal.access_key_id.clone(),
        issued,
        expires,
    };
    let password = wharf_identity::seal_password(ctx.service().token_key(), &claims)
        .map_err(Error::internal)?;
    // One element for each registry asked for, all with the same token: it is good wherever the principal may go.
    let registries = match request.registry_ids {
        Some(ids) if !ids.is_empty() => ids
            .iter()
            .map(|id| ctx.registry(Some(id)))
            .collect::<Result<Vec<_>>>()?,
        _ => vec![ctx.account.clone()],
    };
    let data = registries.iter().map(|registry| AuthorizationData {
        authorization_token: Some(STANDARD.encode(format!("AWS:{password}"))),
        expires_at: Some(convert::timestamp(claims.expires * 1_000_000)),
        proxy_endpoint: Some(ctx.endpoint.registry_url(registry, &ctx.region)),
    });
    Ok(Response {
        authorization_data: Some(data.collect()),
    })
}
