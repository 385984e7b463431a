//! The socket as HTTP sees it: remembers when bytes moved, and gives up on a peer that stopped reading.
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use crate::limits::{self, Limits};

/// What a connection is doing, shared by its stream, its requests and its watchdog.
#[derive(Debug)]
pub(crate) struct Pulse {
    opened: Instant,
    requests: AtomicUsize,
    /// Milliseconds after `opened` of the last answer's end.
    quiet_since: AtomicU64,
    /// Milliseconds after `opened` of the first byte that came without a request running, plus one; 0 for none.
    header_since: AtomicU64,
    /// Whether the requests are HTTP/2's, between which other frames travel.
    http2: AtomicBool,
    /// HTTP/2's answers whose bodies are being sent.
    sending: AtomicUsize,
    /// Milliseconds after `opened` of the last piece of such a body that was taken.
    moved: AtomicU64,
    /// Whether the peer is still sending what nobody will read when our side closes.
    lingering: AtomicBool,
    /// Whether something waits to be written.
    writing: AtomicBool,
}

impl Pulse {
    pub(crate) fn new(opened: Instant) -> Arc<Self> {
        Arc::new(Self {
            opened,
            requests: AtomicUsize::new(0),
            quiet_since: AtomicU64::new(0),
            // The first request is awaited like a header that has begun: a silent peer goes soon.
            header_since: AtomicU64::new(1),
            http2: AtomicBool::new(false),
            sending: AtomicUsize::new(0),
            moved: AtomicU64::new(0),
            lingering: AtomicBool::new(false),
            writing: AtomicBool::new(false),
        })
    }

    /// Says that the connection speaks HTTP/2.
    pub(crate) fn speaks_http2(&self) {
        self.http2.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_http2(&self) -> bool {
        self.http2.load(Ordering::Relaxed)
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.requests.load(Ordering::Relaxed) == 0
    }

    fn ms(&self, now: Instant) -> u64 {
        let passed = now.saturating_duration_since(self.opened);
        u64::try_from(passed.as_millis()).unwrap_or(u64::MAX / 2)
    }

    /// Our side will close first, on a peer that is still sending.
    pub(crate) fn lingers(&self) {
        self.lingering.store(true, Ordering::Relaxed);
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
        // HTTP/2's windows, pings and acknowledgements come at any time, and begin nothing.
        self.is_quiet() && !self.is_http2() && self.header_since.load(Ordering::Relaxed) == 0
    }

    /// Whether HTTP/1 has had nothing to do for a moment: all answers are written, and no request has begun.
    pub(crate) fn rests(&self, now: Instant) -> bool {
        let since = Duration::from_millis(self.quiet_since.load(Ordering::Relaxed));
        self.awaits_header()
            && !self.writing.load(Ordering::Relaxed)
            && !self.lingering.load(Ordering::Relaxed)
            && now >= self.opened + since + limits::REST
    }

    fn header_begins(&self, now: Instant) {
        self.header_since.store(self.ms(now) + 1, Ordering::Relaxed);
    }

    /// Tells when to look again, or `None` if the connection has waited too long for a request, or
    /// for its peer to take any of HTTP/2's answers.
    pub(crate) fn look_again(&self, now: Instant, limits: &Limits) -> Option<Instant> {
        let (header, idle) = (limits.header, limits.idle);
        let at = |ms: u64| self.opened + Duration::from_millis(ms);
        let requests = self.requests.load(Ordering::Relaxed);
        if requests > 0 {
            let soon = now + header.min(idle);
            if self.sending.load(Ordering::Relaxed) < requests {
                return Some(soon);
            }
            // A peer that opens no window stalls a stream, not the socket: a write's bound does not see it.
            let until = at(self.moved.load(Ordering::Relaxed)) + limits.body_idle;
            return (until > now).then(|| until.min(soon));
        }
        let begun = self.header_since.load(Ordering::Relaxed);
        let (since, bound) = if begun > 0 {
            (begun - 1, header)
        } else {
            (self.quiet_since.load(Ordering::Relaxed), idle)
        };
        let until = at(since) + bound;
        // A header may begin at any moment and has the shorter bound.
        (until > now).then(|| until.min(now + header))
    }
}

/// The body of one of HTTP/2's answers while it is sent.
#[derive(Debug)]
pub(crate) struct Sending(Arc<Pulse>);

impl Sending {
    pub(crate) fn begin(pulse: Arc<Pulse>) -> Self {
        let sending = Self(pulse);
        sending.moves(Instant::now());
        sending.0.sending.fetch_add(1, Ordering::Relaxed);
        sending
    }

