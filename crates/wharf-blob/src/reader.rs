//! The reader of a part of one object: only the frames that are touched, each verified before it is handed out.
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::JoinHandle;
use wharf_keys::frames::{HEADER, Last, Layout};
use wharf_keys::{DataKey, Opener};

use crate::buffers::{BUFFER, Buffer};
use crate::directory::Shared;
use crate::{Error, ObjectName, Result, work};

/// Frames read at once, after the first.
const AT_ONCE: u64 = 2;

/// Reads a range of an object's plain bytes, one step ahead of whoever takes them.
#[derive(Debug)]
pub struct Reader {
    shared: Arc<Shared>,
    source: Arc<Source>,
    /// Frames not yet asked for.
    frames: Range<u64>,
    ready: VecDeque<Bytes>,
    ahead: Option<JoinHandle<Result<VecDeque<Bytes>>>>,
}

#[derive(Debug)]
struct Source {
    name: ObjectName,
    file: File,
    opener: Opener,
    layout: Layout,
    range: Range<u64>,
}

/// Opens an object's file and checks that it is one, of this name, key and length. Blocks.
pub(crate) fn open(
    path: &Path,
    name: ObjectName,
    key: &DataKey,
    size: u64,
) -> Result<(File, Opener)> {
    let file = File::open(path).map_err(|cause| Error::of_object(name, "opening", cause))?;
    let damaged = |reason: &str| Error::Damaged {
        name,
        reason: reason.to_owned(),
    };
    let mut header = [0; HEADER];
    read_exactly(&file, name, &mut header, 0)?;
    let opener = Opener::new(key, &header).map_err(|cause| damaged(&cause.to_string()))?;
    if *opener.object() != name.bytes() {
        return Err(damaged("it is another object"));
    }
    let length = file
        .metadata()
        .map_err(|cause| Error::of_object(name, "measuring", cause))?
        .len();
    if length != opener.layout(size).sealed_len() {
        return Err(damaged("its length is not that of its bytes"));
    }
    Ok((file, opener))
}

fn read_exactly(file: &File, name: ObjectName, place: &mut [u8], at: u64) -> Result<()> {
    file.read_exact_at(place, at)
        .map_err(|cause| match cause.kind() {
            io::ErrorKind::UnexpectedEof => Error::Damaged {
                name,
                reason: "it ends early".to_owned(),
            },
            _ => Error::of_object(name, "reading", cause),
        })
}

impl Reader {
    pub(crate) fn new(
        shared: Arc<Shared>,
        name: ObjectName,
        file: File,
        opener: Opener,
        size: u64,
        range: Range<u64>,
    ) -> Self {
        let layout = opener.layout(size);
        let frames = layout.touched(&range);
        let source = Arc::new(Source {
            name,
            file,
            opener,
            layout,
            range,
        });
        Self {
            shared,
            source,
            frames,
            ready: VecDeque::new(),
            ahead: None,
        }
    }

    /// The next bytes of the range, up to a frame; none at its end.
    ///
    /// # Errors
    /// `Damaged` when a frame was altered; `Io`. Nothing follows an error.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            if let Some(bytes) = self.ready.pop_front() {
                if self.ready.is_empty() {
                    self.read_ahead();
                }
                return Ok(Some(bytes));
            }
            if let Some(ahead) = self.ahead.take() {
                self.ready = work::done(ahead).await?;
                continue;
            }
            if self.frames.is_empty() {
                return Ok(None);
            }
            // The first frame alone, so that it is on its way soon. No share is held here: what was handed out is
            // given back without us.
            let buffer = self.shared.buffers.get(
                self.length_of(self.frames.start),
                self.shared.budget.take(BUFFER).await?,
            );
            let frames = self.ask(1);
            let source = Arc::clone(&self.source);
            self.ready = self
                .shared
                .opening
                .run(move || source.read(frames, vec![buffer]))
                .await?;
        }
    }

    /// Begins to read what comes next, if the budget and a thread allow it now.
    fn read_ahead(&mut self) {
        let shares = std::iter::from_fn(|| self.shared.budget.try_take(BUFFER));
        let wanted = self
            .frames
            .end
            .saturating_sub(self.frames.start)
            .min(AT_ONCE);
        let buffers: Vec<Buffer> = (self.frames.start..self.frames.start.saturating_add(wanted))
            .zip(shares)
            .map(|(index, share)| self.shared.buffers.get(self.length_of(index), share))
            .collect();
        if buffers.is_empty() {
            return;
        }
        let frames = self.frames.start..self.frames.start.saturating_add(buffers.len() as u64);
        let (source, reading) = (Arc::clone(&self.source), frames.clone());
        self.ahead = self
            .shared
            .opening
            .try_start(move || source.read(reading, buffers));
        if self.ahead.is_some() {
            self.frames.start = frames.end;
        }
    }

    fn ask(&mut self, count: u64) -> Range<u64> {
        let start = self.frames.start;
        self.frames.start = start.saturating_add(count).min(self.frames.end);
        start..self.frames.start
    }

    fn length_of(&self, index: u64) -> usize {
        let place = self.source.layout.place_of(index);
        usize::try_from(place.end.saturating_sub(place.start)).unwrap_or(BUFFER)
    }
}

impl Source {
    /// Reads and opens some frames, each into its buffer. Blocks.
    fn read(&self, frames: Range<u64>, buffers: Vec<Buffer>) -> Result<VecDeque<Bytes>> {
        frames
            .zip(buffers)
            .map(|(index, buffer)| self.read_one(index, buffer))
            .collect()
    }

    fn read_one(&self, index: u64, mut buffer: Buffer) -> Result<Bytes> {
        let damaged = || Error::Damaged {
            name: self.name,
            reason: format!("frame {index} was altered"),
        };
        let place = self.layout.place_of(index);
        let length = usize::try_from(place.end.saturating_sub(place.start))
            .map_err(|_too_large| damaged())?;
        let room = buffer.place(length);
        if room.len() != length {
            return Err(damaged());
        }
        read_exactly(&self.file, self.name, room, place.start)?;
        let last = Last::from(self.layout.is_last(index));
        let plain = self
            .opener
            .open_in_place(index, last, room)
            .map_err(|_cause| damaged())?
            .len();
        let held = self.layout.plain_of(index);
        let from = self.range.start.max(held.start).saturating_sub(held.start);
        let to = self.range.end.min(held.end).saturating_sub(held.start);
        let within = |at: u64| usize::try_from(at).map_or(plain, |at| at.min(plain));
        Ok(buffer.into_bytes(plain).slice(within(from)..within(to)))
    }
}
