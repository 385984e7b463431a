//! Layers through the API, alone and mixed with the docker plane.

mod ending;
mod memory;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Barrier;

use serde_json::{Value, json};
use wharf_wire::oci::Digest;

use crate::support::images::{Image, OCI_INDEX, index, noise};
use crate::support::layers::{Layers, exception};
use crate::support::tools::{self, Checked as _};
use crate::support::{Options, Server, admin, stored};

const REPOSITORY: &str = "layers/app";
const MIB: usize = 1 << 20;
/// The size that the registry tells clients to cut layers into.
const PART: usize = 10 * MIB;
/// Rounds of a race.
const ROUNDS: usize = 60;

fn server() -> Server {
    let server = Server::start(Options::testing());
    server.create_repository(REPOSITORY);
    server
}

fn layers(server: &Server) -> Layers<'_> {
    Layers {
        server,
        repository: REPOSITORY,
    }
}

/// The containerd resolver's calls, by the AWS SDK for Python.
fn resolver(server: &Server, words: &[&str]) -> Command {
    let mut python = server.command("python3");
    python
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .arg(tools::tests().join("clients/resolver.py"))
        .args(words);
    python
}

/// Runs it; how often it called each operation.
#[track_caller]
fn calls(server: &Server, words: &[&str]) -> Value {
    let said = resolver(server, words).checked();
    serde_json::from_str(&said).expect("JSON")
}

/// The folder that the script reads: what a digest names, and which is the root.
fn folder(
    server: &Server,
    name: &str,
    (media_type, root): (&str, &[u8]),
    images: &[&Image],
) -> String {
    let folder = server.scratch(name);
    let write = |content: &[u8]| {
        let name = Digest::of(content).to_string().replace(':', "-");
        std::fs::write(folder.join(name), content).expect("a file");
    };
    write(root);
    for image in images {
        write(&image.manifest);
        image.blobs.iter().for_each(|blob| write(blob));
    }
    let root = json!({"mediaType": media_type, "digest": Digest::of(root).as_str()});
    std::fs::write(folder.join("root"), root.to_string()).expect("a file");
    folder.display().to_string()
}

fn image_folder(server: &Server, name: &str, image: &Image) -> String {
    folder(server, name, (image.media_type, &image.manifest), &[image])
}

fn names(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let read = |path: PathBuf| {
        let name = path.file_name().expect("a name").into();
        (name, std::fs::read(&path).expect("a file"))
    };
    let mut all: Vec<_> = paths.map(read).collect();
    all.sort();
    all
}

/// Pulls with the resolver's calls and compares every byte with what was pushed.
fn resolver_pulls(server: &Server, tag: &str, pushed: &str) {
    let back = server.scratch(&format!("back-{tag}"));
    let words = ["pull", REPOSITORY, tag, &back.display().to_string()];
    let made = calls(server, &words);
    assert!(made["GetDownloadUrlForLayer"].as_u64() > Some(0), "{made}");
    assert!(
        names(&back) == names(Path::new(pushed)),
        "{tag} came back changed"
    );
}

#[test]
fn a_containerd_resolver_pushes_an_index_through_the_api_alone_and_docker_pulls_it() {
    let server = server();
    let one = Image::with_layers(1, &[2 * PART + 3 * MIB, 700, PART]);
    let two = Image::with_layers(2, &[PART + 1]);
    let both = index(&[one.clone(), two.clone()]);
    let pushed = folder(&server, "push", (OCI_INDEX, &both), &[&one, &two]);
    let words = ["push", REPOSITORY, "v1", &pushed];
    let made = calls(&server, &words);
    // Three parts, one, one, two, and the two configs.
    assert_eq!(made["UploadLayerPart"], 9, "{made}");
    assert_eq!(made["CompleteLayerUpload"], 6, "{made}");
    assert_eq!(
        (&made["PutImage"], &made["BatchGetImage"]),
        (&json!(3), &json!(3))
    );
    let registry = server.registry();
    assert!(
        registry
            .get_manifest(REPOSITORY, "v1")
            .expect_status(200)
            .body
            == both
    );
    for image in [&one, &two] {
        registry.expect_image(image, REPOSITORY, image.digest().as_str());
    }
    let tagged = server.call(
        "ListImages",
        &json!({"repositoryName": REPOSITORY, "filter": {"tagStatus": "TAGGED"}}),
    );
    let root = json!([{"imageTag": "v1", "imageDigest": Digest::of(&both).as_str()}]);
    assert_eq!(tagged["imageIds"], root, "only the root has a tag");

    // Again: all of it is there, and nothing is sent.
    let made = calls(&server, &words);
    assert_eq!(
        made,
        json!({"BatchCheckLayerAvailability": 6, "BatchGetImage": 3})
    );
    // Another image under the same tag: the tag does not match the digest, and so it is pushed.
    let next = Image::with_layers(3, &[700]);
    let other = image_folder(&server, "other", &next);
    let made = calls(&server, &["push", REPOSITORY, "v1", &other]);
    assert_eq!(made["PutImage"], 1, "{made}");
    registry.expect_image(&next, REPOSITORY, "v1");
    resolver_pulls(&server, "v1", &other);
    registry.expect_image(&one, REPOSITORY, one.digest().as_str());
    calls(&server, &["push", REPOSITORY, "v2", &pushed]);
    resolver_pulls(&server, "v2", &pushed);
    stored::expect_files_equal_live_objects(server.data_dir());
}

