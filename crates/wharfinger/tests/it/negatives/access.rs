//! Who may: authentication, authorization, and what belongs to whom.

use base64::Engine as _;
use serde_json::json;
use wharf_wire::oci::Digest;

use super::{ROUTES, call_as, path, registry_of, stranger};
use crate::support::http;
use crate::support::images::Image;
use crate::support::registry::Registry;
use crate::support::{ACCOUNT, Options, Server, admin};

const NONE: &[(&str, &str)] = &[];

fn base64(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// A server with one image in `private/app`, and an upload begun there.
fn with_image() -> (Server, Registry, Image, String) {
    let server = Server::start(Options::default());
    server.create_repository("private/app");
    let registry = server.registry();
    let image = Image::new(1, 1);
    registry.push(&image, "private/app", "v1");
    let upload = registry.try_begin("private/app").expect("an upload");
    (server, registry, image, upload)
}

#[test]
fn n1_a_token_that_brings_its_own_key_is_refused() {
    let server = Server::start(Options::default());
    let url = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    for header in [
        json!({"alg": "none"}),
        json!({"alg": "HS256", "jwk": {"kty": "oct", "k": "c2VjcmV0"}}),
        json!({"alg": "RS256", "jku": "http://127.0.0.1:1/keys", "kid": "made-up"}),
    ] {
        let claims = json!({"sub": "AWS", "aws": ACCOUNT});
        let token = format!(
            "{}.{}.{}",
            url.encode(header.to_string()),
            url.encode(claims.to_string()),
            url.encode("signature")
        );
        let forms = [
            format!("Bearer {token}"),
            format!("Basic {}", base64(&format!("AWS:{token}"))),
        ];
        for authorization in forms {
            let headers = [("authorization", authorization)];
            http::request(server.authority(), "GET", "/v2/", &headers, b"").expect_status(401);
        }
    }
}

#[test]
fn n3_every_tag_of_an_immutable_repository_is_kept_also_latest() {
    let server = Server::start(Options::default());
    server.create_immutable_repository("fixed");
    let registry = server.registry();
    let (first, second) = (Image::new(1, 1), Image::new(2, 1));
    registry.push(&second, "fixed", "second");
    for tag in ["latest", "v1", "1.0", "_"] {
        registry.push(&first, "fixed", tag);
        let refused = registry
            .try_put_manifest(&second, "fixed", tag)
            .expect("an answer");
        assert_eq!(
            (refused.status, refused.json()["errors"][0]["code"].as_str()),
            (400, Some("TAG_INVALID")),
            "{tag}"
        );
        let manifest = String::from_utf8(second.manifest.clone()).expect("text");
        let put = json!({"repositoryName": "fixed", "imageManifest": manifest, "imageTag": tag});
        let (status, answer) = server.signed("PutImage", &put);
        assert_eq!(status, 400, "{tag}");
        assert_eq!(answer["__type"], "ImageTagAlreadyExistsException", "{tag}");
        registry.expect_image(&first, "fixed", tag);
    }
}

#[test]
fn n5_a_password_counts_as_basic_and_nowhere_else() {
    let (server, registry, ..) = with_image();
    let password = server.password();
    let basic = registry.authorization().to_owned();
    let target = "/v2/private/app/tags/list";
    let ask = |path: &str, header: Option<(&str, &str)>| {
        let headers: Vec<(&str, &str)> = header.into_iter().collect();
        http::request(server.authority(), "GET", path, &headers, b"").status
    };
    assert_eq!(ask(target, Some(("authorization", &basic))), 200);
    let bearer = format!("Bearer {password}");
    let encoded = format!("Bearer {}", base64(&format!("AWS:{password}")));
    let other_user = format!("Basic {}", base64(&format!("root:{password}")));
    for authorization in [&bearer, &encoded, &other_user] {
        assert_eq!(ask(target, Some(("authorization", authorization))), 401);
    }
    for parameter in ["token", "access_token", "password", "authorization"] {
        assert_eq!(ask(&format!("{target}?{parameter}={password}"), None), 401);
    }
    assert_eq!(ask(target, Some(("x-amz-security-token", &password))), 401);
    assert_eq!(
        ask(target, Some(("cookie", &format!("token={password}")))),
        401
    );
}

#[test]
fn n7_two_first_starts_have_two_secrets() {
    let (one, other) = (
        Server::start(Options::default()),
        Server::start(Options::default()),
    );
    let (mine, its) = (one.credentials(), other.credentials());
    assert_ne!(mine.access_key_id, its.access_key_id);
    assert_ne!(mine.secret, its.secret);
    assert_eq!((mine.access_key_id.len(), mine.secret.len()), (20, 40));
}

#[test]
fn n9_an_installation_takes_no_password_of_another() {
    let (one, other) = (
        Server::start(Options::default()),
        Server::start(Options::default()),
    );
    let foreign = Registry::new(one.authority(), &other.password());
    foreign.request("GET", "/v2/", &[], b"").expect_status(401);
}

#[test]
fn n10_metrics_and_administration_are_not_on_the_main_listener() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::start(Options::default());
    for path in [
        "/metrics",
        "/admin",
        "/debug/pprof",
        "/debug/vars",
        "/config",
        "/tables",
        "/sweep",
    ] {
        http::request(server.authority(), "GET", path, NONE, b"").expect_status(404);
        let registry = server.registry();
        registry.request("GET", path, &[], b"").expect_status(404);
    }
    let socket = server.data_dir().join("admin.sock");
    let mode = std::fs::metadata(socket)
        .expect("the socket")
        .permissions()
        .mode();
    assert_eq!(mode & 0o077, 0, "others may talk to the socket: {mode:o}");
}

