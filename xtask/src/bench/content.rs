//! What is stored: unique bytes that do not compress, made without costing the client much.

use std::io::Write;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use serde_json::json;
use wharf_blob::RunningHash;
use wharf_wire::oci::Digest;

pub(super) const MEDIA_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG_TYPE: &str = "application/vnd.oci.image.config.v1+json";
const LAYER_TYPE: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// Size of a small image's layer in bytes; with config and manifest it has about 10 KB.
const SMALL: usize = 8 * 1024;
/// Size of the text that fills the config.
const FILL: usize = 1024;

/// Bytes of a large layer that are handed on together: what Go's copy loop, hence docker, sends at once.
pub(super) const CHUNK: usize = 32 * 1024;
/// Bytes at the beginning of each chunk that no other chunk of any layer has.
const STAMP: usize = 16;
/// Chunks of noise that all large layers share, but for their stamps.
const CHUNKS: usize = 2048;

/// Images and layers have numbers, and no number is used twice.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// 64 MiB, made once.
static NOISE: LazyLock<Vec<u8>> = LazyLock::new(|| noise(0, CHUNKS * CHUNK));

/// A number that nobody has had.
pub(super) fn next_number() -> u64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Makes what is made once, so that it is not made while something is measured.
pub(super) fn prepare() {
    LazyLock::force(&NOISE);
}

/// A small image: one layer and a config of its own.
pub(super) struct Image {
    pub(super) manifest: Vec<u8>,
    pub(super) config: Vec<u8>,
    pub(super) layer: Vec<u8>,
}

impl Image {
    /// The same number, the same image.
    pub(super) fn new(number: u64) -> Self {
        let layer = noise(number, SMALL);
        let config = config(number);
        let layers = vec![descriptor(
            LAYER_TYPE,
            Digest::of(&layer).as_str(),
            layer.len() as u64,
        )];
        Self {
            manifest: manifest(&config, &layers),
            config,
            layer,
        }
    }
}

/// The config and the manifest of an image of large layers.
pub(super) fn image_of(layers: &[Layer]) -> (Vec<u8>, Vec<u8>) {
    let config = config(next_number());
    let layers: Vec<_> = layers
        .iter()
        .map(|layer| descriptor(LAYER_TYPE, &layer.digest, layer.size))
        .collect();
    let manifest = manifest(&config, &layers);
    (config, manifest)
}

fn config(number: u64) -> Vec<u8> {
    let fill = "x".repeat(FILL);
    let config = json!({"architecture": "amd64", "os": "linux", "author": number.to_string(), "comment": fill});
    config.to_string().into_bytes()
}

fn descriptor(media_type: &str, digest: &str, size: u64) -> serde_json::Value {
    json!({"mediaType": media_type, "digest": digest, "size": size})
}

fn manifest(config: &[u8], layers: &[serde_json::Value]) -> Vec<u8> {
    let digest = Digest::of(config);
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MEDIA_TYPE,
        "config": descriptor(CONFIG_TYPE, digest.as_str(), config.len() as u64),
        "layers": layers,
    });
    manifest.to_string().into_bytes()
}

/// A large layer: noise, stamped with its number, told in chunks and never held as a whole.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    number: u64,
    pub(super) size: u64,
    pub(super) digest: String,
}

/// A part of a layer, of up to [`CHUNK`] bytes.
pub(super) struct Chunk {
    stamp: [u8; STAMP],
    length: usize,
    rest: &'static [u8],
}

impl Chunk {
    /// Its bytes, in two pieces.
    pub(super) fn pieces(&self) -> [&[u8]; 2] {
        let stamp = self.stamp.split_at(self.length.min(STAMP)).0;
        [stamp, self.rest]
    }

    pub(super) fn len(&self) -> usize {
        self.length
    }
}

