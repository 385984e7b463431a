//! The AWS protocols on one listener: which one, who asks, what for.
//!
//! Order of checks: iam.md 1.8, except that the key is looked up before the body is read: a stranger cannot make us
//! hold 28 MiB.
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderValue, RETRY_AFTER};
use http::{Method, Response, StatusCode, request};
use wharf_registry::{AccessKey, Ctx, Error, Plane, Principal, RequestInfo};
use wharf_wire::ids::Region;
use wharf_wire::oci::Digest;
use wharf_wire::sigv4::{self, Presented, SignedRequest};

use crate::app::{App, body_error, text};
use crate::budget::Held;
use crate::edge::{Answer, Payload, Request, RequestBody};
use crate::error;
use crate::error::aws::{AwsFault, fault_of, fault_of_signature, invalid_token};
use crate::limits::QUERY_BODY_BYTES;
use crate::oci::user_agent;
use crate::origin::Origin;
use crate::outcome::Exchange;

mod json;
mod query;

/// Bodies larger than this are hashed away from the threads that serve everybody.
const HASH_INLINE_BYTES: usize = 1024 * 1024;

/// Which protocol a request speaks.
#[derive(Debug, PartialEq, Eq)]
enum Protocol {
    /// AWS JSON 1.0 or 1.1, by `X-Amz-Target`.
    Json { target: String, minor: json::Minor },
    /// The query protocol: a form, or its parameters in the URL.
    Query,
}

/// Answers every request that is not the registry protocol's.
pub(crate) async fn handle(app: &App, request: Request, origin: Origin) -> Answer {
    let exchange = Arc::clone(&request.exchange);
    match protocol(&request) {
        Some(Protocol::Json { target, minor }) => {
            let result = json::answer(app, request, origin, &target).await;
            result.unwrap_or_else(|fault| {
                exchange.note_failure(fault.json_code(), fault.message());
                with_retry(fault.json(minor.content_type()))
            })
        }
        Some(Protocol::Query) => {
            let namespace = query::namespace(&request);
            let result = query::answer(app, request, origin).await;
            result.unwrap_or_else(|fault| {
                exchange.note_failure(fault.query_code(), fault.message());
                with_retry(fault.query(namespace, exchange.request_id()))
            })
        }
        None => nothing_here(&request),
    }
}

/// Source: operations.md 2.2, restricted to what is served.
fn protocol(request: &Request) -> Option<Protocol> {
    let parts = &request.parts;
    if parts.method == Method::POST
        && let Some(target) = parts.headers.get("x-amz-target")
    {
        return Some(Protocol::Json {
            target: String::from_utf8_lossy(target.as_bytes()).into_owned(),
            minor: json::Minor::of(parts.headers.get(CONTENT_TYPE)),
        });
    }
    if parts.uri.path() != "/" {
        return None;
    }
    let in_url = query::names_action(parts.uri.query().unwrap_or(""));
    let is_query = match parts.method {
        Method::POST => in_url || query::is_form(parts.headers.get(CONTENT_TYPE)),
        Method::GET => in_url,
        _ => false,
    };
    is_query.then_some(Protocol::Query)
}

/// For people and for clients that speak another service's protocol.
fn nothing_here(request: &Request) -> Answer {
    request.exchange.note_error("NotFound");
    if request.parts.uri.path() == "/" && request.parts.method == Method::POST {
        return text(
            StatusCode::BAD_REQUEST,
            "a request to / needs an X-Amz-Target header or an Action parameter\n",
        );
    }
    text(
        StatusCode::NOT_FOUND,
        "nothing is served here: the AWS API is at /, the registry at /v2/\n",
    )
}

fn with_retry(mut answer: Answer) -> Answer {
    if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
        answer
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    answer
}

