//! Two clients of different planes want one immutable tag for different images, at the same time.

mod oci;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wharf_wire::oci::Digest;

use crate::support::images::{Image, OCI_MANIFEST};
use crate::support::note::note;
use crate::support::registry::Registry;
use crate::support::{Options, Server, admin};

const ROUNDS: usize = 1_000;
/// Rounds whose requests have to overlap.
const OVERLAPPING: usize = 900;
const REPOSITORY: &str = "race/app";

/// A connection that tells when a request was written and when its answer began.
struct Wire {
    stream: BufReader<TcpStream>,
}

/// An answer and its times.
#[derive(Debug)]
struct Timed {
    written: Instant,
    began: Instant,
    status: u16,
    body: Value,
}

impl Wire {
    fn open(authority: &str) -> Self {
        let stream = TcpStream::connect(authority).expect("a connection");
        stream.set_nodelay(true).expect("a socket option");
        let patience = Some(Duration::from_secs(30));
        stream.set_read_timeout(patience).expect("a socket option");
        Self {
            stream: BufReader::new(stream),
        }
    }

    fn request(&mut self, request: &[u8]) -> Timed {
        self.stream.get_mut().write_all(request).expect("a request");
        let written = Instant::now();
        self.stream.fill_buf().expect("an answer");
        let began = Instant::now();
        let (mut status, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).expect("a line");
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                let code = rest.split(' ').next().expect("a status");
                status = code.parse().expect("a status");
            } else if let Some(rest) = line.strip_prefix("content-length:") {
                length = rest.trim().parse().expect("a length");
            } else if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("a body");
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Timed {
            written,
            began,
            status,
            body,
        }
    }
}

/// A manifest of the shared blobs that no other has the bytes of.
fn manifest(image: &Image, tag: &str, side: &str) -> Vec<u8> {
    let mut manifest: Value = serde_json::from_slice(&image.manifest).expect("a manifest");
    manifest["annotations"] = json!({"tag": tag, "side": side});
    manifest.to_string().into_bytes()
}

fn lines(first: &str, headers: &[(String, String)], body: &[u8]) -> Vec<u8> {
    let mut text = format!("{first} HTTP/1.1\r\n");
    for (name, value) in headers {
        write!(text, "{name}: {value}\r\n").expect("a string");
    }
    write!(text, "content-length: {}\r\n\r\n", body.len()).expect("a string");
    [text.into_bytes(), body.to_vec()].concat()
}

/// A `PUT` of the docker plane, whole.
fn docker_put(server: &Server, registry: &Registry, tag: &str, manifest: &[u8]) -> Vec<u8> {
    let headers = [
        ("host", server.authority()),
        ("authorization", registry.authorization()),
        ("content-type", OCI_MANIFEST),
    ];
    let headers = headers.map(|(k, v)| (k.to_owned(), v.to_owned()));
    let first = format!("PUT /v2/{REPOSITORY}/manifests/{tag}");
    lines(&first, &headers, manifest)
}

/// A `PutImage` of the API, whole.
fn api_put(server: &Server, tag: &str, manifest: &[u8]) -> Vec<u8> {
    let manifest = String::from_utf8(manifest.to_vec()).expect("text");
    let body = json!({
        "repositoryName": REPOSITORY, "imageTag": tag,
        "imageManifest": manifest, "imageManifestMediaType": OCI_MANIFEST,
    });
    let body = body.to_string().into_bytes();
    lines("POST /", &server.ecr_headers("PutImage", &body), &body)
}

/// Sends both, each when the other is ready too.
fn both(wires: &mut [Wire; 2], requests: &[Vec<u8>; 2]) -> [Timed; 2] {
    let ready = Barrier::new(2);
    let [docker, api] = wires;
    let [put, call] = requests;
    std::thread::scope(|scope| {
        let docker = scope.spawn(|| {
            ready.wait();
            docker.request(put)
        });
        ready.wait();
        let api = api.request(call);
        [docker.join().expect("an answer"), api]
    })
}

