//! Lists: tags of a repository, repositories of a registry.

use serde_json::{Value, json};

use super::{listed, manifest, next_page, pages, put, refused, repository};
use crate::support::http::Connection;
use crate::support::registry::Registry;
use crate::support::{Options, Server};

/// Points tags to one manifest, a hundred at a time.
pub(super) fn tag(registry: &Registry, repository: &str, bytes: &[u8], tags: &[String]) {
    for some in tags.chunks(100) {
        let (first, others) = some.split_first().expect("a tag");
        let query: Vec<String> = others.iter().map(|tag| format!("tag={tag}")).collect();
        let reference = format!("{first}?{}", query.join("&"));
        put(registry, repository, &reference, bytes).expect_status(201);
    }
}

fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

#[test]
fn tags_are_listed_by_name_in_pages_to_the_end() {
    let server = Server::start(Options::default());
    let registry = server.registry();
    repository(&server, &registry, "app");
    let list = "/v2/app/tags/list";
    let empty = registry.request("GET", list, &[], b"").expect_status(200);
    assert_eq!(empty.json(), json!({"name": "app", "tags": []}));

    let mut tags = texts(&[
        "b", "a", "_", "1.0", "1-0", "1_0", "10", "A", "Z", "z.9", "a-b",
    ]);
    tag(&registry, "app", &manifest(&json!({})), &tags);
    tags.sort();
    let whole = registry.request("GET", list, &[], b"").expect_status(200);
    assert_eq!(whole.json(), json!({"name": "app", "tags": tags}));
    assert_eq!(whole.header("content-type"), Some("application/json"));
    assert!(next_page(&whole).is_none());

    for n in 1..=12 {
        let pages = pages(&registry, &format!("{list}?n={n}"));
        let sizes = pages
            .iter()
            .map(|page| page.json()["tags"].as_array().expect("tags").len());
        assert!(sizes.clone().rev().skip(1).all(|size| size == n), "n={n}");
        assert_eq!(pages.len(), tags.len().div_ceil(n), "n={n}");
        assert_eq!(listed(&registry, &format!("{list}?n={n}"), "tags"), tags);
    }
    // After a tag that is there, and after one that is not.
    for last in ["1_0", "1_00", "AA", "_"] {
        let after: Vec<&String> = tags.iter().filter(|tag| tag.as_str() > last).collect();
        let answer = registry.request("GET", &format!("{list}?last={last}"), &[], b"");
        assert_eq!(answer.json()["tags"], json!(after), "{last}");
        let two = listed(&registry, &format!("{list}?last={last}&n=2"), "tags");
        assert_eq!(json!(two), json!(after), "{last}");
    }
    let none = registry.request("GET", &format!("{list}?n=0"), &[], b"");
    assert_eq!(none.json()["tags"], json!([]));
    assert!(next_page(&none).is_none());
    let after_all = registry.request("GET", &format!("{list}?last=zz"), &[], b"");
    assert_eq!(after_all.json()["tags"], json!([]));
    let missing = registry.request("GET", "/v2/none/app/tags/list", &[], b"");
    refused(&missing, 404, "NAME_UNKNOWN");
}

#[test]
fn no_page_has_more_than_a_thousand_tags_and_the_next_one_goes_on() {
    let server = Server::start(Options::default());
    let registry = server.registry();
    repository(&server, &registry, "app");
    let tags: Vec<String> = (0..1_100).map(|number| format!("t{number:04}")).collect();
    for (number, some) in tags.chunks(550).enumerate() {
        tag(
            &registry,
            "app",
            &manifest(&json!({"annotations": {"number": number.to_string()}})),
            some,
        );
    }
    for query in [
        "",
        "?n=1000",
        "?n=1001",
        "?n=5000",
        "?n=99999999999999999999999",
    ] {
        let all = pages(&registry, &format!("/v2/app/tags/list{query}"));
        let sizes: Vec<usize> = all
            .iter()
            .map(|page| page.json()["tags"].as_array().expect("tags").len())
            .collect();
        assert_eq!(sizes, [1_000, 100], "{query}");
    }
    assert_eq!(listed(&registry, "/v2/app/tags/list?n=999", "tags"), tags);
}

#[test]
fn the_catalog_names_every_repository_in_pages_to_the_end() {
    let server = Server::start(Options::default());
    let registry = server.registry();
    let empty = registry.request("GET", "/v2/_catalog", &[], b"");
    assert_eq!(empty.json(), json!({"repositories": []}));
    let mut names = texts(&["b-b", "a/b/c", "a/b", "a0", "a.b", "a_b", "zz/top", "ab"]);
    for name in &names {
        server.create_repository(name);
    }
    names.sort();
    let whole = registry.request("GET", "/v2/_catalog", &[], b"");
    assert_eq!(whole.json(), json!({"repositories": names}));
    assert_eq!(whole.header("content-type"), Some("application/json"));
    assert!(next_page(&whole).is_none());
    for n in 1..=9 {
        let path = format!("/v2/_catalog?n={n}");
        assert_eq!(listed(&registry, &path, "repositories"), names, "n={n}");
        assert_eq!(pages(&registry, &path).len(), names.len().div_ceil(n));
    }
    for last in ["a/b", "a/b0", "aa"] {
        let after: Vec<&String> = names.iter().filter(|name| name.as_str() > last).collect();
        let path = format!("/v2/_catalog?last={last}&n=2");
        let found = listed(&registry, &path, "repositories");
        assert_eq!(json!(found), json!(after), "{last}");
    }
    let clamped = registry.request("GET", "/v2/_catalog?n=100000", &[], b"");
    assert_eq!(clamped.json()["repositories"], json!(names));
    let none = registry.request("GET", "/v2/_catalog?n=0", &[], b"");
    assert_eq!(none.json(), json!({"repositories": []}));
    assert!(next_page(&none).is_none());
}

#[test]
fn head_of_a_list_has_its_headers_and_no_body() {
    let server = Server::start(Options::default());
    let registry = server.registry();
    repository(&server, &registry, "app");
    let bytes = manifest(&json!({}));
    tag(&registry, "app", &bytes, &texts(&["a", "b", "c"]));
    server.create_repository("app/too");
    let digest = wharf_wire::oci::Digest::of(&bytes);
    let mut connection = Connection::open(server.authority()).expect("a connection");
    for path in [
        "/v2/".to_owned(),
        "/v2/app/tags/list?n=2".to_owned(),
        "/v2/_catalog?n=1".to_owned(),
        format!("/v2/app/referrers/{digest}"),
    ] {
        // On one connection: a body where none belongs would be taken for the next answer.
        let mut ask = |method: &str| {
            let answer = registry.request_on(&mut connection, method, &path, &[], b"");
            answer.expect("an answer").expect_status(200)
        };
        let (head, get) = (ask("HEAD"), ask("GET"));
        assert!(head.body.is_empty());
        for name in ["content-type", "content-length", "link"] {
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
        let length = get.body.len().to_string();
        assert_eq!(get.header("content-length"), Some(length.as_str()));
        assert_ne!(get.json(), Value::Null, "{path}");
    }
}
