//! Mounts, deletions of blobs, and pushes of several tags, against each other.

use std::io;
use std::sync::Barrier;
use std::time::Instant;

use serde_json::{Value, json};
use wharf_wire::oci::Digest;

use crate::support::http::{Connection, Response};
use crate::support::images::{Image, OCI_MANIFEST, descriptor, noise};
use crate::support::note::note;
use crate::support::registry::Registry;
use crate::support::{Options, Server, admin, stored};

const ROUNDS: u64 = 200;
/// Rounds whose requests have to overlap.
const OVERLAPPING: usize = 150;

/// Two connections, each with a request ready.
struct Pair {
    registry: Registry,
    connections: [Connection; 2],
    overlapping: usize,
}

/// A request: method, path, body. A body is a manifest.
type Request<'a> = (&'a str, &'a str, &'a [u8]);

impl Pair {
    fn new(server: &Server) -> Self {
        let open = |_| Connection::open(server.authority()).expect("a connection");
        Self {
            registry: server.registry(),
            connections: [0, 1].map(open),
            overlapping: 0,
        }
    }

    /// Sends both, each when the other is ready too.
    fn send(&mut self, first: Request<'_>, second: Request<'_>) -> [Response; 2] {
        let ready = Barrier::new(2);
        let (registry, ready) = (&self.registry, &ready);
        let [one, other] = &mut self.connections;
        let timed = |connection: &mut Connection, (method, path, body): Request<'_>| {
            ready.wait();
            let began = Instant::now();
            let headers: &[(&str, &str)] = match body {
                b"" => &[],
                _ => &[("content-type", OCI_MANIFEST)],
            };
            let answer: io::Result<Response> =
                registry.request_on(connection, method, path, headers, body);
            (began, answer.expect("an answer"), Instant::now())
        };
        let (first, second) = std::thread::scope(|scope| {
            let first = scope.spawn(|| timed(one, first));
            let second = timed(other, second);
            (first.join().expect("an answer"), second)
        });
        self.overlapping += usize::from(first.0.max(second.0) < first.2.min(second.2));
        [first.1, second.1]
    }

    /// The same, the second a call of the API.
    fn send_with_call(
        &mut self,
        (method, path, body): Request<'_>,
        server: &Server,
        operation: &str,
        call: &serde_json::Value,
    ) -> [Response; 2] {
        let call = call.to_string();
        let headers = server.ecr_headers(operation, call.as_bytes());
        let ready = &Barrier::new(2);
        let registry = &self.registry;
        let [one, other] = &mut self.connections;
        let (first, second) = std::thread::scope(|scope| {
            let first = scope.spawn(move || {
                ready.wait();
                let began = Instant::now();
                let answer = registry.request_on(one, method, path, &[], body);
                (began, answer.expect("an answer"), Instant::now())
            });
            ready.wait();
            let began = Instant::now();
            let answer = other.request("POST", "/", &headers, call.as_bytes());
            let second = (began, answer.expect("an answer"), Instant::now());
            (first.join().expect("an answer"), second)
        });
        self.overlapping += usize::from(first.0.max(second.0) < first.2.min(second.2));
        [first.1, second.1]
    }

    #[track_caller]
    fn expect_overlap(&self, what: &str) {
        let overlapping = self.overlapping;
        note(&format!(
            "{overlapping} of {ROUNDS} rounds overlapped; {what}"
        ));
        assert!(overlapping >= OVERLAPPING, "only {overlapping} overlapped");
    }
}

/// An image of one layer, which is of a size that lies in rows or in a file by turns, and without it.
fn image(round: u64) -> Image {
    let size = if round.is_multiple_of(2) { 800 } else { 90_000 };
    Image::of(&json!({"os": "linux"}), vec![noise(round + 1, size)])
}

