//! The query protocol: form parameters in, XML out. STS speaks nothing else.
use std::sync::Arc;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use wharf_registry::{Ctx, Error, Principal, RequestInfo, ops};
use wharf_wire::query::Params;
use wharf_wire::sigv4::SigError;

use super::{Facts, QUERY_BODY_BYTES, check_length, claimant, failed, ok, read_body};
use crate::app::App;
use crate::budget::Held;
use crate::edge::{Answer, Request};
use crate::error::aws::{
    AwsFault, fault_of, fault_of_signature, invalid_action, missing_action, throttled,
};
use crate::origin::Origin;
use crate::outcome::Exchange;

/// The largest body of a request that nobody signs: a web identity token has up to 20,000 characters.
const UNSIGNED_BODY_BYTES: usize = 64 * 1024;

/// Tells whether URL parameters name an action.
pub(super) fn names_action(query: &str) -> bool {
    query.split('&').any(|pair| {
        pair.split_once('=')
            .is_some_and(|(name, _)| name == "Action")
    })
}

/// Tells whether a body is a form.
pub(super) fn is_form(content_type: Option<&HeaderValue>) -> bool {
    content_type.is_some_and(|value| {
        value
            .as_bytes()
            .starts_with(b"application/x-www-form-urlencoded")
    })
}

/// The services that speak this protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    Iam,
    Sts,
}

impl Service {
    /// The service of a signature's scope. ECR has no query protocol: a form signed for it was meant for STS.
    fn of(scoped: &str) -> Option<Self> {
        match scoped {
            "iam" => Some(Self::Iam),
            "sts" | "ecr" => Some(Self::Sts),
            _ => None,
        }
    }

    fn protocol(self) -> &'static wharf_wire::query::Service {
        match self {
            Self::Iam => &wharf_wire::iam::SERVICE,
            Self::Sts => &wharf_wire::sts::SERVICE,
        }
    }

    fn action_of(self, operation: &str) -> &'static str {
        match self {
            Self::Iam => ops::iam::action_of(operation).unwrap_or("iam:UnknownOperation"),
            Self::Sts => ops::sts::action_of(operation).unwrap_or("sts:UnknownOperation"),
        }
    }

    async fn dispatch(
        self,
        ctx: &Ctx,
        operation: &str,
        params: &Params,
    ) -> wharf_registry::Result<wharf_wire::query::Answer> {
        match self {
            Self::Iam => ops::iam::dispatch(ctx, operation, params).await,
            Self::Sts => ops::sts::dispatch(ctx, operation, params).await,
        }
    }
}

/// The namespace of a refusal, from the scope that the client says, proven or not.
pub(super) fn namespace(request: &Request) -> &'static str {
    let headers = &request.parts.headers;
    let says = |text: &str| text.contains("/iam/aws4_request");
    let in_header = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .is_some_and(says);
    let in_url = request
        .parts
        .uri
        .query()
        .is_some_and(|query| query.contains("%2Fiam%2Faws4_request") || says(query));
    let service = if in_header || in_url {
        Service::Iam
    } else {
        Service::Sts
    };
    service.protocol().namespace
}

/// Runs one action; the service is the one of the signature's scope.
pub(super) async fn answer(
    app: &App,
    request: Request,
    origin: Origin,
) -> Result<Answer, AwsFault> {
    let unsigned = !request.parts.headers.contains_key(AUTHORIZATION)
        && !sigv4_in_url(request.parts.uri.query().unwrap_or(""));
    if unsigned {
        return web_identity(app, request, origin).await;
    }
    check_length(&request.body, QUERY_BODY_BYTES)?;
    let scoped: fn(&str) -> &str = |scoped| if scoped == "ecr" { "sts" } else { scoped };
    let claimant = claimant(app, &request, &origin, scoped).await?;
    let service = Service::of(&claimant.presented.scope.service);
    let facts = Facts::of(&request, origin);
    let exchange = Arc::clone(&facts.exchange);
    let form = Form::of(&request);
    let body = read_body(app, facts.origin.source, request.body, QUERY_BODY_BYTES).await?;
    let ctx = claimant
        .prove(app, &request.parts, &body.bytes, facts)
        .await?;
    let params = form.params(&body)?;
    let action = params.get("Action").ok_or_else(missing_action)?;
    let version = params.get("Version");
    let service = service.filter(|service| version == Some(service.protocol().version));
    let service = service.ok_or_else(|| invalid_action(action, version))?;
    exchange.note_action(service.action_of(action));
    form.answer(
        &exchange,
        &params,
        service.dispatch(&ctx, action, &params).await,
    )
}

