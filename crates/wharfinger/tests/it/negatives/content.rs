//! What is stored and served: types, ranges, pages, and pushes that meet.

use std::net::TcpListener;
use std::sync::Barrier;

use serde_json::json;
use wharf_wire::oci::Digest;

use crate::support::images::{Image, OCI_MANIFEST, noise};
use crate::support::registry::Registry;
use crate::support::{Options, Server};

fn server_with(repository: &str) -> (Server, Registry) {
    let server = Server::start(Options::default());
    server.create_repository(repository);
    let registry = server.registry();
    (server, registry)
}

#[test]
fn n33_a_page_in_a_layer_is_never_served_as_a_page() {
    let (_server, registry) = server_with("app");
    let page = b"<!DOCTYPE html><script>alert(document.domain)</script>";
    let digest = registry.try_push_blob("app", page).expect("a blob");
    let path = format!("/v2/app/blobs/{digest}");
    for hostile in [
        "text/html",
        "image/svg+xml",
        "application/xhtml+xml",
        "text/javascript",
    ] {
        // The manifest's word for the layer, and the client's wish.
        let mut image = Image::of(
            &json!({"os": "linux", "author": hostile}),
            vec![page.to_vec()],
        );
        let text = String::from_utf8(image.manifest).expect("text");
        let text = text.replace("application/vnd.oci.image.layer.v1.tar+gzip", hostile);
        image.manifest = text.into_bytes();
        registry.push(&image, "app", "v1");
        for (method, path) in [
            ("GET", path.as_str()),
            ("HEAD", path.as_str()),
            ("GET", "/v2/app/manifests/v1"),
        ] {
            let answer = registry
                .request(method, path, &[("accept", hostile)], b"")
                .expect_status(200);
            let kind = answer.header("content-type").expect("a type");
            let harmless =
                kind == "application/octet-stream" || kind.starts_with("application/vnd.");
            assert!(harmless, "{method} {path}: {kind}");
            assert_eq!(
                answer.header("x-content-type-options"),
                Some("nosniff"),
                "{method} {path}"
            );
            let policy = answer.header("content-security-policy").unwrap_or_default();
            assert!(policy.contains("sandbox"), "{method} {path}: {policy}");
        }
    }
}

