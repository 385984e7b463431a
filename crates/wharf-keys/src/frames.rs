//! The sealed form of a stored object: a header, then frames of AES-256-GCM.
//!
//! | Header | Bytes |
//! |---|---|
//! | `wharfobj` | 8 |
//! | version 1, algorithm 1 (AES-256-GCM), two zeros | 4 |
//! | plain bytes of a frame, big-endian | 4 |
//! | object id | 16 |
//! | salt | 32 |
//! | commitment | 32 |
//!
//! HKDF-SHA256(data key, the salt, SHA-256 of the header without the commitment) gives the frame key and the
//! commitment: a salt of its own for each object, so a frame key of its own, so counters start at 0 each time.
//! A frame's nonce is 7 zeros, its number (4, big-endian), and 1 if it is the last (STREAM); what it is bound to is
//! the SHA-256 of the whole header. Each frame but the last is full, the last may be empty, and each is followed
//! by its tag: frame *i* lies at 96 + *i* · (frame + 16), so a range is read without the rest.
use std::fmt;
use std::ops::Range;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};

use crate::derive::{derive, random};
use crate::{DataKey, Error, Result};

/// Plain bytes of a full frame of what is sealed now.
pub const FRAME: usize = 256 * 1024;
/// Bytes of the tag behind each frame.
pub const TAG: usize = 16;
/// Bytes of the header.
pub const HEADER: usize = 96;
/// Plain bytes of a frame that other versions may have chosen.
const FRAMES_TAKEN: std::ops::RangeInclusive<usize> = 64 * 1024..=1024 * 1024;
const MAGIC: &[u8; 8] = b"wharfobj";
const VERSION: u8 = 1;
const ALGORITHM: u8 = 1;
const COMMITMENT_AT: usize = 64;

/// Where the frames of an object lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    frame: u64,
    plain: u64,
}

impl Layout {
    /// The frames of what is sealed now, for `plain` bytes.
    pub fn new(plain: u64) -> Self {
        Self {
            frame: FRAME as u64,
            plain,
        }
    }

    /// How many frames there are: at least one.
    pub fn frames(&self) -> u64 {
        self.plain.div_ceil(self.frame).max(1)
    }

    /// Bytes of the whole object with header and tags.
    pub fn sealed_len(&self) -> u64 {
        let tags = self.frames().saturating_mul(TAG as u64);
        (HEADER as u64)
            .saturating_add(self.plain)
            .saturating_add(tags)
    }

    /// The plain bytes that a frame holds.
    pub fn plain_of(&self, index: u64) -> Range<u64> {
        let start = index.saturating_mul(self.frame).min(self.plain);
        start..start.saturating_add(self.frame).min(self.plain)
    }

    /// Where a frame lies in the sealed object, with its tag.
    pub fn place_of(&self, index: u64) -> Range<u64> {
        let plain = self.plain_of(index);
        let start = (HEADER as u64)
            .saturating_add(index.saturating_mul(self.frame.saturating_add(TAG as u64)));
        start
            ..start
                .saturating_add(plain.end.saturating_sub(plain.start))
                .saturating_add(TAG as u64)
    }

    /// Whether it is the last one.
    pub fn is_last(&self, index: u64) -> bool {
        index.saturating_add(1) == self.frames()
    }

    /// The frames that hold the plain bytes of `range`; of an empty range, none.
    pub fn touched(&self, range: &Range<u64>) -> Range<u64> {
        let end = range.end.min(self.plain);
        if range.start >= end {
            return 0..0;
        }
        range.start.div_euclid(self.frame)..end.div_ceil(self.frame)
    }
}

/// Bytes that `plain` bytes take when sealed.
pub fn sealed_len(plain: u64) -> u64 {
    Layout::new(plain).sealed_len()
}

