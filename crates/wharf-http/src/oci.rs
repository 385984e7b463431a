//! The registry protocol under `/v2/`: who asks, what is named, and the part that answers.
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderName, HeaderValue, USER_AGENT};
use http::{HeaderMap, Method, StatusCode};
use wharf_registry::{
    Compat, Ctx, Error, PasswordError, Plane, Principal, RequestInfo, deviations,
};
use wharf_wire::ids::{AccountId, Region};
use wharf_wire::oci::ErrorCode;
use wharf_wire::oci::route::{Route, RouteError};

use crate::app::App;
use crate::edge::{Answer, Request, RequestBody, empty};
use crate::error;
use crate::error::oci::{Refusal, refusal};
use crate::limits::AUTHORIZATION_BYTES;
use crate::origin::Origin;
use crate::outcome::Exchange;

mod answer;
pub(crate) mod blobs;
mod catalog;
mod listing;
mod manifests;
mod referrers;
mod route;
mod tags;
mod uploads;

const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");

/// Why a manifest's digest is none.
const DIGEST_REASON: &str = "must satisfy regular expression 'sha256:[a-f0-9]{64}'";

/// ECR's pattern of a repository name, as its model and the API's texts have it.
const NAME_PATTERN: &str =
    r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*";

/// Why a step ended without an answer of its own.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The protocol's own refusal.
    Refused(Refusal),
    /// The domain's.
    Failed(Error),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// A request whose sender is known, taken apart for the part that answers it.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) app: &'a App,
    pub(crate) ctx: Ctx,
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) query: Query,
    pub(crate) body: RequestBody,
}

/// Answers a request under `/v2/`; `path` is what follows `/v2`.
pub(crate) async fn handle(app: &App, request: Request, origin: Origin, path: &str) -> Answer {
    let exchange = Arc::clone(&request.exchange);
    let head = request.parts.method == Method::HEAD;
    let compat = app.service.settings().compat;
    let mut realm = origin.endpoint.registry_url_of(origin.registry.as_ref());
    let answered = dispatch(app, request, origin, path, &mut realm).await;
    let mut answer = answered.unwrap_or_else(|stop| {
        let refused = match stop {
            Stop::Refused(refusal) => refusal,
            Stop::Failed(failure) => {
                error::log_fault(&failure, exchange.request_id());
                refusal(&failure, &realm, compat)
            }
        };
        exchange.note_failure(refused.code().as_str(), refused.message());
        let answer = refused.render(exchange.request_id(), compat);
        if head { without_body(&answer) } else { answer }
    });
    let headers = answer.headers_mut();
    headers.insert(API_VERSION, HeaderValue::from_static("registry/2.0"));
    answer
}

/// A realm even where no account is known yet.
trait RegistryUrl {
    fn registry_url_of(&self, registry: Option<&(AccountId, Region)>) -> String;
}

impl RegistryUrl for wharf_registry::Endpoint {
    fn registry_url_of(&self, registry: Option<&(AccountId, Region)>) -> String {
        match registry {
            Some((account, region)) => self.registry_url(account, region),
            None => format!("{}://{}", self.scheme, self.authority),
        }
    }
}