#[test]
fn n13_nobody_reads_or_changes_anything_without_credentials() {
    let (server, registry, image, upload) = with_image();
    let digest = Digest::of(&image.blobs[1]).to_string();
    for (method, route) in ROUTES {
        let path = path(route, &digest, &upload);
        let refused = http::request(server.authority(), method, &path, NONE, b"");
        assert_eq!(refused.status, 401, "{method} {path}");
        let challenge = refused.header("www-authenticate").unwrap_or_default();
        assert!(
            challenge.starts_with("Basic realm="),
            "{method} {path}: {challenge}"
        );
    }
    registry.expect_image(&image, "private/app", "v1");
    registry
        .request("GET", &upload, &[], b"")
        .expect_status(204);
}

#[test]
fn n15_a_blob_not_linked_here_is_404() {
    let (server, registry, image, _) = with_image();
    server.create_repository("public/app");
    server.create_repository("other/app");
    for blob in &image.blobs {
        let digest = Digest::of(blob);
        let there = format!("/v2/public/app/blobs/{digest}");
        for method in ["GET", "HEAD"] {
            registry
                .request(method, &there, &[], b"")
                .expect_status(404);
        }
        // Without a source that has it, a mount is an ordinary upload: nothing appears.
        for from in ["", "&from=none/app", "&from=other/app", "&from=public/app"] {
            let mount = format!("/v2/public/app/blobs/uploads/?mount={digest}{from}");
            registry
                .request("POST", &mount, &[], b"")
                .expect_status(202);
            registry
                .request("HEAD", &there, &[], b"")
                .expect_status(404);
        }
    }
    // Nor may a manifest name it.
    let refused = registry
        .try_put_manifest(&image, "public/app", "v1")
        .expect("an answer");
    assert_eq!(refused.json()["errors"][0]["code"], "MANIFEST_BLOB_UNKNOWN");
}

