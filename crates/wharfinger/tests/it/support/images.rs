//! Images made from a number: the same number, the same bytes.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use wharf_wire::oci::Digest;

use super::tools::Checked as _;

pub(crate) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A manifest and the blobs it names, the config first.
#[derive(Clone)]
pub(crate) struct Image {
    pub(crate) media_type: &'static str,
    pub(crate) manifest: Vec<u8>,
    pub(crate) blobs: Vec<Vec<u8>>,
}

impl Image {
    /// A small image with so many layers of 2 KiB, all of them its own.
    pub(crate) fn new(seed: u64, layers: u64) -> Self {
        let sizes = vec![2048; usize::try_from(layers).expect("a small number")];
        Self::with_layers(seed, &sizes)
    }

    /// An image with layers of these sizes in bytes.
    pub(crate) fn with_layers(seed: u64, sizes: &[usize]) -> Self {
        let numbers = 1u64..;
        let layers = numbers
            .zip(sizes)
            .map(|(i, size)| noise(seed.wrapping_mul(1000) + i, *size));
        let config = json!({"architecture": "amd64", "os": "linux", "author": seed.to_string()});
        Self::of(&config, layers.collect())
    }

    /// An image of given layers.
    pub(crate) fn of(config: &Value, layers: Vec<Vec<u8>>) -> Self {
        let config = config.to_string().into_bytes();
        let layer_type = "application/vnd.oci.image.layer.v1.tar+gzip";
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
            "layers": layers.iter().map(|l| descriptor(layer_type, l)).collect::<Vec<_>>(),
        });
        let mut blobs = vec![config];
        blobs.extend(layers);
        Self {
            media_type: OCI_MANIFEST,
            manifest: manifest.to_string().into_bytes(),
            blobs,
        }
    }

    pub(crate) fn digest(&self) -> Digest {
        Digest::of(&self.manifest)
    }
}

/// An index of images; its blobs are the members' manifests only where a layout is written.
pub(crate) fn index(images: &[Image]) -> Vec<u8> {
    let members = images
        .iter()
        .zip(["amd64", "arm64", "s390x"])
        .map(|(image, architecture)| {
            let mut member = descriptor(image.media_type, &image.manifest);
            member["platform"] = json!({"os": "linux", "architecture": architecture});
            member
        });
    let index = json!({
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": members.collect::<Vec<_>>(),
    });
    index.to_string().into_bytes()
}

/// Names content by type, digest and size.
pub(crate) fn descriptor(media_type: &str, content: &[u8]) -> Value {
    json!({
        "mediaType": media_type,
        "digest": Digest::of(content).as_str(),
        "size": content.len(),
    })
}

/// Bytes that do not compress, the same for the same seed.
pub(crate) fn noise(seed: u64, size: usize) -> Vec<u8> {
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

/// A layer that an engine can unpack: a compressed tar with one file.
pub(crate) fn tar_gz(folder: &Path, name: &str, content: &[u8]) -> Vec<u8> {
    std::fs::write(folder.join(name), content).expect("a file");
    let archive = folder.join(format!("{name}.tar.gz"));
    Command::new("tar")
        .args([
            "--mtime=@0",
            "--owner=0",
            "--group=0",
            "--numeric-owner",
            "-C",
        ])
        .arg(folder)
        .arg("-czf")
        .arg(&archive)
        .arg(name)
        .checked();
    std::fs::read(archive).expect("the archive")
}

/// Writes an OCI layout whose tag `tag` is this manifest, with these blobs.
pub(crate) fn write_layout(folder: &Path, tag: &str, top: &Value, blobs: &[Vec<u8>]) {
    let store = folder.join("blobs/sha256");
    std::fs::create_dir_all(&store).expect("a folder");
    for blob in blobs {
        std::fs::write(store.join(Digest::of(blob).hex()), blob).expect("a blob");
    }
    let mut entry = top.clone();
    entry["annotations"] = json!({"org.opencontainers.image.ref.name": tag});
    let index = json!({"schemaVersion": 2, "manifests": [entry]});
    std::fs::write(folder.join("index.json"), index.to_string()).expect("the index");
    std::fs::write(
        folder.join("oci-layout"),
        r#"{"imageLayoutVersion":"1.0.0"}"#,
    )
    .expect("a file");
}

/// The blobs of an OCI layout: name and content, sorted.
pub(crate) fn layout_blobs(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder.join("blobs/sha256")).expect("a layout");
    let mut blobs: Vec<(String, Vec<u8>)> = entries
        .map(|e| e.expect("an entry"))
        .map(|e| {
            let content = std::fs::read(e.path()).expect("a blob");
            (e.file_name().to_string_lossy().into_owned(), content)
        })
        .collect();
    blobs.sort();
    blobs
}
