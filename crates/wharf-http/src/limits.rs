//! Every bound of the edge in one place: what has no stated bound is given one by an attacker.
use std::time::Duration;

/// Largest number of header fields in one request.
pub const MAX_HEADERS: usize = 100;

/// Largest sum of header names and values in one request, in bytes.
pub const MAX_HEADER_BYTES: usize = 64 * 1024;

/// Read buffer of one connection, in bytes; holds a whole header and bounds one body read.
pub const CONNECTION_BUFFER_BYTES: usize = 256 * 1024;

/// How long an HTTP/1 connection keeps its buffers after a request.
pub const REST: Duration = Duration::from_millis(500);

/// Requests that one HTTP/2 connection may have running at once.
pub const STREAMS: u32 = 128;

/// Requests that one HTTP/2 connection may take back before they are looked at; more end it.
pub const RESET_STREAMS: usize = 32;

/// Bytes of one HTTP/2 request's body that may wait to be read.
pub const STREAM_WINDOW_BYTES: u32 = 1024 * 1024;

/// Bytes of all bodies of one HTTP/2 connection that may wait: one that is not read holds up no other.
pub const CONNECTION_WINDOW_BYTES: u32 = 4 * 1024 * 1024;

/// Bytes of one HTTP/2 answer that are prepared ahead of the client's window.
pub const STREAM_SEND_BYTES: usize = 64 * 1024;

/// Largest body of an AWS JSON request: a layer part of 20,971,520 bytes in base64, and its frame.
pub const JSON_BODY_BYTES: usize = 28 * 1024 * 1024;

/// Largest body of a request of the query protocol.
pub const QUERY_BODY_BYTES: usize = 1024 * 1024;

/// The largest body of an operation of the JSON protocol that carries neither a manifest nor a layer.
pub const SMALL_BODY_BYTES: usize = 1024 * 1024;

/// Largest manifest.
pub const MANIFEST_BYTES: usize = 4 * 1024 * 1024;

/// Largest layer (ECR's quota of 52,000 MiB); more bytes than this in one upload request are refused.
pub const LAYER_BYTES: u64 = 52_000 * 1024 * 1024;

/// How much of a refused body is read after the answer, so that the client sees the answer.
pub const REFUSED_BODY_BYTES: u64 = 64 * 1024;

/// How long a refused body is read after the answer.
pub const REFUSED_BODY_TIME: Duration = Duration::from_secs(1);

/// How much more is taken from the socket and thrown away before a connection that has refused a body is cut, for
/// senders that read no answer before all is sent.
pub const LINGER_BYTES: u64 = 64 * 1024 * 1024;

/// How long that may take.
pub const LINGER_TIME: Duration = Duration::from_secs(2);

/// Largest `Authorization` header that is looked at, in bytes.
pub const AUTHORIZATION_BYTES: usize = 8 * 1024;

/// Bounds that the configuration may move.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections open at once; one more waits to be accepted.
    pub connections: usize,
    /// Connections open at once from one address; more are closed unanswered. `None`: no bound.
    pub connections_per_address: Option<usize>,
    /// Time from a request's first byte to the end of its header.
    pub header: Duration,
    /// Time a connection may stay without a request.
    pub idle: Duration,
    /// Time without a byte while a body is read or an answer is written.
    pub body_idle: Duration,
    /// Time for everything but the transfer of a blob.
    pub request: Duration,
    /// Time for an upload: long, since only `body_idle` tells a slow client from a dead one.
    pub transfer: Duration,
    /// Time that running requests get after the first signal to stop.
    pub drain: Duration,
    /// Bytes of bodies held in memory at once; more wait.
    pub buffered_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            connections_per_address: None,
            header: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            body_idle: Duration::from_secs(30),
            request: Duration::from_mins(1),
            transfer: Duration::from_hours(24),
            drain: Duration::from_secs(30),
            buffered_bytes: 128 * 1024 * 1024,
        }
    }
}
