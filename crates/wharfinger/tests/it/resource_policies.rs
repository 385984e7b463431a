//! Policies of repositories and registries: who may what, within an account and across accounts, on both planes.

mod across;
mod changes;
mod conditions;
mod docs;
mod pushes;
mod registry;
mod strangers;

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use wharf_wire::oci::Digest;

use crate::support::http::{self, Response};
use crate::support::images::{Image, OCI_MANIFEST, descriptor, noise, tar_gz, write_layout};
use crate::support::people::{Somebody, allow, policy, root};
use crate::support::tools::Checked as _;
use crate::support::{Options, Server};

/// What pulls an image.
const PULL: [&str; 2] = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
/// What pushes one.
const PUSH: [&str; 5] = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:InitiateLayerUpload",
    "ecr:UploadLayerPart",
    "ecr:CompleteLayerUpload",
    "ecr:PutImage",
];

/// What everybody needs for the registry protocol.
fn log_in() -> Value {
    json!([allow(&json!("ecr:GetAuthorizationToken"))])
}

/// A statement of a resource's policy.
fn grant(who: &Value, actions: &Value) -> Value {
    json!({"Effect": "Allow", "Principal": {"AWS": who}, "Action": actions})
}

fn deny(who: &Value, actions: &Value) -> Value {
    json!({"Effect": "Deny", "Principal": {"AWS": who}, "Action": actions})
}

/// Sets a repository's policy as its account's root.
#[track_caller]
fn set(server: &Server, repository: &str, statements: &Value) {
    let body = json!({"repositoryName": repository, "policyText": policy(statements)});
    server.call("SetRepositoryPolicy", &body);
}

/// The operation that pulls a manifest, of a registry.
fn get_image(registry: &str, repository: &str, tag: &str) -> Value {
    json!({"registryId": registry, "repositoryName": repository, "imageIds": [{"imageTag": tag}]})
}

/// The operation that pushes one whose layers are there.
fn put_image(registry: &str, repository: &str, tag: &str, image: &Image) -> Value {
    let text = std::str::from_utf8(&image.manifest).expect("text");
    json!({"registryId": registry, "repositoryName": repository, "imageTag": tag, "imageManifest": text})
}

/// Pulls an image by the API, layers too, and compares.
#[track_caller]
fn pulls(
    who: &Somebody,
    server: &Server,
    (registry, repository): (&str, &str),
    tag: &str,
    image: &Image,
) {
    let answer = who.does(
        server,
        "BatchGetImage",
        &get_image(registry, repository, tag),
    );
    let manifest = answer["images"][0]["imageManifest"].as_str();
    assert_eq!(
        manifest.map(str::as_bytes),
        Some(&image.manifest[..]),
        "{answer}"
    );
    for blob in &image.blobs {
        let digest = Digest::of(blob);
        let body = json!({
            "registryId": registry, "repositoryName": repository, "layerDigest": digest.as_str(),
        });
        let answer = who.does(server, "GetDownloadUrlForLayer", &body);
        let url = answer["downloadUrl"].as_str().expect("a URL");
        let (_, rest) = url.split_once("://").expect("a scheme");
        let (host, path) = rest.split_at(rest.find('/').expect("a path"));
        let answer = http::request(server.authority(), "GET", path, &[("host", host)], b"");
        assert!(
            answer.expect_status(200).body == *blob,
            "{digest} came back changed"
        );
    }
}

