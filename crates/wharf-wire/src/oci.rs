//! The registry protocol's own values: digests, references, manifests, media types, error codes.

mod digest;
mod error_code;
mod manifest;
pub mod media_type;
mod reference;

pub use digest::{Algorithm, Digest, InvalidDigest};
pub use error_code::ErrorCode;
pub use manifest::{
    Descriptor, MAX_DEPTH, MAX_DESCRIPTORS, MAX_MANIFEST_BYTES, Manifest, ManifestError,
    ManifestKind,
};
pub use reference::{InvalidReference, Reference};