#[test]
fn n52_the_urls_of_a_foreign_layer_are_never_fetched() {
    let (server, registry) = server_with("app");
    let bait = TcpListener::bind("127.0.0.1:0").expect("a listener");
    bait.set_nonblocking(true)
        .expect("a listener that does not wait");
    let url = format!("http://{}/layer", bait.local_addr().expect("an address"));
    let config = b"{}";
    let config_digest = registry.try_push_blob("app", config).expect("a blob");
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config_digest.as_str(), "size": 2},
        "layers": [{
            "mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
            "digest": Digest::of(b"elsewhere").as_str(), "size": 9, "urls": [url],
        }],
    });
    let headers = [("content-type", OCI_MANIFEST)];
    let body = manifest.to_string().into_bytes();
    registry
        .request("PUT", "/v2/app/manifests/v1", &headers, &body)
        .expect_status(201);
    registry.get_manifest("app", "v1").expect_status(200);
    let layer = Digest::of(b"elsewhere");
    registry.get_blob("app", &layer).expect_status(404);
    server.call("DescribeImages", &json!({"repositoryName": "app"}));
    let visit = bait.accept().expect_err("somebody fetched the layer");
    assert_eq!(visit.kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn p3_what_was_deleted_can_be_pushed_and_pulled_again() {
    let (_server, registry) = server_with("app");
    let image = Image::with_layers(1, &[10, 100_000]);
    for _ in 0..3 {
        registry.push(&image, "app", "v1");
        registry.expect_image(&image, "app", "v1");
        let path = format!("/v2/app/manifests/{}", image.digest());
        registry
            .request("DELETE", &path, &[], b"")
            .expect_status(202);
        registry.get_manifest("app", "v1").expect_status(404);
    }
}

#[test]
fn p4_a_tag_pushed_again_after_its_delete_is_pullable() {
    let (_server, registry) = server_with("app");
    let (first, second) = (Image::new(1, 1), Image::new(2, 1));
    registry.push(&first, "app", "v1");
    registry
        .request("DELETE", "/v2/app/manifests/v1", &[], b"")
        .expect_status(202);
    registry.get_manifest("app", "v1").expect_status(404);
    registry.push(&second, "app", "v1");
    registry.expect_image(&second, "app", "v1");
    registry.push(&first, "app", "v1");
    registry.expect_image(&first, "app", "v1");
}

#[test]
fn p32_no_page_drops_a_name_that_begins_another() {
    let (server, registry) = server_with("app");
    let image = Image::new(1, 0);
    let mut tags = vec!["a", "a-b", "a.b", "a0", "a_b", "A", "aa", "b"];
    for tag in &tags {
        registry.push(&image, "app", tag);
    }
    tags.sort_unstable();
    let mut names = vec!["app", "a1", "a1-b", "a1/b", "a10", "a1.b", "a1_b"];
    for name in names.iter().filter(|n| **n != "app") {
        server.create_repository(name);
    }
    names.sort_unstable();
    for size in 1..4 {
        let mut found = Vec::new();
        let mut next = Some(format!("/v2/app/tags/list?n={size}"));
        while let Some(path) = next {
            let answer = registry.request("GET", &path, &[], b"").expect_status(200);
            let page = answer.json()["tags"].as_array().expect("tags").clone();
            assert!(page.len() <= size, "{page:?}");
            found.extend(page);
            let link = answer.header("link").map(str::to_owned);
            next = link.and_then(|l| l.split(['<', '>']).nth(1).map(str::to_owned));
        }
        assert_eq!(found, tags, "pages of {size}");

        let mut found = Vec::new();
        let mut token = None;
        loop {
            let mut request = json!({"maxResults": size});
            if let Some(token) = &token {
                request["nextToken"] = json!(token);
            }
            let answer = server.call("DescribeRepositories", &request);
            let page = answer["repositories"]
                .as_array()
                .expect("repositories")
                .clone();
            found.extend(
                page.iter()
                    .map(|r| r["repositoryName"].as_str().expect("a name").to_owned()),
            );
            token = answer["nextToken"].as_str().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        found.sort_unstable();
        assert_eq!(found, names, "pages of {size}");
    }
}

#[test]
fn p33_an_empty_page_is_an_empty_list() {
    let (server, registry) = server_with("app");
    let answer = registry
        .request("GET", "/v2/app/tags/list", &[], b"")
        .expect_status(200);
    assert_eq!(answer.text(), r#"{"name":"app","tags":[]}"#);
    registry.push(&Image::new(1, 0), "app", "v1");
    for path in ["/v2/app/tags/list?last=v1", "/v2/app/tags/list?n=0"] {
        let answer = registry.request("GET", path, &[], b"").expect_status(200);
        assert_eq!(answer.json()["tags"], json!([]), "{path}");
        assert_eq!(answer.header("link"), None, "{path}");
    }
    let answer = server.call(
        "ListImages",
        &json!({"repositoryName": "app", "filter": {"tagStatus": "UNTAGGED"}}),
    );
    assert_eq!(answer["imageIds"], json!([]));
}

#[test]
fn p34_pushes_of_the_same_content_at_once_leave_it_once_and_whole() {
    let (_server, registry) = server_with("app");
    let image = Image::with_layers(1, &[300_000]);
    let together = Barrier::new(8);
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (registry, image, together) = (&registry, &image, &together);
            scope.spawn(move || {
                together.wait();
                registry.push(image, "app", &format!("v{number}"));
            });
        }
    });
    for number in 0..8 {
        registry.expect_image(&image, "app", &format!("v{number}"));
    }
}

#[test]
fn p44_ranges_are_served_to_the_byte_and_refused_beyond_the_end() {
    let (_server, registry) = server_with("app");
    // In a row of the database, and in a file of several frames.
    for size in [1_000, 400_000] {
        let content = noise(size, usize::try_from(size).expect("a size"));
        let digest = registry.try_push_blob("app", &content).expect("a blob");
        let path = format!("/v2/app/blobs/{digest}");
        let end = content.len();
        let get = |range: &str| registry.request("GET", &path, &[("range", range)], b"");
        for (range, first, last) in [
            ("bytes=0-0", 0, 0),
            ("bytes=10-19", 10, 19),
            ("bytes=500-", 500, end - 1),
            ("bytes=-7", end - 7, end - 1),
            ("bytes=0-99999999999999999999", 0, end - 1),
            ("bytes=-99999999999999999999", 0, end - 1),
        ] {
            let answer = get(range).expect_status(206);
            assert!(answer.body == content[first..=last], "{range}");
            let expected = format!("bytes {first}-{last}/{end}");
            assert_eq!(
                answer.header("content-range"),
                Some(expected.as_str()),
                "{range}"
            );
        }
        for range in [
            format!("bytes={end}-"),
            "bytes=-0".to_owned(),
            "bytes=99999999999999999999-".to_owned(),
        ] {
            let refused = get(&range).expect_status(416);
            let expected = format!("bytes */{end}");
            assert_eq!(
                refused.header("content-range"),
                Some(expected.as_str()),
                "{range}"
            );
        }
        for whole in ["bytes=5-4", "bytes=0-1,5-6", "items=0-1", "bytes=x"] {
            assert!(get(whole).expect_status(200).body == content, "{whole}");
        }
    }
}
