//! The writer of one object: fills a buffer while the one before is hashed, sealed and written.
use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use tokio::task::JoinHandle;
use wharf_keys::Sealer;
use wharf_keys::frames::{FRAME, HEADER, Last, TAG};

use crate::directory::Shared;
use crate::{Budget, Error, Flush, ObjectName, Result, RunningHash, Share, work};

/// Frames of one buffer: few enough to stay in a processor's own cache between hashing, sealing and writing.
const FRAMES: usize = 2;
/// Bytes of a buffer, with room for the header.
pub(crate) const BUFFER: usize = HEADER + FRAMES * (FRAME + TAG);

/// Writes one object, front to back. Dropped before [`Self::finish`], it leaves a file that is of no use.
#[derive(Debug)]
pub struct Writer {
    shared: Arc<Shared>,
    budget: Budget,
    name: ObjectName,
    received: u64,
    /// The buffer that bytes are copied to. Absent only after an error.
    filling: Option<Filling>,
    /// The other buffer, come back.
    idle: Option<Filling>,
    /// What seals and writes, when it is here.
    pen: Option<Box<Pen>>,
    /// What seals and writes, away with a buffer.
    away: Option<JoinHandle<Result<Back>>>,
}

/// What comes back: the pen and the buffer it has written.
type Back = (Box<Pen>, Filling);

#[derive(Debug)]
struct Pen {
    name: ObjectName,
    file: File,
    sealer: Sealer,
    hash: Option<RunningHash>,
}

/// A buffer being filled: frames as they will lie on disk, room for each tag left open.
#[derive(Debug)]
struct Filling {
    bytes: Vec<u8>,
    /// Where the first frame begins: behind the header, in the first buffer.
    start: usize,
    _share: Share,
}

/// An object that was written: with the operating system, not yet on disk.
#[derive(Debug)]
pub struct Written {
    shared: Arc<Shared>,
    name: ObjectName,
    file: File,
    /// Plain bytes of the object.
    pub size: u64,
    /// The hash it was begun with, with the object's bytes added.
    pub hash: Option<RunningHash>,
}

impl Written {
    /// The object.
    pub fn name(&self) -> ObjectName {
        self.name
    }

    /// Begins to flush the bytes to disk.
    pub fn flush(self) -> Flush {
        self.shared.start_flush(self.name, self.file)
    }
}

impl Writer {
    pub(crate) fn new(
        (shared, budget): (Arc<Shared>, Budget),
        name: ObjectName,
        file: File,
        sealer: Sealer,
        hash: Option<RunningHash>,
        share: Share,
    ) -> Self {
        let mut filling = Filling {
            bytes: Vec::with_capacity(BUFFER),
            start: 0,
            _share: share,
        };
        filling.begin(sealer.header());
        let pen = Box::new(Pen {
            name,
            file,
            sealer,
            hash,
        });
        Self {
            shared,
            budget,
            name,
            received: 0,
            filling: Some(filling),
            idle: None,
            pen: Some(pen),
            away: None,
        }
    }

    /// The object.
    pub fn name(&self) -> ObjectName {
        self.name
    }