#[test]
fn n14_what_one_may_not_pull_one_cannot_mount() {
    let (server, registry, image, _) = with_image();
    let who = stranger(&server);
    for name in ["mine/app", "mine/too"] {
        let name = json!({"repositoryName": name});
        call_as(&server, &who, "CreateRepository", &name).expect_status(200);
    }
    let other = registry_of(&server, &who);
    let blob = &image.blobs[1];
    let digest = Digest::of(blob);
    let mount = |into: &str, from: &str| {
        let path = format!("/v2/{into}/blobs/uploads/?mount={digest}&from={from}");
        other.request("POST", &path, &[], b"")
    };
    let expect_none = |into: &str, from: &str| {
        let begun = mount(into, from).expect_status(202);
        assert!(begun.header("docker-content-digest").is_none(), "{from}");
        other.get_blob(into, &digest).expect_status(404);
        begun
    };
    // Somebody else's repository is answered as one that is nowhere, though its layer is stored here.
    let foreign = expect_none("mine/app", "private/app");
    let nowhere = expect_none("mine/app", "none/app");
    let names = |answer: &http::Response| {
        let names = answer.headers.iter().map(|(name, _)| name.clone());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(&foreign), names(&nowhere));
    expect_none("mine/app", &format!("{ACCOUNT}/private/app"));
    // One's own repository of that name does not lead there either.
    let name = json!({"repositoryName": "private/app"});
    call_as(&server, &who, "CreateRepository", &name).expect_status(200);
    expect_none("mine/app", "private/app");
    // Into somebody else's repository nothing can be put.
    mount("public/none", "private/app").expect_status(404);
    // What one has pushed oneself can be mounted, and no longer once it was deleted.
    other.try_push_blob("mine/app", blob).expect("a blob");
    mount("mine/too", "mine/app").expect_status(201);
    assert_eq!(other.get_blob("mine/too", &digest).body, *blob);
    for (method, repository) in [("DELETE", "mine/app"), ("DELETE", "mine/too")] {
        let path = format!("/v2/{repository}/blobs/{digest}");
        other.request(method, &path, &[], b"").expect_status(202);
    }
    expect_none("mine/too", "mine/app");
    registry.expect_image(&image, "private/app", "v1");
}

#[test]
fn n16_what_was_deleted_here_stays_deleted_when_it_is_read_elsewhere() {
    let (server, registry, image, _) = with_image();
    server.create_repository("public/app");
    registry.push(&image, "public/app", "v1");
    let digest = image.digest();
    registry.expect_image(&image, "private/app", digest.as_str());
    let gone = format!("/v2/private/app/manifests/{digest}");
    registry
        .request("DELETE", &gone, &[], b"")
        .expect_status(202);
    registry.expect_image(&image, "public/app", digest.as_str());
    for reference in ["v1", digest.as_str()] {
        registry
            .get_manifest("private/app", reference)
            .expect_status(404);
    }
}

#[test]
fn n17_an_upload_of_another_account_is_not_there() {
    let (server, registry, _, upload) = with_image();
    let who = stranger(&server);
    let name = json!({"repositoryName": "private/app"});
    call_as(&server, &who, "CreateRepository", &name).expect_status(200);
    let other = registry_of(&server, &who);
    let complete = format!("{upload}?digest={}", Digest::of(b""));
    for (method, path) in [
        ("GET", &upload),
        ("PATCH", &upload),
        ("PUT", &complete),
        ("DELETE", &upload),
    ] {
        let refused = other.request(method, path, &[], b"").expect_status(404);
        assert_eq!(
            refused.json()["errors"][0]["code"],
            "BLOB_UPLOAD_UNKNOWN",
            "{method}"
        );
    }
    registry
        .request("GET", &upload, &[], b"")
        .expect_status(204);
}

#[test]
fn n20_a_push_makes_no_repository() {
    let server = Server::start(Options::default());
    let registry = server.registry();
    let before = admin::tables(&server);
    let image = Image::new(1, 1);
    let refused = registry
        .request("POST", "/v2/made/up/blobs/uploads/", &[], b"")
        .expect_status(404);
    assert_eq!(refused.json()["errors"][0]["code"], "NAME_UNKNOWN");
    let refused = registry
        .try_put_manifest(&image, "made/up", "v1")
        .expect("an answer");
    assert_eq!(refused.status, 404);
    assert_eq!(admin::tables(&server), before);
}