/// Seals the frames of one object, in order.
pub struct Sealer {
    header: [u8; HEADER],
    bound: [u8; 32],
    key: LessSafeKey,
    next: u32,
    ended: bool,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer")
            .field("next", &self.next)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl Sealer {
    /// Begins an object that has no name of its own.
    ///
    /// # Errors
    /// `Random`.
    pub fn new(key: &DataKey) -> Result<Self> {
        Self::for_object(key, random()?)
    }

    /// Begins the object of that id: under another id it does not open.
    ///
    /// # Errors
    /// `Random`.
    pub fn for_object(key: &DataKey, object: [u8; 16]) -> Result<Self> {
        let frame = u32::try_from(FRAME).map_err(|_too_large| Error::Misfit)?;
        let salt: [u8; 32] = random()?;
        let mut header = Vec::with_capacity(HEADER);
        header.extend_from_slice(MAGIC);
        header.extend_from_slice(&[VERSION, ALGORITHM, 0, 0]);
        header.extend_from_slice(&frame.to_be_bytes());
        header.extend_from_slice(&object);
        header.extend_from_slice(&salt);
        let (frame_key, commitment) = keys(key, &header, &salt)?;
        header.extend_from_slice(&commitment);
        let header: [u8; HEADER] = header.try_into().map_err(|_length| Error::Misfit)?;
        Ok(Self {
            bound: hash(&header),
            header,
            key: frame_key,
            next: 0,
            ended: false,
        })
    }

    /// What goes before the frames.
    pub fn header(&self) -> &[u8; HEADER] {
        &self.header
    }

    /// Seals the next frame where it lies; its tag goes right behind it.
    ///
    /// # Errors
    /// `Misfit` when a frame that is not the last is not full, is more than full, or comes after the last.
    pub fn seal_in_place(&mut self, frame: &mut [u8], last: Last) -> Result<[u8; TAG]> {
        let fits = if last.yes() {
            frame.len() <= FRAME
        } else {
            frame.len() == FRAME
        };
        if self.ended || !fits {
            return Err(Error::Misfit);
        }
        let nonce = nonce(self.next, last);
        // INVARIANT: the number is used up before the frame is sealed, so that no nonce is used twice.
        self.ended = last.yes();
        self.next = match self.next.checked_add(1) {
            Some(next) => next,
            None if last.yes() => 0,
            None => return Err(Error::Misfit),
        };
        let tag = self
            .key
            .seal_in_place_separate_tag(nonce, Aad::from(self.bound), frame)
            .map_err(|_unspecified| Error::Refused)?;
        tag.as_ref().try_into().map_err(|_length| Error::Refused)
    }

    /// Seals the next frame; what it returns holds the tag.
    ///
    /// # Errors
    /// As [`Self::seal_in_place`].
    pub fn seal_frame(&mut self, plain: &[u8], last: Last) -> Result<Vec<u8>> {
        let mut frame = Vec::with_capacity(plain.len() + TAG);
        frame.extend_from_slice(plain);
        let tag = self.seal_in_place(&mut frame, last)?;
        frame.extend_from_slice(&tag);
        Ok(frame)
    }
}

/// Whether a frame is the last of its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    /// More follow.
    No,
    /// None follows.
    Yes,
}

impl Last {
    fn yes(self) -> bool {
        self == Self::Yes
    }
}

impl From<bool> for Last {
    fn from(last: bool) -> Self {
        if last { Self::Yes } else { Self::No }
    }
}

/// Opens the frames of one object, in any order.
pub struct Opener {
    object: [u8; 16],
    frame: usize,
    bound: [u8; 32],
    key: LessSafeKey,
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener")
            .field("frame", &self.frame)
            .finish_non_exhaustive()
    }
}

impl Opener {
    /// Takes the header of an object.
    ///
    /// # Errors
    /// `Damaged` when it is no header or of another key, `Version` when it is of a format not known here.
    pub fn new(key: &DataKey, header: &[u8]) -> Result<Self> {
        let header: &[u8; HEADER] = header.try_into().map_err(|_length| Error::Damaged)?;
        let rest = header
            .strip_prefix(MAGIC.as_slice())
            .ok_or(Error::Damaged)?;
        let (format, rest) = rest.split_first_chunk::<4>().ok_or(Error::Damaged)?;
        if *format != [VERSION, ALGORITHM, 0, 0] {
            return Err(Error::Version(format.first().copied().unwrap_or(0)));
        }
        let (frame, rest) = rest.split_first_chunk::<4>().ok_or(Error::Damaged)?;
        let frame =
            usize::try_from(u32::from_be_bytes(*frame)).map_err(|_too_large| Error::Damaged)?;
        if !FRAMES_TAKEN.contains(&frame) {
            return Err(Error::Damaged);
        }
        let (object, rest) = rest.split_first_chunk::<16>().ok_or(Error::Damaged)?;
        let (salt, commitment) = rest.split_first_chunk::<32>().ok_or(Error::Damaged)?;
        let (committed_to, _) = header.split_at(COMMITMENT_AT);
        let (frame_key, expected) = keys(key, committed_to, salt)?;
        verify_slices_are_equal(commitment, &expected).map_err(|_unequal| Error::Damaged)?;
        Ok(Self {
            object: *object,
            frame,
            bound: hash(header),
            key: frame_key,
        })
    }

