//! skopeo: an image and an index go in and come out byte for byte.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use wharf_wire::oci::Digest;

use crate::support::images::{
    self, Image, OCI_INDEX, OCI_MANIFEST, descriptor, layout_blobs, tar_gz, write_layout,
};
use crate::support::tools::Checked as _;
use crate::support::{Options, Server};

/// An image whose layers skopeo recognises, so that it neither packs nor unpacks them.
fn image(scratch: &Path, seed: u64) -> Image {
    let layers = (1..3)
        .map(|i| {
            tar_gz(
                scratch,
                &format!("file{i}"),
                &images::noise(seed * 10 + i, 70_000),
            )
        })
        .collect();
    let config = json!({"os": "linux", "architecture": "amd64", "author": seed.to_string()});
    Image::of(&config, layers)
}

/// `skopeo copy`, unchanged bytes, all members of an index.
fn copy(server: &Server, from: &str, to: &str) -> Command {
    let mut skopeo = server.command("skopeo");
    skopeo
        .args(["--insecure-policy", "copy", "--all", "--preserve-digests"])
        .args(["--src-tls-verify=false", "--dest-tls-verify=false"]);
    let credentials = format!("AWS:{}", server.password());
    for (reference, flag) in [(from, "--src-creds"), (to, "--dest-creds")] {
        if reference.starts_with("docker:") {
            skopeo.args([flag, &credentials]);
        }
    }
    skopeo.args([from, to]);
    skopeo
}

/// Copies a layout into the registry and back, and compares every blob.
fn goes_in_and_comes_out(server: &Server, layout: &Path, digest: &Digest) {
    let source = format!("oci:{}:v1", layout.display());
    let remote = format!("docker://{}/skopeo/app:v1", server.authority());
    let back = server.scratch("back");
    let target = format!("oci:{}:v1", back.display());
    copy(server, &source, &remote).checked();
    copy(server, &remote, &target).checked();
    let (sent, received) = (layout_blobs(layout), layout_blobs(&back));
    let names = |blobs: &[(String, Vec<u8>)]| blobs.iter().map(|b| b.0.clone()).collect::<Vec<_>>();
    assert_eq!(names(&sent), names(&received));
    assert!(sent == received, "a blob came back changed");

    // By digest too.
    let by_digest = format!("docker://{}/skopeo/app@{digest}", server.authority());
    let target = format!("oci:{}:v1", server.scratch("by-digest").display());
    copy(server, &by_digest, &target).checked();
    assert!(layout_blobs(&server.scratch("by-digest")) == sent);
}

#[test]
fn an_image_goes_in_and_comes_out_byte_for_byte() {
    let server = Server::start(Options::default());
    server.create_repository("skopeo/app");
    let image = image(&server.scratch("layers"), 1);
    let layout = server.scratch("layout");
    let mut blobs = image.blobs.clone();
    blobs.push(image.manifest.clone());
    write_layout(
        &layout,
        "v1",
        &descriptor(OCI_MANIFEST, &image.manifest),
        &blobs,
    );
    goes_in_and_comes_out(&server, &layout, &image.digest());
}

#[test]
fn an_index_goes_in_and_comes_out_byte_for_byte() {
    let server = Server::start(Options::default());
    server.create_repository("skopeo/app");
    let scratch = server.scratch("layers");
    let members: Vec<Image> = (1..4).map(|seed| image(&scratch, seed)).collect();
    let index = images::index(&members);
    let layout = server.scratch("layout");
    let mut blobs: Vec<Vec<u8>> = members
        .iter()
        .flat_map(|m| m.blobs.iter().chain([&m.manifest]).cloned())
        .collect();
    blobs.push(index.clone());
    write_layout(&layout, "v1", &descriptor(OCI_INDEX, &index), &blobs);
    goes_in_and_comes_out(&server, &layout, &Digest::of(&index));
}