#[test]
fn layers_of_either_plane_serve_a_manifest_of_the_other() {
    let server = server();
    let registry = server.registry();
    // Layers through the API, manifest as docker pushes it.
    let one = Image::with_layers(11, &[PART + 5, 2_000]);
    calls(
        &server,
        &["layers", REPOSITORY, &image_folder(&server, "one", &one)],
    );
    let put = registry.try_put_manifest(&one, REPOSITORY, "one");
    put.expect("an answer").expect_status(201);
    registry.expect_image(&one, REPOSITORY, "one");
    // The reverse.
    let two = Image::with_layers(12, &[3 * MIB, 2_000]);
    for blob in &two.blobs {
        registry.try_push_blob(REPOSITORY, blob).expect("a blob");
    }
    calls(
        &server,
        &[
            "manifest",
            REPOSITORY,
            "two",
            &image_folder(&server, "two", &two),
        ],
    );
    registry.expect_image(&two, REPOSITORY, "two");
    // One layer each.
    let three = Image::with_layers(13, &[70_000, 80_000]);
    registry
        .try_push_blob(REPOSITORY, &three.blobs[1])
        .expect("a blob");
    let made = calls(
        &server,
        &[
            "push",
            REPOSITORY,
            "three",
            &image_folder(&server, "three", &three),
        ],
    );
    assert_eq!(made["CompleteLayerUpload"], 2, "the other is there: {made}");
    registry.expect_image(&three, REPOSITORY, "three");
    // Each plane tells the media type that the manifest of the other has given.
    let told = layers(&server).availability(&Digest::of(&one.blobs[0]));
    assert_eq!(
        told,
        json!({
            "layerDigest": Digest::of(&one.blobs[0]).as_str(), "layerAvailability": "AVAILABLE",
            "layerSize": one.blobs[0].len(), "mediaType": "application/vnd.oci.image.config.v1+json",
        })
    );
}

#[test]
fn one_upload_goes_on_by_either_plane_and_each_keeps_its_own_rules() {
    let server = server();
    let (layers, registry) = (layers(&server), server.registry());
    let (one, two, three) = (noise(21, 5 * MIB), noise(22, 5 * MIB), noise(23, 10));
    let upload = layers.begin().expect("an upload");
    let path = format!("/v2/{REPOSITORY}/blobs/uploads/{upload}");
    layers
        .part(&upload, 0, &one)
        .expect("an answer")
        .expect_status(200);
    registry
        .request("PATCH", &path, &[], &two)
        .expect_status(202);
    layers
        .part(&upload, one.len(), &three)
        .expect("an answer")
        .expect_status(400);
    let first = one.len() + two.len();
    layers
        .part(&upload, first, &three)
        .expect("an answer")
        .expect_status(200);
    let whole = [one, two, three].concat();
    let digest = Digest::of(&whole);
    layers
        .complete(&upload, &digest)
        .expect("an answer")
        .expect_status(200);
    assert!(
        registry
            .get_blob(REPOSITORY, &digest)
            .expect_status(200)
            .body
            == whole
    );

    // Small chunks are no parts, but chunks all the same.
    let path = registry.try_begin(REPOSITORY).expect("an upload");
    for chunk in ["a", "b"] {
        registry
            .request("PATCH", &path, &[], chunk.as_bytes())
            .expect_status(202);
    }
    let upload = path.rsplit('/').next().expect("an id");
    let digest = Digest::of(b"ab");
    let refused = layers
        .complete(upload, &digest)
        .expect("an answer")
        .expect_status(400);
    assert_eq!(exception(&refused), "LayerPartTooSmallException");
    let put = format!("{path}?digest={digest}");
    registry.request("PUT", &put, &[], b"").expect_status(201);
}

