//! What is large or many: taken within time and memory that do not grow with it, and listed to the end.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wharf_wire::oci::Digest;

use super::{
    index_of, listed, lists, manifest, next_page, pages, put, refused, repository, stored,
};
use crate::support::http::Connection;
use crate::support::images::{OCI_INDEX, OCI_MANIFEST, descriptor};
use crate::support::note::note;
use crate::support::registry::Registry;
use crate::support::{Options, Server};

/// How much a server's resident memory may grow at most, in KiB.
const MAY_GROW: u64 = 64 << 10;
/// How long it all may take.
const MAY_TAKE: Duration = Duration::from_mins(1);
const CONNECTIONS: usize = 6;
const MANY: usize = 10_000;

/// A server with the repository `app`, and what it took to begin with.
struct Bounded {
    server: Server,
    registry: Registry,
    began: Instant,
    memory: u64,
}

impl Bounded {
    fn start() -> Self {
        let mut server = Server::start(Options::default());
        let registry = server.registry();
        repository(&server, &registry, "app");
        let memory = memory(&mut server, "VmRSS");
        Self {
            server,
            registry,
            began: Instant::now(),
            memory,
        }
    }

    /// Demands that memory, at its highest, and time stayed within their bounds.
    fn finish(mut self, what: &str) {
        let grown = memory(&mut self.server, "VmHWM").saturating_sub(self.memory);
        let took = self.began.elapsed();
        note(&format!("{what}: {took:.1?}, {grown} KiB more at most"));
        assert!(grown < MAY_GROW, "{what}: {grown} KiB more");
        assert!(took < MAY_TAKE, "{what}: {took:?}");
    }

    /// Pushes manifests by their digest, on several connections at once.
    fn fill(&self, manifests: &[Vec<u8>]) {
        let share = manifests.len().div_ceil(CONNECTIONS);
        std::thread::scope(|scope| {
            for some in manifests.chunks(share) {
                scope.spawn(move || {
                    let connection = Connection::open(self.server.authority());
                    let mut connection = connection.expect("a connection");
                    for bytes in some {
                        let path = format!("/v2/app/manifests/{}", Digest::of(bytes));
                        let kind = super::type_of(bytes);
                        let kind = [("content-type", kind.as_str())];
                        let answer =
                            self.registry
                                .request_on(&mut connection, "PUT", &path, &kind, bytes);
                        answer.expect("an answer").expect_status(201);
                    }
                });
            }
        });
    }
}

/// A number of the process's status, in KiB: `VmRSS` is what it has, `VmHWM` the most it ever had.
fn memory(server: &mut Server, what: &str) -> u64 {
    let path = format!("/proc/{}/status", server.process().id());
    let status = std::fs::read_to_string(path).expect("the process's status");
    let mut lines = status.lines();
    let line = lines.find_map(|line| line.strip_prefix(what)?.strip_prefix(':'));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|n| n.parse().ok()).expect("a number")
}

fn numbered(number: usize) -> Value {
    json!({"annotations": {"number": number.to_string()}})
}

fn indexes(bytes: &[Vec<u8>]) -> Vec<Value> {
    let described = bytes.iter().map(|index| descriptor(OCI_INDEX, index));
    described.collect()
}

#[test]
fn an_index_has_a_thousand_indexes_and_not_one_more() {
    let bounded = Bounded::start();
    let registry = &bounded.registry;
    let image = manifest(&json!({}));
    stored(registry, "app", &image);
    let member = descriptor(OCI_MANIFEST, &image);
    let members: Vec<Vec<u8>> = (0..1_001)
        .map(|number| index_of(std::slice::from_ref(&member), &numbered(number)))
        .collect();
    bounded.fill(&members);
    let whole = index_of(&indexes(&members[..1_000]), &json!({}));
    let digest = Digest::of(&whole);
    put(registry, "app", "all", &whole).expect_status(201);
    assert!(registry.get_manifest("app", "all").body == whole);
    let more = index_of(&indexes(&members), &json!({}));
    refused(
        &put(registry, "app", "more", &more),
        400,
        "MANIFEST_INVALID",
    );
    // One member that is not there, of a thousand: the index is not, either.
    let mut lacking = indexes(&members[..999]);
    lacking.push(descriptor(OCI_INDEX, b"not there"));
    let lacking = index_of(&lacking, &json!({}));
    let answer = put(registry, "app", "more", &lacking);
    refused(&answer, 404, "MANIFEST_BLOB_UNKNOWN");
    registry.get_manifest("app", "more").expect_status(404);
    // Held, until the index that holds them is gone.
    let path = format!("/v2/app/manifests/{}", Digest::of(&members[500]));
    let held = registry.request("DELETE", &path, &[], b"");
    refused(&held, 409, "UNSUPPORTED");
    let index = format!("/v2/app/manifests/{digest}");
    registry
        .request("DELETE", &index, &[], b"")
        .expect_status(202);
    registry
        .request("DELETE", &path, &[], b"")
        .expect_status(202);
    bounded.finish("an index of 1,000 indexes");
}

