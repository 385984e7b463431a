//! The reader of a part of one object: only the frames that are touched, each verified before it is handed out.
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use wharf_keys::frames::{HEADER, Last, Layout};
use wharf_keys::{DataKey, Opener};

use crate::buffers::{BUFFER, Buffer};
use crate::directory::Shared;
use crate::{Budget, Error, ObjectName, Result, page_cache};

/// Frames asked of the disk ahead of the one that is read: 2 MiB, held by the operating system and not by us.
const AHEAD: u64 = 8;
/// Frames opened on the caller's thread before others have their turn.
const TURN: u32 = 4;

/// Reads a range of an object's plain bytes, a frame at a time.
///
/// What the operating system has in memory is read and opened right away, on the caller's thread: that takes less
/// than handing it to another thread and back. What must be waited for is read on a thread that may block.
#[derive(Debug)]
pub struct Reader {
    shared: Arc<Shared>,
    budget: Budget,
    source: Arc<Source>,
    /// Frames not yet read.
    frames: Range<u64>,
    /// Up to where the disk was asked for frames. None: all that was wanted so far was in memory.
    asked: Option<u64>,
    /// Frames opened since others last had their turn.
    opened: u32,
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
        (shared, budget): (Arc<Shared>, Budget),
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
            budget,
            source,
            frames,
            asked: None,
            opened: 0,
        }
    }

    /// The next bytes of the range, up to a frame; none at its end.
    ///
    /// # Errors
    /// `Damaged` when a frame was altered; `Io`. Nothing follows an error.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        if self.frames.is_empty() {
            return Ok(None);
        }
        let index = self.frames.start;
        let read = self.frame(index).await;
        self.frames = match &read {
            Ok(_) => index.saturating_add(1)..self.frames.end,
            Err(_) => 0..0,
        };
        read.map(Some)
    }

    async fn frame(&mut self, index: u64) -> Result<Bytes> {
        if self.opened >= TURN {
            self.opened = 0;
            tokio::task::yield_now().await;
        }
        // No share is held here: what was handed out is given back without us.
        let share = self.budget.take(BUFFER).await?;
        let mut buffer = self.shared.buffers.get(self.length_of(index), share);
        if !self.must_ask(index) && self.source.is_in_memory(index, &mut buffer) {
            self.opened = self.opened.saturating_add(1);
            return self.source.open(index, buffer);
        }
        let ahead = self.ask_ahead(index);
        let source = Arc::clone(&self.source);
        let read = move || {
            for index in ahead {
                page_cache::ask_for(&source.file, &source.layout.place_of(index));
            }
            source.read(index, buffer)
        };
        self.shared.opening.run(read).await
    }

    /// Whether the disk, once it was waited for, has too little to do.
    fn must_ask(&self, index: u64) -> bool {
        self.asked.is_some_and(|asked| {
            asked < self.frames.end && index.saturating_add(AHEAD.div_euclid(2)) > asked
        })
    }

    /// The frames to ask the disk for.
    fn ask_ahead(&mut self, index: u64) -> Range<u64> {
        let from = self.asked.unwrap_or(0).max(index.saturating_add(1));
        let to = index.saturating_add(1 + AHEAD).min(self.frames.end);
        self.asked = Some(to);
        from..to
    }

    fn length_of(&self, index: u64) -> usize {
        let place = self.source.layout.place_of(index);
        usize::try_from(place.end.saturating_sub(place.start)).unwrap_or(BUFFER)
    }
}

impl Source {
    /// Where a frame goes in its buffer.
    fn room<'a>(&self, index: u64, buffer: &'a mut Buffer) -> Result<&'a mut [u8]> {
        let place = self.layout.place_of(index);
        let length = usize::try_from(place.end.saturating_sub(place.start))
            .map_err(|_too_large| self.damaged(index))?;
        let room = buffer.place(length);
        if room.len() == length {
            Ok(room)
        } else {
            Err(self.damaged(index))
        }
    }

    /// Reads a frame into its buffer if that needs no waiting.
    fn is_in_memory(&self, index: u64, buffer: &mut Buffer) -> bool {
        let at = self.layout.place_of(index).start;
        self.room(index, buffer)
            .is_ok_and(|room| page_cache::read(&self.file, room, at))
    }

    /// Reads a frame into its buffer and opens it. Blocks.
    fn read(&self, index: u64, mut buffer: Buffer) -> Result<Bytes> {
        let at = self.layout.place_of(index).start;
        let room = self.room(index, &mut buffer)?;
        read_exactly(&self.file, self.name, room, at)?;
        self.open(index, buffer)
    }

    /// Opens a frame in its buffer: of its bytes those in the range.
    fn open(&self, index: u64, mut buffer: Buffer) -> Result<Bytes> {
        let last = Last::from(self.layout.is_last(index));
        let room = self.room(index, &mut buffer)?;
        let plain = self
            .opener
            .open_in_place(index, last, room)
            .map_err(|_cause| self.damaged(index))?
            .len();
        let held = self.layout.plain_of(index);
        let from = self.range.start.max(held.start).saturating_sub(held.start);
        let to = self.range.end.min(held.end).saturating_sub(held.start);
        let within = |at: u64| usize::try_from(at).map_or(plain, |at| at.min(plain));
        Ok(buffer.into_bytes(plain).slice(within(from)..within(to)))
    }

    fn damaged(&self, index: u64) -> Error {
        Error::Damaged {
            name: self.name,
            reason: format!("frame {index} was altered"),
        }
    }
}