fn sigv4_in_url(query: &str) -> bool {
    query.contains("X-Amz-Signature=") || query.contains("X-Amz-Algorithm=")
}

/// The one action that nobody signs: its token says who asks. Everything else of STS and IAM is refused unsigned.
///
/// Source: sts.md 1.
async fn web_identity(app: &App, request: Request, origin: Origin) -> Result<Answer, AwsFault> {
    check_length(&request.body, UNSIGNED_BODY_BYTES)?;
    let missing = || fault_of_signature(&SigError::Missing);
    let facts = Facts::of(&request, origin);
    let exchange = Arc::clone(&facts.exchange);
    let form = Form::of(&request);
    let body = read_body(app, facts.origin.source, request.body, UNSIGNED_BODY_BYTES).await?;
    let params = form.params(&body)?;
    let version = params.get("Version");
    let action = params.get("Action").ok_or_else(missing)?;
    if !ops::sts::UNSIGNED.contains(&action) || version != Some(wharf_wire::sts::SERVICE.version) {
        return Err(missing());
    }
    exchange.note_action(Service::Sts.action_of(action));
    let (source, at) = (facts.origin.source, exchange.at());
    if app.refusals.is_over(source, at) {
        return Err(throttled());
    }
    let region = app.service.settings().region.clone();
    let account = app.service.settings().account.clone();
    let ctx = facts.ctx(app, Principal::nobody(account), region);
    let answered = ops::sts::dispatch(&ctx, action, &params).await;
    note_proven(&exchange, &ctx);
    if answered.is_err() {
        app.refusals.count(source, at);
    }
    form.answer(&exchange, &params, answered)
}

/// Names who asked, where only the operation could find that out.
fn note_proven(exchange: &Exchange, ctx: &Ctx) {
    if let Some(principal) = ctx.trail.caller() {
        let request = RequestInfo {
            account: principal.account.clone(),
            principal,
            ..(**ctx.request()).clone()
        };
        exchange.note_caller(&Ctx::new(ctx.service().clone(), request));
    }
}

/// How a request came, and how its answer is wanted.
#[derive(Debug)]
struct Form {
    /// The URL's parameters.
    url: String,
    in_body: bool,
    wants_json: bool,
}

impl Form {
    fn of(request: &Request) -> Self {
        let parts = &request.parts;
        Self {
            url: parts.uri.query().unwrap_or("").to_owned(),
            in_body: parts.method == Method::POST && is_form(parts.headers.get(CONTENT_TYPE)),
            wants_json: wants_json(&parts.headers),
        }
    }

    /// The parameters of the body, or of the URL where there is none.
    fn params(&self, body: &Held) -> Result<Params, AwsFault> {
        params(body, self.in_body, &self.url)
    }

    fn answer(
        &self,
        exchange: &Exchange,
        params: &Params,
        answered: wharf_registry::Result<wharf_wire::query::Answer>,
    ) -> Result<Answer, AwsFault> {
        let action = params.get("Action").unwrap_or_default();
        match answered {
            Ok(answer) if self.wants_json => {
                Ok(ok("application/json", answer.json(exchange.request_id())))
            }
            Ok(answer) => Ok(ok("text/xml", answer.xml(exchange.request_id()))),
            Err(Error::UnknownOperation { .. }) => {
                Err(invalid_action(action, params.get("Version")))
            }
            Err(error) => Err(failed(&error, exchange)),
        }
    }
}

/// The parameters of a form, or of the URL where there is no form.
fn params(body: &Held, form: bool, url: &str) -> Result<Params, AwsFault> {
    let bytes = if form && !body.bytes.is_empty() {
        &body.bytes
    } else {
        url.as_bytes()
    };
    Params::parse(bytes).map_err(|error| {
        fault_of(&Error::Serialization {
            reason: error.to_string(),
        })
    })
}

/// JSON for those who ask for nothing else first; the default of every SDK is XML.
fn wants_json(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_in_the_url_is_a_whole_parameter() {
        assert!(names_action("Version=1&Action=X"));
        assert!(!names_action("Reaction=X&x=Action=Y"));
        assert!(!names_action(""));
    }
}