/// Demands that one won and that the other heard ECR's text. True: the docker plane won.
fn judge(tag: &str, [docker, api]: &[Timed; 2]) -> bool {
    let text = format!(
        "The image tag '{tag}' already exists in the '{REPOSITORY}' repository and cannot be \
         overwritten because the repository is immutable."
    );
    if docker.status == 201 {
        assert_eq!(api.status, 400, "{tag}: both won: {api:?}");
        let kind = api.body["__type"].as_str().unwrap_or_default();
        assert!(kind.ends_with("ImageTagAlreadyExistsException"), "{api:?}");
        assert_eq!(api.body["message"], text.as_str(), "{api:?}");
        return true;
    }
    assert_eq!(api.status, 200, "{tag}: nobody won: {docker:?} {api:?}");
    assert_eq!(docker.status, 400, "{docker:?}");
    let error = &docker.body["errors"][0];
    assert_eq!(error["code"], "TAG_INVALID", "{docker:?}");
    assert_eq!(error["message"], text.as_str(), "{docker:?}");
    false
}

/// Every image of the repository: tag and digest.
fn listed(server: &Server) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut next = Value::Null;
    loop {
        let mut request = json!({"repositoryName": REPOSITORY, "maxResults": 1000});
        if !next.is_null() {
            request["nextToken"] = next;
        }
        let page = server.call("ListImages", &request);
        for image in page["imageIds"].as_array().expect("images") {
            let text = |member: &str| image[member].as_str().map(str::to_owned);
            let digest = text("imageDigest").expect("a digest");
            let tag = text("imageTag").unwrap_or_else(|| panic!("untagged: {digest}"));
            assert!(found.insert(tag, digest).is_none(), "a tag twice");
        }
        next = page["nextToken"].clone();
        if next.is_null() {
            return found;
        }
    }
}

#[test]
fn of_two_images_for_one_immutable_tag_exactly_one_wins_and_the_other_leaves_nothing() {
    let server = Server::start(Options::default());
    server.create_immutable_repository(REPOSITORY);
    let registry = server.registry();
    let image = Image::new(1, 1);
    for blob in &image.blobs {
        registry.try_push_blob(REPOSITORY, blob).expect("a blob");
    }
    let mut wires = [0, 1].map(|_| Wire::open(server.authority()));
    let counted = ["events", "manifests", "tags", "manifest_links"];
    let counts = || {
        let tables = admin::tables(&server);
        counted.map(|table| tables[table])
    };
    let mut before = counts();
    let mut winners = BTreeMap::new();
    let (mut overlapping, mut docker_won) = (0, 0);
    for round in 0..ROUNDS {
        let tag = format!("t{round}");
        let manifests = ["docker", "api"].map(|side| manifest(&image, &tag, side));
        let requests = [
            docker_put(&server, &registry, &tag, &manifests[0]),
            api_put(&server, &tag, &manifests[1]),
        ];
        let answers = both(&mut wires, &requests);
        let [docker, api] = &answers;
        let written = docker.written.max(api.written);
        overlapping += usize::from(written < docker.began.min(api.began));
        let by_docker = judge(&tag, &answers);
        docker_won += usize::from(by_docker);
        let winner = &manifests[usize::from(!by_docker)];
        winners.insert(tag, Digest::of(winner).to_string());

        // One image, one tag, one event: those of the winner.
        let after = counts();
        let expected = [1, 1, 1, 2];
        for ((table, expected), (before, after)) in
            counted.iter().zip(expected).zip(before.iter().zip(&after))
        {
            assert_eq!(after - before, expected, "{table} in round {round}");
        }
        before = after;
    }
    note(&format!(
        "{overlapping} of {ROUNDS} rounds overlapped; the docker plane won {docker_won}"
    ));
    assert!(overlapping >= OVERLAPPING, "only {overlapping} overlapped");
    assert_eq!(listed(&server), winners);
}
