//! `wharfinger undelete`, `purge`, `trash` and `why` as an operator types them.

use std::process::Output;

use serde_json::{Value, json};
use wharf_wire::oci::{Algorithm, Digest};

use crate::support::images::{Image, OCI_INDEX, index};
use crate::support::registry::Registry;
use crate::support::{Options, Server, admin, stored};

/// What a command said that succeeded.
#[track_caller]
fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// Why a command failed.
#[track_caller]
fn refused(output: &Output) -> String {
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8(output.stderr.clone()).expect("text")
}

fn delete(registry: &Registry, digest: &Digest) {
    let path = format!("/v2/app/manifests/{digest}");
    registry
        .request("DELETE", &path, &[], b"")
        .expect_status(202);
}

/// Moves the clock by days, each with a collection.
fn days(server: &Server, days: u64) {
    for _ in 0..days {
        admin::ask(server, &json!({ "op": "clock.advance", "seconds": 90_000 }));
        admin::ask(server, &json!({ "op": "sweep" }));
    }
}

#[test]
fn an_image_is_brought_back_by_tag_or_digest_and_told_why_not_otherwise() {
    let server = Server::start(Options::testing());
    server.create_repository("app");
    let registry = server.registry();
    let (one, two) = (Image::new(1, 2), Image::new(2, 1));
    registry.push(&one, "app", "v1");
    registry.push(&two, "app", "v2");
    let missing = format!("app@{}", Digest::of(b"none"));
    for (what, why) in [
        ("app:v9", "no image with tag v9"),
        (missing.as_str(), "is not in the trash"),
        ("app", "repository app exists"),
        ("none", "no repository none is in the trash"),
        ("app@sha256:short", "digest `sha256:short`"),
        ("APP:v1", "repository `APP`"),
    ] {
        let told = refused(&server.wharfinger(&["undelete", what]));
        assert!(told.contains(why), "{what}: {told}");
    }
    let region = ["undelete", "app:v1", "--region", "moon-north-1"];
    assert!(refused(&server.wharfinger(&region)).contains("is not served here"));
    delete(&registry, &one.digest());
    registry.get_manifest("app", "v1").expect_status(404);
    let listed = said(&server.wharfinger(&["trash"]));
    assert!(
        listed.contains(one.digest().as_str()) && listed.contains("v1"),
        "{listed}"
    );
    let told = said(&server.wharfinger(&["undelete", "app:v1"]));
    assert!(told.contains("tag: v1"), "{told}");
    registry.expect_image(&one, "app", "v1");
    delete(&registry, &one.digest());
    registry.push(&two, "app", "v1");
    let told = refused(&server.wharfinger(&["undelete", "app:v1"]));
    assert!(told.contains("tag v1 now points to"), "{told}");
    let digest = format!("app@{}", one.digest());
    said(&server.wharfinger(&["undelete", &digest, "--without-tags"]));
    registry.expect_image(&one, "app", one.digest().as_str());
    registry.expect_image(&two, "app", "v1");
}

#[test]
fn of_repositories_deleted_under_one_name_the_last_comes_back() {
    let server = Server::start(Options::testing());
    server.create_repository("app");
    server.registry().push(&Image::new(1, 1), "app", "v1");
    let force = json!({ "repositoryName": "app", "force": true });
    server.call("DeleteRepository", &force);
    server.create_repository("app");
    let told = refused(&server.wharfinger(&["undelete", "app"]));
    assert!(told.contains("repository app exists"), "{told}");
    let kind = json!({ "repositoryName": "app" });
    server.call("DeleteRepository", &kind);
    // The empty one was deleted last, so that it is the one to come back.
    said(&server.wharfinger(&["undelete", "app"]));
    let listed = server.call("ListImages", &kind);
    assert_eq!(listed["imageIds"], json!([]));
    server.call("DeleteRepository", &kind);
    while admin::tables(&server)["jobs"] > 1 {}
    let names = stored::query(server.data_dir(), "SELECT id FROM trash_repositories");
    assert_eq!(names.len(), 2);
}

#[test]
fn a_deleted_repository_comes_back_whole_and_only_within_its_time() {
    let server = Server::start(Options::testing());
    server.create_repository("app");
    let registry = server.registry();
    let images: Vec<Image> = (1..=3).map(|seed| Image::new(seed, 1)).collect();
    for (number, image) in images.iter().enumerate() {
        registry.push(image, "app", &format!("v{number}"));
    }
    let members = index(&images);
    let kind = [("content-type", OCI_INDEX)];
    let put = registry.request("PUT", "/v2/app/manifests/all", &kind, &members);
    put.expect_status(201);
    let force = json!({ "repositoryName": "app", "force": true });
    server.call("DeleteRepository", &force);
    days(&server, 5);
    let told = said(&server.wharfinger(&["undelete", "app"]));
    assert!(told.contains("app is back"), "{told}");
    while admin::tables(&server)["jobs"] > 1 {}
    let registry = server.registry();
    for (number, image) in images.iter().enumerate() {
        registry.expect_image(image, "app", &format!("v{number}"));
    }
    let all = registry.get_manifest("app", "all").expect_status(200);
    assert_eq!(all.body, members);
    server.call("DeleteRepository", &force);
    days(&server, 7);
    let told = refused(&server.wharfinger(&["undelete", "app"]));
    assert!(told.contains("no repository app is in the trash"), "{told}");
    days(&server, 2);
    assert_eq!(admin::tables(&server)["objects"], 0);
}

