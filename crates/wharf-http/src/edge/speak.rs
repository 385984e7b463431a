//! HTTP on one connection: until it ends, is idle for too long, or the server drains.
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;

use http::Response;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

use super::stream::{Pulse, Watched};
use super::turn::Turn;
use super::{Edge, Handler, Peer, Phase, body};
use crate::limits;

/// What every HTTP/2 connection begins with (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Why a connection is spoken on no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// It is over, well or not.
    Over,
    /// It has nothing to do for a while.
    Rests,
}

impl<H: Handler> Edge<H> {
    /// Speaks HTTP on one connection. Between requests nothing of HTTP is kept, so that what only waits costs little:
    /// a request's buffers are made when its first bytes come, and go when the connection has rested a moment.
    pub(super) async fn speak<S>(self: &Arc<Self>, stream: S, peer: Peer)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let pulse = Pulse::new(Instant::now());
        let mut watched = Watched::new(stream, Arc::clone(&pulse), self.limits.body_idle);
        if self.await_bytes(&mut watched, &pulse, PREFACE).await == End::Over {
            return;
        }
        if watched.holds(PREFACE) {
            self.speak_http2(watched, pulse, peer).await;
            return;
        }
        while let Some(rested) = self.speak_http1(watched, &pulse, peer).await {
            watched = rested;
            if self.await_bytes(&mut watched, &pulse, b"").await == End::Over {
                return;
            }
        }
    }

    /// Waits for the first bytes of a request: more than one as long as they are those of `preface`.
    async fn await_bytes<S>(&self, watched: &mut Watched<S>, pulse: &Pulse, preface: &[u8]) -> End
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut draining = pin!(self.draining());
        let mut look = Instant::now();
        loop {
            tokio::select! {
                filled = poll_fn(|cx| watched.poll_fill(cx, preface)) => {
                    return if filled.is_ok_and(|more| more) { End::Rests } else { End::Over };
                }
                () = &mut draining => {
                    // Says goodbye on TLS. Who does not hear it is left.
                    drop(tokio::time::timeout(self.limits.header, watched.shutdown()).await);
                    return End::Over;
                }
                () = tokio::time::sleep_until(look) => {
                    match pulse.look_again(Instant::now(), &self.limits) {
                        Some(next) => look = next,
                        None => return End::Over,
                    }
                }
            }
        }
    }

    /// Speaks HTTP/1 until the connection ends, or rests: then it comes back.
    async fn speak_http1<S>(
        self: &Arc<Self>,
        watched: Watched<S>,
        pulse: &Arc<Pulse>,
        peer: Peer,
    ) -> Option<Watched<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            // The watchdog bounds header and idle time; hyper's own timer cannot tell the two apart.
            .header_read_timeout(None)
            .max_headers(limits::MAX_HEADERS)
            .max_buf_size(limits::CONNECTION_BUFFER_BYTES);
        // In a box: what rests keeps no room for it.
        let service = self.service(pulse, peer);
        let mut connection = Box::new(http.serve_connection(TokioIo::new(watched), service));
        let goodbye =
            |connection: Pin<&mut http1::Connection<_, _>>| connection.graceful_shutdown();
        match self
            .watch(Pin::new(&mut *connection), goodbye, pulse, peer)
            .await
        {
            End::Over => None,
            End::Rests => {
                let parts = connection.into_parts();
                let mut watched = parts.io.into_inner();
                watched.take_back(&parts.read_buf);
                Some(watched)
            }
        }
    }

    async fn speak_http2<S>(self: &Arc<Self>, watched: Watched<S>, pulse: Arc<Pulse>, peer: Peer)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        pulse.speaks_http2();
        let mut http = http2::Builder::new(TokioExecutor::new());
        http.timer(TokioTimer::new())
            .max_concurrent_streams(limits::STREAMS)
            .max_header_list_size(u32::try_from(limits::MAX_HEADER_BYTES).unwrap_or(u32::MAX))
            .max_pending_accept_reset_streams(limits::RESET_STREAMS)
            .max_local_error_reset_streams(limits::RESET_STREAMS)
            .initial_stream_window_size(limits::STREAM_WINDOW_BYTES)
            .initial_connection_window_size(limits::CONNECTION_WINDOW_BYTES)
            .max_send_buf_size(limits::STREAM_SEND_BYTES)
            .keep_alive_interval(self.limits.body_idle)
            .keep_alive_timeout(self.limits.header);
        let service = self.service(&pulse, peer);
        let mut connection = Box::pin(http.serve_connection(TokioIo::new(watched), service));
        let goodbye =
            |connection: Pin<&mut http2::Connection<_, _, _>>| connection.graceful_shutdown();
        self.watch(connection.as_mut(), goodbye, &pulse, peer).await;
    }

    /// What hyper hands the connection's requests to.
    fn service(
        self: &Arc<Self>,
        pulse: &Arc<Pulse>,
        peer: Peer,
    ) -> impl Service<
        http::Request<Incoming>,
        Response = Response<body::Accounted>,
        Error = Infallible,
        Future: Send + 'static,
    >
    + Unpin
    + 'static
    + use<H> {
        let (edge, pulse) = (Arc::clone(self), Arc::clone(pulse));
        hyper::service::service_fn(move |request: http::Request<Incoming>| {
            pulse.request_begins();
            let (edge, pulse) = (Arc::clone(&edge), Arc::clone(&pulse));
            // In a box, so that a connection that only waits keeps no room for it.
            Box::pin(async move { Ok::<_, Infallible>(edge.exchange(request, peer, pulse).await) })
        })
    }

    /// Drives a connection and bounds it in time.
    async fn watch<C>(
        &self,
        mut connection: Pin<&mut C>,
        goodbye: impl Fn(Pin<&mut C>),
        pulse: &Pulse,
        peer: Peer,
    ) -> End
    where
        C: Future<Output = hyper::Result<()>>,
    {
        let turn = Turn::new();
        let mut draining = pin!(self.draining());
        let mut asked = false;
        let mut look = Instant::now() + 2 * limits::REST;
        loop {
            tokio::select! {
                result = poll_fn(|cx| turn.poll(cx, connection.as_mut())) => {
                    if let Err(error) = result {
                        let error = &error as &dyn std::error::Error;
                        tracing::debug!(remote = %peer.remote, error, "connection ended");
                    }
                    return End::Over;
                }
                () = &mut draining, if !asked => {
                    asked = true;
                    goodbye(connection.as_mut());
                }
                () = tokio::time::sleep_until(look) => {
                    let now = Instant::now();
                    if !asked && pulse.rests(now) {
                        return End::Rests;
                    }
                    match pulse.look_again(now, &self.limits) {
                        Some(next) if pulse.is_http2() => look = next,
                        Some(next) => look = next.min(now + 2 * limits::REST),
                        // HTTP/2 has a way to say goodbye; who does not hear it is left.
                        None if pulse.is_http2() && pulse.is_quiet() && !asked => {
                            asked = true;
                            goodbye(connection.as_mut());
                            look = now + self.limits.header;
                        }
                        None => return End::Over,
                    }
                }
            }
        }
    }

    /// Ends when nothing new is welcome any more.
    async fn draining(&self) {
        let mut phase = self.phase.clone();
        // An error means that the server is gone.
        drop(phase.wait_for(|phase| *phase == Phase::Draining).await);
    }
}