    /// Plain bytes taken so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Takes the next bytes; waits while both buffers are in use. After an error the object is of no use.
    ///
    /// # Errors
    /// `Full`, `Io`.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            // A full buffer is sent away only when more comes: the last frame of an object is sealed as such.
            if self.filling.as_ref().is_some_and(Filling::is_full) {
                self.send_away().await?;
            }
            let taken = self.filling.as_mut().ok_or(Error::GivenUp)?.push(bytes);
            self.received = self.received.saturating_add(taken as u64);
            bytes = bytes.split_at(taken).1;
        }
        Ok(())
    }

    /// Seals what is left as the end of the object, and gives everything to the operating system.
    ///
    /// # Errors
    /// `Full`, `Io`.
    pub async fn finish(mut self) -> Result<Written> {
        let pen = self.take_pen().await?;
        let filling = self.filling.take().ok_or(Error::GivenUp)?;
        self.idle = None;
        let (pen, _) = self
            .shared
            .sealing
            .run(move || seal_and_write(pen, filling, Last::Yes))
            .await?;
        let Pen {
            name, file, hash, ..
        } = *pen;
        Ok(Written {
            shared: self.shared,
            name,
            file,
            size: self.received,
            hash,
        })
    }

    /// Sends the full buffer away and goes on with another: the idle one, a fresh one if the budget has it, else the
    /// same one when it comes back. So who holds one buffer always gets on.
    async fn send_away(&mut self) -> Result<()> {
        let pen = self.take_pen().await?;
        let full = self.filling.take().ok_or(Error::GivenUp)?;
        let fresh = |share| Filling {
            bytes: Vec::with_capacity(BUFFER),
            start: 0,
            _share: share,
        };
        let next = self
            .idle
            .take()
            .or_else(|| self.budget.try_take(BUFFER).map(fresh));
        let write = self
            .shared
            .sealing
            .start(move || seal_and_write(pen, full, Last::No))
            .await?;
        let mut next = if let Some(next) = next {
            self.away = Some(write);
            next
        } else {
            let (pen, same) = work::done(write).await?;
            self.pen = Some(pen);
            same
        };
        next.begin(&[]);
        self.filling = Some(next);
        Ok(())
    }

    async fn take_pen(&mut self) -> Result<Box<Pen>> {
        if let Some(away) = self.away.take() {
            let (pen, idle) = work::done(away).await?;
            self.idle = Some(idle);
            return Ok(pen);
        }
        self.pen.take().ok_or(Error::GivenUp)
    }
}

impl Filling {
    fn begin(&mut self, header: &[u8]) {
        self.bytes.clear();
        self.bytes.extend_from_slice(header);
        self.start = header.len();
    }

    /// Plain bytes in the frame that is being filled, and whether this buffer has room for another.
    fn position(&self) -> (usize, bool) {
        let filled = self.bytes.len() - self.start;
        (filled % (FRAME + TAG), filled / (FRAME + TAG) + 1 < FRAMES)
    }

    fn is_full(&self) -> bool {
        self.position() == (FRAME, false)
    }

    /// Copies as much as the current frame has room for; how much that was. A full frame is closed first.
    fn push(&mut self, bytes: &[u8]) -> usize {
        let (mut held, another) = self.position();
        if held == FRAME && another {
            self.bytes.extend_from_slice(&[0; TAG]);
            held = 0;
        }
        let (taken, _) = bytes.split_at(bytes.len().min(FRAME.saturating_sub(held)));
        self.bytes.extend_from_slice(taken);
        taken.len()
    }
}

/// Hashes, seals and writes each frame where it lies, so that it is read from memory once. Blocks.
fn seal_and_write(mut pen: Box<Pen>, mut filling: Filling, end: Last) -> Result<Back> {
    // Room for the tag of the last frame.
    filling.bytes.extend_from_slice(&[0; TAG]);
    let (header, frames) = filling.bytes.split_at_mut(filling.start);
    if !header.is_empty() {
        pen.write(header)?;
    }
    let mut frames = frames.chunks_mut(FRAME + TAG).peekable();
    while let Some(frame) = frames.next() {
        let (plain, room) = frame.split_at_mut(frame.len().saturating_sub(TAG));
        if let Some(hash) = &mut pen.hash {
            hash.update(plain);
        }
        let last = if frames.peek().is_none() {
            end
        } else {
            Last::No
        };
        let tag = pen.sealer.seal_in_place(plain, last).map_err(Error::Seal)?;
        room.copy_from_slice(&tag);
        pen.write(frame)?;
    }
    Ok((pen, filling))
}

impl Pen {
    fn write(&mut self, sealed: &[u8]) -> Result<()> {
        self.file
            .write_all(sealed)
            .map_err(|cause| Error::of_object(self.name, "writing", cause))
    }
}