#[test]
fn n21_an_image_is_found_only_under_its_own_repository() {
    let (server, registry, image, _) = with_image();
    server.create_repository("public/app");
    let digest = image.digest();
    registry
        .get_manifest("public/app", digest.as_str())
        .expect_status(404);
    let path = format!("/v2/public/app/manifests/{digest}");
    registry
        .request("DELETE", &path, &[], b"")
        .expect_status(404);
    let ask =
        json!({"repositoryName": "public/app", "imageIds": [{"imageDigest": digest.as_str()}]});
    for operation in ["BatchGetImage", "BatchDeleteImage"] {
        let answer = server.call(operation, &ask);
        assert_eq!(
            answer["failures"][0]["failureCode"], "ImageNotFound",
            "{operation}"
        );
    }
    registry.expect_image(&image, "private/app", "v1");
}

#[test]
fn n23_members_that_no_operation_has_change_nothing() {
    let server = Server::start(Options::default());
    let request = json!({
        "repositoryName": "plain", "isAdmin": true, "principal": "arn:aws:iam::210987654321:root",
        "account": "210987654321", "createdAt": 0, "repositoryArn": "arn:aws:ecr:us-east-1:210987654321:repository/x",
    });
    let made = server.call("CreateRepository", &request);
    let made = &made["repository"];
    assert_eq!(made["registryId"], ACCOUNT);
    assert_eq!(
        made["repositoryArn"],
        format!("arn:aws:ecr:us-east-1:{ACCOUNT}:repository/plain")
    );
    assert!(made["createdAt"].as_f64().expect("a time") > 1e9);
}

#[test]
fn n25_another_accounts_registry_is_refused_by_every_operation() {
    let (server, ..) = with_image();
    let who = stranger(&server);
    let image = json!([{"imageTag": "v1"}]);
    let arn = format!("arn:aws:ecr:us-east-1:{ACCOUNT}:repository/private/app");
    let name = json!({"registryId": ACCOUNT, "repositoryName": "private/app"});
    let with = |member: &str, value: serde_json::Value| {
        let mut request = name.clone();
        request[member] = value;
        request
    };
    let create = call_as(&server, &who, "CreateRepository", &name);
    assert_eq!(
        create.json()["__type"],
        "AccessDeniedException",
        "{}",
        create.text()
    );
    for (operation, request) in [
        ("DescribeRepositories", json!({"registryId": ACCOUNT})),
        (
            "DescribeRepositories",
            json!({"registryId": ACCOUNT, "repositoryNames": ["private/app"]}),
        ),
        ("DeleteRepository", with("force", json!(true))),
        ("ListImages", name.clone()),
        ("DescribeImages", name.clone()),
        ("BatchGetImage", with("imageIds", image.clone())),
        ("BatchDeleteImage", with("imageIds", image)),
        ("PutImage", with("imageManifest", json!("{}"))),
        (
            "TagResource",
            json!({"resourceArn": arn, "tags": [{"Key": "a", "Value": "b"}]}),
        ),
        (
            "UntagResource",
            json!({"resourceArn": arn, "tagKeys": ["a"]}),
        ),
    ] {
        let refused = call_as(&server, &who, operation, &request);
        let kind = refused.json()["__type"].clone();
        assert_eq!(
            (refused.status, kind.as_str()),
            (400, Some("AccessDeniedException")),
            "{operation}: {}",
            refused.text()
        );
    }
    // Nor does the dispatcher know names that ECR's model has not.
    for hidden in [
        "CreateRepositoryInternal",
        "DescribeAccounts",
        "Sweep",
        "AdvanceClock",
        "account.create",
    ] {
        let (status, answer) = server.signed(hidden, &json!({}));
        assert_eq!(
            (status, answer["__type"].as_str()),
            (400, Some("UnknownOperationException")),
            "{hidden}"
        );
    }
}
