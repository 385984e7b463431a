//! The audit log: one line for every call of somebody known, in files that show when they were altered.
//!
//! A directory holds segments `audit-000000000001.jsonl`, beside each an index of request ids, and `head`, the last line
//! that is known to be on disk. A line is a JSON object: `seq`, counted from 1, `prev`, the SHA-256 of the line before
//! in hexadecimal, and one member that says what the line is about:
//!
//! - `call`: a [`Record`];
//! - `unknown`: how often an address was refused for a reason in one minute without saying who it is;
//! - `lost`: how many lines had no room;
//! - `begin`: the first line of a segment;
//! - `recovered`: what was wrong at a start, such as a last line that was not whole;
//! - `removed`: which segments were removed for their age, and where the chain begins since.
//!
//! The chain has no key: who may write to the directory can compute all of it anew. The hash that [`verify()`] tells at
//! the end, kept elsewhere, shows that as well.
use std::net::IpAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

mod chain;
mod find;
mod index;
mod record;
mod recover;
mod unknown;
mod verify;
mod writer;

pub use chain::MOST_LINE_BYTES;
pub use find::{Filter, find, search};
pub use record::{Decision, Issuer, Principal, Record, bounded, time};
pub use verify::{Break, Fault, Last, Verified, VerifyError, verify};

/// Lines that may wait for the writer.
const WAITING_LINES: usize = 16_384;

/// Bytes of lines that may wait for the writer.
const WAITING_BYTES: usize = 32 << 20;

/// How long an end of the process waits for the last lines.
const FLUSH_TIME: Duration = Duration::from_secs(5);

/// How a log is kept.
#[derive(Clone)]
pub struct Options {
    /// Size at which a segment ends, in bytes.
    pub segment_bytes: u64,
    /// Days after which a segment is removed; 0: never.
    pub retention_days: u32,
    /// Microseconds since 1970 by the wall clock.
    pub wall: Arc<dyn Fn() -> i64 + Send + Sync>,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("segment_bytes", &self.segment_bytes)
            .field("retention_days", &self.retention_days)
            .finish_non_exhaustive()
    }
}

/// The directory or a file in it cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {cause}")]
pub struct OpenError {
    /// The file or directory.
    pub path: String,
    /// What the system says.
    pub cause: std::io::Error,
}

impl OpenError {
    pub(crate) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |cause| Self {
            path: path.display().to_string(),
            cause,
        }
    }
}

/// A record was not written to disk: there was no room, or the disk refused it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the audit log did not take the record")]
pub struct NotKept;

/// What the writer is told.
enum Message {
    /// A whole record, as JSON.
    Line(String),
    /// The same, and whom to tell when it is on disk.
    Awaited(String, oneshot::Sender<()>),
    /// Write what came before, then answer.
    Flush(SyncSender<()>),
    /// The same, and end.
    Close(SyncSender<()>),
}

/// What callers and the writer share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// Bytes in the queue.
    queued: AtomicUsize,
    /// Lines that found no room since the last one that says so.
    lost: AtomicU64,
    unknown: Mutex<unknown::Unknown>,
}

/// The log of one directory, for one process at a time. Cheap to clone; the writer ends after the last clone.
#[derive(Debug, Clone)]
pub struct Log {
    lines: SyncSender<Message>,
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Line(_) => "Line",
            Self::Awaited(..) => "Awaited",
            Self::Flush(_) => "Flush",
            Self::Close(_) => "Close",
        })
    }
}

impl Log {
    /// Makes the directory if it is not there, looks after a last line that is not whole, and starts the writer.
    ///
    /// # Errors
    /// When the directory cannot be made or read, or no thread can be started.
    pub fn open(dir: &Path, options: Options) -> Result<Self, OpenError> {
        let writer = recover::open(dir, options)?;
        let (lines, waiting) = sync_channel(WAITING_LINES);
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || writer.run(&waiting, &theirs))
            .map_err(OpenError::at(dir))?;
        Ok(Self { lines, shared })
    }

    /// Takes a record without ever waiting. One that finds no room is counted, and the log will say how many.
    pub fn append(&self, record: &Record<'_>) {
        self.send(record.to_json(), Message::Line);
    }

    /// Takes a record and tells when it is on disk.
    ///
    /// # Errors
    /// [`NotKept`] when there was no room for it, or the disk refused it.
    pub fn append_and_wait(
        &self,
        record: &Record<'_>,
    ) -> impl Future<Output = Result<(), NotKept>> + Send + use<> {
        let (kept, told) = oneshot::channel();
        self.send(record.to_json(), |line| Message::Awaited(line, kept));
        async { told.await.map_err(|_dropped| NotKept) }
    }

    /// Counts a refusal of somebody who is not known: one line tells at the end of the minute how many there were.
    ///
    /// `at` is in microseconds since 1970. Of a minute 1,024 pairs of address (of IPv6 its /64) and reason are told
    /// apart; what is beyond is counted together.
    pub fn unknown(&self, at: i64, source: IpAddr, reason: &str) {
        let mut unknown = self
            .shared
            .unknown
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        unknown.count(at, source, reason);
    }

    /// Waits until everything that was appended before is on disk, or five seconds have passed.
    pub fn flush(&self) {
        self.ask(Message::Flush);
    }

    /// Ends the log: writes everything, what is counted of the minute that runs as well, and lets go of the directory.
    /// Waits at most five seconds. What comes later is lost.
    pub fn close(&self) {
        self.ask(Message::Close);
    }

    fn ask(&self, message: impl FnOnce(SyncSender<()>) -> Message) {
        let (done, written) = sync_channel(1);
        // A full queue is emptied in a moment, unless the disk takes nothing.
        if self.lines.try_send(message(done)).is_ok() {
            // Too late or gone: either way there is nothing more to wait for.
            written.recv_timeout(FLUSH_TIME).unwrap_or_default();
        }
    }

    fn send(&self, line: String, message: impl FnOnce(String) -> Message) {
        let bytes = line.len();
        let before = self.shared.queued.fetch_add(bytes, Ordering::Relaxed);
        let sent = before < WAITING_BYTES
            && match self.lines.try_send(message(line)) {
                Ok(()) => true,
                Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
            };
        if !sent {
            self.shared.queued.fetch_sub(bytes, Ordering::Relaxed);
            metrics::counter!("wharf_audit_lost_total").increment(1);
            if self.shared.lost.fetch_add(1, Ordering::Relaxed) == 0 {
                tracing::warn!("the audit log cannot be written fast enough: records are lost");
            }
        }
    }
}
