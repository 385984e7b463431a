//! The socket as HTTP sees it: remembers when bytes moved, and gives up on a peer that stopped reading.
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// What a connection is doing, shared by its stream, its requests and its watchdog.
#[derive(Debug)]
pub(crate) struct Pulse {
    opened: Instant,
    requests: AtomicUsize,
    /// Milliseconds after `opened` of the last answer's end.
    quiet_since: AtomicU64,
    /// Milliseconds after `opened` of the first byte that came without a request running, plus one; 0 for none.
    header_since: AtomicU64,
}

impl Pulse {
    pub(crate) fn new(opened: Instant) -> Arc<Self> {
        Arc::new(Self {
            opened,
            requests: AtomicUsize::new(0),
            quiet_since: AtomicU64::new(0),
            // The first request is awaited like a header that has begun: a silent peer goes soon.
            header_since: AtomicU64::new(1),
        })
    }

    fn ms(&self, now: Instant) -> u64 {
        let passed = now.saturating_duration_since(self.opened);
        u64::try_from(passed.as_millis()).unwrap_or(u64::MAX / 2)
    }

    pub(crate) fn request_begins(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.header_since.store(0, Ordering::Relaxed);
    }

    pub(crate) fn request_ends(&self, now: Instant) {
        self.quiet_since.store(self.ms(now), Ordering::Relaxed);
        self.requests.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether the next byte to come begins a header.
    fn awaits_header(&self) -> bool {
        self.requests.load(Ordering::Relaxed) == 0 && self.header_since.load(Ordering::Relaxed) == 0
    }

    fn header_begins(&self, now: Instant) {
        self.header_since.store(self.ms(now) + 1, Ordering::Relaxed);
    }

    /// Tells when to look again, or `None` if the connection has waited too long for a request.
    pub(crate) fn look_again(
        &self,
        now: Instant,
        header: Duration,
        idle: Duration,
    ) -> Option<Instant> {
        if self.requests.load(Ordering::Relaxed) > 0 {
            return Some(now + header.min(idle));
        }
        let begun = self.header_since.load(Ordering::Relaxed);
        let (since, bound) = if begun > 0 {
            (begun - 1, header)
        } else {
            (self.quiet_since.load(Ordering::Relaxed), idle)
        };
        let until = self.opened + Duration::from_millis(since) + bound;
        // A header may begin at any moment and has the shorter bound.
        (until > now).then(|| until.min(now + header))
    }
}

/// A stream that marks the pulse on reading and fails a write that moves no byte for too long.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    stream: S,
    pulse: Arc<Pulse>,
    write_bound: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> Watched<S> {
    pub(crate) fn new(stream: S, pulse: Arc<Pulse>, write_bound: Duration) -> Self {
        Self {
            stream,
            pulse,
            write_bound,
            stalled: None,
        }
    }

    /// Passes a write's result on; starts, keeps or ends the wait for a peer that does not read.
    fn judge<T>(
        &mut self,
        cx: &mut Context<'_>,
        result: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.stalled = None;
            return result;
        }
        let bound = self.write_bound;
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(bound)));
        match stalled.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before && self.pulse.awaits_header() {
            self.pulse.header_begins(Instant::now());
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judge(cx, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.judge(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(cx);
        self.judge(cx, result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.judge(cx, result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: Duration = Duration::from_secs(10);
    const IDLE: Duration = Duration::from_secs(75);

    #[test]
    fn a_silent_peer_and_a_slow_header_have_the_header_bound_and_an_idle_one_its_own() {
        let opened = Instant::now();
        let tick = Duration::from_millis(1);
        let pulse = Pulse::new(opened);
        let alive = |at: Instant| pulse.look_again(at, HEADER, IDLE).is_some();
        assert!(alive(opened + HEADER - tick));
        assert!(!alive(opened + HEADER), "silent from the start");
        pulse.request_begins();
        assert!(alive(opened + IDLE * 2), "a request runs");
        let ended = opened + IDLE * 2;
        pulse.request_ends(ended);
        assert!(alive(ended + IDLE - tick));
        assert!(!alive(ended + IDLE), "idle");
        assert!(pulse.awaits_header());
        let begun = ended + HEADER;
        pulse.header_begins(begun);
        assert!(!pulse.awaits_header(), "only the first byte counts");
        assert!(alive(begun + HEADER - tick));
        assert!(!alive(begun + HEADER), "a slow header");
    }
}
