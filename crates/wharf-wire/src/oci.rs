//! The registry protocol's own values: digests, references, manifests, media types, error codes.

pub mod convert;
mod digest;
mod error_code;
mod manifest;
pub mod media_type;
pub mod range;
mod reference;
pub mod route;

pub use digest::{Algorithm, Digest, InvalidDigest};
pub use error_code::ErrorCode;
pub use manifest::{
    Descriptor, MAX_DEPTH, MAX_DESCRIPTORS, MAX_MANIFEST_BYTES, MAX_NESTING, Manifest,
    ManifestError, ManifestKind,
};
pub use reference::{InvalidReference, Reference};