/// Every page of an API list: how many entries, and in how many pages.
fn api_pages(server: &Server, operation: &str, member: &str) -> (usize, usize) {
    let (mut entries, mut pages) = (0, 0);
    let mut request = json!({"repositoryName": "app", "maxResults": 1_000});
    loop {
        let page = server.call(operation, &request);
        let some = page[member].as_array().expect("a list").len();
        assert!(some <= 1_000, "{operation}: {some} in one page");
        (entries, pages) = (entries + some, pages + 1);
        match page["nextToken"].as_str() {
            Some(token) => request["nextToken"] = json!(token),
            None => return (entries, pages),
        }
        assert!(pages < 100, "{operation} does not end");
    }
}

#[test]
fn an_index_bomb_is_stored_small_and_never_expanded() {
    let bounded = Bounded::start();
    let registry = &bounded.registry;
    let image = manifest(&json!({}));
    stored(registry, "app", &image);
    // A thousand members on each of sixteen levels: 10^48 images, were they counted.
    let mut inner = vec![descriptor(OCI_MANIFEST, &image); 1_000];
    let mut bombs = Vec::new();
    for level in 0..16 {
        let bomb = index_of(&inner, &numbered(level));
        stored(registry, "app", &bomb);
        inner = vec![descriptor(OCI_INDEX, &bomb); 1_000];
        bombs.push(bomb);
    }
    let beyond = index_of(&inner, &json!({}));
    refused(
        &put(registry, "app", "bomb", &beyond),
        400,
        "MANIFEST_INVALID",
    );
    assert_eq!(
        api_pages(&bounded.server, "DescribeImages", "imageDetails").0,
        17
    );
    // Each goes with one request, from the outermost inwards, and is held until then.
    let delete = |bytes: &[u8]| {
        let path = format!("/v2/app/manifests/{}", Digest::of(bytes));
        registry.request("DELETE", &path, &[], b"")
    };
    for pair in bombs.windows(2).rev() {
        let [inner, outer] = pair else { continue };
        refused(&delete(inner), 409, "UNSUPPORTED");
        assert!(
            registry
                .get_manifest("app", Digest::of(outer).as_str())
                .expect_status(200)
                .body
                == *outer
        );
        delete(outer).expect_status(202);
    }
    bounded.finish("an index bomb");
}

#[test]
fn diamonds_cost_what_their_manifests_do_and_not_what_their_paths_would() {
    let bounded = Bounded::start();
    let registry = &bounded.registry;
    let image = manifest(&json!({}));
    stored(registry, "app", &image);
    // Ten indexes on each of sixteen levels, each of all ten of the level below: 10^16 paths.
    let mut below = vec![descriptor(OCI_MANIFEST, &image)];
    let mut top = Vec::new();
    for level in 0..16 {
        let members = (0..10).map(|number| index_of(&below, &numbered(level * 10 + number)));
        let members: Vec<Vec<u8>> = members.collect();
        bounded.fill(&members);
        below = indexes(&members);
        top = members;
    }
    // Each member a hundred times over, in one index: too deep, and refused as fast.
    let wide: Vec<Value> = (0..1_000)
        .map(|number| below[number % 10].clone())
        .collect();
    let wide = index_of(&wide, &json!({}));
    refused(
        &put(registry, "app", "wide", &wide),
        400,
        "MANIFEST_INVALID",
    );
    for index in &top {
        let path = format!("/v2/app/manifests/{}", Digest::of(index));
        let pulled = registry.request("GET", &path, &[], b"").expect_status(200);
        assert!(pulled.body == *index);
        registry
            .request("DELETE", &path, &[], b"")
            .expect_status(202);
    }
    bounded.finish("diamonds");
}

