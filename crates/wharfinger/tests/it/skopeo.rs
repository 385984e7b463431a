//! skopeo: an image and an index go in and come out byte for byte.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use wharf_wire::oci::{Digest, media_type};

use crate::clients;
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

/// skopeo, which is told by its own options whom to trust.
fn skopeo(server: &Server, words: &[&str]) -> Command {
    let mut skopeo = server.command("skopeo");
    skopeo.env_remove("SSL_CERT_FILE");
    skopeo.arg("--insecure-policy").args(words);
    skopeo
}

/// Says how the server is to be reached, on one side of a copy or on the only one.
fn reach(server: &Server, skopeo: &mut Command, side: &str, password: &str) {
    skopeo.arg(format!("--{side}creds=AWS:{password}"));
    match clients::authority_folder(server) {
        None => skopeo.arg(format!("--{side}tls-verify=false")),
        Some(folder) => skopeo.arg(format!("--{side}cert-dir={}", folder.display())),
    };
}

/// A command on one image or repository.
fn remote(server: &Server, words: &[&str], name: &str) -> Command {
    let mut skopeo = skopeo(server, words);
    reach(server, &mut skopeo, "", &server.password());
    skopeo.arg(format!("docker://{}/{name}", server.authority()));
    skopeo
}

/// `skopeo copy`, unchanged bytes, all members of an index.
fn copy(server: &Server, from: &str, to: &str) -> Command {
    let mut skopeo = skopeo(server, &["copy", "--all", "--preserve-digests"]);
    for (reference, side) in [(from, "src-"), (to, "dest-")] {
        if reference.starts_with("docker:") {
            reach(server, &mut skopeo, side, &server.password());
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
fn what_skopeo_copies_with_a_subject_is_a_referrer_of_it() {
    let server = Server::start(Options::tls());
    server.create_repository("skopeo/app");
    let subject = Image::new(41, 1);
    let mut signature = image(&server.scratch("layers"), 42);
    let mut manifest: Value = serde_json::from_slice(&signature.manifest).expect("JSON");
    manifest["subject"] = descriptor(OCI_MANIFEST, &subject.manifest);
    signature.manifest = manifest.to_string().into_bytes();
    let layout = server.scratch("layout");
    let mut blobs = signature.blobs.clone();
    blobs.push(signature.manifest.clone());
    let top = descriptor(OCI_MANIFEST, &signature.manifest);
    write_layout(&layout, "v1", &top, &blobs);
    goes_in_and_comes_out(&server, &layout, &signature.digest());

    let registry = server.registry();
    let listed = |digest: &Digest| {
        let path = format!("/v2/skopeo/app/referrers/{digest}");
        let answer = registry.request("GET", &path, &[], b"");
        answer.expect_status(200).json()["manifests"].clone()
    };
    let referrers = listed(&subject.digest());
    assert_eq!(referrers[0]["digest"], signature.digest().as_str());
    assert_eq!(referrers[1], Value::Null);
    assert_eq!(listed(&signature.digest()), json!([]));
}

fn an_index_goes_in_and_comes_out(server: &Server) {
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
    let digest = Digest::of(&index);
    goes_in_and_comes_out(server, &layout, &digest);
    let tagged = clients::described_tag(server, "skopeo/app", "v1");
    assert_eq!(tagged["imageDigest"], digest.as_str());
}

#[test]
fn an_index_goes_in_and_comes_out_byte_for_byte() {
    an_index_goes_in_and_comes_out(&Server::start(Options::default()));
}

#[test]
fn an_index_goes_in_and_comes_out_byte_for_byte_over_https() {
    an_index_goes_in_and_comes_out(&Server::start(Options::tls()));
}

#[test]
fn an_index_goes_in_and_comes_out_byte_for_byte_where_blobs_are_redirected() {
    let strict = ("WHARFINGER_COMPAT".to_owned(), "strict".to_owned());
    for mut options in [Options::default(), Options::tls()] {
        options.env.push(strict.clone());
        an_index_goes_in_and_comes_out(&Server::start(options));
    }
}

/// Writes the same images with docker's media types, in skopeo's own kind of folder.
fn write_docker_list(folder: &Path, members: &[Image]) -> Vec<u8> {
    let as_docker = |text: &[u8]| {
        String::from_utf8_lossy(text)
            .replace(OCI_MANIFEST, media_type::DOCKER_MANIFEST)
            .replace(OCI_INDEX, media_type::DOCKER_MANIFEST_LIST)
            .replace("oci.image.config.v1+json", "docker.container.image.v1+json")
            .replace(
                "oci.image.layer.v1.tar+gzip",
                "docker.image.rootfs.diff.tar.gzip",
            )
            .into_bytes()
    };
    let members: Vec<Image> = members
        .iter()
        .map(|member| Image {
            media_type: media_type::DOCKER_MANIFEST,
            manifest: as_docker(&member.manifest),
            blobs: member.blobs.clone(),
        })
        .collect();
    let list = as_docker(&images::index(&members));
    let write = |name: &str, content: &[u8]| {
        std::fs::write(folder.join(name), content).expect("a file");
    };
    write("version", b"Directory Transport Version: 1.1\n");
    write("manifest.json", &list);
    for member in &members {
        write(
            &format!("{}.manifest.json", member.digest().hex()),
            &member.manifest,
        );
        for blob in &member.blobs {
            write(Digest::of(blob).hex(), blob);
        }
    }
    list
}

/// The files of a folder: name and content, sorted.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut files: Vec<(String, Vec<u8>)> = entries
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy();
            (name.into_owned(), std::fs::read(&path).expect("a file"))
        })
        .collect();
    files.sort();
    files
}

