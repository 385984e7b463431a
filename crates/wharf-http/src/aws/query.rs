//! The query protocol: form parameters in, XML out. STS speaks nothing else.
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use wharf_registry::{Error, ops};
use wharf_wire::query::Params;

use super::{Facts, QUERY_BODY_BYTES, check_length, claimant, failed, ok, read_body};
use crate::app::App;
use crate::budget::Held;
use crate::edge::{Answer, Request};
use crate::error::aws::{AwsFault, fault_of, invalid_action, missing_action};
use crate::origin::Origin;

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

/// Runs one action; the service is the one of the signature's scope.
pub(super) async fn answer(
    app: &App,
    request: Request,
    origin: Origin,
) -> Result<Answer, AwsFault> {
    check_length(&request.body, QUERY_BODY_BYTES)?;
    // ECR has no query protocol: a form signed for it was meant for STS. Others are told that they are not here.
    let service: fn(&str) -> &str = |scoped| if scoped == "ecr" { "sts" } else { scoped };
    let claimant = claimant(app, &request, &origin, service).await?;
    let service = claimant.presented.scope.service.clone();
    let facts = Facts::of(&request, origin);
    let exchange = std::sync::Arc::clone(&facts.exchange);
    let url_parameters = request.parts.uri.query().unwrap_or("").to_owned();
    let form =
        request.parts.method == Method::POST && is_form(request.parts.headers.get(CONTENT_TYPE));
    let wants_json = wants_json(&request.parts.headers);
    let body = read_body(app, facts.origin.source, request.body, QUERY_BODY_BYTES).await?;
    let ctx = claimant
        .prove(app, &request.parts, &body.bytes, facts)
        .await?;
    let params = params(&body, form, &url_parameters)?;
    let action = params.get("Action").ok_or_else(missing_action)?;
    if service != "sts" || params.get("Version") != Some(ops::sts::VERSION) {
        return Err(invalid_action(action, params.get("Version")));
    }
    exchange.note_action(action_of(action));
    match ops::sts::dispatch(&ctx, action, &params).await {
        Ok(answer) if wants_json => Ok(ok("application/json", answer.json(exchange.request_id()))),
        Ok(answer) => Ok(ok("text/xml", answer.xml(exchange.request_id()))),
        Err(Error::UnknownOperation { .. }) => Err(invalid_action(action, params.get("Version"))),
        Err(error) => Err(failed(&error, &exchange)),
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

fn action_of(action: &str) -> &'static str {
    match action {
        "GetCallerIdentity" => "sts:GetCallerIdentity",
        _ => "sts:UnknownOperation",
    }
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
