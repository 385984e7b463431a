//! Tags that stay, and tags that move.

use serde_json::json;

use super::{Caller, Docker, root};
use crate::clients::described_tag;
use crate::support::engine::Engine;
use crate::support::tools::Checked as _;
use crate::support::{Options, Server};

/// A server that does as ECR does, also with the same digest.
fn strict() -> Server {
    Server::start(Options {
        env: vec![("WHARFINGER_COMPAT".to_owned(), "strict".to_owned())],
        ..Options::default()
    })
}

fn as_owner<'a>(server: &Server, engine: &'a Engine) -> Docker<'a> {
    Caller::of("owner", &root(server)).docker(server, engine, server.authority())
}

#[test]
fn an_immutable_tag_takes_no_second_push_not_even_of_the_same_digest_until_it_is_deleted() {
    let server = strict();
    let engine = Engine::start();
    server.create_immutable_repository("accounts-service");
    let docker = as_owner(&server, &engine);
    let image = "accounts-service:v1.4.2";
    docker.builds(1, image);
    let first = docker.pushes(image);
    let taken = "tag invalid: The image tag 'v1.4.2' already exists in the 'accounts-service' repository and cannot be \
                 overwritten because the repository is immutable.";
    let said = docker.push(image).refused();
    assert!(said.contains(taken), "{said}");
    docker.builds(2, image);
    let said = docker.push(image).refused();
    assert!(said.contains(taken), "{said}");
    let now = || described_tag(&server, "accounts-service", "v1.4.2")["imageDigest"].clone();
    assert_eq!(now(), first.as_str());

    let words = ["ecr", "batch-delete-image", "--repository-name"];
    let mut delete = server.command("aws");
    delete.args(words).arg("accounts-service");
    delete.args(["--image-ids", "imageTag=v1.4.2"]).checked();
    let second = docker.pushes(image);
    assert_ne!(second, first);
    assert_eq!(now(), second.as_str());
}

#[test]
fn latest_moves_in_a_mutable_repository_and_the_old_image_keeps_its_commit() {
    let server = strict();
    let engine = Engine::start();
    server.create_repository("production-api");
    let docker = as_owner(&server, &engine);
    // What the workflow does, for two commits.
    let commits = [(1, "5f1d3c0"), (2, "9ab24e7")];
    let digests = commits.map(|(seed, commit)| {
        let image = format!("production-api:{commit}");
        docker.builds(seed, &image);
        let latest = docker.name("production-api:latest");
        let tag = ["tag", &docker.name(&image), &latest];
        docker.command(&tag).checked();
        let digest = docker.pushes(&image);
        assert_eq!(docker.pushes("production-api:latest"), digest);
        digest
    });
    let tags = |digest: &str| {
        let body =
            json!({"repositoryName": "production-api", "imageIds": [{"imageDigest": digest}]});
        let mut tags = server.call("DescribeImages", &body)["imageDetails"][0]["imageTags"].clone();
        tags.as_array_mut()
            .expect("tags")
            .sort_by_key(ToString::to_string);
        tags
    };
    assert_eq!(tags(&digests[0]), json!(["5f1d3c0"]));
    assert_eq!(tags(&digests[1]), json!(["9ab24e7", "latest"]));
    docker.pulls("production-api:5f1d3c0");
    docker.pulls("production-api:latest");
}