#[test]
fn a_layer_mounted_while_its_source_lets_go_of_it_is_whole_or_not_there() {
    let server = Server::start(Options::testing());
    for name in ["from", "to"] {
        server.create_repository(name);
    }
    let mut pair = Pair::new(&server);
    let registry = server.registry();
    registry
        .try_push_blob("to", &image(0).blobs[0])
        .expect("a blob");
    let mut mounted = Vec::new();
    for round in 0..ROUNDS {
        let image = image(round);
        let digest = registry
            .try_push_blob("from", &image.blobs[1])
            .expect("a blob");
        let mount = format!("/v2/to/blobs/uploads/?mount={digest}&from=from");
        let source = format!("/v2/from/blobs/{digest}");
        let [made, gone] = pair.send(("POST", &mount, b""), ("DELETE", &source, b""));
        gone.expect_status(202);
        registry.get_blob("from", &digest).expect_status(404);
        let tag = format!("v{round}");
        let put = registry
            .try_put_manifest(&image, "to", &tag)
            .expect("an answer");
        if made.status == 201 {
            put.expect_status(201);
            mounted.push((tag, image));
        } else {
            made.expect_status(202);
            registry.get_blob("to", &digest).expect_status(404);
            put.expect_status(404);
        }
    }
    pair.expect_overlap(&format!("{} were mounted", mounted.len()));
    // What is left of the sources goes, and takes nothing along.
    admin::sweep_when_all_is_over(&server);
    admin::sweep_when_all_is_over(&server);
    stored::expect_files_equal_live_objects(server.data_dir());
    let registry = server.registry();
    for (tag, image) in &mounted {
        registry.expect_image(image, "to", tag);
    }
}

#[test]
fn a_layer_deleted_while_an_image_is_pushed_that_needs_it_is_held_or_missed() {
    let server = Server::start(Options::testing());
    server.create_repository("app");
    let mut pair = Pair::new(&server);
    let registry = server.registry();
    registry
        .try_push_blob("app", &image(0).blobs[0])
        .expect("a blob");
    let mut held = Vec::new();
    for round in 0..ROUNDS {
        let image = image(round);
        let digest = registry
            .try_push_blob("app", &image.blobs[1])
            .expect("a blob");
        let (blob, tag) = (format!("/v2/app/blobs/{digest}"), format!("v{round}"));
        let manifest = format!("/v2/app/manifests/{tag}");
        let [gone, put] = pair.send(("DELETE", &blob, b""), ("PUT", &manifest, &image.manifest));
        match (gone.status, put.status) {
            (409, 201) => {
                assert!(gone.text().contains(image.digest().as_str()), "{gone:?}");
                held.push((tag, image));
            }
            (202, 404) => {
                let told = put.json()["errors"][0]["code"].clone();
                assert_eq!(told, "MANIFEST_BLOB_UNKNOWN");
                registry.get_manifest("app", &tag).expect_status(404);
                registry.get_blob("app", &digest).expect_status(404);
            }
            _ => panic!("{gone:?} {put:?}"),
        }
    }
    pair.expect_overlap(&format!("{} were held", held.len()));
    admin::sweep_when_all_is_over(&server);
    let registry = server.registry();
    for (tag, image) in &held {
        registry.expect_image(image, "app", tag);
    }
}

#[test]
fn of_two_pushes_that_move_the_same_tags_one_has_them_all() {
    let server = Server::start(Options::testing());
    server.create_repository("app");
    let mut pair = Pair::new(&server);
    let registry = server.registry();
    let base = image(0);
    for blob in &base.blobs {
        registry.try_push_blob("app", blob).expect("a blob");
    }
    let tags: Vec<String> = (0..8).map(|number| format!("tag=t{number}")).collect();
    let reversed: Vec<String> = tags.iter().rev().cloned().collect();
    let mut first_had_them = 0;
    for round in 0..ROUNDS {
        let manifests =
            ["one", "other"].map(|side| super::manifest(&base, &round.to_string(), side));
        let digests = [&manifests[0], &manifests[1]].map(|bytes| Digest::of(bytes));
        let one = format!("/v2/app/manifests/{}?{}", digests[0], tags.join("&"));
        let other = format!("/v2/app/manifests/{}?{}", digests[1], reversed.join("&"));
        let before = admin::hard_closures(&server);
        let answers = pair.send(("PUT", &one, &manifests[0]), ("PUT", &other, &manifests[1]));
        assert_eq!(admin::hard_closures(&server), before + 2);
        for answer in answers {
            answer.expect_status(201);
        }
        let asked = json!({"repositoryName": "app", "filter": {"tagStatus": "TAGGED"}});
        let tagged = server.call("ListImages", &asked);
        let tagged = tagged["imageIds"].as_array().expect("images");
        assert_eq!(tagged.len(), tags.len(), "{tagged:?}");
        let digest = |one: &Value| one["imageDigest"].as_str().expect("a digest").to_owned();
        let mut pointed: Vec<String> = tagged.iter().map(digest).collect();
        pointed.dedup();
        assert_eq!(pointed.len(), 1, "round {round}: {pointed:?}");
        assert!(digests.iter().any(|digest| pointed[0] == digest.as_str()));
        first_had_them += usize::from(pointed[0] == digests[0].as_str());
    }
    pair.expect_overlap(&format!("the first had the tags in {first_had_them}"));
}

