//! Buffers of one frame, used again: fresh ones would cost as much as opening what is read into them.
use std::fmt;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use wharf_keys::frames::{FRAME, TAG};

use crate::Share;

/// Buffers kept for later: 4 MiB.
const KEPT: usize = 16;
/// Bytes of a buffer.
pub(crate) const BUFFER: usize = FRAME + TAG;

/// Free buffers.
#[derive(Clone, Default)]
pub(crate) struct Buffers {
    free: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl fmt::Debug for Buffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Buffers")
    }
}

impl Buffers {
    /// A buffer of at least `length` bytes with anything in it.
    pub(crate) fn get(&self, length: usize, share: Share) -> Buffer {
        let free = self.free.lock().ok().and_then(|mut free| free.pop());
        let mut bytes = free.unwrap_or_default();
        if bytes.len() < length {
            // All of it at once, so that the next use need not grow it.
            bytes.resize(
                if length > BUFFER / 2 {
                    length.max(BUFFER)
                } else {
                    length
                },
                0,
            );
        }
        Buffer {
            bytes,
            plain: 0,
            home: self.clone(),
            _share: share,
        }
    }
}

/// One buffer with its share of the budget; both go back when it is dropped.
#[derive(Debug)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    /// How much of it is for the reader.
    plain: usize,
    home: Buffers,
    _share: Share,
}

impl Buffer {
    /// The first `length` bytes, to read into.
    pub(crate) fn place(&mut self, length: usize) -> &mut [u8] {
        let length = length.min(self.bytes.len());
        self.bytes.split_at_mut(length).0
    }

    /// The first `plain` bytes, without a copy; the buffer is used again when the last of them is dropped.
    pub(crate) fn into_bytes(mut self, plain: usize) -> Bytes {
        self.plain = plain.min(self.bytes.len());
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self.bytes.split_at(self.plain).0
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.bytes.len() < BUFFER {
            return;
        }
        if let Ok(mut free) = self.home.free.lock()
            && free.len() < KEPT
        {
            free.push(std::mem::take(&mut self.bytes));
        }
    }
}
