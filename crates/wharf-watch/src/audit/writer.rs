//! The thread that writes: numbers the lines, chains them, brings them to disk, ends segments and removes old ones.
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::chain::segments;
use super::chain::{Begin, Hash, Note, Removed, begin_of, hash_of, index_path, segment_path};
use super::recover::head_of;
use super::{Message, Options, Shared, index, time};

/// How long the first line of a batch waits for company: a writer that is woken for each line costs as much as the
/// request it tells of.
const LINGER: Duration = Duration::from_millis(20);

/// The same when somebody waits for it.
const LINGER_AWAITED: Duration = Duration::from_millis(1);

/// Longest time that a line is not on disk.
const SYNC_AFTER: Duration = Duration::from_secs(1);

/// Most bytes that are not on disk.
const SYNC_BYTES: usize = 64 * 1024;

/// Bytes that are gathered while the disk takes none.
const MOST_PENDING: usize = 4 << 20;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// The last line of the chain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) seq: u64,
    pub(super) hash: Hash,
    pub(super) segment: u64,
}

/// The segment that is written.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) file: File,
    pub(super) index: File,
    /// Bytes that were written.
    pub(super) length: u64,
    /// When it began, in microseconds since 1970.
    pub(super) began: i64,
    /// Lines in it, counted from one that is not the first if it was there before.
    pub(super) lines: u64,
}

pub(super) struct Writer {
    dir: PathBuf,
    options: Options,
    /// The last line that was chained.
    last: Place,
    open: Option<Open>,
    head: File,
    /// Lines that were chained and are not yet in the file.
    pending: Vec<u8>,
    pending_index: Vec<u8>,
    waiters: Vec<oneshot::Sender<()>>,
    /// Bytes in the file that may not be on disk, and since when.
    unsynced: usize,
    since: Option<Instant>,
    /// Whether the last attempt to write failed.
    failing: bool,
    /// The day, since 1970, in which old segments were last looked for.
    looked: i64,
}

impl Writer {
    pub(super) fn new(
        dir: &Path,
        options: Options,
        last: Place,
        open: Option<Open>,
        head: File,
    ) -> Self {
        Self {
            dir: dir.to_owned(),
            options,
            last,
            open,
            head,
            pending: Vec::new(),
            pending_index: Vec::new(),
            waiters: Vec::new(),
            unsynced: 0,
            since: None,
            failing: false,
            looked: i64::MIN,
        }
    }

    /// Writes until the last handle is dropped.
    pub(super) fn run(mut self, waiting: &Receiver<Message>, shared: &Shared) {
        loop {
            let mut ended = false;
            let mut asked = None;
            match waiting.recv_timeout(SYNC_AFTER) {
                Ok(first) => asked = self.batch(first, waiting, shared),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => ended = true,
            }
            ended |= matches!(asked, Some(Message::Close(_)));
            self.count_unknown(shared, ended);
            self.settle(shared, ended || asked.is_some());
            if let Some(Message::Flush(done) | Message::Close(done)) = asked {
                // Whoever asked may have stopped waiting.
                done.try_send(()).unwrap_or_default();
            }
            if ended {
                return;
            }
        }
    }

