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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::task::{Context, Poll};
    use std::time::Duration;

    use http::{StatusCode, request};
    use tokio::io::{AsyncReadExt, ReadBuf};
    use tokio::sync::{Notify, watch};

    use crate::edge::{Answer, Fault, Request, empty};
    use crate::limits::Limits;

    struct Nothing;

    impl Handler for Nothing {
        fn time_limit(&self, _parts: &request::Parts) -> Duration {
            Duration::from_mins(1)
        }

        async fn handle(&self, _request: Request) -> Answer {
            empty(StatusCode::NO_CONTENT)
        }

        fn fault(&self, _path: &str, _request_id: &str, _fault: Fault) -> Answer {
            empty(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }

    /// Tells when the connection, after it had buffers, waits without them.
    struct Noted<S> {
        stream: S,
        buffered: bool,
        rests: Arc<Notify>,
    }

    impl<S: AsyncRead + Unpin> AsyncRead for Noted<S> {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let had = std::mem::replace(&mut self.buffered, buffer.remaining() > PREFACE.len());
            if had && !self.buffered {
                self.rests.notify_one();
            }
            Pin::new(&mut self.stream).poll_read(cx, buffer)
        }
    }

    impl<S: AsyncWrite + Unpin> AsyncWrite for Noted<S> {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            Pin::new(&mut self.stream).poll_write(cx, bytes)
        }

        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.stream).poll_flush(cx)
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.stream).poll_shutdown(cx)
        }
    }

    const REQUEST: &str = "GET /a HTTP/1.1\r\nhost: x\r\n\r\n";

    /// Reads so many answers.
    async fn answers(client: &mut tokio::io::DuplexStream, count: usize) -> String {
        let mut text = String::new();
        let mut chunk = [0; 1024];
        while text.matches("\r\n\r\n").count() < count {
            let read = client.read(&mut chunk).await.unwrap();
            assert!(read > 0, "it ended after {text:?}");
            text.push_str(std::str::from_utf8(&chunk[..read]).unwrap());
        }
        text
    }

    #[tokio::test]
    async fn a_connection_that_rests_has_no_buffers_and_loses_no_byte() {
        let (_serving, phase) = watch::channel(Phase::Serving);
        let edge = Edge::new(Nothing, Limits::default(), Vec::new(), || 0, phase);
        let (mut client, server) = tokio::io::duplex(4096);
        let rests = Arc::new(Notify::new());
        let stream = Noted {
            stream: server,
            buffered: false,
            rests: Arc::clone(&rests),
        };
        let address = "127.0.0.1:1".parse().unwrap();
        let peer = Peer {
            remote: address,
            local: address,
            secure: false,
        };
        let talk = async {
            client.write_all(REQUEST.as_bytes()).await.unwrap();
            assert!(answers(&mut client, 1).await.starts_with("HTTP/1.1 204"));
            rests.notified().await;
            // A few bytes of a request, then the rest and two more behind it.
            client.write_all(b"G").await.unwrap();
            client.write_all(&REQUEST.as_bytes()[1..]).await.unwrap();
            client.write_all(REQUEST.as_bytes()).await.unwrap();
            client.write_all(REQUEST.as_bytes()).await.unwrap();
            let text = answers(&mut client, 3).await;
            assert_eq!(text.matches("HTTP/1.1 204").count(), 3, "{text}");
            rests.notified().await;
            drop(client);
        };
        tokio::join!(edge.speak(stream, peer), talk);
    }

    #[tokio::test]
    async fn a_connection_that_rests_ends_when_the_server_drains() {
        let (serving, phase) = watch::channel(Phase::Serving);
        let edge = Edge::new(Nothing, Limits::default(), Vec::new(), || 0, phase);
        let (mut client, server) = tokio::io::duplex(4096);
        let address = "127.0.0.1:1".parse().unwrap();
        let peer = Peer {
            remote: address,
            local: address,
            secure: false,
        };
        let rests = Arc::new(Notify::new());
        let stream = Noted {
            stream: server,
            buffered: false,
            rests: Arc::clone(&rests),
        };
        let talk = async {
            client.write_all(REQUEST.as_bytes()).await.unwrap();
            answers(&mut client, 1).await;
            rests.notified().await;
            serving.send_replace(Phase::Draining);
            let mut rest = Vec::new();
            client.read_to_end(&mut rest).await.unwrap();
            assert!(rest.is_empty());
        };
        tokio::join!(edge.speak(stream, peer), talk);
    }
}
