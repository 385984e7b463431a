//! Manifests: several tags at once, sha512, conditional reads, indexes within indexes.

use serde_json::{Value, json};
use wharf_wire::oci::Digest;

use super::{events, index_of, listed, manifest, put, refused, repository, sha512, stored};
use crate::support::images::{OCI_INDEX, OCI_MANIFEST, descriptor, noise};
use crate::support::registry::Registry;
use crate::support::state::State;
use crate::support::{Options, Server, admin};

fn started() -> (Server, Registry) {
    let server = Server::start(Options::testing());
    let registry = server.registry();
    repository(&server, &registry, "app");
    (server, registry)
}

fn numbered(number: usize) -> Vec<u8> {
    manifest(&json!({"annotations": {"number": number.to_string()}}))
}

/// `tag=a&tag=b`
fn query<T: AsRef<str>>(tags: &[T]) -> String {
    let parameters: Vec<String> = tags.iter().map(|t| format!("tag={}", t.as_ref())).collect();
    parameters.join("&")
}

fn tags(registry: &Registry, repository: &str) -> Vec<String> {
    listed(registry, &format!("/v2/{repository}/tags/list"), "tags")
}

#[test]
fn several_tags_are_pointed_at_once_and_each_is_told() {
    let (server, registry) = started();
    let (old, new) = (numbered(1), numbered(2));
    put(&registry, "app", "b", &old).expect_status(201);
    let (before, digest) = (admin::hard_closures(&server), Digest::of(&new));
    // By digest, with a tag that is moved, one that is new, and one that is named twice.
    let reference = format!("{digest}?{}", query(&["a", "b", "a", "c%2Ed"]));
    let done = put(&registry, "app", &reference, &new).expect_status(201);
    assert_eq!(admin::hard_closures(&server), before + 1);
    let told: Vec<&str> = done
        .headers
        .iter()
        .filter(|(name, _)| name == "oci-tag")
        .map(|(_, value)| value.as_str())
        .collect();
    assert_eq!(told, ["a", "b", "c.d"]);
    assert_eq!(done.header("docker-content-digest"), Some(digest.as_str()));
    assert_eq!(
        done.header("location"),
        Some(format!("/v2/app/manifests/{digest}").as_str())
    );
    assert_eq!(tags(&registry, "app"), ["a", "b", "c.d"]);
    for tag in ["a", "b", "c.d"] {
        assert_eq!(registry.get_manifest("app", tag).body, new, "{tag}");
    }
    // What was moved away from is there still, and each tag is an event of its own.
    registry
        .get_manifest("app", Digest::of(&old).as_str())
        .expect_status(200);
    let pushed: Vec<(Value, Value, Value)> = events(&server, "image-pushed")
        .iter()
        .skip(1)
        .map(|e| (e["tag"].clone(), e["movedFrom"].clone(), e["new"].clone()))
        .collect();
    assert_eq!(
        pushed,
        [
            (json!("a"), Value::Null, json!(true)),
            (json!("b"), json!(Digest::of(&old).as_str()), json!(false)),
            (json!("c.d"), Value::Null, json!(false)),
        ]
    );

    // By tag, with the tag of the path again.
    let reference = format!("x?{}", query(&["x", "y"]));
    put(&registry, "app", &reference, &old).expect_status(201);
    assert_eq!(tags(&registry, "app"), ["a", "b", "c.d", "x", "y"]);
    assert_eq!(registry.get_manifest("app", "x").body, old);
    // Again: nothing changes.
    let before = State::of(&server);
    put(&registry, "app", &reference, &old).expect_status(201);
    assert_eq!(before.wait_for(&server), Ok(()));
}

#[test]
fn a_hundred_tags_are_taken_and_one_more_is_not() {
    let (server, registry) = started();
    let bytes = numbered(1);
    let digest = Digest::of(&bytes);
    let many: Vec<String> = (0..101).map(|number| format!("t{number:03}")).collect();
    let before = State::of(&server);
    let reference = format!("{digest}?{}", query(&many));
    refused(
        &put(&registry, "app", &reference, &bytes),
        400,
        "TAG_INVALID",
    );
    assert_eq!(before.wait_for(&server), Ok(()));
    let reference = format!("{digest}?{}", query(&many[..100]));
    put(&registry, "app", &reference, &bytes).expect_status(201);
    assert_eq!(tags(&registry, "app"), many[..100]);
    // An image has a thousand at most, however they come.
    for number in 1..10 {
        let some: Vec<String> = many[..100]
            .iter()
            .map(|t| format!("{t}-{number}"))
            .collect();
        let reference = format!("{digest}?{}", query(&some));
        put(&registry, "app", &reference, &bytes).expect_status(201);
    }
    let before = State::of(&server);
    let reference = format!("{digest}?{}", query(&["a", "t000"]));
    refused(
        &put(&registry, "app", &reference, &bytes),
        400,
        "UNSUPPORTED",
    );
    assert_eq!(before.wait_for(&server), Ok(()));
}

