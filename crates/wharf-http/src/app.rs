//! The main listener: tells the protocols apart and hands each request to its own.
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Response, StatusCode, request};
use wharf_registry::{BodyError, Compat, Error, Service};
use wharf_wire::layer_path;
use wharf_wire::oci::ErrorCode;

use crate::budget::ByteBudget;
use crate::edge::{Answer, BodyFault, Fault, Handler, Payload, Request};
use crate::error::oci::Refusal;
use crate::limits::Limits;
use crate::origin::Site;
use crate::refusals::Refusals;
use crate::{aws, error, layer_urls, oci};

/// Everything that answers on the main listener.
#[derive(Debug)]
pub struct App {
    pub(crate) service: Service,
    pub(crate) site: Site,
    pub(crate) bodies: ByteBudget,
    /// Of web identities, whose tokens need no signature of ours.
    pub(crate) refusals: Refusals,
    request: Duration,
    transfer: Duration,
}

impl App {
    /// Puts the service behind the addresses of `site`.
    pub fn new(service: Service, site: Site, limits: &Limits) -> Self {
        Self {
            service,
            site,
            bodies: ByteBudget::new(limits.buffered_bytes),
            refusals: Refusals::new(),
            request: limits.request,
            transfer: limits.transfer,
        }
    }
}

impl Handler for App {
    fn time_limit(&self, parts: &request::Parts) -> Duration {
        let carries = matches!(parts.method, Method::POST | Method::PUT | Method::PATCH);
        if carries && registry_path(parts.uri.path()).is_some_and(|p| p.contains("/blobs/")) {
            self.transfer
        } else {
            self.request
        }
    }

    /// Order of operations.md 2.2; `/layers/` and `/v2/` first, since no other protocol can mean them.
    async fn handle(&self, request: Request) -> Answer {
        let origin = self.site.origin(&request.parts, request.peer);
        request.exchange.note_source(origin.source);
        let path = request.parts.uri.path().to_owned();
        match path.as_str() {
            "/healthz" | "/readyz" => health(&self.service, &request).await,
            path if path.starts_with(layer_path::PREFIX) => {
                layer_urls::handle(self, request, origin).await
            }
            path => match registry_path(path) {
                Some(rest) => oci::handle(self, request, origin, rest).await,
                None => Box::pin(aws::handle(self, request, origin)).await,
            },
        }
    }

    fn fault(&self, path: &str, request_id: &str, fault: Fault) -> Answer {
        render_fault(path, request_id, fault)
    }
}

/// What follows `/v2` in a path of the registry protocol.
fn registry_path(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("/v2")?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// Answers in the words of the protocol that the path belongs to.
pub(crate) fn render_fault(path: &str, request_id: &str, fault: Fault) -> Answer {
    let (status, failure) = match fault {
        Fault::Panicked => (
            StatusCode::INTERNAL_SERVER_ERROR,
            Error::internal("a request panicked"),
        ),
        Fault::TooSlow => (
            StatusCode::SERVICE_UNAVAILABLE,
            Error::Unavailable {
                cause: "a request's deadline passed".to_owned(),
            },
        ),
        Fault::NotKept => (
            StatusCode::SERVICE_UNAVAILABLE,
            Error::Unavailable {
                cause: "the audit log did not take the request's record".to_owned(),
            },
        ),
        Fault::HeaderTooLarge => {
            return text(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "the request's header is too large\n",
            );
        }
    };
    if path.starts_with(layer_path::PREFIX) {
        error::s3::fault_of(&failure, path).render(request_id)
    } else if registry_path(path).is_some() {
        // No refusal of access, which is all that the modes render differently.
        Refusal::new(status, ErrorCode::Unknown, failure.message())
            .render(request_id, Compat::Extended)
    } else {
        error::aws::fault_of(&failure).json(error::aws::JSON_1_1)
    }
}

/// `/healthz`: the process answers. `/readyz`: the store does, too.
pub(crate) async fn health(service: &Service, request: &Request) -> Answer {
    if !matches!(request.parts.method, Method::GET | Method::HEAD) {
        return text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
    }
    if request.parts.uri.path() == "/healthz" {
        request.exchange.note_action("healthz");
        return text(StatusCode::OK, "ok\n");
    }
    request.exchange.note_action("readyz");
    if service.ready().await {
        text(StatusCode::OK, "ready\n")
    } else {
        text(StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
    }
}

/// A short answer for people.
pub(crate) fn text(status: StatusCode, text: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Payload::Whole(text.into()));
    *answer.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().insert(CONTENT_TYPE, plain);
    answer
}

/// What the domain says of a body that could not be collected.
pub(crate) fn body_error(fault: BodyFault, limit: usize) -> Error {
    match fault {
        BodyFault::TimedOut => Error::BodyTimeout,
        BodyFault::NoRoom => Error::Unavailable {
            cause: "no memory came free for a request's body".to_owned(),
        },
        BodyFault::Aborted => Error::BodyAborted,
        BodyFault::TooLarge => Error::BodyTooLarge {
            limit: u64::try_from(limit).unwrap_or(u64::MAX),
        },
    }
}

/// The same fault as a streamed body tells it.
pub(crate) fn stream_error(fault: BodyFault) -> BodyError {
    match fault {
        BodyFault::TimedOut | BodyFault::NoRoom => BodyError::TimedOut,
        BodyFault::Aborted => BodyError::Aborted,
        BodyFault::TooLarge => BodyError::TooLarge,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_v2_itself_and_what_lies_under_it_is_the_registry() {
        assert_eq!(registry_path("/v2/"), Some("/"));
        assert_eq!(registry_path("/v2"), Some(""));
        assert_eq!(registry_path("/v2/a/tags/list"), Some("/a/tags/list"));
        for other in ["/", "/v2x/", "/V2/", "//v2/", "/v1/"] {
            assert_eq!(registry_path(other), None, "{other}");
        }
    }
}
