//! Bodies as they travel: what a client sends, bounded in time and size, and what it is sent.
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::StreamExt;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use crate::edge::stream::{Pulse, Sending};
use crate::limits;
use crate::outcome::{Exchange, Finish};

/// Why a request's body could not be read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    /// No byte came for `limits.body_idle`.
    #[error("no byte of the body came in time")]
    TimedOut,
    /// No room for it came free in memory for too long.
    #[error("no memory came free for the body")]
    NoRoom,
    /// The client closed or broke the connection.
    #[error("the client ended the body early")]
    Aborted,
    /// The body is longer than the route takes.
    #[error("the body is too long")]
    TooLarge,
}

/// The body of a request.
///
/// Dropped before its end, the rest is read for a moment (64 KiB or 1 s) so that the client, still
/// sending, sees the answer instead of a reset connection.
pub struct RequestBody {
    incoming: Option<Incoming>,
    exchange: Arc<Exchange>,
    announced: Option<u64>,
    /// The client waits for `100 Continue`, which only polling the body sends.
    waits: bool,
    bound: u64,
    received: u64,
    idle: Duration,
    /// Since when the next piece is awaited. The time that we take between two counts for nothing.
    awaited: Option<Instant>,
    /// Set once for many pieces: when it ends, it is looked at what is awaited then.
    timer: Option<Pin<Box<Sleep>>>,
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody")
            .field("announced", &self.announced)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}

impl RequestBody {
    pub(crate) fn new(
        incoming: Incoming,
        exchange: Arc<Exchange>,
        idle: Duration,
        waits: bool,
    ) -> Self {
        let announced = incoming.size_hint().exact();
        if incoming.is_end_stream() {
            exchange.body_ended();
        }
        Self {
            incoming: Some(incoming),
            exchange,
            announced,
            waits,
            bound: u64::MAX,
            received: 0,
            idle,
            awaited: None,
            timer: None,
        }
    }

    /// The length the client announced, in bytes; `None` for a body that ends when it ends.
    pub fn announced(&self) -> Option<u64> {
        self.announced
    }

    /// Tells whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.announced == Some(0)
    }

    /// Fails with [`BodyFault::TooLarge`] once more than `bytes` have come.
    #[must_use]
    pub fn bounded(mut self, bytes: u64) -> Self {
        self.bound = bytes;
        self
    }

    /// Reads the whole body into memory.
    ///
    /// # Errors
    /// `TooLarge` before reading anything if the announced length exceeds `limit`, or as soon as more came.
    pub async fn collect(self, limit: usize) -> Result<Bytes, BodyFault> {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        if self.announced.is_some_and(|announced| announced > limit) {
            return Err(BodyFault::TooLarge);
        }
        let mut body = self.bounded(limit);
        let Some(first) = body.next().await.transpose()? else {
            return Ok(Bytes::new());
        };
        let Some(second) = body.next().await.transpose()? else {
            return Ok(first);
        };
        let announced = usize::try_from(body.announced.unwrap_or(0)).unwrap_or(0);
        let mut whole = BytesMut::with_capacity(announced.max(first.len() + second.len()));
        whole.extend_from_slice(&first);
        whole.extend_from_slice(&second);
        while let Some(chunk) = body.next().await.transpose()? {
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }

    /// Ready once no piece has come for too long.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let until = *self.awaited.get_or_insert_with(Instant::now) + self.idle;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        while timer.as_mut().poll(cx).is_ready() {
            if timer.deadline() >= until {
                return Poll::Ready(());
            }
            timer.as_mut().reset(until);
        }
        Poll::Pending
    }
}

