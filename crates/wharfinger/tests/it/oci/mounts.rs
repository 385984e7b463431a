//! Mounting a blob from another repository.

use serde_json::json;
use wharf_wire::oci::Digest;

use super::{events, put, refused, sha512};
use crate::support::http::Response;
use crate::support::images::{Image, noise};
use crate::support::registry::Registry;
use crate::support::state::State;
use crate::support::{Options, Server, admin, stored};

fn started() -> (Server, Registry) {
    let server = Server::start(Options::testing());
    for name in ["from/app", "to/app", "third"] {
        server.create_repository(name);
    }
    let registry = server.registry();
    (server, registry)
}

fn mount(registry: &Registry, into: &str, digest: &Digest, from: &str) -> Response {
    let path = format!("/v2/{into}/blobs/uploads/?mount={digest}&from={from}");
    registry.request("POST", &path, &[], b"")
}

#[test]
fn a_mounted_layer_is_served_from_the_same_bytes() {
    let (server, registry) = started();
    for (seed, size) in [(1, 500), (2, 1_500_000)] {
        let content = noise(seed, size);
        let digest = registry
            .try_push_blob("from/app", &content)
            .expect("a blob");
        registry.get_blob("to/app", &digest).expect_status(404);
        let files = stored::object_files(server.data_dir());
        let before = State::of(&server);
        let closures = admin::hard_closures(&server);
        let done = mount(&registry, "to/app", &digest, "from/app").expect_status(201);
        assert_eq!(admin::hard_closures(&server), closures + 1);
        assert_eq!(
            done.header("location"),
            Some(format!("/v2/to/app/blobs/{digest}").as_str())
        );
        assert_eq!(done.header("docker-content-digest"), Some(digest.as_str()));
        assert!(done.body.is_empty());
        // A link, a key and an event; no upload, no extent, no file.
        let more = ["links", "blob_keys", "events"].map(|table| (table.to_owned(), 1));
        assert_eq!(before.with_rows(&more.into()).wait_for(&server), Ok(()));
        assert_eq!(stored::object_files(server.data_dir()), files);
        assert!(registry.get_blob("to/app", &digest).expect_status(200).body == content);
        // Again: nothing changes but what is told.
        mount(&registry, "to/app", &digest, "from/app").expect_status(201);
        mount(&registry, "to/app", &digest, "to/app").expect_status(201);
    }
    let mounted = events(&server, "layer-mounted");
    assert_eq!(mounted[0]["from"], "from/app");
    assert_eq!(mounted[0]["digest"], Digest::of(&noise(1, 500)).as_str());
}

#[test]
fn a_mounted_layer_stays_when_its_source_goes() {
    let (server, registry) = started();
    let (small, large) = (noise(1, 700), noise(2, 800_000));
    for content in [&small, &large] {
        let digest = registry.try_push_blob("from/app", content).expect("a blob");
        mount(&registry, "to/app", &digest, "from/app").expect_status(201);
        // From the target it goes on, as from any other.
        mount(&registry, "third", &digest, "to/app").expect_status(201);
    }
    let gone = format!("/v2/from/app/blobs/{}", Digest::of(&small));
    registry
        .request("DELETE", &gone, &[], b"")
        .expect_status(202);
    server.call(
        "DeleteRepository",
        &json!({"repositoryName": "from/app", "force": true}),
    );
    // What nobody holds is kept for a day; an image holds it for longer.
    let image = Image::of(&json!({"os": "linux"}), vec![small.clone(), large.clone()]);
    registry
        .try_push_blob("to/app", &image.blobs[0])
        .expect("a blob");
    put(&registry, "to/app", "v1", &image.manifest).expect_status(201);
    admin::sweep_when_all_is_over(&server);
    let server = server.restart();
    let registry = server.registry();
    registry.expect_image(&image, "to/app", "v1");
    let refused = mount(&registry, "to/app", &Digest::of(&large), "from/app");
    refused.expect_status(202);
}

#[test]
fn a_mount_that_cannot_be_begins_an_upload_that_can_be_used() {
    let (server, registry) = started();
    let content = noise(1, 3_000);
    let digest = registry
        .try_push_blob("from/app", &content)
        .expect("a blob");
    let absent = Digest::of(b"nowhere");
    for (query, digest, content) in [
        (format!("mount={digest}"), &digest, &content[..]),
        (format!("mount={digest}&from="), &digest, &content[..]),
        ("from=from/app".to_owned(), &digest, &content[..]),
        (
            format!("mount={digest}&from=none/app"),
            &digest,
            &content[..],
        ),
        (format!("mount={digest}&from=third"), &digest, &content[..]),
        (format!("mount={absent}&from=from/app"), &absent, b"nowhere"),
    ] {
        let before = admin::hard_closures(&server);
        let path = format!("/v2/to/app/blobs/uploads/?{query}");
        let begun = registry.request("POST", &path, &[], b"").expect_status(202);
        assert_eq!(admin::hard_closures(&server), before, "{query}");
        assert_eq!(begun.header("range"), Some("0-0"));
        assert!(begun.header("docker-content-digest").is_none());
        registry.get_blob("to/app", digest).expect_status(404);
        let upload = begun.header("location").expect("a location");
        let path = format!("{upload}?digest={digest}");
        registry
            .request("PUT", &path, &[], content)
            .expect_status(201);
        assert_eq!(registry.get_blob("to/app", digest).body, content);
        let path = format!("/v2/to/app/blobs/{digest}");
        registry
            .request("DELETE", &path, &[], b"")
            .expect_status(202);
    }
    // An upload in one request, when the mount cannot be.
    let path = format!("/v2/to/app/blobs/uploads/?mount={digest}&from=third&digest={digest}");
    registry
        .request("POST", &path, &[], &content)
        .expect_status(201);
    refused(
        &mount(&registry, "none/app", &digest, "from/app"),
        404,
        "NAME_UNKNOWN",
    );
}

#[test]
fn a_layer_is_mounted_by_the_names_that_its_source_knows() {
    let (_server, registry) = started();
    let content = noise(1, 2_000);
    registry
        .try_push_blob("from/app", &content)
        .expect("a blob");
    let (by_256, by_512) = (Digest::of(&content), sha512(&content));
    mount(&registry, "to/app", &by_512, "from/app").expect_status(202);
    let path = format!("/v2/from/app/blobs/uploads/?digest={by_512}");
    registry
        .request("POST", &path, &[], &content)
        .expect_status(201);
    let done = mount(&registry, "to/app", &by_512, "from/app").expect_status(201);
    assert_eq!(done.header("docker-content-digest"), Some(by_512.as_str()));
    mount(&registry, "third", &by_256, "from/app").expect_status(201);
    for (repository, digest, status) in [
        ("to/app", &by_256, 200),
        ("to/app", &by_512, 200),
        ("third", &by_256, 200),
        ("third", &by_512, 404),
    ] {
        let answer = registry.get_blob(repository, digest).expect_status(status);
        assert!(status == 404 || answer.body == content);
    }
}
