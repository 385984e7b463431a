//! What the tests push: bytes that no other test and no other run has.

use std::cell::Cell;

use aws_lc_rs::digest;
use serde_json::{Value, json};

/// Media types of the image specification.
pub(crate) mod media {
    pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
    pub(crate) const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
    pub(crate) const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
    pub(crate) const EMPTY: &str = "application/vnd.oci.empty.v1+json";
    pub(crate) const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
    pub(crate) const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
    pub(crate) const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar";
}

/// `sha256:…` of some bytes.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA256, bytes);
    format!("sha256:{}", hex::encode(hash))
}

/// `sha512:…` of some bytes.
pub(crate) fn sha512(bytes: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA512, bytes);
    format!("sha512:{}", hex::encode(hash))
}

/// Whether a digest is that of these bytes, by its own algorithm.
pub(crate) fn is_digest_of(digest: &str, bytes: &[u8]) -> bool {
    digest == sha256(bytes) || digest == sha512(bytes)
}

/// Numbers that follow from the seed of the run and the name of the test.
#[derive(Debug)]
pub(crate) struct Random(Cell<u64>);

impl Random {
    pub(crate) fn new(seed: u64, test: &str) -> Self {
        let hash = digest::digest(&digest::SHA256, format!("{seed:x} {test}").as_bytes());
        let first = hash.as_ref().first_chunk().copied().unwrap_or_default();
        Self(Cell::new(u64::from_le_bytes(first)))
    }

    /// One step of `SplitMix64`, after Sebastiano Vigna's description.
    pub(crate) fn next(&self) -> u64 {
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn bytes(&self, length: usize) -> Vec<u8> {
        let words = std::iter::repeat_with(|| self.next().to_le_bytes());
        words.flatten().take(length).collect()
    }

    /// Sixteen lower-case hexadecimal digits.
    pub(crate) fn word(&self) -> String {
        format!("{:016x}", self.next())
    }
}

/// Bytes with their digest, as a repository knows them.
#[derive(Clone, Debug)]
pub(crate) struct Blob {
    pub(crate) bytes: Vec<u8>,
    pub(crate) digest: String,
}

impl Blob {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        let digest = sha256(&bytes);
        Self { bytes, digest }
    }

    /// The same bytes under their other name.
    pub(crate) fn by_sha512(mut self) -> Self {
        self.digest = sha512(&self.bytes);
        self
    }

    pub(crate) fn descriptor(&self, media_type: &str) -> Value {
        json!({"mediaType": media_type, "digest": self.digest, "size": self.bytes.len()})
    }
}

/// A manifest of any kind: its bytes, and the type that is told with them.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) blob: Blob,
    pub(crate) media_type: String,
}

impl Document {
    pub(crate) fn new(media_type: &str, value: &Value) -> Self {
        Self::of_text(media_type, &value.to_string())
    }

    pub(crate) fn of_text(media_type: &str, text: &str) -> Self {
        Self {
            blob: Blob::new(text.as_bytes().to_vec()),
            media_type: media_type.to_owned(),
        }
    }

    pub(crate) fn digest(&self) -> &str {
        &self.blob.digest
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.blob.bytes
    }

    pub(crate) fn descriptor(&self) -> Value {
        self.blob.descriptor(&self.media_type)
    }
}

/// An image manifest over a configuration and layers.
pub(crate) fn image(config: &Value, layers: &[Value]) -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": media::MANIFEST,
        "config": config,
        "layers": layers,
    })
}

/// An index over manifests. The mark makes its bytes differ from all others.
pub(crate) fn index(children: &[Value], mark: &str) -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": media::INDEX,
        "manifests": children,
        "annotations": {"org.example.mark": mark},
    })
}

/// The same JSON object with one more member.
pub(crate) fn with(mut object: Value, name: &str, value: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
    object
}

/// The same JSON object with one member less.
pub(crate) fn without(mut object: Value, name: &str) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.remove(name);
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_follows_from_seed_and_test_and_from_nothing_else() {
        let bytes = |seed, test| Random::new(seed, test).bytes(100);
        assert_eq!(bytes(1, "a"), bytes(1, "a"));
        assert_ne!(bytes(1, "a"), bytes(2, "a"));
        assert_ne!(bytes(1, "a"), bytes(1, "b"));
        assert_eq!(bytes(1, "a").len(), 100);
    }

    #[test]
    fn digests_are_those_of_the_standard() {
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256(b""), empty);
        assert!(is_digest_of(&sha512(b"x"), b"x"));
        assert!(!is_digest_of(&sha512(b"x"), b"y"));
    }
}
