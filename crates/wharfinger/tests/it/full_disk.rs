//! A disk that runs full: the client hears of it, the registry stays up, and goes on when there is room.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use crate::support::http::{self, Response};
use crate::support::images::Image;
use crate::support::note::note;
use crate::support::tools::Checked as _;
use crate::support::{Options, Server, admin, stored};

const NONE: &[(&str, &str)] = &[];
const REPOSITORY: &str = "full/app";
const MIB: usize = 1 << 20;
const TOO_LITTLE: &str = "The registry has too little free storage to accept uploads";

/// A disk of its own size; it goes when dropped, so it must outlive its server.
struct Disk {
    folder: TempDir,
}

impl Disk {
    fn new(mib: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={mib}m"), "tmpfs"])
            .arg(folder.path())
            .checked();
        Self { folder }
    }

    fn ballast(&self) -> PathBuf {
        self.folder.path().join("ballast")
    }

    /// Takes so many bytes of the disk, or what is left of it.
    fn fill(&self, bytes: usize) {
        let mut file = File::options()
            .create(true)
            .append(true)
            .open(self.ballast())
            .expect("a file");
        let page = [1; 4096];
        for _ in 0..bytes / page.len() {
            match file.write_all(&page) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::StorageFull => break,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Gives it back.
    fn clear(&self) {
        std::fs::remove_file(self.ballast()).expect("the ballast");
    }

    /// A server on this disk that refuses uploads below a floor, in MiB.
    fn serve(&self, floor: usize) -> Server {
        let setting = "WHARFINGER_STORAGE_LOW_DISK_MIB".to_owned();
        let mut options = Options::testing();
        options.env.push((setting, floor.to_string()));
        options.data_dir = Some(self.folder.path().join("data"));
        Server::start(options)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let mut umount = Command::new("umount");
        // Lazily: a child that was killed may not be gone yet.
        let done = umount.arg("-l").arg(self.folder.path()).status();
        if !done.is_ok_and(|s| s.success()) {
            note(&format!("{} stays mounted", self.folder.path().display()));
        }
    }
}

/// Demands a server's error in the form that registry clients print.
#[track_caller]
fn expect_clear_error(answer: &Response) {
    assert!((500..600).contains(&answer.status), "{answer:?}");
    let body = answer.json();
    let error = &body["errors"][0];
    assert_eq!(error["code"], "UNKNOWN", "{}", answer.text());
    // The second is the database's: not a byte is left for its log.
    let texts = [TOO_LITTLE, "The registry's storage is full"];
    assert!(
        texts.iter().any(|text| error["message"] == **text),
        "{}",
        answer.text()
    );
}

fn expect_ready(server: &Server) {
    http::request(server.authority(), "GET", "/readyz", NONE, b"").expect_status(200);
}

#[test]
fn a_layer_larger_than_the_disk_is_refused_and_later_pushes_work() {
    let disk = Disk::new(96);
    let server = disk.serve(0);
    server.create_repository(REPOSITORY);
    let registry = server.registry();
    let before = Image::with_layers(1, &[3_000_000, 20_000]);
    registry.push(&before, REPOSITORY, "before");

    disk.fill(48 * MIB);
    let large = vec![3; 64 * MIB];
    for _ in 0..3 {
        let upload = registry.try_begin(REPOSITORY).expect("an upload");
        let answer = registry.request("PATCH", &upload, &[], &large);
        expect_clear_error(&answer);
        expect_ready(&server);
        // The upload stands where it stood, and can be given up.
        let status = registry.request("GET", &upload, &[], b"");
        assert_eq!(status.expect_status(204).header("range"), Some("0-0"));
        registry
            .request("DELETE", &upload, &[], b"")
            .expect_status(204);
    }
    // What was written in vain is given back: as much fits as did before.
    let fits = Image::with_layers(2, &[20 * MIB]);
    registry.push(&fits, REPOSITORY, "fits");

    disk.clear();
    let after = Image::with_layers(3, &[40 * MIB]);
    registry.push(&after, REPOSITORY, "after");
    for (image, tag) in [(&before, "before"), (&fits, "fits"), (&after, "after")] {
        registry.expect_image(image, REPOSITORY, tag);
    }
    let server = server.restart();
    admin::sweep_when_all_is_over(&server);
    stored::expect_files_equal_live_objects(server.data_dir());
    server.registry().expect_image(&after, REPOSITORY, "after");
}

#[test]
fn p37_a_disk_without_a_free_byte_stops_writes_and_not_the_registry() {
    let disk = Disk::new(96);
    let server = disk.serve(0);
    server.create_repository(REPOSITORY);
    let registry = server.registry();
    let before = Image::with_layers(1, &[3_000_000, 20_000]);
    registry.push(&before, REPOSITORY, "before");
    disk.fill(96 * MIB);

    // The log has some room of its own: writes succeed until it is used up, and then say why not.
    let mut acknowledged = Vec::new();
    let mut refused = 0;
    for seed in 100..400 {
        let image = Image::with_layers(seed, &[60_000, 60_000]);
        let tag = format!("v{seed}");
        let answer = push_until_refused(&server, &image, &tag);
        match answer {
            None => acknowledged.push((image, tag)),
            Some(answer) => {
                expect_clear_error(&answer);
                refused += 1;
            }
        }
        if refused == 10 {
            break;
        }
    }
    assert_eq!(refused, 10, "{} were stored", acknowledged.len());
    expect_ready(&server);
    registry.expect_image(&before, REPOSITORY, "before");

    disk.clear();
    let after = Image::with_layers(2, &[3_000_000, 20_000]);
    registry.push(&after, REPOSITORY, "after");
    let server = server.restart();
    let registry = server.registry();
    registry.expect_image(&before, REPOSITORY, "before");
    registry.expect_image(&after, REPOSITORY, "after");
    for (image, tag) in &acknowledged {
        registry.expect_image(image, REPOSITORY, tag);
    }
    admin::sweep_when_all_is_over(&server);
    stored::expect_files_equal_live_objects(server.data_dir());
}

/// Pushes an image; the first answer that is no success.
fn push_until_refused(server: &Server, image: &Image, tag: &str) -> Option<Response> {
    let registry = server.registry();
    let uploads = format!("/v2/{REPOSITORY}/blobs/uploads/");
    for blob in &image.blobs {
        let begun = registry.request("POST", &uploads, &[], b"");
        if begun.status != 202 {
            return Some(begun);
        }
        let upload = registry.path_of(begun.header("location").expect("a location"));
        let digest = wharf_wire::oci::Digest::of(blob);
        let path = format!("{upload}?digest={digest}");
        let stored = registry.request("PUT", &path, &[], blob);
        if stored.status != 201 {
            return Some(stored);
        }
    }
    let put = registry.try_put_manifest(image, REPOSITORY, tag);
    Some(put.expect("an answer")).filter(|answer| answer.status != 201)
}

#[test]
fn below_the_floor_uploads_are_refused_and_deletes_work() {
    let disk = Disk::new(96);
    let server = disk.serve(48);
    server.create_repository(REPOSITORY);
    let registry = server.registry();
    let images: Vec<Image> = (1..4).map(|s| Image::with_layers(s, &[500_000])).collect();
    for (image, tag) in images.iter().zip(["a", "b", "c"]) {
        registry.push(image, REPOSITORY, tag);
    }
    let begun = registry.try_begin(REPOSITORY).expect("an upload");
    disk.fill(60 * MIB);

    let uploads = format!("/v2/{REPOSITORY}/blobs/uploads/");
    let content = [1; 10];
    let digest = wharf_wire::oci::Digest::of(&content);
    let whole = format!("{uploads}?digest={digest}");
    let last = format!("{begun}?digest={digest}");
    for (method, path, body) in [
        ("POST", &uploads, &[][..]),
        ("POST", &whole, &content),
        ("PATCH", &begun, &content),
        ("PUT", &last, &content),
    ] {
        let answer = registry.request(method, path, &[], body);
        expect_clear_error(&answer);
    }
    expect_ready(&server);

    // What exists is served, and can be removed on both planes.
    registry.expect_image(&images[0], REPOSITORY, "a");
    let path = format!("/v2/{REPOSITORY}/manifests/{}", images[0].digest());
    registry
        .request("DELETE", &path, &[], b"")
        .expect_status(202);
    let ids = json!([{"imageTag": "b"}]);
    let request = json!({"repositoryName": REPOSITORY, "imageIds": ids});
    let answer = server.call("BatchDeleteImage", &request);
    assert_eq!(answer["failures"], json!([]), "{answer}");
    registry.get_manifest(REPOSITORY, "b").expect_status(404);
    registry
        .request("DELETE", &begun, &[], b"")
        .expect_status(204);

    disk.clear();
    let after = Image::with_layers(9, &[500_000]);
    registry.push(&after, REPOSITORY, "after");
    registry.expect_image(&after, REPOSITORY, "after");
    registry.expect_image(&images[2], REPOSITORY, "c");
}