/// Hands over what was sent in the form that signatures are checked in, with the host that the client signed.
fn signed<T>(
    parts: &request::Parts,
    host: Option<&str>,
    body_sha256: Option<&str>,
    check: impl FnOnce(&SignedRequest<'_>) -> T,
) -> T {
    let mut headers: Vec<(&str, &[u8])> = parts
        .headers
        .iter()
        .filter(|(name, _)| *name != HOST)
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    if let Some(host) = host {
        headers.push((HOST.as_str(), host.as_bytes()));
    }
    check(&SignedRequest {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or(""),
        headers: &headers,
        body_sha256,
    })
}

/// Someone who says who they are, and whose key exists; not yet proven.
#[derive(Debug)]
struct Claimant {
    presented: Presented,
    key: AccessKey,
    region: Region,
}

/// Reads the authentication information and looks up its key.
///
/// `service` tells the right signing name from the one in the scope.
async fn claimant(
    app: &App,
    request: &Request,
    origin: &Origin,
    service: fn(&str) -> &str,
) -> Result<Claimant, AwsFault> {
    let presented = signed(&request.parts, origin.host.as_deref(), None, sigv4::parse)
        .map_err(|error| fault_of_signature(&error))?;
    let scope = &presented.scope;
    let regions = &app.service.settings().regions;
    let region = regions
        .iter()
        .find(|region| region.as_str() == scope.region);
    presented
        .check_scope(service(&scope.service), |_| region.is_some())
        .and_then(|()| presented.check_time(request.exchange.at()))
        .map_err(|error| fault_of_signature(&error))?;
    let looked_up = app.service.access_key(&presented.access_key_id).await;
    let key = looked_up
        .map_err(|error| failed(&error, &request.exchange))?
        .ok_or_else(invalid_token)?;
    // A session's key comes with its own token, a long-term one with none: iam.md 1.5.
    let token = presented.security_token.as_ref();
    match (key.expires_at, token) {
        (None, None) => {}
        (Some(end), Some(token))
            if app
                .service
                .is_token_of(token.expose(), &presented.access_key_id) =>
        {
            if app.service.now() >= end {
                return Err(fault_of(&Error::ExpiredToken));
            }
        }
        _ => return Err(invalid_token()),
    }
    let region = region.ok_or_else(invalid_token)?.clone();
    Ok(Claimant {
        presented,
        key,
        region,
    })
}

impl Claimant {
    /// Checks the signature over the body, and with it makes the request's context.
    async fn prove(
        self,
        app: &App,
        parts: &request::Parts,
        body: &Bytes,
        facts: Facts,
    ) -> Result<Ctx, AwsFault> {
        let hash = body_hash(body).await;
        let host = facts.origin.host.as_deref();
        let secret = self.key.secret.expose();
        let received_at = facts.exchange.at();
        signed(parts, host, Some(&hash), |request| {
            sigv4::verify(&self.presented, request, secret, received_at)
        })
        .map_err(|error| fault_of_signature(&error))?;
        if self.key.expires_at.is_none() {
            let service = &self.presented.scope.service;
            app.service
                .count_key_use(&self.key.principal, service, &self.region);
        }
        let exchange = Arc::clone(&facts.exchange);
        let ctx = facts.ctx(app, self.key.principal, self.region);
        exchange.note_caller(&ctx);
        Ok(ctx)
    }
}

/// What a context needs beside the proof.
#[derive(Debug)]
struct Facts {
    exchange: Arc<Exchange>,
    origin: Origin,
    user_agent: Option<String>,
    deadline: std::time::Instant,
}

impl Facts {
    fn of(request: &Request, origin: Origin) -> Self {
        Self {
            exchange: Arc::clone(&request.exchange),
            origin,
            user_agent: user_agent(&request.parts.headers),
            deadline: request.deadline.into_std(),
        }
    }
}

impl Facts {
    /// The context of a request of `principal`, about its own account.
    fn ctx(self, app: &App, principal: Principal, region: Region) -> Ctx {
        let request = RequestInfo {
            request_id: self.exchange.request_id().to_owned(),
            account: principal.account.clone(),
            principal,
            region,
            now: app.service.now(),
            received_at: self.exchange.at(),
            source: self.origin.source,
            secure: self.origin.secure,
            user_agent: self.user_agent,
            endpoint: self.origin.endpoint,
            deadline: self.deadline,
            plane: Plane::Api,
            trail: Arc::clone(self.exchange.trail()),
        };
        Ctx::new(app.service.clone(), request)
    }
}

/// Refuses a body by its announced length, before anything of it is read.
fn check_length(body: &RequestBody, limit: usize) -> Result<(), AwsFault> {
    if body.announced() > u64::try_from(limit).ok() {
        let fault = body_error(crate::edge::BodyFault::TooLarge, limit);
        return Err(fault_of(&fault));
    }
    Ok(())
}

/// Reads a body whose sender is known; the permit counts its bytes for as long as it is held.
async fn read_body(
    app: &App,
    source: IpAddr,
    body: RequestBody,
    limit: usize,
) -> Result<Held, AwsFault> {
    app.bodies
        .collect(source, body, limit)
        .await
        .map_err(|fault| fault_of(&body_error(fault, limit)))
}

/// Lower-case hex SHA-256 of the body.
async fn body_hash(body: &Bytes) -> String {
    if body.len() <= HASH_INLINE_BYTES {
        return Digest::of(body).hex().to_owned();
    }
    let bytes = body.clone();
    let hash = tokio::task::spawn_blocking(move || Digest::of(&bytes).hex().to_owned());
    // Only a panic of the hash could end it; an empty hash matches no signature.
    hash.await.unwrap_or_default()
}

/// The fault of an error of the domain, logged if it is ours.
fn failed(error: &Error, exchange: &Exchange) -> AwsFault {
    error::log_fault(error, exchange.request_id());
    fault_of(error)
}

fn ok(content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Payload::Whole(body.into()));
    let content_type = HeaderValue::from_static(content_type);
    answer.headers_mut().insert(CONTENT_TYPE, content_type);
    answer
}
