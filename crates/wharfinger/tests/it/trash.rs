//! What deletes leave, and for how long.

use serde_json::json;

use crate::support::images::Image;
use crate::support::{Options, Server, admin};

/// Reads the tables until one of them has so many rows: the job is told, not waited for by time.
fn until(server: &Server, table: &str, rows: u64) {
    for _ in 0..100_000 {
        if admin::tables(server).get(table) == Some(&rows) {
            return;
        }
    }
    assert_eq!(self::rows(server, table), rows, "{table}, in the end");
}

fn rows(server: &Server, table: &str) -> u64 {
    admin::tables(server)[table]
}

#[test]
fn a_deleted_image_lies_in_the_trash_for_a_week_and_a_lone_tag_does_not() {
    let server = Server::start(Options::testing());
    server.create_repository("app");
    let registry = server.registry();
    let image = Image::new(1, 1);
    registry.push(&image, "app", "v1");
    registry.push(&image, "app", "v2");
    let delete = |id| {
        server.call(
            "BatchDeleteImage",
            &json!({"repositoryName": "app", "imageIds": [id]}),
        )
    };
    delete(json!({"imageTag": "v1"}));
    assert_eq!(
        (rows(&server, "trash_manifests"), rows(&server, "tags")),
        (0, 1)
    );
    delete(json!({"imageTag": "v2"}));
    assert_eq!(
        (rows(&server, "trash_manifests"), rows(&server, "manifests")),
        (1, 0)
    );
    server.wharfinger(&["clock", "advance", "6d"]);
    assert_eq!(rows(&server, "trash_manifests"), 1);
    server.wharfinger(&["clock", "advance", "25h"]);
    until(&server, "trash_manifests", 0);
}

#[test]
fn a_deleted_repository_frees_its_name_at_once_and_a_job_moves_its_images() {
    let server = Server::start(Options::testing());
    server.create_repository("app");
    let registry = server.registry();
    for seed in 1..=3 {
        registry.push(&Image::new(seed, 1), "app", &format!("v{seed}"));
    }
    server.call(
        "DeleteRepository",
        &json!({"repositoryName": "app", "force": true}),
    );
    server.create_repository("app");
    let listed = server.call("ListImages", &json!({"repositoryName": "app"}));
    assert_eq!(listed["imageIds"], json!([]));
    until(&server, "manifests", 0);
    // The one that collects stays.
    until(&server, "jobs", 1);
    assert_eq!(rows(&server, "trash_manifests"), 3);
    assert_eq!(rows(&server, "trash_repositories"), 1);
    assert_eq!(
        (rows(&server, "tags"), rows(&server, "manifest_links")),
        (0, 0)
    );
    server.wharfinger(&["clock", "advance", "8d"]);
    until(&server, "trash_repositories", 0);
    until(&server, "trash_manifests", 0);
}
