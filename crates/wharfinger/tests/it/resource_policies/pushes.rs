//! The keys that tell pushes apart: `wharfinger:ImageTag`, `wharfinger:ImageDigest`, `wharfinger:MediaType`.

use serde_json::{Value, json};

use super::*;
use crate::support::engine::Engine;
use crate::support::images::{OCI_INDEX, index};
use crate::support::registry::Registry;

/// PutImage where this holds, and everything else that pushing and pulling needs.
fn pushing(operator: &str, key: &str, value: &Value) -> Value {
    let mut put = allow(&json!("ecr:PutImage"));
    put["Condition"] = json!({operator: {key: value}});
    let rest: Vec<&str> = PUSH
        .into_iter()
        .filter(|it| *it != "ecr:PutImage")
        .chain(PULL)
        .collect();
    json!([
        allow(&json!("ecr:GetAuthorizationToken")),
        allow(&json!(rest)),
        put
    ])
}

fn releases() -> Value {
    pushing("StringLike", "wharfinger:ImageTag", &json!("release-*"))
}

fn tags(server: &Server) -> Vec<String> {
    let answer = server.call("ListImages", &json!({"repositoryName": "app"}));
    let ids = answer["imageIds"].as_array().expect("ids").iter();
    let mut tags: Vec<String> = ids
        .filter_map(|id| Some(id["imageTag"].as_str()?.to_owned()))
        .collect();
    tags.sort();
    tags
}

fn put(registry: &Registry, image: &Image, reference: &str) -> Response {
    registry
        .try_put_manifest(image, "app", reference)
        .expect("an answer")
}

#[test]
fn docker_pushes_only_the_tags_that_a_policy_names() {
    let server = Server::start(Options::default());
    let root = root(&server);
    server.create_repository("app");
    let [user] = root.makes(&server, [("ci", releases())]);
    let engine = Engine::start();
    let password = server.scratch("login").join("password");
    std::fs::write(&password, user.password(&server)).expect("a file");
    let mut login = engine.docker();
    login.args([
        "login",
        "--username",
        "AWS",
        "--password-stdin",
        server.authority(),
    ]);
    login
        .stdin(std::fs::File::open(password).expect("the file"))
        .checked();
    let archive = tar_gz(engine.folder(), "file", &noise(1, 10_000));
    let path = engine.folder().join("archive.tar.gz");
    std::fs::write(&path, archive).expect("a file");
    let name = |tag: &str| format!("{}/app:{tag}", server.authority());
    engine
        .docker()
        .arg("import")
        .arg(&path)
        .arg(name("release-1"))
        .checked();
    engine
        .docker()
        .args(["tag", &name("release-1"), &name("latest")])
        .checked();

    engine.docker().args(["push", &name("release-1")]).checked();
    let said = engine.docker().args(["push", &name("latest")]).refused();
    let denied = format!(
        "denied: User: {} is not authorized to perform: ecr:PutImage on resource: ",
        user.arn
    );
    assert!(said.contains(&denied), "{said}");
    assert_eq!(tags(&server), ["release-1"]);
    engine.docker().args(["pull", &name("release-1")]).checked();
}

#[test]
fn each_tag_of_a_push_has_to_be_allowed_or_nothing_is_done() {
    let server = Server::start(Options::default());
    let root = root(&server);
    server.create_repository("app");
    let own = root.account().to_owned();
    let [user] = root.makes(&server, [("ci", releases())]);
    let registry = user.registry(&server);
    let image = Image::new(1, 1);
    for blob in &image.blobs {
        registry.try_push_blob("app", blob).expect("a blob");
    }
    // The API.
    user.may_not(
        &server,
        "PutImage",
        &put_image(&own, "app", "latest", &image),
    );
    user.may_not(
        &server,
        "PutImage",
        &put_image(&own, "app", "Release-1", &image),
    );
    user.does(
        &server,
        "PutImage",
        &put_image(&own, "app", "release-1", &image),
    );
    let mut untagged = put_image(&own, "app", "x", &image);
    untagged
        .as_object_mut()
        .expect("members")
        .remove("imageTag");
    user.may_not(&server, "PutImage", &untagged);

    // The registry protocol, with several tags too.
    denied(&put(&registry, &image, "latest"));
    denied(&put(&registry, &image, image.digest().as_str()));
    for refused in [
        "release-2?tag=latest",
        "latest?tag=release-2",
        "release-2?tag=release-3&tag=x",
    ] {
        let said = denied(&put(&registry, &image, refused));
        assert!(
            said.contains("not authorized to perform: ecr:PutImage on resource: "),
            "{said}"
        );
    }
    let by_digest = format!("{}?tag=release-2&tag=latest", image.digest());
    denied(&put(&registry, &image, &by_digest));
    assert_eq!(tags(&server), ["release-1"]);
    put(&registry, &image, "release-2?tag=release-3&tag=release-4").expect_status(201);
    let by_digest = format!("{}?tag=release-5", image.digest());
    put(&registry, &image, &by_digest).expect_status(201);
    assert_eq!(
        tags(&server),
        [
            "release-1",
            "release-2",
            "release-3",
            "release-4",
            "release-5"
        ]
    );
    frozen_tags_stay(&server, &root, &image);
}

