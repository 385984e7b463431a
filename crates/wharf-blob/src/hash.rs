//! The hash of an upload while its bytes come.
use std::fmt;

use aws_lc_rs::digest::{Context, SHA256, SHA512};

/// SHA-256 of what came so far, and SHA-512 where it was asked for. Cloned before each request, so that one that fails
/// leaves the last good state.
#[derive(Clone)]
pub struct RunningHash {
    sha256: Context,
    sha512: Option<Context>,
}

impl RunningHash {
    /// Of nothing yet, SHA-256 alone.
    pub fn new() -> Self {
        Self {
            sha256: Context::new(&SHA256),
            sha512: None,
        }
    }

    /// Of nothing yet, both hashes: for content that the client names by SHA-512.
    pub fn with_sha512() -> Self {
        Self {
            sha512: Some(Context::new(&SHA512)),
            ..Self::new()
        }
    }

    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        if let Some(sha512) = &mut self.sha512 {
            sha512.update(bytes);
        }
    }

    /// The SHA-256 of all that was added.
    pub fn finish(self) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(self.sha256.finish().as_ref());
        hash
    }

    /// The SHA-512 of all that was added, if it was asked for.
    pub fn finish_sha512(&self) -> Option<[u8; 64]> {
        let sha512 = self.sha512.clone()?;
        let mut hash = [0; 64];
        hash.copy_from_slice(sha512.finish().as_ref());
        Some(hash)
    }
}

impl Default for RunningHash {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for RunningHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.sha512.is_some() {
            "RunningHash(sha256, sha512)"
        } else {
            "RunningHash(sha256)"
        })
    }
}