    /// Takes what comes together, up to what asks to be flushed.
    fn batch(
        &mut self,
        first: Message,
        waiting: &Receiver<Message>,
        shared: &Shared,
    ) -> Option<Message> {
        match first {
            Message::Line(_) => std::thread::sleep(LINGER),
            Message::Awaited(..) => std::thread::sleep(LINGER_AWAITED),
            Message::Flush(_) | Message::Close(_) => {}
        }
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Line(line) => {
                    self.call(&line, shared);
                }
                Message::Awaited(line, kept) => {
                    // Dropped, it tells that the line was not kept.
                    if self.call(&line, shared) {
                        self.waiters.push(kept);
                    }
                }
                Message::Flush(_) | Message::Close(_) => return Some(message),
            }
            if self.pending.len() >= SYNC_BYTES {
                self.write();
            }
            // What does not fit waits in the queue, whose end is counted.
            next = (self.pending.len() < MOST_PENDING)
                .then(|| waiting.try_recv().ok())
                .flatten();
        }
        None
    }

    /// Takes a record; without any segment to write to it is lost.
    fn call(&mut self, line: &str, shared: &Shared) -> bool {
        shared.queued.fetch_sub(line.len(), Ordering::Relaxed);
        if !self.room() {
            shared.lost.fetch_add(1, Ordering::Relaxed);
            metrics::counter!("wharf_audit_lost_total").increment(1);
            return false;
        }
        let id = request_id(line);
        let offset = self.offset();
        self.chain("call", line);
        self.pending_index
            .extend_from_slice(&index::entry(id, offset));
        metrics::counter!("wharf_audit_records_total").increment(1);
        true
    }

    fn note(&mut self, note: &Note<'_>) {
        let json = serde_json::to_value(note).unwrap_or_default();
        for (kind, json) in json.as_object().into_iter().flatten() {
            self.chain(kind, &json.to_string());
        }
    }

    /// Says what was wrong when the log was opened.
    pub(super) fn note_recovery(&mut self, cut: u64, head: &'static str) {
        let at = time((self.options.wall)());
        if self.room() {
            self.note(&Note::Recovered { at, cut, head });
        }
    }

    /// The one place where a line gets its number and what it follows.
    fn chain(&mut self, kind: &str, json: &str) {
        self.last.seq += 1;
        let start = self.pending.len();
        let (seq, prev) = (self.last.seq, hex::encode(self.last.hash));
        // Writing to memory cannot fail.
        write!(
            self.pending,
            "{{\"seq\":{seq},\"prev\":\"{prev}\",\"{kind}\":{json}}}"
        )
        .unwrap_or_default();
        let line = self.pending.get_mut(start..).unwrap_or_default();
        for byte in &mut *line {
            // Between two members of somebody's JSON: a line has one end.
            if *byte == b'\n' {
                *byte = b' ';
            }
        }
        self.last.hash = hash_of(line);
        self.pending.push(b'\n');
        if let Some(open) = &mut self.open {
            open.lines += 1;
        }
    }

    /// Where the next line begins in its segment.
    fn offset(&self) -> u64 {
        let length = self.open.as_ref().map_or(0, |open| open.length);
        length + self.pending.len() as u64
    }

    /// Ends the segment when it is full or its day is over, and begins the next. While the disk takes nothing, the old
    /// one goes on. False when there is no segment at all.
    fn room(&mut self) -> bool {
        let now = (self.options.wall)();
        let full = match &self.open {
            None => true,
            Some(open) if open.lines == 0 => {
                self.begin(now);
                false
            }
            Some(open) => {
                let day = |at: i64| at.div_euclid(DAY);
                let over = day(now) > day(open.began) && open.lines > 1;
                over || (open.length + self.pending.len() as u64 >= self.options.segment_bytes
                    && open.lines > 1)
            }
        };
        if !full {
            return true;
        }
        if self.open.is_some() && !(self.write() && self.sync()) {
            return true;
        }
        match self.create(self.last.segment + 1) {
            Ok(open) => {
                self.open = Some(open);
                self.last.segment += 1;
                self.begin(now);
            }
            Err(error) => self.failed(&error),
        }
        self.open.is_some()
    }

    fn begin(&mut self, now: i64) {
        if let Some(open) = &mut self.open {
            open.began = now;
        }
        self.note(&Note::Begin(&Begin::new(self.last.segment, now)));
    }

    fn create(&self, number: u64) -> std::io::Result<Open> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(segment_path(&self.dir, number))?;
        // Of an attempt that failed half-way; a file with something in it is nobody's to overwrite.
        if file.metadata()?.len() > 0 {
            return Err(std::io::ErrorKind::AlreadyExists.into());
        }
        let index = index::create(&self.dir, number)?;
        File::open(&self.dir)?.sync_all()?;
        Ok(Open {
            file,
            index,
            length: 0,
            began: 0,
            lines: 0,
        })
    }

    /// What is due after a batch, or a second without one.
    fn settle(&mut self, shared: &Shared, flush: bool) {
        let lost = shared.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            if self.pending.len() < MOST_PENDING && self.room() {
                self.note(&Note::Lost(lost));
            } else {
                shared.lost.fetch_add(lost, Ordering::Relaxed);
            }
        }
        let written = self.write();
        let late = self
            .since
            .is_some_and(|since| since.elapsed() >= SYNC_AFTER);
        if written && (flush || late || self.unsynced >= SYNC_BYTES || !self.waiters.is_empty()) {
            self.sync();
        }
        self.remove_old();
    }

    fn count_unknown(&mut self, shared: &Shared, all: bool) {
        let now = (self.options.wall)();
        let counts = {
            let mut unknown = shared
                .unknown
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            unknown.take(now, all)
        };
        for it in counts {
            if !self.room() {
                shared.lost.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            self.note(&Note::Unknown {
                minute: time(it.minute),
                source: &it.source,
                reason: &it.reason,
                count: it.times,
            });
        }
    }

    /// Brings the gathered lines into the file; a failed attempt is made again at the same place.
    fn write(&mut self) -> bool {
        if self.pending.is_empty() {
            return true;
        }
        let Some(open) = &mut self.open else {
            return false;
        };
        if let Err(error) = open.file.write_all_at(&self.pending, open.length) {
            self.failed(&error);
            return false;
        }
        self.failing = false;
        open.length += self.pending.len() as u64;
        self.unsynced += self.pending.len();
        self.since.get_or_insert_with(Instant::now);
        self.pending.clear();
        if let Err(error) = open.index.write_all(&self.pending_index) {
            // A look-up then reads the segment; the next start makes the index anew.
            tracing::debug!(%error, "the index of the audit log was not written");
        }
        self.pending_index.clear();
        true
    }

    /// Brings the file to disk, and then says so in the head and to those who wait.
    fn sync(&mut self) -> bool {
        let Some(open) = &self.open else {
            return false;
        };
        if self.unsynced > 0
            && let Err(error) = open.file.sync_data()
        {
            self.waiters.clear();
            self.failed(&error);
            return false;
        }
        if self.unsynced > 0 {
            let head = head_of(&self.last).to_bytes();
            if let Err(error) = self.head.write_all_at(&head, 0) {
                self.failed(&error);
            }
        }
        self.unsynced = 0;
        self.since = None;
        for waiter in self.waiters.drain(..) {
            // Whoever asked may have stopped waiting.
            waiter.send(()).unwrap_or_default();
        }
        true
    }

    fn failed(&mut self, error: &std::io::Error) {
        metrics::counter!("wharf_audit_write_errors_total").increment(1);
        if !self.failing {
            tracing::error!(%error, "the audit log cannot be written; it is tried again");
        }
        self.failing = true;
    }

    /// Once a day: removes the segments at the beginning that ended before the time that is kept.
    fn remove_old(&mut self) {
        let now = (self.options.wall)();
        let today = now.div_euclid(DAY);
        if self.options.retention_days == 0 || today == self.looked || self.failing {
            return;
        }
        self.looked = today;
        let removed = self.try_remove_old(now);
        if let Err(error) = removed {
            tracing::warn!(%error, "old audit segments could not be removed");
        }
    }

    fn try_remove_old(&mut self, now: i64) -> std::io::Result<()> {
        let oldest = now.saturating_sub(i64::from(self.options.retention_days) * DAY);
        let numbers = segments(&self.dir)?;
        let mut old = Vec::new();
        let mut kept = None;
        for (number, next) in numbers.iter().zip(numbers.iter().skip(1)) {
            // A segment ended when the next began.
            let Some((begin, first)) = begin_of(&self.dir, *next)? else {
                break;
            };
            if begin.micros().is_none_or(|ended| ended >= oldest) {
                break;
            }
            old.push(*number);
            kept = Some(first);
        }
        let (Some(from), Some(to), Some(first)) = (old.first(), old.last(), kept) else {
            return Ok(());
        };
        if !self.room() {
            return Ok(());
        }
        self.note(&Note::Removed(&Removed {
            at: time(now),
            from: *from,
            to: *to,
            first,
        }));
        // Said before it is done: a chain without its beginning and without this line would be broken.
        if !(self.write() && self.sync()) {
            return Ok(());
        }
        for number in old {
            std::fs::remove_file(segment_path(&self.dir, number))?;
            // An index alone is nothing.
            std::fs::remove_file(index_path(&self.dir, number)).unwrap_or_default();
        }
        File::open(&self.dir)?.sync_all()
    }
}

/// The request's id in a record that was just written: its second member.
fn request_id(line: &str) -> &str {
    line.split_once("\"requestID\":\"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .map_or("", |(id, _)| id)
}