    /// The peer's window had room for another piece.
    pub(crate) fn moves(&self, now: Instant) {
        self.0.moved.store(self.0.ms(now), Ordering::Relaxed);
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.0.sending.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream that marks the pulse on reading and fails a write that moves no byte for too long.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    stream: S,
    /// Bytes read from the stream and not yet taken.
    ahead: Vec<u8>,
    pulse: Arc<Pulse>,
    write_bound: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
    /// Set once our side is shut down.
    linger: Option<Linger>,
}

impl<S> Watched<S> {
    pub(crate) fn new(stream: S, pulse: Arc<Pulse>, write_bound: Duration) -> Self {
        Self {
            stream,
            ahead: Vec::new(),
            pulse,
            write_bound,
            stalled: None,
            linger: None,
        }
    }

    /// Passes a write's result on; starts, keeps or ends the wait for a peer that does not read.
    fn judge<T>(
        &mut self,
        cx: &mut Context<'_>,
        result: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        self.pulse
            .writing
            .store(result.is_pending(), Ordering::Relaxed);
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

/// The end of a connection on which more is being sent than will be read.
#[derive(Debug)]
struct Linger {
    until: Pin<Box<Sleep>>,
    left: u64,
}

impl<S: AsyncRead + Unpin> Watched<S> {
    /// Takes what is still sent and forgets it. A socket that is closed on unread bytes resets the connection, and the
    /// answer is lost with it: OpenSSL's users never see an answer that comes before they have sent all.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let linger = self.linger.get_or_insert_with(|| Linger {
            until: Box::pin(tokio::time::sleep(limits::LINGER_TIME)),
            left: limits::LINGER_BYTES,
        });
        let mut scratch = [0; 16 * 1024];
        while linger.left > 0 && linger.until.as_mut().poll(cx).is_pending() {
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    let length = u64::try_from(buffer.filled().len()).unwrap_or(u64::MAX);
                    linger.left = linger.left.saturating_sub(length);
                }
                // The peer has closed, or is gone.
                Poll::Ready(_) => return Poll::Ready(()),
            }
        }
        Poll::Ready(())
    }
}

