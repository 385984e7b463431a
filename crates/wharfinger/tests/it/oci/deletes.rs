//! Deleting manifests, tags and blobs.

use serde_json::json;
use wharf_wire::oci::Digest;

use super::{index_of, listed, manifest, put, refused, repository, sha512, stored as store};
use crate::support::http::Response;
use crate::support::images::{Image, OCI_MANIFEST, descriptor, noise};
use crate::support::registry::Registry;
use crate::support::state::State;
use crate::support::{Options, Server, admin, stored};

fn started() -> (Server, Registry) {
    let server = Server::start(Options::testing());
    let registry = server.registry();
    repository(&server, &registry, "app");
    (server, registry)
}

fn delete(registry: &Registry, what: &str) -> Response {
    registry.request("DELETE", &format!("/v2/app/{what}"), &[], b"")
}

fn delete_blob(registry: &Registry, digest: &Digest) -> Response {
    delete(registry, &format!("blobs/{digest}"))
}

#[test]
fn a_tag_is_deleted_alone_and_a_digest_with_all_its_tags() {
    let (_server, registry) = started();
    let bytes = manifest(&json!({}));
    let digest = Digest::of(&bytes);
    put(&registry, "app", "a?tag=b&tag=c", &bytes).expect_status(201);
    delete(&registry, "manifests/a").expect_status(202);
    refused(&delete(&registry, "manifests/a"), 404, "MANIFEST_UNKNOWN");
    refused(&registry.get_manifest("app", "a"), 404, "MANIFEST_UNKNOWN");
    for reference in ["b", "c", digest.as_str()] {
        assert_eq!(registry.get_manifest("app", reference).body, bytes);
    }
    // The last tag leaves the image untagged.
    delete(&registry, "manifests/b").expect_status(202);
    delete(&registry, "manifests/c").expect_status(202);
    assert!(listed(&registry, "/v2/app/tags/list", "tags").is_empty());
    assert_eq!(registry.get_manifest("app", digest.as_str()).body, bytes);

    put(&registry, "app", "a?tag=b", &bytes).expect_status(201);
    delete(&registry, &format!("manifests/{digest}")).expect_status(202);
    for reference in ["a", "b", digest.as_str()] {
        refused(
            &registry.get_manifest("app", reference),
            404,
            "MANIFEST_UNKNOWN",
        );
        refused(
            &delete(&registry, &format!("manifests/{reference}")),
            404,
            "MANIFEST_UNKNOWN",
        );
    }
    assert!(listed(&registry, "/v2/app/tags/list", "tags").is_empty());
    let missing = registry.request("DELETE", "/v2/none/app/manifests/a", &[], b"");
    refused(&missing, 404, "NAME_UNKNOWN");
}

#[test]
fn a_manifest_is_deleted_by_sha512_as_by_sha256() {
    let (_server, registry) = started();
    let bytes = manifest(&json!({}));
    let (by_256, by_512) = (Digest::of(&bytes), sha512(&bytes));
    for deleted in [&by_512, &by_256] {
        put(&registry, "app", &format!("{by_512}?tag=v1"), &bytes).expect_status(201);
        delete(&registry, &format!("manifests/{deleted}")).expect_status(202);
        for reference in [by_256.as_str(), by_512.as_str(), "v1"] {
            refused(
                &registry.get_manifest("app", reference),
                404,
                "MANIFEST_UNKNOWN",
            );
        }
    }
    // What the registry knows by sha256 only has no other name to be deleted by.
    let other = manifest(&json!({"annotations": {"a": "b"}}));
    store(&registry, "app", &other);
    let unknown = delete(&registry, &format!("manifests/{}", sha512(&other)));
    refused(&unknown, 404, "MANIFEST_UNKNOWN");
}

#[test]
fn a_member_of_an_index_is_deleted_after_the_index() {
    let (server, registry) = started();
    let bytes = manifest(&json!({}));
    let member = store(&registry, "app", &bytes);
    let index = index_of(&[descriptor(OCI_MANIFEST, &bytes)], &json!({}));
    let digest = Digest::of(&index);
    put(&registry, "app", "all", &index).expect_status(201);
    let before = State::of(&server);
    let held = delete(&registry, &format!("manifests/{member}"));
    refused(&held, 409, "UNSUPPORTED");
    assert!(held.text().contains(digest.as_str()), "{}", held.text());
    assert_eq!(before.wait_for(&server), Ok(()));
    delete(&registry, &format!("manifests/{digest}")).expect_status(202);
    delete(&registry, &format!("manifests/{member}")).expect_status(202);
}

