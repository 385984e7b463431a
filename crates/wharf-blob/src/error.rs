//! Why bytes were not kept or not had back.
use std::io;

use crate::ObjectName;

/// An error of the directory.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such object.
    #[error("object {name} is not in the directory")]
    NotFound {
        /// Which one.
        name: ObjectName,
    },
    /// The disk is full. What was being written is of no use; others are not harmed.
    #[error("the disk is full")]
    Full,
    /// The object is not as it was written, or of another key.
    #[error("object {name} is damaged: {reason}")]
    Damaged {
        /// Which one.
        name: ObjectName,
        /// What is wrong with it.
        reason: String,
    },
    /// A flush to disk failed: nobody knows what of the object is on disk, so it must not be used.
    #[error("object {name} could not be flushed to disk: {cause}")]
    Poisoned {
        /// Which one.
        name: ObjectName,
        /// What the operating system said.
        cause: String,
    },
    /// The operating system could not do `doing`.
    #[error("{doing}: {cause}")]
    Io {
        /// What was being done, and to what.
        doing: String,
        /// What the operating system said.
        cause: io::Error,
    },
    /// Bytes could not be sealed.
    #[error("bytes could not be sealed: {0}")]
    Seal(wharf_keys::Error),
    /// The work was given up because the process ends, or it panicked.
    #[error("the work was given up")]
    GivenUp,
}

/// A result with the directory's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Tells a full disk, and an object that is not there, from other faults.
    pub(crate) fn io(doing: impl FnOnce() -> String, cause: io::Error) -> Self {
        match cause.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Io {
                doing: doing(),
                cause,
            },
        }
    }

    pub(crate) fn of_object(name: ObjectName, doing: &str, cause: io::Error) -> Self {
        if cause.kind() == io::ErrorKind::NotFound {
            return Self::NotFound { name };
        }
        Self::io(|| format!("{doing} object {name}"), cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_other_faults() {
        let name = ObjectName::random(0).unwrap();
        for kind in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded] {
            assert!(matches!(
                Error::of_object(name, "writing", kind.into()),
                Error::Full
            ));
        }
        assert!(matches!(
            Error::of_object(name, "opening", io::ErrorKind::NotFound.into()),
            Error::NotFound { .. }
        ));
        assert!(matches!(
            Error::of_object(name, "reading", io::ErrorKind::Other.into()),
            Error::Io { .. }
        ));
    }
}