/// Denied in the repository's policy, whatever one's own allows.
fn frozen_tags_stay(server: &Server, root: &Somebody, image: &Image) {
    let mut frozen = deny(&json!("*"), &json!("ecr:PutImage"));
    frozen["Condition"] =
        json!({"StringEquals": {"wharfinger:ImageTag": ["release-1", "release-2"]}});
    set(server, "app", &json!([frozen]));
    let other = Image::new(2, 0);
    let registry = root.registry(server);
    registry
        .try_push_blob("app", &other.blobs[0])
        .expect("a blob");
    denied(&put(&registry, &other, "release-1"));
    denied(&put(&registry, &other, "new?tag=release-2"));
    let by_api = put_image(root.account(), "app", "release-2", &other);
    root.may_not(server, "PutImage", &by_api);
    assert_eq!(registry.get_manifest("app", "new").status, 404);
    put(&registry, &other, "release-3").expect_status(201);
    assert_eq!(
        registry
            .get_manifest("app", "release-1")
            .expect_status(200)
            .body,
        image.manifest
    );
}

#[test]
fn digests_and_media_types_decide_and_members_of_an_index_need_no_tag() {
    let server = Server::start(Options::default());
    let root = root(&server);
    server.create_repository("app");
    let (one, two) = (Image::new(1, 1), Image::new(2, 1));
    let list = Image {
        media_type: OCI_INDEX,
        manifest: index(&[one.clone(), two.clone()]),
        blobs: Vec::new(),
    };
    let digest = json!(one.digest().as_str());
    let images = json!("application/vnd.oci.image.manifest.*");
    let [by_digest, by_type, members] = root.makes(
        &server,
        [
            (
                "digest",
                pushing("StringEquals", "wharfinger:ImageDigest", &digest),
            ),
            (
                "type",
                pushing("StringLike", "wharfinger:MediaType", &images),
            ),
            // Without a tag everything, with one releases only.
            (
                "members",
                pushing(
                    "StringLikeIfExists",
                    "wharfinger:ImageTag",
                    &json!("release-*"),
                ),
            ),
        ],
    );
    let registry = by_digest.registry(&server);
    for blob in one.blobs.iter().chain(&two.blobs) {
        registry.try_push_blob("app", blob).expect("a blob");
    }
    put(&registry, &one, "v1").expect_status(201);
    put(&registry, &one, one.digest().as_str()).expect_status(201);
    denied(&put(&registry, &two, "v1"));
    denied(&put(&registry, &two, two.digest().as_str()));
    // What is no manifest has no digest that could be the right one.
    let kind = [("content-type", OCI_MANIFEST)];
    denied(&registry.request("PUT", "/v2/app/manifests/v1", &kind, b"{"));

    let registry = by_type.registry(&server);
    put(&registry, &two, "v2").expect_status(201);
    denied(&put(&registry, &list, "list"));
    // The manifest's own media type decides, not what is said beside it.
    let said = [("content-type", OCI_MANIFEST)];
    let answer = registry.request("PUT", "/v2/app/manifests/list", &said, &list.manifest);
    assert!(matches!(answer.status, 400 | 403), "{}", answer.text());
    assert_eq!(registry.get_manifest("app", "list").status, 404);

    let registry = members.registry(&server);
    put(&registry, &one, one.digest().as_str()).expect_status(201);
    denied(&put(&registry, &list, "latest"));
    put(&registry, &list, "release-1").expect_status(201);
    assert_eq!(tags(&server), ["release-1", "v1", "v2"]);
}