#[test]
fn a_blob_is_deleted_unless_an_image_holds_it() {
    let (server, registry) = started();
    server.create_repository("other");
    let image = Image::with_layers(1, &[900, 700_000]);
    for repository in ["app", "other"] {
        for blob in &image.blobs {
            registry.try_push_blob(repository, blob).expect("a blob");
        }
    }
    put(&registry, "app", "v1", &image.manifest).expect_status(201);
    let second = manifest(&json!({
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", &image.blobs[1])],
    }));
    put(&registry, "app", "v2", &second).expect_status(201);
    let before = State::of(&server);
    for (blob, holders) in [
        (&image.blobs[0], vec![image.digest()]),
        (&image.blobs[1], vec![image.digest(), Digest::of(&second)]),
        (&image.blobs[2], vec![image.digest()]),
    ] {
        let held = delete_blob(&registry, &Digest::of(blob));
        refused(&held, 409, "UNSUPPORTED");
        for holder in holders {
            assert!(held.text().contains(holder.as_str()), "{}", held.text());
        }
    }
    assert_eq!(before.wait_for(&server), Ok(()));
    registry.expect_image(&image, "app", "v1");

    // Held by no image: gone here, and nowhere else.
    for blob in &image.blobs {
        let path = format!("/v2/other/blobs/{}", Digest::of(blob));
        let done = registry
            .request("DELETE", &path, &[], b"")
            .expect_status(202);
        assert!(done.body.is_empty());
        let again = registry.request("DELETE", &path, &[], b"");
        refused(&again, 404, "BLOB_UNKNOWN");
        refused(
            &registry.request("GET", &path, &[], b""),
            404,
            "BLOB_UNKNOWN",
        );
        registry.request("HEAD", &path, &[], b"").expect_status(404);
    }
    registry.expect_image(&image, "app", "v1");
    let refusal = put(&registry, "other", "v1", &image.manifest);
    refused(&refusal, 404, "MANIFEST_BLOB_UNKNOWN");
    let unknown = delete_blob(&registry, &Digest::of(b"unknown"));
    refused(&unknown, 404, "BLOB_UNKNOWN");
    let path = format!("/v2/none/app/blobs/{}", image.digest());
    let missing = registry.request("DELETE", &path, &[], b"");
    refused(&missing, 404, "NAME_UNKNOWN");
    // After the sweep the other repository has it still.
    admin::sweep_when_all_is_over(&server);
    let registry = server.registry();
    registry.expect_image(&image, "app", "v1");
}

#[test]
fn a_deleted_blob_comes_back_when_it_is_pushed_again_before_and_after_a_sweep() {
    let (server, mut registry) = started();
    for (seed, size) in [(1, 600), (2, 800_000)] {
        let content = noise(seed, size);
        let digest = registry.try_push_blob("app", &content).expect("a blob");
        for swept in [false, true] {
            delete_blob(&registry, &digest).expect_status(202);
            if swept {
                admin::sweep_when_all_is_over(&server);
                // The password has run out meanwhile.
                registry = server.registry();
            }
            registry.get_blob("app", &digest).expect_status(404);
            registry.try_push_blob("app", &content).expect("a blob");
            assert!(registry.get_blob("app", &digest).expect_status(200).body == content);
        }
    }
}

#[test]
fn a_blob_is_deleted_by_sha512_as_by_sha256() {
    let (_server, registry) = started();
    let content = noise(4, 5_000);
    let (by_256, by_512) = (Digest::of(&content), sha512(&content));
    for deleted in [&by_256, &by_512] {
        let path = format!("/v2/app/blobs/uploads/?digest={by_512}");
        registry
            .request("POST", &path, &[], &content)
            .expect_status(201);
        assert_eq!(registry.get_blob("app", &by_512).body, content);
        delete_blob(&registry, deleted).expect_status(202);
        for digest in [&by_256, &by_512] {
            refused(&registry.get_blob("app", digest), 404, "BLOB_UNKNOWN");
        }
    }
}

#[test]
fn an_image_in_the_trash_keeps_a_layer_that_was_deleted_from_its_repository() {
    let (server, registry) = started();
    let image = Image::with_layers(5, &[1_000, 300_000]);
    registry.push(&image, "app", "v1");
    delete(&registry, &format!("manifests/{}", image.digest())).expect_status(202);
    for blob in &image.blobs {
        delete_blob(&registry, &Digest::of(blob)).expect_status(202);
        refused(
            &registry.get_blob("app", &Digest::of(blob)),
            404,
            "BLOB_UNKNOWN",
        );
    }
    let files = stored::object_files(server.data_dir());
    admin::sweep_when_all_is_over(&server);
    assert_eq!(stored::object_files(server.data_dir()), files);
}

#[test]
fn an_image_comes_back_whole_though_a_layer_of_it_was_deleted_meanwhile() {
    let (server, registry) = started();
    let image = Image::with_layers(77, &[600, 800_000]);
    registry.push(&image, "app", "whole");
    let digest = image.digest();
    let manifest = format!("/v2/app/manifests/{digest}");
    registry
        .request("DELETE", &manifest, &[], b"")
        .expect_status(202);
    for blob in &image.blobs {
        delete_blob(&registry, &Digest::of(blob)).expect_status(202);
    }
    let why = server.wharfinger(&["why", Digest::of(&image.blobs[1]).as_str()]);
    let why = String::from_utf8(why.stdout).expect("text");
    for told in ["a client deleted it", "the trash needs it until"] {
        assert!(why.contains(told), "{why}");
    }
    let undeleted = server.wharfinger(&["undelete", "app:whole"]);
    assert!(undeleted.status.success(), "{undeleted:?}");
    registry.expect_image(&image, "app", "whole");
}
