//! What became of one request, told once to every sink: access log, metrics, later the audit.
use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Method, StatusCode};
use tokio::time::Instant;
use wharf_registry::{Ctx, Decided, RequestInfo, Trail};

use crate::edge::BoxError;
use crate::mask::MaskedTarget;

/// The status logged for a client that left before its answer, as nginx writes it.
pub const CLIENT_LEFT: u16 = 499;

/// How long an answer waits until it is noted.
const KEEP_TIME: Duration = Duration::from_secs(10);

/// Most characters that are kept of an error's text.
const ERROR_CHARACTERS: usize = 1_024;

/// One request from its first byte to the last of its answer.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// When the request came, in microseconds since 1970 by the wall clock.
    pub at: i64,
    /// A version 4 UUID, as sent in `x-amzn-RequestId`.
    pub request_id: String,
    /// Who sent it: the peer, or what a trusted proxy says.
    pub source: IpAddr,
    /// The HTTP method.
    pub method: Method,
    /// Path and query, secrets masked.
    pub target: MaskedTarget,
    /// The IAM action or the kind of request, such as `ecr:PutImage` or `healthz`.
    pub action: Option<&'static str>,
    /// The repository's name.
    pub repository: Option<String>,
    /// Who was authenticated, and how the request came; none of an unknown caller.
    pub caller: Option<Arc<RequestInfo>>,
    /// The answer's HTTP status; 499 if the client left before it.
    pub status: u16,
    /// The error's code as the client saw it.
    pub error_code: Option<Cow<'static, str>>,
    /// What the client was told beside the code; may repeat what the client sent.
    pub error_message: Option<String>,
    /// What authorization decided.
    pub decisions: Vec<Decided>,
    /// Bytes of the request's body that were read.
    pub bytes_in: u64,
    /// Bytes of the answer's body that were sent.
    pub bytes_out: u64,
    /// From the end of the request's header to the end of the answer.
    pub duration: Duration,
    /// Whether the answer was sent to its end.
    pub complete: bool,
    /// Whether the answer waited until it was noted, by the sink that keeps.
    pub kept: bool,
}

impl Outcome {
    /// ARN of the authenticated principal.
    pub fn principal(&self) -> Option<&str> {
        self.caller.as_ref().map(|it| it.principal.arn.as_str())
    }

    /// The account whose registry was addressed.
    pub fn account(&self) -> Option<&str> {
        self.caller.as_ref().map(|it| it.account.as_str())
    }
}

/// Whether a note is kept, once that is known.
pub type Keeping = Pin<Box<dyn Future<Output = bool> + Send + Sync>>;

/// Something that is told of every request.
pub trait Sink: Send + Sync + 'static {
    /// Takes note of one request; must not wait.
    fn record(&self, outcome: &Outcome);

    /// Whether answers wait for [`Self::keep`].
    fn keeps(&self) -> bool {
        false
    }

    /// Takes note of a request whose answer waits for that; `None` when there is nothing to wait for. What is told
    /// of the answer's body and of the time is not known yet.
    fn keep(&self, _outcome: &Outcome) -> Option<Keeping> {
        None
    }
}

/// What the layers behind the edge find out about a request.
#[derive(Debug, Default, Clone)]
struct Facts {
    source: Option<IpAddr>,
    action: Option<&'static str>,
    repository: Option<String>,
    caller: Option<Arc<RequestInfo>>,
    error_code: Option<Cow<'static, str>>,
    error_message: Option<String>,
}

/// One request on its way, shared by its body, its handler and its answer.
#[derive(Debug)]
pub struct Exchange {
    request_id: String,
    at: i64,
    received: Instant,
    bytes_in: AtomicU64,
    body_ended: AtomicBool,
    facts: Mutex<Facts>,
    trail: Arc<Trail>,
}

impl Exchange {
    pub(crate) fn begin(at: i64) -> Arc<Self> {
        Arc::new(Self {
            request_id: uuid::Uuid::new_v4().to_string(),
            at,
            received: Instant::now(),
            bytes_in: AtomicU64::new(0),
            body_ended: AtomicBool::new(false),
            facts: Mutex::default(),
            trail: Arc::default(),
        })
    }

    /// The request's id, a version 4 UUID.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// When the request came, in microseconds since 1970 by the wall clock.
    pub fn at(&self) -> i64 {
        self.at
    }

    /// Where authorization writes down what it decides for this request.
    pub fn trail(&self) -> &Arc<Trail> {
        &self.trail
    }