#[test]
fn an_image_of_n_blobs_makes_n_plus_1_durable_transactions_through_the_api_too() {
    let server = server();
    for (seed, sizes) in [
        (31, &[][..]),
        (32, &[2_000]),
        (33, &[100_000, PART + 1, 65_536]),
    ] {
        let image = Image::with_layers(seed, sizes);
        let blobs = u64::try_from(image.blobs.len()).expect("a small number");
        let before = admin::hard_closures(&server);
        for blob in &image.blobs {
            layers(&server).push(blob, PART).expect("a layer");
        }
        let manifest = String::from_utf8(image.manifest.clone()).expect("text");
        let put =
            json!({"repositoryName": REPOSITORY, "imageManifest": manifest, "imageTag": "v1"});
        server.call("PutImage", &put);
        let made = admin::hard_closures(&server) - before;
        assert_eq!(made, blobs + 1, "{sizes:?}");
    }
}

#[test]
fn a_push_through_the_api_leaves_the_events_of_a_docker_push() {
    let server = server();
    let events = || {
        let sql =
            "SELECT kind, principal, details FROM events WHERE repository IS NOT NULL ORDER BY seq";
        stored::query(server.data_dir(), sql)
    };
    // The same sizes: what differs is the digests alone.
    let images = [
        Image::with_layers(41, &[70_000, 10]),
        Image::with_layers(42, &[70_000, 10]),
    ];
    let begun = events().len();
    server.registry().push(&images[0], REPOSITORY, "first");
    let by_docker = events().split_off(begun);
    let pushed = image_folder(&server, "push", &images[1]);
    for words in [
        ["layers", REPOSITORY, &pushed].as_slice(),
        &["manifest", REPOSITORY, "second", &pushed],
    ] {
        calls(&server, words);
    }
    let by_api = events().split_off(begun + by_docker.len());
    let plain = |events: &[Vec<Value>], image: &Image, tag: &str| {
        let mut text: Vec<String> = events
            .iter()
            .map(|row| Value::from(row.clone()).to_string())
            .collect();
        for (number, blob) in image.blobs.iter().enumerate() {
            let (digest, name) = (Digest::of(blob), format!("blob {number}"));
            for line in &mut text {
                *line = line.replace(digest.as_str(), &name);
            }
        }
        for line in &mut text {
            *line = line
                .replace(image.digest().as_str(), "manifest")
                .replace(tag, "tag");
        }
        text.sort();
        text
    };
    assert!(by_docker.len() >= 4, "{by_docker:?}");
    assert_eq!(
        plain(&by_api, &images[1], "second"),
        plain(&by_docker, &images[0], "first")
    );
}

#[test]
fn of_two_requests_at_one_place_of_an_upload_one_wins_whatever_their_planes() {
    let server = server();
    let (layers, registry) = (layers(&server), server.registry());
    let mut won = [0, 0];
    for round in 0..ROUNDS {
        let size = [200, 300_000][round % 2];
        let seed = u64::try_from(round).expect("a small number") * 2;
        let contents = [noise(seed, size), noise(seed + 1, size)];
        let upload = layers.begin().expect("an upload");
        let path = format!("/v2/{REPOSITORY}/blobs/uploads/{upload}");
        let range = format!("0-{}", size - 1);
        let ready = Barrier::new(2);
        let patches = round % 4 < 2;
        let answers = std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                ready.wait();
                if patches {
                    let range = [("content-range", range.as_str())];
                    registry.request("PATCH", &path, &range, &contents[1])
                } else {
                    layers.part(&upload, 0, &contents[1]).expect("an answer")
                }
            });
            ready.wait();
            let one = layers.part(&upload, 0, &contents[0]).expect("an answer");
            [one, other.join().expect("an answer")]
        });
        let accepted = answers
            .each_ref()
            .map(|answer| matches!(answer.status, 200 | 202));
        assert!(accepted[0] != accepted[1], "{answers:?}");
        let winner = usize::from(accepted[1]);
        won[winner] += 1;
        let loser = &answers[1 - winner];
        if loser.status != 416 {
            assert_eq!(exception(loser), "InvalidLayerPartException", "{loser:?}");
            assert_eq!(loser.json()["lastValidByteReceived"], size - 1);
            assert_eq!(loser.json()["uploadId"], upload.as_str());
        }
        let digest = Digest::of(&contents[winner]);
        layers
            .complete(&upload, &digest)
            .expect("an answer")
            .expect_status(200);
        assert!(registry.get_blob(REPOSITORY, &digest).body == contents[winner]);
    }
    assert!(won.iter().all(|times| *times > 0), "{won:?}");
    stored::expect_files_equal_live_objects(server.data_dir());
}
