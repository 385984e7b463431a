//! The hash of an upload while its bytes come.
use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};

/// SHA-256 of what came so far. Cloned before each request, so that one that fails leaves the last good state.
#[derive(Clone)]
pub struct RunningHash(Context);

impl RunningHash {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all that was added.
    pub fn finish(self) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(self.0.finish().as_ref());
        hash
    }
}

impl Default for RunningHash {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for RunningHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RunningHash(sha256)")
    }
}