#[test]
fn a_purge_asks_first_and_takes_what_it_told_of() {
    let server = Server::start(Options::testing());
    server.create_repository("app");
    let registry = server.registry();
    let image = Image::with_layers(1, &[200_000]);
    registry.push(&image, "app", "v1");
    delete(&registry, &image.digest());
    let told = refused(&server.wharfinger(&["purge"]));
    assert!(told.contains("there is no terminal to ask at"), "{told}");
    let told = refused(&server.wharfinger(&["purge", "none", "--yes"]));
    assert!(told.contains("there is no repository none"), "{told}");
    let tag = refused(&server.wharfinger(&["purge", "app:v1", "--yes"]));
    assert!(tag.contains("name the digest"), "{tag}");
    assert_eq!(admin::tables(&server)["trash_manifests"], 1);
    days(&server, 2);
    let told = said(&server.wharfinger(&["purge", "--yes"]));
    assert!(told.contains("purged: 1 images"), "{told}");
    assert!(told.contains("layers taken from repositories: 2"), "{told}");
    let tables = admin::tables(&server);
    assert_eq!((tables["trash_manifests"], tables["links"]), (0, 0));
    let told = refused(&server.wharfinger(&["undelete", "app:v1"]));
    assert!(told.contains("no image with tag v1"), "{told}");
    days(&server, 1);
    assert_eq!(admin::tables(&server)["objects"], 0);
}

#[test]
fn undelete_and_purge_take_the_sha512_that_an_image_was_pushed_by() {
    let server = Server::start(Options::testing());
    server.create_repository("app");
    let registry = server.registry();
    let image = Image::new(1, 1);
    for blob in &image.blobs {
        registry.try_push_blob("app", blob).expect("a blob");
    }
    let wide = Digest::with(Algorithm::Sha512, &image.manifest);
    let stored = registry.try_put_manifest(&image, "app", wide.as_str());
    stored.expect("an answer").expect_status(201);
    let (named, other) = (
        format!("app@{wide}"),
        format!("app@{}", Digest::with(Algorithm::Sha512, b"other")),
    );
    delete(&registry, &wide);
    let told = refused(&server.wharfinger(&["undelete", &other]));
    assert!(told.contains("is not in the trash"), "{told}");
    said(&server.wharfinger(&["undelete", &named]));
    registry.expect_image(&image, "app", wide.as_str());
    delete(&registry, &wide);
    let told = refused(&server.wharfinger(&["purge", &other, "--yes"]));
    assert!(told.contains("is not in the trash"), "{told}");
    said(&server.wharfinger(&["purge", &named, "--yes"]));
    assert_eq!(admin::tables(&server)["trash_manifests"], 0);
}

#[test]
fn why_tells_what_holds_a_layer_and_when_it_went() {
    let server = Server::start(Options::testing());
    server.create_repository("app");
    let registry = server.registry();
    let image = Image::with_layers(1, &[200_000]);
    registry.push(&image, "app", "v1");
    let layer = Digest::of(&image.blobs[1]);
    let held = said(&server.wharfinger(&["why", layer.as_str()]));
    let holder = format!("held by {}, tagged v1", image.digest());
    assert!(
        held.contains("is stored") && held.contains(&holder),
        "{held}"
    );
    let told = said(&server.wharfinger(&["why", layer.as_str(), "--json"]));
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told["places"][0]["repository"], "app");
    assert_eq!(told["places"][0]["layer"]["objects"], json!([["live", 1]]));
    let image_told = said(&server.wharfinger(&["why", image.digest().as_str()]));
    assert!(
        image_told.contains("an image, application/vnd.oci"),
        "{image_told}"
    );
    delete(&registry, &image.digest());
    let trash = said(&server.wharfinger(&["why", image.digest().as_str()]));
    assert!(trash.contains("an image in the trash until"), "{trash}");
    days(&server, 9);
    let gone = said(&server.wharfinger(&["why", layer.as_str()]));
    assert!(gone.contains("is not stored"), "{gone}");
    assert!(
        gone.contains("layer-collected by collect: no image holds it"),
        "{gone}"
    );
    assert!(gone.contains("blob-removed by collect"), "{gone}");
    let never = said(&server.wharfinger(&["why", Digest::of(b"never").as_str()]));
    assert!(never.contains("nothing is known of it"), "{never}");
    let bad = refused(&server.wharfinger(&["why", "latest"]));
    assert!(bad.contains("digest `latest`"), "{bad}");
}