#[test]
fn a_docker_list_is_copied_inspected_listed_synced_and_deleted() {
    let server = Server::start(Options::default());
    server.create_repository("team/app");
    server.create_repository("mirror/app");
    let scratch = server.scratch("layers");
    let members: Vec<Image> = (21..24).map(|seed| image(&scratch, seed)).collect();
    let folder = server.scratch("folder");
    let list = write_docker_list(&folder, &members);
    let digest = Digest::of(&list).to_string();
    let remote_name = format!("docker://{}/team/app:v1", server.authority());
    copy(&server, &format!("dir:{}", folder.display()), &remote_name).checked();

    let raw = remote(&server, &["inspect", "--raw"], "team/app:v1").checked();
    assert_eq!(raw.as_bytes(), list);
    let inspected = remote(&server, &["inspect"], "team/app:v1").checked();
    let inspected: Value = serde_json::from_str(&inspected).expect("JSON");
    assert_eq!(inspected["Digest"], digest.as_str());
    assert_eq!(inspected["RepoTags"], json!(["v1"]));
    let tags = remote(&server, &["list-tags"], "team/app").checked();
    let tags: Value = serde_json::from_str(&tags).expect("JSON");
    assert_eq!(tags["Tags"], json!(["v1"]));

    // The whole repository to a folder, and from there to another repository.
    let mirror = server.scratch("mirror");
    let mut sync = skopeo(&server, &["sync", "--all", "--preserve-digests"]);
    sync.args(["--src", "docker", "--dest", "dir"]);
    reach(&server, &mut sync, "src-", &server.password());
    sync.arg(format!("{}/team/app", server.authority()));
    sync.arg(&mirror).checked();
    assert!(
        files(&mirror.join("app:v1")) == files(&folder),
        "the copy differs"
    );
    let mut sync = skopeo(&server, &["sync", "--all", "--preserve-digests"]);
    sync.args(["--src", "dir", "--dest", "docker"]);
    reach(&server, &mut sync, "dest-", &server.password());
    sync.arg(&mirror);
    sync.arg(format!("{}/mirror", server.authority())).checked();
    let synced = clients::described_tag(&server, "mirror/app", "v1");
    assert_eq!(synced["imageDigest"], digest.as_str());
    let images = clients::described_digests(&server, "mirror/app");
    assert_eq!(images, clients::described_digests(&server, "team/app"));
    assert_eq!(images.len(), 4);

    remote(&server, &["delete"], "team/app:v1").checked();
    let left = clients::described_digests(&server, "team/app");
    assert_eq!(left.len(), 3);
    assert!(!left.contains(&digest));
}

#[test]
fn skopeo_is_refused_in_its_own_words() {
    let server = Server::start(Options::default());
    server.create_repository("team/app");
    let mut wrong = skopeo(&server, &["list-tags"]);
    reach(&server, &mut wrong, "", "wrong");
    wrong.arg(format!("docker://{}/team/app", server.authority()));
    let said = wrong.refused();
    assert!(
        said.contains("invalid username/password: unauthorized: Not Authorized"),
        "{said}"
    );

    let said = remote(&server, &["list-tags"], "absent/app").refused();
    assert!(said.contains("404 (Not Found)"), "{said}");
    let said = remote(&server, &["delete"], "team/app:absent").refused();
    assert!(said.contains("Image may not exist"), "{said}");
    let said = remote(&server, &["inspect"], "team/app:absent").refused();
    assert!(
        said.contains("manifest unknown: Requested image not found"),
        "{said}"
    );

    let image = image(&server.scratch("layers"), 31);
    let layout = server.scratch("layout");
    let mut blobs = image.blobs.clone();
    blobs.push(image.manifest.clone());
    write_layout(
        &layout,
        "v1",
        &descriptor(OCI_MANIFEST, &image.manifest),
        &blobs,
    );
    let target = format!("docker://{}/absent/app:v1", server.authority());
    let said = copy(&server, &format!("oci:{}:v1", layout.display()), &target).refused();
    assert!(
        said.contains(&format!("name unknown: {}", clients::ABSENT)),
        "{said}"
    );
}

#[test]
fn skopeo_takes_no_certificate_of_an_authority_it_does_not_trust() {
    let server = Server::start(Options::tls());
    let mut inspect = skopeo(&server, &["inspect"]);
    inspect.arg(format!("docker://{}/team/app:v1", server.authority()));
    let said = inspect.refused();
    assert!(said.contains(clients::UNTRUSTED), "{said}");
}