    /// The id of the object that the header was made for.
    pub fn object(&self) -> &[u8; 16] {
        &self.object
    }

    /// Where its frames lie, given the length that the database tells.
    pub fn layout(&self, plain: u64) -> Layout {
        Layout {
            frame: self.frame as u64,
            plain,
        }
    }

    /// Opens a frame, with its tag behind it, where it lies; what it returns is the plain part.
    ///
    /// # Errors
    /// `Damaged` when it was altered, is not the one of that number, or `last` does not agree.
    pub fn open_in_place<'a>(
        &self,
        index: u64,
        last: Last,
        frame: &'a mut [u8],
    ) -> Result<&'a mut [u8]> {
        let index = u32::try_from(index).map_err(|_too_large| Error::Damaged)?;
        self.key
            .open_in_place(nonce(index, last), Aad::from(self.bound), frame)
            .map_err(|_unspecified| Error::Damaged)
    }

    /// Opens a frame, with its tag behind it.
    ///
    /// # Errors
    /// As [`Self::open_in_place`].
    pub fn open_frame(&self, index: u64, last: Last, frame: &[u8]) -> Result<Vec<u8>> {
        let mut plain = frame.to_vec();
        let length = self.open_in_place(index, last, &mut plain)?.len();
        plain.truncate(length);
        Ok(plain)
    }
}

/// Seals bytes that are at hand as one object: for what is kept in a row.
///
/// # Errors
/// `Random`.
pub fn seal_all(key: &DataKey, plain: &[u8]) -> Result<Vec<u8>> {
    let mut object = Sealer::new(key)?;
    let layout = Layout::new(plain.len() as u64);
    let mut sealed = Vec::with_capacity(
        usize::try_from(layout.sealed_len()).map_err(|_too_large| Error::Misfit)?,
    );
    sealed.extend_from_slice(object.header());
    let mut frames = plain.chunks(FRAME).peekable();
    if frames.peek().is_none() {
        sealed.extend_from_slice(&object.seal_in_place(&mut [], Last::Yes)?);
    }
    while let Some(frame) = frames.next() {
        let start = sealed.len();
        sealed.extend_from_slice(frame);
        let last = Last::from(frames.peek().is_none());
        let place = sealed.get_mut(start..).ok_or(Error::Misfit)?;
        let tag = object.seal_in_place(place, last)?;
        sealed.extend_from_slice(&tag);
    }
    Ok(sealed)
}

/// Opens what [`seal_all`] sealed.
///
/// # Errors
/// `Damaged` when it was altered, cut short or is of another key; `Version`.
pub fn open_all(key: &DataKey, sealed: &[u8]) -> Result<Vec<u8>> {
    let (header, rest) = sealed.split_at_checked(HEADER).ok_or(Error::Damaged)?;
    let opener = Opener::new(key, header)?;
    let mut plain = Vec::with_capacity(rest.len());
    let mut frames = rest.chunks(opener.frame + TAG).zip(0_u64..).peekable();
    if frames.peek().is_none() {
        return Err(Error::Damaged);
    }
    while let Some((frame, index)) = frames.next() {
        let start = plain.len();
        plain.extend_from_slice(frame);
        let place = plain.get_mut(start..).ok_or(Error::Damaged)?;
        let length = opener
            .open_in_place(index, Last::from(frames.peek().is_none()), place)?
            .len();
        plain.truncate(start + length);
    }
    Ok(plain)
}

/// The frame key and the commitment of an object.
fn keys(key: &DataKey, committed_to: &[u8], salt: &[u8; 32]) -> Result<(LessSafeKey, [u8; 32])> {
    let derived = derive::<64>(key.bytes(), salt, &[&hash(committed_to)])?;
    let (frame_key, commitment) = derived.split_first_chunk::<32>().ok_or(Error::Refused)?;
    let unbound =
        UnboundKey::new(&AES_256_GCM, frame_key).map_err(|_unspecified| Error::Refused)?;
    Ok((
        LessSafeKey::new(unbound),
        commitment.try_into().map_err(|_length| Error::Refused)?,
    ))
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

fn nonce(index: u32, last: Last) -> Nonce {
    let [a, b, c, d] = index.to_be_bytes();
    Nonce::assume_unique_for_key([0, 0, 0, 0, 0, 0, 0, a, b, c, d, u8::from(last.yes())])
}

#[cfg(test)]
mod tests;