async fn dispatch(
    app: &App,
    request: Request,
    origin: Origin,
    path: &str,
    realm: &mut String,
) -> Result<Answer, Stop> {
    let Request {
        parts,
        body,
        exchange,
        deadline,
        ..
    } = request;
    let (principal, account, region) = authenticate(app, &parts.headers, realm).await?;
    let (account, region) = registry_of(&origin, account, region)?;
    *realm = origin.endpoint.registry_url(&account, &region);
    let ctx = Ctx::new(
        app.service.clone(),
        RequestInfo {
            request_id: exchange.request_id().to_owned(),
            principal,
            account,
            region,
            now: app.service.now(),
            received_at: exchange.at(),
            source: origin.source,
            secure: origin.secure,
            user_agent: user_agent(&parts.headers),
            endpoint: origin.endpoint,
            deadline: deadline.into_std(),
            plane: Plane::Docker,
            trail: Arc::clone(exchange.trail()),
        },
    );
    exchange.note_caller(&ctx);
    let route = Route::parse(path).map_err(|error| bad_route(&error, &parts.method, &ctx))?;
    let Some(action) = route::action(&route, &parts.method, ctx.service().settings().compat) else {
        return Err(wrong_method(&route, &parts.method, ctx.service().settings().compat).into());
    };
    note(&exchange, action, &route);
    let call = Call {
        app,
        ctx,
        method: parts.method,
        headers: parts.headers,
        query: Query::parse(parts.uri.query().unwrap_or("")),
        body,
    };
    // Boxed, all but the hottest: the future of every request is as large as the largest that lies in it, and is moved
    // several times before it runs.
    match route {
        Route::Base => base(call).await,
        Route::Catalog => Box::pin(catalog::list(call)).await,
        Route::Tags(name) => Box::pin(tags::list(call, &name)).await,
        Route::Referrers(name, digest) => Box::pin(referrers::list(call, &name, &digest)).await,
        Route::Manifest(name, reference) => manifests::serve(call, name, reference).await,
        Route::Blob(name, digest) => Box::pin(blobs::serve(call, &name, &digest)).await,
        Route::Uploads(name) => Box::pin(uploads::start(call, &name)).await,
        Route::Upload(name, id) => Box::pin(uploads::serve(call, &name, &id)).await,
    }
}

fn note(exchange: &Exchange, action: &'static str, route: &Route) {
    exchange.note_action(action);
    if let Some(name) = route.repository() {
        exchange.note_repository(name.as_str());
    }
}

/// `GET /v2/`: the token was good; its key must still be there.
async fn base(call: Call<'_>) -> Result<Answer, Stop> {
    call.ctx.check_credentials().await?;
    Ok(answer::json(StatusCode::OK, b"{}".as_slice()))
}

/// HTTP Basic with user `AWS` and a password of `GetAuthorizationToken`, nothing else.
///
/// Source: ecr.md 6.1. An expired password is 403, not 401: clients must fetch a new one.
async fn authenticate(
    app: &App,
    headers: &HeaderMap,
    realm: &str,
) -> Result<(Principal, AccountId, Region), Stop> {
    let password = password(headers).ok_or_else(|| Refusal::unauthorized(realm))?;
    let opened = app.service.open_password(&password).await;
    opened.map_err(|error| match error {
        PasswordError::Invalid => Refusal::unauthorized(realm).into(),
        PasswordError::Failed(error) => error.into(),
        PasswordError::Expired => Refusal::new(
            StatusCode::FORBIDDEN,
            ErrorCode::Denied,
            "Your authorization token has expired. Reauthenticate and try again.",
        )
        .into(),
    })
}

fn password(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next()?;
    if values.next().is_some() || value.len() > AUTHORIZATION_BYTES {
        return None;
    }
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(token.trim()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    (user == "AWS").then(|| password.to_owned())
}

/// The registry addressed: what the host names, else what the token was made for.
///
/// Source: design 2; ecr.md 6.1: a token is good for every account of its own region.
fn registry_of(
    origin: &Origin,
    account: AccountId,
    region: Region,
) -> Result<(AccountId, Region), Refusal> {
    match &origin.registry {
        None => Ok((account, region)),
        Some((named, place)) if *place == region => Ok((named.clone(), region)),
        Some((_, place)) => Err(Refusal::new(
            StatusCode::FORBIDDEN,
            ErrorCode::Denied,
            format!(
                "The authorization token was issued for region {region} and cannot be used in region {place}"
            ),
        )),
    }
}

/// What the client calls itself: whole, since policies may ask about any part of it.
pub(crate) fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(USER_AGENT)?.as_bytes();
    Some(String::from_utf8_lossy(text).into_owned())
}

