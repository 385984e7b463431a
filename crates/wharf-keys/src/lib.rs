//! What locks it: the root key, what it wraps, and the sealed frames that bytes are kept in. No SQL, no request.
//!
//! The chain: a [`RootKey`] (a file, never in the database) wraps one [`RegistryKey`] per account and region,
//! that wraps one [`DataKey`] per blob or upload, and that seals [`frames`].
//!
//! ```
//! use wharf_keys::{DataKey, RegistryKey, open_all, seal_all};
//! let (registry, data) = (RegistryKey::generate()?, DataKey::generate()?);
//! let wrapped = registry.wrap(&data, "arn:aws:ecr:us-east-1:123456789012:repository/1")?;
//! let sealed = seal_all(&data, b"a layer")?;
//!
//! let data = registry.unwrap(&wrapped, "arn:aws:ecr:us-east-1:123456789012:repository/1")?;
//! assert_eq!(open_all(&data, &sealed)?, b"a layer");
//! # Ok::<(), wharf_keys::Error>(())
//! ```
mod derive;
mod error;
pub mod frames;
mod keys;
mod root;
mod wrap;

pub use error::Error;
pub use frames::{Opener, Sealer, open_all, seal_all, sealed_len};
pub use keys::{DataKey, RegistryKey};
pub use root::RootKey;

/// What an operation of this crate answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;