impl<S: AsyncRead + Unpin> Watched<S> {
    /// Reads ahead until there are bytes that are not just the beginning of `preface`. False: the peer has closed.
    pub(crate) fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        preface: &[u8],
    ) -> Poll<io::Result<bool>> {
        let mut scratch = [0; 24];
        while preface.starts_with(&self.ahead) && self.ahead.len() < preface.len().max(1) {
            let room = scratch.len().saturating_sub(self.ahead.len());
            let mut buffer = ReadBuf::new(scratch.split_at_mut(room).0);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => {
                    // What has come is no preface: HTTP/1 says what is wrong with it.
                    return Poll::Ready(Ok(!self.ahead.is_empty()));
                }
                Poll::Ready(Ok(())) => self.ahead.extend_from_slice(buffer.filled()),
            }
            if self.pulse.awaits_header() {
                self.pulse.header_begins(Instant::now());
            }
        }
        Poll::Ready(Ok(true))
    }

    /// Whether just these bytes were read ahead.
    pub(crate) fn holds(&self, bytes: &[u8]) -> bool {
        self.ahead == bytes
    }

    /// Takes bytes back that were read and not used: they come before those of the stream.
    pub(crate) fn take_back(&mut self, bytes: &[u8]) {
        self.ahead.extend_from_slice(bytes);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let mut ahead = std::mem::take(&mut self.ahead);
            let rest = ahead.split_off(ahead.len().min(buffer.remaining()));
            buffer.put_slice(&ahead);
            self.ahead = rest;
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before && self.pulse.awaits_header() {
            self.pulse.header_begins(Instant::now());
        }
        result
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
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
        if self.linger.is_none() {
            let result = Pin::new(&mut self.stream).poll_shutdown(cx);
            let result = self.judge(cx, result);
            if !self.pulse.lingering.load(Ordering::Relaxed)
                || !matches!(result, Poll::Ready(Ok(())))
            {
                return result;
            }
        }
        self.poll_linger(cx).map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: Duration = Duration::from_secs(10);
    const IDLE: Duration = Duration::from_secs(75);
    const STALL: Duration = Duration::from_secs(30);
    const TICK: Duration = Duration::from_millis(1);

    fn alive(pulse: &Pulse, at: Instant) -> bool {
        let limits = Limits {
            header: HEADER,
            idle: IDLE,
            body_idle: STALL,
            ..Limits::default()
        };
        pulse.look_again(at, &limits).is_some()
    }

    #[test]
    fn a_silent_peer_and_a_slow_header_have_the_header_bound_and_an_idle_one_its_own() {
        let opened = Instant::now();
        let pulse = Pulse::new(opened);
        let alive = |at: Instant| alive(&pulse, at);
        assert!(alive(opened + HEADER - TICK));
        assert!(!alive(opened + HEADER), "silent from the start");
        pulse.request_begins();
        assert!(alive(opened + IDLE * 2), "a request runs");
        let ended = opened + IDLE * 2;
        pulse.request_ends(ended);
        assert!(alive(ended + IDLE - TICK));
        assert!(!alive(ended + IDLE), "idle");
        assert!(pulse.awaits_header());
        let begun = ended + HEADER;
        pulse.header_begins(begun);
        assert!(!pulse.awaits_header(), "only the first byte counts");
        assert!(alive(begun + HEADER - TICK));
        assert!(!alive(begun + HEADER), "a slow header");
    }
    #[test]
    fn frames_of_http2_between_requests_begin_no_header() {
        let opened = Instant::now();
        let pulse = Pulse::new(opened);
        assert!(!alive(&pulse, opened + HEADER), "silent from the start");
        pulse.speaks_http2();
        pulse.request_begins();
        pulse.request_ends(opened);
        assert!(!pulse.awaits_header());
        assert!(alive(&pulse, opened + IDLE - TICK));
        assert!(!alive(&pulse, opened + IDLE));
    }

    #[test]
    fn a_peer_that_takes_no_answer_of_http2_is_given_up_unless_a_request_still_runs() {
        let pulse = Pulse::new(Instant::now());
        pulse.speaks_http2();
        pulse.request_begins();
        let sending = Sending::begin(Arc::clone(&pulse));
        let moved = pulse.opened + IDLE;
        sending.moves(moved);
        assert!(alive(&pulse, moved + STALL - TICK));
        assert!(!alive(&pulse, moved + STALL));
        pulse.request_begins();
        assert!(alive(&pulse, moved + STALL), "one is not answered yet");
        pulse.request_ends(moved);
        sending.moves(moved + STALL);
        assert!(alive(&pulse, moved + STALL));
        drop(sending);
        pulse.request_ends(moved + STALL);
        assert!(pulse.is_quiet());
        assert!(!alive(&pulse, moved + STALL + IDLE));
    }

    #[test]
    fn only_a_quiet_connection_whose_answers_are_written_rests() {
        let opened = Instant::now();
        let pulse = Pulse::new(opened);
        let later = opened + HEADER;
        assert!(!pulse.rests(later), "the first request is still awaited");
        pulse.request_begins();
        assert!(!pulse.rests(later), "a request runs");
        pulse.request_ends(later);
        assert!(!pulse.rests(later + limits::REST - TICK));
        assert!(pulse.rests(later + limits::REST));
        pulse.writing.store(true, Ordering::Relaxed);
        assert!(
            !pulse.rests(later + limits::REST),
            "its answer is not written"
        );
        pulse.writing.store(false, Ordering::Relaxed);
        pulse.header_begins(later);
        assert!(!pulse.rests(later + limits::REST), "a header has begun");
        pulse.request_begins();
        pulse.request_ends(later);
        pulse.lingers();
        assert!(
            !pulse.rests(later + limits::REST),
            "it is about to be closed"
        );
    }
}
