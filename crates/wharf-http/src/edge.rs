//! The edge: accepts connections, bounds them, and carries each request to the handler and back.
//!
//! Everything here is about time, size and order; what a request means is the handler's business.
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use http::header::{CONNECTION, EXPECT, HOST, HeaderValue};
use http::{HeaderMap, Response, StatusCode, Version, request};
use http_body::Body;
use hyper::body::Incoming;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::Instant;

pub use crate::edge::body::{BodyFault, BoxError, Payload, Pieces, RequestBody};
pub use crate::edge::tls::Tls;
pub use crate::edge::transport::{Plain, Transport};
use crate::limits::{self, Limits};
use crate::mask::MaskedTarget;
use crate::outcome::{Exchange, Finish, Sink};

mod body;
mod gate;
mod speak;
mod stream;
pub mod tls;
mod transport;
mod turn;

/// The header every answer carries.
const REQUEST_ID: &str = "x-amzn-requestid";

/// What the handler answers with.
pub type Answer = Response<Payload>;

/// Whether new requests are welcome; sent to every listener and connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// As usual.
    Serving,
    /// Nothing new is accepted; what runs may end.
    Draining,
}

/// Who is at the other end, before any proxy is believed.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// The other end's address.
    pub remote: SocketAddr,
    /// The address it connected to.
    pub local: SocketAddr,
    /// Whether the transport is encrypted.
    pub secure: bool,
}

/// One request as the edge hands it over.
#[derive(Debug)]
pub struct Request {
    /// Method, target, headers.
    pub parts: request::Parts,
    /// The body, not yet read.
    pub body: RequestBody,
    /// Who sent it.
    pub peer: Peer,
    /// Where facts for the outcome are noted.
    pub exchange: Arc<Exchange>,
    /// When the answer must have begun.
    pub deadline: Instant,
}

/// Why the edge answers itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The handler panicked.
    Panicked,
    /// The deadline passed before an answer.
    TooSlow,
    /// The header is larger than allowed.
    HeaderTooLarge,
    /// The request was answered, but a note of it could not be kept.
    NotKept,
}

/// Turns requests into answers.
pub trait Handler: Send + Sync + 'static {
    /// How long the answer to this request may take to begin.
    fn time_limit(&self, parts: &request::Parts) -> Duration;

    /// Answers one request. May be dropped at any await when the client leaves or time is up.
    fn handle(&self, request: Request) -> impl Future<Output = Answer> + Send;

    /// Says in the protocol of `path` what went wrong.
    fn fault(&self, path: &str, request_id: &str, fault: Fault) -> Answer;
}

/// Serves one handler on any number of listeners.
#[derive(Debug)]
pub struct Edge<H> {
    handler: H,
    limits: Limits,
    gate: Arc<gate::Gate>,
    sinks: Arc<[Arc<dyn Sink>]>,
    wall: fn() -> i64,
    phase: watch::Receiver<Phase>,
}

impl std::fmt::Debug for dyn Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sink")
    }
}

impl<H: Handler> Edge<H> {
    /// Makes an edge; `wall` tells the time in microseconds since 1970.
    pub fn new(
        handler: H,
        limits: Limits,
        sinks: Vec<Arc<dyn Sink>>,
        wall: fn() -> i64,
        phase: watch::Receiver<Phase>,
    ) -> Arc<Self> {
        Arc::new(Self {
            handler,
            gate: gate::Gate::new(limits.connections, limits.connections_per_address),
            limits,
            sinks: sinks.into(),
            wall,
            phase,
        })
    }

