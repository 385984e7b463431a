//! Why something is not sealed or opened. No variant carries key material or opened bytes.
use std::path::PathBuf;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    Random,
    /// The file of the root key cannot be used as it is.
    #[error("`{}` cannot be used as the root key: {reason}", path.display())]
    RootKeyFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The bytes were wrapped under another key, or another generation of it.
    #[error("the bytes were wrapped under another key")]
    OtherKey,
    /// The bytes were altered, cut short or put in another order, or are of another key or context.
    #[error("the sealed bytes were altered or cut short, or belong to another key or context")]
    Damaged,
    /// The bytes are in a format this program does not know.
    #[error("the sealed bytes are of format version {0}, which is not known here")]
    Version(u8),
    /// More was to be sealed than the format holds, or a frame that does not fit in its place.
    #[error("a frame does not fit in the place it is meant for")]
    Misfit,
    /// The cryptographic library refused what it never should.
    #[error("the cryptographic library refused to work")]
    Refused,
}
