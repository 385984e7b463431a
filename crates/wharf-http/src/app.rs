//! The main listener: tells the protocols apart and hands each request to its own.
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Response, StatusCode, request};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wharf_registry::{BodyError, Compat, Error, Service};
use wharf_wire::layer_path;
use wharf_wire::oci::ErrorCode;

use crate::edge::{Answer, BodyFault, Fault, Handler, Payload, Request, RequestBody};
use crate::error::oci::Refusal;
use crate::limits::Limits;
use crate::origin::Site;
use crate::{aws, error, layer_urls, oci};

/// Everything that answers on the main listener.
#[derive(Debug)]
pub struct App {
    pub(crate) service: Service,
    pub(crate) site: Site,
    pub(crate) bodies: ByteBudget,
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
        BodyFault::Aborted => Error::BodyAborted,
        BodyFault::TooLarge => Error::BodyTooLarge {
            limit: u64::try_from(limit).unwrap_or(u64::MAX),
        },
    }
}

/// The same fault as a streamed body tells it.
pub(crate) fn stream_error(fault: BodyFault) -> BodyError {
    match fault {
        BodyFault::TimedOut => BodyError::TimedOut,
        BodyFault::Aborted => BodyError::Aborted,
        BodyFault::TooLarge => BodyError::TooLarge,
    }
}

/// How long a whole body may take: less than a request may, so that the client hears why.
const BODY_TIME: Duration = Duration::from_secs(50);

/// How long a body waits for room in the budget.
const BUDGET_TIME: Duration = Duration::from_secs(10);

/// Bytes of bodies held in memory at once: waiting replaces growing.
#[derive(Debug)]
pub(crate) struct ByteBudget {
    /// One permit for each KiB.
    free: Arc<Semaphore>,
    kib: u32,
}

impl ByteBudget {
    fn new(bytes: usize) -> Self {
        let kib = u32::try_from(bytes / 1024).unwrap_or(u32::MAX).max(1);
        Self {
            free: Arc::new(Semaphore::new(kib as usize)),
            kib,
        }
    }

    /// Collects a body, counted as its bytes arrive: what is only announced keeps nothing from others.
    ///
    /// # Errors
    /// Those of the body; `TimedOut` also when the budget had no room for too long, so that two halves that wait for
    /// each other end.
    pub(crate) async fn collect(&self, body: RequestBody, limit: usize) -> Result<Held, BodyFault> {
        let collected = self.collect_all(body, limit);
        let in_time = tokio::time::timeout(BODY_TIME, collected).await;
        in_time.unwrap_or(Err(BodyFault::TimedOut))
    }

    async fn collect_all(&self, body: RequestBody, limit: usize) -> Result<Held, BodyFault> {
        let bound = u64::try_from(limit).unwrap_or(u64::MAX);
        if body.announced().is_some_and(|announced| announced > bound) {
            return Err(BodyFault::TooLarge);
        }
        let mut body = body.bounded(bound);
        let (mut bytes, mut held) = (BytesMut::new(), None);
        while let Some(chunk) = body.next().await.transpose()? {
            bytes.extend_from_slice(&chunk);
            self.grow(&mut held, bytes.len()).await?;
        }
        Ok(Held {
            bytes: bytes.freeze(),
            _held: held,
        })
    }

    /// Holds as many KiB as a body has by now.
    async fn grow(
        &self,
        held: &mut Option<OwnedSemaphorePermit>,
        bytes: usize,
    ) -> Result<(), BodyFault> {
        let needed = u32::try_from(bytes.div_ceil(1024))
            .unwrap_or(u32::MAX)
            .min(self.kib);
        let has = held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = needed.saturating_sub(u32::try_from(has).unwrap_or(u32::MAX));
        if more == 0 {
            return Ok(());
        }
        let wait = Arc::clone(&self.free).acquire_many_owned(more);
        let Ok(Ok(permit)) = tokio::time::timeout(BUDGET_TIME, wait).await else {
            return Err(BodyFault::TimedOut);
        };
        match held {
            Some(held) => held.merge(permit),
            None => *held = Some(permit),
        }
        Ok(())
    }
}

/// A body in memory, counted while it is there.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) bytes: Bytes,
    _held: Option<OwnedSemaphorePermit>,
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

    #[tokio::test]
    async fn a_body_larger_than_the_whole_budget_still_gets_its_turn_and_gives_it_back() {
        let budget = ByteBudget::new(2048);
        let mut held = None;
        budget.grow(&mut held, 1).await.unwrap();
        budget.grow(&mut held, 1 << 30).await.unwrap();
        assert!(budget.free.try_acquire().is_err());
        drop(held);
        assert_eq!(budget.free.available_permits(), 2);
    }
}