    /// Accepts connections until the phase is `Draining`.
    pub async fn run<T: Transport>(self: Arc<Self>, listener: TcpListener, transport: T) {
        let transport = Arc::new(transport);
        let mut phase = self.phase.clone();
        let stopped = async move {
            phase
                .wait_for(|phase| *phase == Phase::Draining)
                .await
                .is_ok()
        };
        let mut stopped = pin!(stopped);
        loop {
            let next = async {
                let permit = self.gate.permit().await;
                (permit, listener.accept().await)
            };
            let (permit, accepted) = tokio::select! {
                biased;
                _ = &mut stopped => return,
                next = next => next,
            };
            let Some(permit) = permit else { return };
            let (socket, remote) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "accept failed");
                    // Out of file descriptors, most likely: give other connections time to end.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            };
            let Some(pass) = self.gate.admit(permit, remote.ip()) else {
                tracing::debug!(%remote, "too many connections from one address");
                continue;
            };
            let (edge, transport) = (Arc::clone(&self), Arc::clone(&transport));
            let connection = async move {
                edge.connection(socket, remote, &*transport).await;
                drop(pass);
            };
            #[expect(
                clippy::disallowed_methods,
                reason = "tracked by its pass: `drained` waits until all are back"
            )]
            tokio::spawn(connection);
        }
    }

    /// Waits until every connection has ended. Call it after `Draining` was sent.
    pub async fn drained(&self) {
        self.gate.emptied().await;
    }

    async fn connection<T: Transport>(
        self: &Arc<Self>,
        socket: TcpStream,
        remote: SocketAddr,
        transport: &T,
    ) {
        // Without it the last segment of a small answer waits for the peer's delayed acknowledgement.
        if let Err(error) = socket.set_nodelay(true) {
            tracing::debug!(%remote, error = &error as &dyn std::error::Error, "no TCP_NODELAY");
        }
        let Ok(local) = socket.local_addr() else {
            return;
        };
        let secure = transport.secure();
        let shaken = tokio::time::timeout(self.limits.header, transport.accept(socket)).await;
        let Ok(Ok(stream)) = shaken else {
            tracing::debug!(%remote, "handshake failed");
            return;
        };
        let peer = Peer {
            remote,
            local,
            secure,
        };
        self.speak(stream, peer).await;
    }

    /// Carries one request to the handler and prepares its answer and its outcome.
    async fn exchange(
        self: Arc<Self>,
        request: http::Request<Incoming>,
        peer: Peer,
        pulse: Arc<stream::Pulse>,
    ) -> Response<body::Accounted> {
        let (mut parts, incoming) = request.into_parts();
        host_of_target(&mut parts);
        let exchange = Exchange::begin((self.wall)());
        let mut finish = Finish::new(
            Arc::clone(&exchange),
            Arc::clone(&self.sinks),
            plain_address(peer.remote.ip()),
            parts.method.clone(),
            MaskedTarget::new(parts.uri.path(), parts.uri.query()),
            {
                let pulse = Arc::clone(&pulse);
                Box::new(move || pulse.request_ends(Instant::now()))
            },
        );
        let version = parts.version;
        let announced = incoming.size_hint().exact();
        let waits = parts.headers.contains_key(EXPECT);
        let body = RequestBody::new(
            incoming,
            Arc::clone(&exchange),
            self.limits.body_idle,
            waits,
        );
        let path = parts.uri.path().to_owned();
        let mut answer = self.answer(parts, body, peer, &exchange).await;
        finish.answered(answer.status());
        if !finish.keep().await {
            exchange.note_error("ServiceUnavailable");
            let id = exchange.request_id();
            answer = self.handler.fault(&path, id, Fault::NotKept);
            finish.answered(answer.status());
        }
        let headers = answer.headers_mut();
        if let Ok(id) = HeaderValue::from_str(finish.exchange().request_id()) {
            headers.insert(REQUEST_ID, id);
        }
        // More will not be drained than this: tell the client, which then sees no surprise.
        if version <= Version::HTTP_11 && exchange.unread(announced) > limits::REFUSED_BODY_BYTES {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
            pulse.lingers();
        }
        let pulse = pulse.is_http2().then_some(pulse);
        answer.map(|payload| body::Accounted::new(payload, finish, pulse))
    }

    /// Runs the handler within its time, behind a guard that turns a panic into a 500.
    async fn answer(
        &self,
        parts: request::Parts,
        body: RequestBody,
        peer: Peer,
        exchange: &Arc<Exchange>,
    ) -> Answer {
        let path = parts.uri.path().to_owned();
        let fault = |fault| self.handler.fault(&path, exchange.request_id(), fault);
        if header_bytes(&parts.headers) > limits::MAX_HEADER_BYTES {
            exchange.note_error("HeaderTooLarge");
            return fault(Fault::HeaderTooLarge);
        }
        let deadline = Instant::now() + self.handler.time_limit(&parts);
        let handled = self.handler.handle(Request {
            parts,
            body,
            peer,
            exchange: Arc::clone(exchange),
            deadline,
        });
        let guarded = AssertUnwindSafe(handled).catch_unwind();
        match tokio::time::timeout_at(deadline, guarded).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_panic)) => {
                // The panic hook has logged where; this line says whose request it was.
                tracing::error!(request_id = exchange.request_id(), "request panicked");
                exchange.note_error("InternalFailure");
                fault(Fault::Panicked)
            }
            Err(_elapsed) => {
                tracing::error!(request_id = exchange.request_id(), "request took too long");
                exchange.note_error("ServiceUnavailable");
                fault(Fault::TooSlow)
            }
        }
    }
}

/// An answer without a body.
pub fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Payload::Empty);
    *answer.status_mut() = status;
    answer
}

/// Makes `Host` of a target's authority, which it has in HTTP/2 (`:authority`) and before proxies; it counts more
/// than a `Host` beside it (RFC 9112, 3.2.2), and signatures are over it.
fn host_of_target(parts: &mut request::Parts) {
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    if let Some(Ok(host)) = authority.map(HeaderValue::from_str) {
        parts.headers.insert(HOST, host);
    }
}

/// The sum of all header names and values, in bytes.
fn header_bytes(headers: &HeaderMap) -> usize {
    headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum()
}

/// Writes an IPv4 address that came in IPv6 clothes as IPv4.
pub(crate) fn plain_address(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_of_a_target_is_its_host() {
        let host = |uri: &str, host: &str| {
            let request = http::Request::builder().uri(uri).header(HOST, host);
            let mut parts = request.body(()).unwrap().into_parts().0;
            host_of_target(&mut parts);
            let values: Vec<_> = parts.headers.get_all(HOST).iter().cloned().collect();
            values
        };
        assert_eq!(host("/v2/", "a.example"), ["a.example"]);
        assert_eq!(
            host("https://b.example:8443/v2/", "a.example"),
            ["b.example:8443"]
        );
    }
}
