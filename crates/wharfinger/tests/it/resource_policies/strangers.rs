//! What those learn who may not: nothing.

use serde_json::{Value, json};

use super::*;
use crate::support::people::another_account;
use crate::support::registry::Registry;

/// Names of the same length: one that exists, and one that does not.
const NAMES: [&str; 2] = ["secret/here", "secret/gone"];

/// Calls of the API about a repository; `IMAGE` is a manifest that exists.
fn calls(registry: &str, name: &str, image: &Image) -> Vec<(&'static str, Value)> {
    let arn = format!("arn:aws:ecr:us-east-1:{registry}:repository/{name}");
    let digest = image.digest();
    let digest = digest.as_str();
    let layer = Digest::of(&image.blobs[0]).to_string();
    let manifest = std::str::from_utf8(&image.manifest).expect("text");
    let upload = "00000000-0000-4000-8000-000000000000";
    let list = [
        (
            "BatchCheckLayerAvailability",
            json!({"layerDigests": [layer]}),
        ),
        (
            "BatchDeleteImage",
            json!({"imageIds": [{"imageDigest": digest}]}),
        ),
        ("BatchGetImage", json!({"imageIds": [{"imageTag": "v1"}]})),
        (
            "CompleteLayerUpload",
            json!({"uploadId": upload, "layerDigests": [layer]}),
        ),
        ("CreateRepository", json!({})),
        ("DeleteRepository", json!({})),
        ("DeleteRepositoryPolicy", json!({})),
        ("DescribeImages", json!({"imageIds": [{"imageTag": "v1"}]})),
        ("DescribeRepositories", json!({"repositoryNames": [name]})),
        ("GetDownloadUrlForLayer", json!({"layerDigest": layer})),
        ("GetRepositoryPolicy", json!({})),
        ("InitiateLayerUpload", json!({})),
        (
            "ListImageReferrers",
            json!({"subjectId": {"imageDigest": digest}}),
        ),
        ("ListImages", json!({})),
        ("ListTagsForResource", json!({"resourceArn": arn})),
        (
            "PutImage",
            json!({"imageManifest": manifest, "imageTag": "v1"}),
        ),
        ("PutImage", json!({"imageManifest": "{", "imageTag": "v1"})),
        (
            "PutImageTagMutability",
            json!({"imageTagMutability": "IMMUTABLE"}),
        ),
        (
            "SetRepositoryPolicy",
            json!({"policyText": policy(&json!([grant(&json!("*"), &json!("ecr:*"))]))}),
        ),
        ("SetRepositoryPolicy", json!({"policyText": "{"})),
        (
            "TagResource",
            json!({"resourceArn": arn, "tags": [{"Key": "a", "Value": "b"}]}),
        ),
        (
            "UntagResource",
            json!({"resourceArn": arn, "tagKeys": ["a"]}),
        ),
    ];
    let with_names = |mut body: Value| {
        body["repositoryName"] = json!(name);
        body["registryId"] = json!(registry);
        body
    };
    list.map(|(operation, body)| (operation, with_names(body)))
        .into()
}

/// Requests of the registry protocol about a repository: method, path behind the name, body.
fn requests(image: &Image) -> Vec<(&'static str, String, Vec<u8>)> {
    let layer = Digest::of(&image.blobs[0]);
    let digest = image.digest();
    let upload = "blobs/uploads/00000000-0000-4000-8000-000000000000";
    let none = Vec::new;
    vec![
        ("GET", "manifests/v1".into(), none()),
        ("HEAD", "manifests/v1".into(), none()),
        ("GET", format!("manifests/{digest}"), none()),
        ("PUT", "manifests/v1".into(), image.manifest.clone()),
        (
            "PUT",
            "manifests/v1?tag=v2&tag=v3".into(),
            image.manifest.clone(),
        ),
        ("PUT", "manifests/v1".into(), b"{".to_vec()),
        (
            "PUT",
            format!("manifests/{}", Digest::of(b"other")),
            image.manifest.clone(),
        ),
        ("DELETE", "manifests/v1".into(), none()),
        ("GET", format!("blobs/{layer}"), none()),
        ("HEAD", format!("blobs/{layer}"), none()),
        ("DELETE", format!("blobs/{layer}"), none()),
        ("POST", "blobs/uploads/".into(), none()),
        (
            "POST",
            format!("blobs/uploads/?digest={layer}"),
            image.blobs[0].clone(),
        ),
        (
            "POST",
            format!("blobs/uploads/?mount={layer}&from=public"),
            none(),
        ),
        ("GET", upload.into(), none()),
        ("PATCH", upload.into(), b"abc".to_vec()),
        ("PUT", format!("{upload}?digest={layer}"), none()),
        ("DELETE", upload.into(), none()),
        ("GET", "tags/list".into(), none()),
        ("GET", format!("referrers/{digest}"), none()),
    ]
}

/// What is told of a refused request, without the name and what differs with each request.
fn told(
    registry: &Registry,
    host: &str,
    name: &str,
    request: &(&str, String, Vec<u8>),
) -> (u16, String, usize) {
    let (method, rest, body) = request;
    let headers = [("host", host), ("content-type", OCI_MANIFEST)];
    let answer = registry.request(method, &format!("/v2/{name}/{rest}"), &headers, body);
    let text = answer.text().replace(name, "NAME");
    let (text, _) = text.split_once(" (request id ").unwrap_or((&text, ""));
    (answer.status, text.to_owned(), answer.headers.len())
}