#[test]
fn ten_thousand_referrers_are_listed_to_the_end() {
    let bounded = Bounded::start();
    let registry = &bounded.registry;
    let subject = descriptor(OCI_MANIFEST, b"subject");
    let all: Vec<Vec<u8>> = (0..MANY)
        .map(|number| {
            let kind = format!("application/vnd.example.{}", number % 4);
            manifest(&json!({
                "subject": subject, "artifactType": kind,
                "annotations": {"number": number.to_string()},
            }))
        })
        .collect();
    bounded.fill(&all);
    let path = format!("/v2/app/referrers/{}", Digest::of(b"subject"));
    let sorted = |some: &mut dyn Iterator<Item = &Vec<u8>>| {
        let mut digests: Vec<String> = some.map(|b| Digest::of(b).to_string()).collect();
        digests.sort();
        digests
    };
    let found = |query: &str| -> (usize, Vec<String>) {
        let pages = pages(registry, &format!("{path}{query}"));
        let listed = pages.iter().flat_map(|page| {
            let page = page.json();
            page["manifests"].as_array().expect("a list").clone()
        });
        let digests = listed.map(|one| one["digest"].as_str().expect("a digest").to_owned());
        (pages.len(), digests.collect())
    };
    let whole = sorted(&mut all.iter());
    for query in ["", "?n=1000", "?n=1000000", "?n=333"] {
        let (pages, digests) = found(query);
        assert!(digests == whole, "{query}: {} found", digests.len());
        assert!((10..=31).contains(&pages), "{query}: {pages} pages");
    }
    let (_, filtered) = found("?artifactType=application/vnd.example.3");
    assert!(filtered == sorted(&mut all.iter().skip(3).step_by(4)));
    // What is never found is looked for in pages too, and the last one ends it.
    let (pages, none) = found("?artifactType=application/vnd.example.none");
    assert!(none.is_empty() && pages <= 11, "{pages} pages");
    for (operation, member) in [
        ("DescribeImages", "imageDetails"),
        ("ListImages", "imageIds"),
    ] {
        let (entries, pages) = api_pages(&bounded.server, operation, member);
        assert_eq!(entries, MANY, "{operation}");
        assert!((10..=11).contains(&pages), "{operation}: {pages} pages");
    }
    bounded.finish("10,000 referrers");
}

#[test]
fn ten_thousand_tags_are_listed_to_the_end() {
    let bounded = Bounded::start();
    let registry = &bounded.registry;
    let tags: Vec<String> = (0..MANY).map(|number| format!("t{number:05}")).collect();
    std::thread::scope(|scope| {
        for (number, some) in tags.chunks(1_000).enumerate() {
            // An image has at most a thousand tags.
            scope.spawn(move || lists::tag(registry, "app", &manifest(&numbered(number)), some));
        }
    });
    // A page of a thousand is full: whether another follows is known by asking for it.
    for (query, count) in [("", 11), ("?n=1000", 11), ("?n=50000", 11), ("?n=77", 130)] {
        let path = format!("/v2/app/tags/list{query}");
        assert!(listed(registry, &path, "tags") == tags, "{query}");
        assert_eq!(pages(registry, &path).len(), count, "{query}");
    }
    let last = registry.request("GET", "/v2/app/tags/list?last=t09998", &[], b"");
    assert_eq!(last.json()["tags"], json!(["t09999"]));
    assert!(next_page(&last).is_none());
    let (entries, _) = api_pages(&bounded.server, "ListImages", "imageIds");
    assert_eq!(entries, MANY);
    let (images, _) = api_pages(&bounded.server, "DescribeImages", "imageDetails");
    assert_eq!(images, 10);
    bounded.finish("10,000 tags");
}