#[test]
fn of_several_tags_all_are_moved_or_none() {
    let (server, registry) = started();
    server.create_immutable_repository("fixed");
    registry.try_push_blob("fixed", b"{}").expect("a blob");
    let (old, new) = (numbered(1), numbered(2));
    put(&registry, "fixed", "taken", &old).expect_status(201);
    put(&registry, "app", "b", &old).expect_status(201);
    let before = State::of(&server);
    let digest = Digest::of(&new);
    for (repository, reference) in [
        ("fixed", format!("{digest}?{}", query(&["a", "taken", "z"]))),
        ("fixed", format!("a?{}", query(&["z", "taken"]))),
        ("fixed", format!("taken?{}", query(&["a"]))),
        ("app", format!("{digest}?{}", query(&["a", "b", "-bad"]))),
        ("app", format!("{digest}?{}", query(&["b", ""]))),
        ("app", format!("b?{}", query(&["a%2Fb"]))),
        ("app", format!("b?{}", query(&["x".repeat(129)]))),
    ] {
        let answer = put(&registry, repository, &reference, &new);
        refused(&answer, 400, "TAG_INVALID");
        assert!(answer.header("oci-tag").is_none());
        assert_eq!(before.wait_for(&server), Ok(()), "{reference}");
    }
    assert_eq!(tags(&registry, "fixed"), ["taken"]);
    assert_eq!(registry.get_manifest("fixed", "taken").body, old);
    assert_eq!(registry.get_manifest("app", "b").body, old);
    // What is there already with the same image does not stand in the way.
    let reference = format!("taken?{}", query(&["a", "z"]));
    put(&registry, "fixed", &reference, &old).expect_status(201);
    assert_eq!(tags(&registry, "fixed"), ["a", "taken", "z"]);
}

#[test]
fn a_manifest_is_pushed_pulled_and_named_by_sha512() {
    let (server, registry) = started();
    let layer = noise(1, 3_000);
    let by_512 = sha512(&layer);
    let path = format!("/v2/app/blobs/uploads/?digest={by_512}");
    registry
        .request("POST", &path, &[], &layer)
        .expect_status(201);
    let mut named = descriptor("application/vnd.oci.image.layer.v1.tar", &layer);
    named["digest"] = json!(by_512.as_str());
    let image = manifest(&json!({"layers": [named]}));
    let (by_256, by_512) = (Digest::of(&image), sha512(&image));
    let before = State::of(&server);
    for wrong in [sha512(b"other"), Digest::of(b"other")] {
        refused(
            &put(&registry, "app", wrong.as_str(), &image),
            400,
            "DIGEST_INVALID",
        );
    }
    assert_eq!(before.wait_for(&server), Ok(()));
    let done = put(&registry, "app", by_512.as_str(), &image).expect_status(201);
    assert_eq!(done.header("docker-content-digest"), Some(by_512.as_str()));
    for digest in [&by_256, &by_512] {
        for method in ["GET", "HEAD"] {
            let path = format!("/v2/app/manifests/{digest}");
            let answer = registry.request(method, &path, &[], b"").expect_status(200);
            assert_eq!(
                answer.header("docker-content-digest"),
                Some(digest.as_str())
            );
            assert!(method == "HEAD" || answer.body == image);
        }
    }
    // The API tells the identity.
    let told = server.call("DescribeImages", &json!({"repositoryName": "app"}));
    assert_eq!(told["imageDetails"][0]["imageDigest"], by_256.as_str());

    // A member of an index, named by it.
    let mut member = descriptor(OCI_MANIFEST, &image);
    member["digest"] = json!(by_512.as_str());
    let index = index_of(&[member.clone()], &json!({}));
    put(&registry, "app", "all", &index).expect_status(201);
    assert_eq!(registry.get_manifest("app", "all").body, index);
    // Held by the index, by whatever name.
    for digest in [&by_256, &by_512] {
        let path = format!("/v2/app/manifests/{digest}");
        let answer = registry.request("DELETE", &path, &[], b"");
        refused(&answer, 409, "UNSUPPORTED");
    }
    // A sha512 that the repository does not know is of nothing there.
    let only_256 = numbered(7);
    stored(&registry, "app", &only_256);
    registry
        .get_manifest("app", sha512(&only_256).as_str())
        .expect_status(404);
    member["digest"] = json!(sha512(&only_256).as_str());
    let index = index_of(&[member], &json!({}));
    refused(
        &put(&registry, "app", "none", &index),
        404,
        "MANIFEST_BLOB_UNKNOWN",
    );
}