/// The message of a refusal of the registry protocol, without the request's id.
#[track_caller]
fn denied(answer: &Response) -> String {
    assert_eq!(answer.status, 403, "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["errors"][0]["code"], "DENIED", "{body}");
    let message = body["errors"][0]["message"].as_str().expect("a message");
    let (message, _) = message.split_once(" (request id ").expect("an id");
    message.to_owned()
}

/// An OCI layout on disk with one image that clients can unpack, tagged `v1`.
fn layout(server: &Server, seed: u64) -> (PathBuf, Image) {
    let layers = server.scratch("layers");
    let layer = tar_gz(&layers, &format!("file{seed}"), &noise(seed, 20_000));
    let config = json!({"os": "linux", "architecture": "amd64", "author": seed.to_string()});
    let image = Image::of(&config, vec![layer]);
    let folder = server.scratch(&format!("layout{seed}"));
    let mut blobs = image.blobs.clone();
    blobs.push(image.manifest.clone());
    let top = descriptor(OCI_MANIFEST, &image.manifest);
    write_layout(&folder, "v1", &top, &blobs);
    (folder, image)
}

/// `skopeo copy` between a layout and a registry: `name` is `host/repository:tag`, reached through the server, whatever
/// its host.
fn skopeo(server: &Server, password: &str, (from, to): (&str, &str)) -> Command {
    let mut skopeo = server.command("skopeo");
    skopeo.env("HTTP_PROXY", server.url()).args([
        "--insecure-policy",
        "copy",
        "--preserve-digests",
    ]);
    for (side, reference) in [("src", from), ("dest", to)] {
        if reference.starts_with("docker:") {
            skopeo.arg(format!("--{side}-creds=AWS:{password}"));
            skopeo.arg(format!("--{side}-tls-verify=false"));
        }
    }
    skopeo.args([from, to]);
    skopeo
}

#[test]
fn a_repository_policy_is_enough_within_the_account_for_what_it_allows_and_no_more() {
    let server = Server::start(Options::default());
    let root = root(&server);
    server.create_repository("app");
    server.create_repository("other");
    let own = root.account().to_owned();
    let users = ["puller", "pusher", "nobody"].map(|name| (name, log_in()));
    let [puller, pusher, nobody] = root.makes(&server, users);
    let (folder, image) = layout(&server, 1);
    root.registry(&server).push(&image, "app", "v0");
    root.registry(&server).push(&image, "other", "v0");

    // Before there is a policy, nothing.
    puller.may_not(&server, "BatchGetImage", &get_image(&own, "app", "v0"));
    set(
        &server,
        "app",
        &json!([
            grant(&json!(puller.arn), &json!(PULL)),
            grant(&json!([pusher.arn]), &json!(PUSH)),
            // The account: its own policies decide, and they say nothing.
            grant(&json!(own), &json!("ecr:*")),
        ]),
    );

    // The API.
    pulls(&puller, &server, (&own, "app"), "v0", &image);
    let said = puller.may_not(&server, "PutImage", &put_image(&own, "app", "v1", &image));
    assert!(
        said.ends_with("because no identity-based policy allows the ecr:PutImage action"),
        "{said}"
    );
    puller.may_not(&server, "BatchGetImage", &get_image(&own, "other", "v0"));
    pusher.does(&server, "PutImage", &put_image(&own, "app", "v1", &image));
    pusher.may_not(&server, "BatchGetImage", &get_image(&own, "app", "v0"));
    let layer =
        json!({"repositoryName": "app", "layerDigest": Digest::of(&image.blobs[1]).as_str()});
    pusher.may_not(&server, "GetDownloadUrlForLayer", &layer);
    nobody.may_not(&server, "BatchGetImage", &get_image(&own, "app", "v0"));
    nobody.may_not(&server, "PutImage", &put_image(&own, "app", "v2", &image));

    // The registry protocol.
    let [pulling, pushing, idle] = [&puller, &pusher, &nobody].map(|who| who.registry(&server));
    pulling.expect_image(&image, "app", "v0");
    let said = denied(&pulling.request("POST", "/v2/app/blobs/uploads/", &[], b""));
    assert!(
        said.contains("not authorized to perform: ecr:InitiateLayerUpload on resource: "),
        "{said}"
    );
    denied(&pulling.get_manifest("other", "v0"));
    pushing.push(&Image::new(5, 1), "app", "v5");
    denied(&pushing.get_manifest("app", "v5"));
    denied(&pushing.request("GET", "/v2/app/tags/list", &[], b""));
    denied(&idle.get_manifest("app", "v0"));

    // A client.
    let here = format!("oci:{}:v1", folder.display());
    let there = format!("docker://{}/app:by-skopeo", server.authority());
    let back = format!("oci:{}:v1", server.scratch("back").display());
    skopeo(&server, &pusher.password(&server), (&here, &there)).checked();
    skopeo(&server, &puller.password(&server), (&there, &back)).checked();
    let said = skopeo(&server, &puller.password(&server), (&here, &there)).refused();
    assert!(said.contains("403 (Forbidden)"), "{said}");
    let said = skopeo(&server, &pusher.password(&server), (&there, &back)).refused();
    assert!(said.contains("ecr:BatchGetImage on resource: "), "{said}");
    deny_wins(&server, &[&puller, &nobody, &root]);
    nobody.does(&server, "ListImages", &json!({"repositoryName": "app"}));
}

/// A deny wins, over root too.
fn deny_wins(server: &Server, over: &[&Somebody]) {
    let everyone = json!("*");
    set(
        server,
        "app",
        &json!([
            grant(&everyone, &json!("ecr:*")),
            deny(&everyone, &json!(PULL[0]))
        ]),
    );
    for who in over {
        let image = get_image(who.account(), "app", "v0");
        let said = who.may_not(server, "BatchGetImage", &image);
        assert!(
            said.ends_with("with an explicit deny in a resource-based policy"),
            "{said}"
        );
    }
}

#[test]
fn a_policy_stays_with_whom_it_named_and_not_with_the_name() {
    let server = Server::start(Options::default());
    let root = root(&server);
    server.create_repository("app");
    let list = json!({"repositoryName": "app"});
    let [first] = root.makes(&server, [("dev", log_in())]);
    set(
        &server,
        "app",
        &json!([grant(&json!(first.arn), &json!("ecr:ListImages"))]),
    );
    first.does(&server, "ListImages", &list);

    let key = first.credentials.access_key_id.as_str();
    root.iam(
        &server,
        "DeleteAccessKey",
        &[("UserName", "dev"), ("AccessKeyId", key)],
    );
    root.iam(
        &server,
        "DeleteUserPolicy",
        &[("UserName", "dev"), ("PolicyName", "own")],
    );
    root.iam(&server, "DeleteUser", &[("UserName", "dev")]);
    let principal = || {
        let answer = server.call("GetRepositoryPolicy", &list);
        let text = answer["policyText"].as_str().expect("a text").to_owned();
        let shown: Value = serde_json::from_str(&text).expect("JSON");
        shown["Statement"][0]["Principal"]["AWS"].clone()
    };
    assert_eq!(principal(), json!(first.id));
    let [second] = root.makes(&server, [("dev", log_in())]);
    assert_eq!(second.arn, first.arn);
    second.may_not(&server, "ListImages", &list);
    assert_eq!(principal(), json!(first.id));
    // Named anew, the name is the second one's.
    set(
        &server,
        "app",
        &json!([grant(&json!(second.arn), &json!("ecr:ListImages"))]),
    );
    second.does(&server, "ListImages", &list);
    assert_eq!(principal(), json!(second.arn));
}