impl Stream for RequestBody {
    type Item = Result<Bytes, BodyFault>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        this.waits = false;
        loop {
            let Some(incoming) = this.incoming.as_mut() else {
                return Poll::Ready(None);
            };
            match Pin::new(incoming).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    this.awaited = None;
                    // Trailers carry nothing for us.
                    let Ok(data) = frame.into_data() else {
                        continue;
                    };
                    let length = u64::try_from(data.len()).unwrap_or(u64::MAX);
                    this.received = this.received.saturating_add(length);
                    this.exchange.body_came(length);
                    if this.received > this.bound {
                        return Poll::Ready(Some(Err(BodyFault::TooLarge)));
                    }
                    return Poll::Ready(Some(Ok(data)));
                }
                Poll::Ready(Some(Err(_))) => {
                    this.incoming = None;
                    return Poll::Ready(Some(Err(BodyFault::Aborted)));
                }
                Poll::Ready(None) => {
                    this.incoming = None;
                    this.exchange.body_ended();
                    return Poll::Ready(None);
                }
                Poll::Pending => {
                    if this.poll_idle(cx).is_ready() {
                        this.incoming = None;
                        return Poll::Ready(Some(Err(BodyFault::TimedOut)));
                    }
                    return Poll::Pending;
                }
            }
        }
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        let Some(incoming) = self.incoming.take() else {
            return;
        };
        if incoming.is_end_stream() || self.waits {
            return;
        }
        // Bounded by `REFUSED_BODY_TIME`, and the connection's own task ends with it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(drain(incoming));
        }
    }
}

/// Reads and forgets a little of a refused body; hyper closes the connection if more is left.
async fn drain(mut incoming: Incoming) {
    let until = Instant::now() + limits::REFUSED_BODY_TIME;
    let mut left = limits::REFUSED_BODY_BYTES;
    while left > 0 {
        let next = std::future::poll_fn(|cx| Pin::new(&mut incoming).poll_frame(cx));
        let Ok(Some(Ok(frame))) = tokio::time::timeout_at(until, next).await else {
            return;
        };
        let length = frame.data_ref().map_or(0, Bytes::len);
        left = left.saturating_sub(u64::try_from(length).unwrap_or(u64::MAX));
    }
}

/// What goes wrong while an answer's body is produced; the connection is cut, since the status is out.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The pieces of a streamed answer.
pub type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, BoxError>> + Send>>;

/// The body of an answer.
pub enum Payload {
    /// Nothing.
    Empty,
    /// All of it, in memory.
    Whole(Bytes),
    /// Pieces that come to exactly `left` bytes.
    Stream {
        /// Where they come from.
        pieces: Pieces,
        /// How many bytes are still to come.
        left: u64,
    },
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Whole(bytes) => write!(f, "Whole({} bytes)", bytes.len()),
            Self::Stream { left, .. } => write!(f, "Stream({left} bytes)"),
        }
    }
}

impl Payload {
    fn left(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Whole(bytes) => u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            Self::Stream { left, .. } => *left,
        }
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        match self {
            Self::Empty => Poll::Ready(None),
            Self::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = Self::Empty;
                Poll::Ready((!bytes.is_empty()).then_some(Ok(bytes)))
            }
            Self::Stream { pieces, left } => match pieces.as_mut().poll_next(cx) {
                Poll::Ready(Some(Ok(piece))) => {
                    let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
                    *left = left.saturating_sub(length);
                    Poll::Ready(Some(Ok(piece)))
                }
                Poll::Ready(None) if *left > 0 => {
                    Poll::Ready(Some(Err("the answer's body ended early".into())))
                }
                other => other,
            },
        }
    }
}

/// An answer's body that reports the request's outcome when it is sent or given up.
#[derive(Debug)]
pub(crate) struct Accounted {
    payload: Payload,
    // Counted out before the request is: see `Pulse::look_again`.
    sending: Option<Sending>,
    finish: Finish,
}

impl Accounted {
    /// `pulse` is that of an HTTP/2 connection, where the socket tells nothing of one answer.
    pub(crate) fn new(payload: Payload, mut finish: Finish, pulse: Option<Arc<Pulse>>) -> Self {
        let empty = payload.left() == 0;
        if empty {
            finish.complete();
        }
        Self {
            payload,
            sending: pulse.filter(|_| !empty).map(Sending::begin),
            finish,
        }
    }
}

impl Body for Accounted {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        match this.payload.poll_piece(cx) {
            Poll::Ready(Some(Ok(piece))) => {
                this.finish.sent(piece.len());
                if let Some(sending) = &this.sending {
                    sending.moves(Instant::now());
                }
                if this.payload.left() == 0 {
                    this.finish.complete();
                }
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Poll::Ready(Some(Err(error))) => {
                this.finish.broke(&error);
                Poll::Ready(Some(Err(error)))
            }
            Poll::Ready(None) => {
                this.finish.complete();
                Poll::Ready(None)
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.payload.left() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.payload.left())
    }
}