    fn note(&self, write: impl FnOnce(&mut Facts)) {
        write(&mut self.facts.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Notes who sent the request, if not the peer.
    pub fn note_source(&self, source: IpAddr) {
        self.note(|facts| facts.source = Some(source));
    }

    /// Notes what is asked for.
    pub fn note_action(&self, action: &'static str) {
        self.note(|facts| facts.action = Some(action));
    }

    /// Notes the repository in question.
    pub fn note_repository(&self, repository: &str) {
        self.note(|facts| facts.repository = Some(repository.to_owned()));
    }

    /// Notes who asks, once that is proven, and which registry is addressed.
    pub fn note_caller(&self, ctx: &Ctx) {
        let request = Arc::clone(ctx.request());
        self.note(|facts| facts.caller = Some(request));
    }

    /// Notes the code of the error that is answered.
    pub fn note_error(&self, code: impl Into<Cow<'static, str>>) {
        self.note(|facts| facts.error_code = Some(code.into()));
    }

    /// Notes the error that is answered, with its text.
    pub fn note_failure(&self, code: &'static str, message: &str) {
        self.note(|facts| {
            facts.error_code = Some(code.into());
            facts.error_message = Some(message.chars().take(ERROR_CHARACTERS).collect());
        });
    }

    pub(crate) fn body_came(&self, bytes: u64) {
        self.bytes_in.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn body_ended(&self) {
        self.body_ended.store(true, Ordering::Relaxed);
    }

    /// Bytes of the body that were not read, given its announced length.
    pub(crate) fn unread(&self, announced: Option<u64>) -> u64 {
        if self.body_ended.load(Ordering::Relaxed) {
            return 0;
        }
        let came = self.bytes_in.load(Ordering::Relaxed);
        announced.unwrap_or(0).saturating_sub(came)
    }
}

/// Tells the sinks once, when it goes out of scope: whatever ends a request, its outcome is recorded.
pub(crate) struct Finish {
    exchange: Arc<Exchange>,
    sinks: Arc<[Arc<dyn Sink>]>,
    peer: IpAddr,
    method: Method,
    target: MaskedTarget,
    status: u16,
    bytes_out: u64,
    complete: bool,
    decisions: Vec<Decided>,
    kept: bool,
    running: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl fmt::Debug for Finish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finish")
            .field("request_id", &self.exchange.request_id)
            .finish_non_exhaustive()
    }
}

impl Finish {
    pub(crate) fn new(
        exchange: Arc<Exchange>,
        sinks: Arc<[Arc<dyn Sink>]>,
        peer: IpAddr,
        method: Method,
        target: MaskedTarget,
        then: Box<dyn FnOnce() + Send + Sync>,
    ) -> Self {
        Self {
            exchange,
            sinks,
            peer,
            method,
            target,
            status: CLIENT_LEFT,
            bytes_out: 0,
            complete: false,
            decisions: Vec::new(),
            kept: false,
            running: Some(then),
        }
    }

    pub(crate) fn exchange(&self) -> &Arc<Exchange> {
        &self.exchange
    }

    pub(crate) fn answered(&mut self, status: StatusCode) {
        self.status = status.as_u16();
        // An answer to HEAD, and one without content, has no body to be polled for.
        self.complete = self.method == Method::HEAD;
    }

    /// Tells the sinks that answers wait for; false when one of them did not keep it in time.
    pub(crate) async fn keep(&mut self) -> bool {
        let sinks = Arc::clone(&self.sinks);
        for sink in sinks.iter().filter(|sink| sink.keeps()) {
            let Some(keeping) = sink.keep(&self.outcome(false)) else {
                continue;
            };
            // It has been told now, also if the client leaves meanwhile.
            self.kept = true;
            let in_time = tokio::time::timeout(KEEP_TIME, keeping).await;
            if !in_time.unwrap_or(false) {
                self.kept = false;
                return false;
            }
        }
        true
    }

    /// What is known by now; the last time, what is kept here is given away.
    fn outcome(&mut self, last: bool) -> Outcome {
        self.decisions.extend(self.exchange.trail.take());
        let noted = &self.exchange.facts;
        let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
        let (facts, target, decisions) = if last {
            (
                std::mem::take(&mut *noted),
                std::mem::take(&mut self.target),
                std::mem::take(&mut self.decisions),
            )
        } else {
            (noted.clone(), self.target.clone(), self.decisions.clone())
        };
        drop(noted);
        Outcome {
            at: self.exchange.at,
            request_id: self.exchange.request_id.clone(),
            source: facts.source.unwrap_or(self.peer),
            method: self.method.clone(),
            target,
            action: facts.action,
            repository: facts.repository,
            caller: facts.caller,
            status: self.status,
            error_code: facts.error_code,
            error_message: facts.error_message,
            decisions,
            bytes_in: self.exchange.bytes_in.load(Ordering::Relaxed),
            bytes_out: self.bytes_out,
            duration: self.exchange.received.elapsed(),
            complete: self.complete,
            kept: self.kept,
        }
    }

    pub(crate) fn sent(&mut self, bytes: usize) {
        self.bytes_out += u64::try_from(bytes).unwrap_or(0);
    }

    pub(crate) fn complete(&mut self) {
        self.complete = true;
    }

    pub(crate) fn broke(&self, error: &BoxError) {
        tracing::error!(
            request_id = self.exchange.request_id,
            error = &**error as &dyn std::error::Error,
            "an answer was cut off"
        );
    }
}

impl Drop for Finish {
    fn drop(&mut self) {
        let outcome = self.outcome(true);
        for sink in self.sinks.iter() {
            sink.record(&outcome);
        }
        if let Some(then) = self.running.take() {
            then();
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Instant;

    use wharf_registry::{Endpoint, Plane, Principal};
    use wharf_wire::ids::{AccountId, Region};

    use super::*;

    /// A request of an account's root.
    pub(crate) fn caller() -> RequestInfo {
        let account = AccountId::parse("123456789012").unwrap();
        RequestInfo {
            request_id: "89b682e5-ac18-4fac-a917-2155723ed59b".to_owned(),
            principal: Principal::root(account.clone(), "AKIAEXAMPLE".to_owned()),
            account,
            region: Region::parse("us-east-1").unwrap(),
            now: 1_795_591_920_123_456,
            received_at: 1_795_591_920_123_456,
            source: [127, 0, 0, 1].into(),
            secure: false,
            user_agent: Some("docker/29".to_owned()),
            endpoint: Endpoint {
                scheme: "http".to_owned(),
                authority: "localhost:4640".to_owned(),
                domain: false,
            },
            deadline: Instant::now(),
            plane: Plane::Docker,
            trail: Arc::default(),
        }
    }
}