fn bad_route(error: &RouteError, method: &Method, ctx: &Ctx) -> Stop {
    match error {
        RouteError::Unknown => Refusal::new(
            StatusCode::NOT_FOUND,
            ErrorCode::Unsupported,
            "There is nothing of the registry protocol at this path",
        )
        .into(),
        RouteError::Name(name) => Error::invalid("repositoryName", name_reason(name)).into(),
        RouteError::BlobDigest => Error::DigestInvalid.into(),
        RouteError::ManifestDigest => Error::invalid("imageDigest", DIGEST_REASON).into(),
        RouteError::Tag(tag) if *method == Method::PUT => {
            Error::InvalidTag { tag: tag.clone() }.into()
        }
        RouteError::Tag(tag) if !ctx.deviates(deviations::BAD_TAG) => {
            let error = Error::InvalidTag { tag: tag.clone() };
            Refusal::new(
                StatusCode::BAD_REQUEST,
                ErrorCode::TagInvalid,
                error.message(),
            )
            .into()
        }
        // What cannot be a tag is not there: the OCI text asks for 404 of a manifest that does not exist.
        RouteError::Tag(_) => Refusal::new(
            StatusCode::NOT_FOUND,
            ErrorCode::ManifestUnknown,
            "Requested image not found",
        )
        .into(),
        RouteError::Upload { name, id } => Error::UploadNotFound {
            id: id.clone(),
            name: name.to_string(),
            registry: ctx.account.to_string(),
        }
        .into(),
    }
}

fn name_reason(name: &str) -> String {
    match name.len() {
        0..2 => "Member must have length greater than or equal to 2".to_owned(),
        2..=256 => format!("must satisfy regular expression '{NAME_PATTERN}'"),
        _ => "Member must have length less than or equal to 256".to_owned(),
    }
}

fn wrong_method(route: &Route, method: &Method, compat: Compat) -> Refusal {
    let message = format!("The method {method} is not supported here");
    Refusal::method(route::allowed(route, compat), message)
}

/// An answer to HEAD: the same headers, nothing behind them.
pub(crate) fn without_body(answer: &Answer) -> Answer {
    let mut bare = empty(answer.status());
    *bare.headers_mut() = answer.headers().clone();
    bare.headers_mut().remove(CONTENT_LENGTH);
    bare
}

/// The few query parameters of this protocol, decoded once; of a repeated one the first counts, but `tag` may be repeated.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pub(crate) artifact_type: Option<String>,
    pub(crate) digest: Option<String>,
    pub(crate) digest_algorithm: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) last: Option<String>,
    pub(crate) mount: Option<String>,
    pub(crate) n: Option<String>,
    pub(crate) tags: Vec<String>,
}

impl Query {
    fn parse(query: &str) -> Self {
        let mut parsed = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decoded = || {
                percent_encoding::percent_decode_str(value)
                    .decode_utf8_lossy()
                    .into_owned()
            };
            let place = match name {
                "artifactType" => &mut parsed.artifact_type,
                "digest" => &mut parsed.digest,
                "digest-algorithm" => &mut parsed.digest_algorithm,
                "from" => &mut parsed.from,
                "last" => &mut parsed.last,
                "mount" => &mut parsed.mount,
                "n" => &mut parsed.n,
                "tag" => {
                    parsed.tags.push(decoded());
                    continue;
                }
                _ => continue,
            };
            if place.is_none() {
                *place = Some(decoded());
            }
        }
        parsed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authorization(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn only_basic_with_user_aws_carries_a_password() {
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        let found = |value: &str| password(&authorization(value));
        assert_eq!(found(&basic("AWS:p:q")), Some("p:q".to_owned()));
        assert_eq!(
            found(&basic("AWS:p").replace("Basic", "basic")),
            Some("p".to_owned())
        );
        for bad in [
            basic("aws:p"),
            basic("root:p"),
            basic("AWS"),
            basic("AWS:p").replace("Basic", "Bearer"),
            "Basic".to_owned(),
            "Basic ***".to_owned(),
            basic(&format!("AWS:{}", "x".repeat(9_000))),
        ] {
            assert_eq!(found(&bad), None);
        }
        let mut twice = authorization(&basic("AWS:p"));
        twice.append(AUTHORIZATION, HeaderValue::from_static("Basic QVdTOnE="));
        assert_eq!(password(&twice), None);
    }

    #[test]
    fn query_parameters_are_decoded_once_and_unknown_ones_ignored() {
        let query = Query::parse("digest=sha256%3Aab&n=5&n=6&last=%2541&x=1&from&tag=a&tag=b%2e");
        assert_eq!(query.digest.as_deref(), Some("sha256:ab"));
        assert_eq!(query.n.as_deref(), Some("5"));
        assert_eq!(query.last.as_deref(), Some("%41"));
        assert_eq!(query.from.as_deref(), Some(""));
        assert_eq!(query.tags, ["a", "b."]);
    }
}