#[test]
fn what_a_client_has_already_is_not_sent_again() {
    let (_server, registry) = started();
    let bytes = numbered(1);
    let digest = Digest::of(&bytes);
    put(&registry, "app", "v1", &bytes).expect_status(201);
    let by_512 = sha512(&bytes);
    put(&registry, "app", by_512.as_str(), &bytes).expect_status(201);
    let layer = Digest::of(b"{}");
    for (path, digest) in [
        ("/v2/app/manifests/v1".to_owned(), &digest),
        (format!("/v2/app/manifests/{digest}"), &digest),
        (format!("/v2/app/manifests/{by_512}"), &by_512),
        (format!("/v2/app/blobs/{layer}"), &layer),
    ] {
        for method in ["GET", "HEAD"] {
            let etag = format!("\"{digest}\"");
            let first = registry.request(method, &path, &[], b"").expect_status(200);
            assert_eq!(first.header("etag"), Some(etag.as_str()));
            for has in [
                etag.clone(),
                format!("W/{etag}"),
                format!("\"x\", {etag}"),
                "*".to_owned(),
            ] {
                let headers = [("if-none-match", has.as_str())];
                let again = registry
                    .request(method, &path, &headers, b"")
                    .expect_status(304);
                assert!(again.body.is_empty());
                assert_eq!(again.header("etag"), Some(etag.as_str()), "{has}");
                assert_eq!(again.header("docker-content-digest"), Some(digest.as_str()));
            }
            let other = [("if-none-match", "\"sha256:00\"")];
            registry
                .request(method, &path, &other, b"")
                .expect_status(200);
        }
    }
    // Without a length, which would be taken for that of the content; and before any range is looked at.
    let headers = [("if-none-match", "*"), ("range", "bytes=100-")];
    let path = format!("/v2/app/blobs/{layer}");
    let again = registry
        .request("GET", &path, &headers, b"")
        .expect_status(304);
    assert!(again.header("content-length").is_none());
    let headers = [("if-none-match", "\"x\""), ("range", "bytes=100-")];
    let outside = registry.request("GET", &path, &headers, b"");
    refused(&outside, 416, "RANGE_INVALID");
    // After the tag was moved, what the client had is no longer it.
    put(&registry, "app", "v1", &numbered(2)).expect_status(201);
    let etag = format!("\"{digest}\"");
    let headers = [("if-none-match", etag.as_str())];
    let moved = registry
        .request("GET", "/v2/app/manifests/v1", &headers, b"")
        .expect_status(200);
    assert_eq!(moved.body, numbered(2));
    let headers = [("if-none-match", "*")];
    let missing = registry.request("GET", "/v2/app/manifests/none", &headers, b"");
    refused(&missing, 404, "MANIFEST_UNKNOWN");
}

/// Pushes an index of the last one, so many times; the answer to the last push, and the last index that was taken.
fn nest(registry: &Registry, depth: usize, levels: usize, mut inner: Vec<u8>) -> (u16, Vec<u8>) {
    for level in depth + 1..=levels {
        let kind = if level == 1 { OCI_MANIFEST } else { OCI_INDEX };
        let outer = index_of(&[descriptor(kind, &inner)], &json!({}));
        let answer = put(registry, "app", Digest::of(&outer).as_str(), &outer);
        if answer.status != 201 {
            refused(&answer, 400, "MANIFEST_INVALID");
            assert!(answer.text().contains("nested deeper than 16 levels"));
            return (answer.status, inner);
        }
        inner = outer;
    }
    (201, inner)
}

#[test]
fn indexes_may_lie_sixteen_deep_and_no_deeper() {
    let (server, registry) = started();
    let image = numbered(1);
    stored(&registry, "app", &image);
    let (status, deepest) = nest(&registry, 0, 16, image.clone());
    assert_eq!(status, 201);
    registry
        .get_manifest("app", Digest::of(&deepest).as_str())
        .expect_status(200);
    let before = State::of(&server);
    for levels in [17, 100] {
        let (status, reached) = nest(&registry, 16, levels, deepest.clone());
        assert_eq!(status, 400, "{levels}");
        assert_eq!(reached, deepest);
    }
    // The deepest of several members counts.
    let members = [
        descriptor(OCI_MANIFEST, &image),
        descriptor(OCI_INDEX, &deepest),
        descriptor(OCI_MANIFEST, &image),
    ];
    let wide = index_of(&members, &json!({}));
    refused(
        &put(&registry, "app", "wide", &wide),
        400,
        "MANIFEST_INVALID",
    );
    assert_eq!(before.wait_for(&server), Ok(()));
    // A whole chain of a hundred, each of the one before it, ends at sixteen.
    let (status, _) = nest(&registry, 0, 100, numbered_in(&registry, 2));
    assert_eq!(status, 400);
}

fn numbered_in(registry: &Registry, number: usize) -> Vec<u8> {
    let bytes = numbered(number);
    stored(registry, "app", &bytes);
    bytes
}