impl Layer {
    /// Makes layers of one size; all processors hash.
    pub(super) fn many(count: usize, size: u64) -> Vec<Self> {
        prepare();
        let mut layers: Vec<Self> = (0..count)
            .map(|_| Self {
                number: next_number(),
                size,
                digest: String::new(),
            })
            .collect();
        let threads = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            for some in layers.chunks_mut(count.div_ceil(threads).max(1)) {
                scope.spawn(move || some.iter_mut().for_each(Self::set_digest));
            }
        });
        layers
    }

    fn set_digest(&mut self) {
        let mut hash = RunningHash::new();
        for chunk in self.chunks() {
            chunk.pieces().iter().for_each(|piece| hash.update(piece));
        }
        self.digest = Digest::from_sha256(hash.finish()).to_string();
    }

    /// All of it, in order.
    pub(super) fn chunks(&self) -> impl Iterator<Item = Chunk> + '_ {
        let count = self.size.div_ceil(CHUNK as u64);
        (0..count).map(|index| self.chunk(index))
    }

    fn chunk(&self, index: u64) -> Chunk {
        let left = self.size - index * CHUNK as u64;
        let length = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        let mut stamp = [0; STAMP];
        let (first, second) = stamp.split_at_mut(STAMP / 2);
        first.copy_from_slice(&self.number.to_le_bytes());
        second.copy_from_slice(&index.to_le_bytes());
        let place = usize::try_from(index % CHUNKS as u64).unwrap_or(0) * CHUNK;
        let rest = NOISE.get(place + STAMP..place + length).unwrap_or_default();
        Chunk {
            stamp,
            length,
            rest,
        }
    }

    /// Makes `bytes` those from `first` to `first + length`, both whole chunks but for the end of the layer.
    pub(super) fn part(&self, first: u64, length: u64, bytes: &mut Vec<u8>) {
        let count = length.div_ceil(CHUNK as u64);
        let begin = first / CHUNK as u64;
        bytes.clear();
        for index in begin..begin + count {
            for piece in self.chunk(index).pieces() {
                bytes.extend_from_slice(piece);
            }
        }
    }

    /// Writes all of it.
    pub(super) fn write_to(&self, writer: &mut impl Write) -> std::io::Result<()> {
        for chunk in self.chunks() {
            for piece in chunk.pieces() {
                writer.write_all(piece)?;
            }
        }
        writer.flush()
    }
}

/// The next of some things that several clients take in turn.
pub(super) struct Turns<'a, T> {
    things: &'a [T],
    next: AtomicUsize,
}

impl<'a, T> Turns<'a, T> {
    pub(super) fn new(things: &'a [T]) -> Self {
        Self {
            things,
            next: AtomicUsize::new(0),
        }
    }

    pub(super) fn next(&self) -> Option<&'a T> {
        self.things.get(self.next.fetch_add(1, Ordering::Relaxed))
    }
}

/// Bytes that do not compress.
fn noise(seed: u64, size: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        // xorshift64*
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend_from_slice(&state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_is_as_long_as_it_says_and_its_digest_is_of_its_bytes() {
        let size = 3 * CHUNK as u64 + 1_000;
        let layers = Layer::many(2, size);
        let mut bytes = Vec::new();
        layers[0].write_to(&mut bytes).unwrap();
        assert_eq!(bytes.len() as u64, size);
        assert_eq!(Digest::of(&bytes).as_str(), layers[0].digest);
        let lengths: usize = layers[0].chunks().map(|c| c.len()).sum();
        assert_eq!(lengths, bytes.len());
        assert_ne!(layers[0].digest, layers[1].digest);
    }

    #[test]
    fn parts_put_together_are_the_layer() {
        let size = 3 * CHUNK as u64 + 1_000;
        let layer = Layer::many(1, size).remove(0);
        let two = 2 * CHUNK as u64;
        let (mut one, mut other) = (vec![7], vec![7]);
        layer.part(0, two, &mut one);
        layer.part(two, size - two, &mut other);
        one.extend(other);
        assert_eq!(Digest::of(&one).as_str(), layer.digest);
    }

    #[test]
    fn no_chunk_of_two_layers_is_the_same() {
        let layers = Layer::many(2, 2 * CHUNK as u64);
        let mut seen: Vec<Vec<u8>> = layers
            .iter()
            .flat_map(|layer| layer.chunks().map(|chunk| chunk.pieces().concat()))
            .collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 4);
    }

    #[test]
    fn each_thing_is_given_once() {
        let turns = Turns::new(&[1, 2]);
        assert_eq!(
            [turns.next(), turns.next(), turns.next()],
            [Some(&1), Some(&2), None]
        );
    }
}