#[test]
fn a_layer_mounted_while_the_sources_repository_is_deleted_is_whole_or_not_there() {
    const REPOSITORIES: u64 = 60;
    let server = Server::start(Options::testing());
    server.create_repository("to");
    let mut pair = Pair::new(&server);
    let registry = server.registry();
    registry
        .try_push_blob("to", &image(0).blobs[0])
        .expect("a blob");
    let mut mounted = Vec::new();
    for round in 0..REPOSITORIES {
        let (image, name) = (image(round), format!("from{round}"));
        server.create_repository(&name);
        let digest = registry
            .try_push_blob(&name, &image.blobs[1])
            .expect("a blob");
        let mount = format!("/v2/to/blobs/uploads/?mount={digest}&from={name}");
        let [made, gone] = pair.send_with_call(
            ("POST", &mount, b""),
            &server,
            "DeleteRepository",
            &json!({"repositoryName": name, "force": true}),
        );
        gone.expect_status(200);
        let tag = format!("v{round}");
        let put = registry
            .try_put_manifest(&image, "to", &tag)
            .expect("an answer");
        if made.status == 201 {
            put.expect_status(201);
            mounted.push((tag, image));
        } else {
            made.expect_status(202);
            put.expect_status(404);
        }
    }
    let count = mounted.len();
    note(&format!(
        "{} of {REPOSITORIES} rounds overlapped; {count} were mounted",
        pair.overlapping
    ));
    assert!(
        pair.overlapping >= 40,
        "only {} overlapped",
        pair.overlapping
    );
    admin::sweep_when_all_is_over(&server);
    admin::sweep_when_all_is_over(&server);
    let registry = server.registry();
    for (tag, image) in &mounted {
        registry.expect_image(image, "to", tag);
    }
}

#[test]
fn a_referrer_pushed_while_its_subject_is_deleted_is_there_whoever_was_first() {
    let server = Server::start(Options::testing());
    server.create_repository("app");
    let mut pair = Pair::new(&server);
    let registry = server.registry();
    let base = image(0);
    for blob in &base.blobs {
        registry.try_push_blob("app", blob).expect("a blob");
    }
    for round in 0..ROUNDS {
        let subject = super::manifest(&base, &round.to_string(), "subject");
        let digest = Digest::of(&subject);
        let path = format!("/v2/app/manifests/{digest}");
        let kind = [("content-type", OCI_MANIFEST)];
        registry
            .request("PUT", &path, &kind, &subject)
            .expect_status(201);
        let mut referrer: serde_json::Value = serde_json::from_slice(&subject).expect("a manifest");
        referrer["subject"] = descriptor(OCI_MANIFEST, &subject);
        let referrer = referrer.to_string().into_bytes();
        let own = Digest::of(&referrer);
        let push = format!("/v2/app/manifests/{own}");
        let [put, gone] = pair.send(("PUT", &push, &referrer), ("DELETE", &path, b""));
        let put = put.expect_status(201);
        assert_eq!(put.header("oci-subject"), Some(digest.as_str()));
        gone.expect_status(202);
        registry
            .get_manifest("app", digest.as_str())
            .expect_status(404);
        let pulled = registry
            .get_manifest("app", own.as_str())
            .expect_status(200);
        assert_eq!(pulled.body, referrer);
        let list = format!("/v2/app/referrers/{digest}");
        let list = registry.request("GET", &list, &[], b"").expect_status(200);
        assert_eq!(list.json()["manifests"][0]["digest"], own.as_str());
        // A subject that is pushed again has its referrer still.
        registry
            .request("PUT", &path, &kind, &subject)
            .expect_status(201);
    }
    pair.expect_overlap("every referrer was listed");
}