#[test]
fn n27_whether_a_repository_exists_is_not_told_to_those_who_may_not_use_it() {
    let server = Server::start(Options {
        env: vec![("WHARFINGER_DOMAIN".to_owned(), "registry.test".to_owned())],
        ..Options::default()
    });
    let owner = root(&server);
    let other = another_account(&server);
    server.create_repository(NAMES[0]);
    server.create_repository("public");
    let image = Image::new(1, 1);
    owner.registry(&server).push(&image, NAMES[0], "v1");
    owner.registry(&server).push(&image, "public", "v1");
    // The repository trusts somebody; the strangers are not that one.
    let [friend, inside] = owner.makes(&server, [("friend", log_in()), ("inside", log_in())]);
    set(
        &server,
        NAMES[0],
        &json!([grant(&json!(friend.arn), &json!("ecr:*"))]),
    );
    let [abroad] = other.makes(&server, [("abroad", json!([allow(&json!("ecr:*"))]))]);
    let host = format!("{}.dkr.ecr.us-east-1.registry.test", owner.account());

    for stranger in [&inside, &abroad, &other] {
        let told_by_api = NAMES.map(|name| {
            let mut answers = Vec::new();
            for (operation, body) in calls(owner.account(), name, &image) {
                let (status, answer) = stranger.call(&server, operation, &body);
                assert_eq!(
                    answer["__type"], "AccessDeniedException",
                    "{operation} {body}: {answer}"
                );
                answers.push((operation, status, answer.to_string().replace(name, "NAME")));
            }
            answers
        });
        assert_eq!(told_by_api[0], told_by_api[1]);
        let registry = stranger.registry(&server);
        for request in requests(&image) {
            let [here, gone] = NAMES.map(|name| told(&registry, &host, name, &request));
            assert_eq!(here, gone, "{request:?}");
            assert_eq!(here.0, 403, "{request:?}: {here:?}");
        }
    }
    // Those who may are told the truth.
    let friendly = friend.registry(&server);
    assert_eq!(friendly.get_manifest(NAMES[0], "v1").status, 200);
    friend.may_not(&server, "ListImages", &json!({"repositoryName": NAMES[1]}));
    let missing = owner.registry(&server).get_manifest(NAMES[1], "v1");
    assert_eq!(missing.status, 404);
}

#[test]
fn n14_a_layer_is_mounted_only_from_where_it_may_be_downloaded() {
    let server = Server::start(Options::default());
    let root = root(&server);
    for name in ["target", "source"] {
        server.create_repository(name);
    }
    let layer = root
        .registry(&server)
        .try_push_blob("source", b"a layer")
        .expect("a blob");
    let [user] = root.makes(&server, [("user", log_in())]);
    let who = json!(user.arn);
    set(&server, "target", &json!([grant(&who, &json!(PUSH))]));
    let registry = user.registry(&server);
    let mount = |from: &str| {
        let path = format!("/v2/target/blobs/uploads/?mount={layer}&from={from}");
        registry.request("POST", &path, &[], b"")
    };
    // The same answer whether the source is not there, has no such layer, or may not be read.
    for from in ["source", "absent"] {
        let begun = mount(from).expect_status(202);
        assert_eq!(begun.header("docker-content-digest"), None);
        assert!(begun.header("docker-upload-uuid").is_some(), "{from}");
    }
    let head = format!("/v2/target/blobs/{layer}");
    registry.request("HEAD", &head, &[], b"").expect_status(404);
    set(
        &server,
        "source",
        &json!([grant(&who, &json!("ecr:GetDownloadUrlForLayer"))]),
    );
    mount("source").expect_status(201);
    registry.request("HEAD", &head, &[], b"").expect_status(200);
    // And only to where it could be completed.
    let but: Vec<&str> = PUSH
        .into_iter()
        .filter(|it| *it != "ecr:CompleteLayerUpload")
        .collect();
    set(&server, "target", &json!([grant(&who, &json!(but))]));
    mount("source").expect_status(202);
}

#[test]
fn n17_an_upload_is_not_found_by_another_principal() {
    let server = Server::start(Options::default());
    let root = root(&server);
    server.create_repository("app");
    let all = json!([allow(&json!("ecr:*"))]);
    let [one, two] = root.makes(&server, [("one", all.clone()), ("two", all)]);
    let begun = one.does(
        &server,
        "InitiateLayerUpload",
        &json!({"repositoryName": "app"}),
    );
    let id = begun["uploadId"].as_str().expect("an id").to_owned();
    let path = format!("/v2/app/blobs/uploads/{id}");
    let digest = Digest::of(b"abc");
    let part = json!({
        "repositoryName": "app", "uploadId": id, "partFirstByte": 0, "partLastByte": 2, "layerPartBlob": "YWJj",
    });
    let complete =
        json!({"repositoryName": "app", "uploadId": id, "layerDigests": [digest.as_str()]});
    for stranger in [&two, &root] {
        stranger.fails(&server, "UploadLayerPart", &part, "UploadNotFoundException");
        stranger.fails(
            &server,
            "CompleteLayerUpload",
            &complete,
            "UploadNotFoundException",
        );
        let registry = stranger.registry(&server);
        let put = format!("{path}?digest={digest}");
        for (method, path) in [
            ("GET", &path),
            ("PATCH", &path),
            ("PUT", &put),
            ("DELETE", &path),
        ] {
            let answer = registry
                .request(method, path, &[], b"abc")
                .expect_status(404);
            assert_eq!(
                answer.json()["errors"][0]["code"],
                "BLOB_UPLOAD_UNKNOWN",
                "{method}"
            );
        }
    }
    one.does(&server, "UploadLayerPart", &part);
    one.does(&server, "CompleteLayerUpload", &complete);
}
