//! The lines that show on the registry protocol.

use serde_json::{Value, json};
use wharf_wire::oci::{Algorithm, Digest};

use super::{Case, error, expect_error};
use crate::support::images::{Image, OCI_INDEX, OCI_MANIFEST, descriptor, index};
use crate::support::{admin, http};

const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

pub(super) fn oci_status(case: &Case<'_>) {
    let kind = [("content-type", OCI_MANIFEST)];
    let broken = case.send("PUT", "manifests/v1", &kind, b"{");
    expect_error(
        &broken,
        case.either((400, "MANIFEST_INVALID"), (405, "UNSUPPORTED")),
    );
    let name = case.registry.request("GET", "/v2/Ab/tags/list", &[], b"");
    let text = expect_error(
        &name,
        case.either((400, "NAME_INVALID"), (405, "UNSUPPORTED")),
    );
    assert!(
        text.starts_with("Invalid parameter at 'repositoryName' failed to satisfy constraint: '"),
        "{text}"
    );
    let image = Image::new(1, 0);
    let bad = case.put(&image, "a+b");
    expect_error(
        &bad,
        case.either((400, "TAG_INVALID"), (405, "UNSUPPORTED")),
    );
}

pub(super) fn bad_tag(case: &Case<'_>) {
    let got = case.send("GET", "manifests/a+b", &[], b"");
    expect_error(
        &got,
        case.either((404, "MANIFEST_UNKNOWN"), (400, "TAG_INVALID")),
    );
    let head = case.send("HEAD", "manifests/a+b", &[], b"");
    assert_eq!(head.status, case.either(404, 400));
}

fn begin(case: &Case<'_>) -> String {
    case.registry
        .try_begin(&case.repository)
        .expect("an upload")
}

pub(super) fn patch(case: &Case<'_>) {
    let upload = begin(case);
    let answer = case.registry.request("PATCH", &upload, &[], b"abc");
    assert_eq!(answer.status, case.either(202, 201));
    assert_eq!(answer.header("range"), Some("0-2"));
}

pub(super) fn range_advances(case: &Case<'_>) {
    let upload = begin(case);
    let told = ["0-9", "0-19", case.either("0-29", "0-19")];
    for (range, told) in ["0-9", "10-19", "20-29"].into_iter().zip(told) {
        let headers = [("content-range", range)];
        let answer = case
            .registry
            .request("PATCH", &upload, &headers, b"0123456789");
        assert_eq!(answer.header("range"), Some(told), "{range}");
    }
    let digest = Digest::of(&b"0123456789".repeat(3));
    let path = format!("{upload}?digest={digest}");
    case.registry
        .request("PUT", &path, &[], b"")
        .expect_status(201);
}

fn blob_of(case: &Case<'_>, content: &[u8]) -> Digest {
    case.registry
        .try_push_blob(&case.repository, content)
        .expect("a blob")
}

pub(super) fn blob(case: &Case<'_>) {
    let digest = blob_of(case, b"bytes");
    let path = format!("blobs/{digest}");
    let part = [("range", "bytes=1-2")];
    let got = case.send("GET", &path, &part, b"");
    if case.strict {
        assert_eq!((got.status, got.body.len()), (307, 0));
        let url = got.header("location").expect("a location");
        let layers = format!("{}/layers/", case.server.url());
        assert!(url.starts_with(&layers), "{url}");
        assert!(url.contains("&X-Amz-Expires=3600&"), "{url}");
        let missing = Digest::of(b"missing");
        let missing = case.send("GET", &format!("blobs/{missing}"), &[], b"");
        expect_error(&missing, (404, "BLOB_UNKNOWN"));
    } else {
        assert_eq!((got.status, got.body.as_slice()), (206, b"yt".as_slice()));
    }
    case.send("HEAD", &path, &[], b"").expect_status(200);
    let got = case.registry.get_blob(&case.repository, &digest);
    assert_eq!(
        (got.status, got.body.as_slice()),
        (200, b"bytes".as_slice())
    );
}

pub(super) fn url_ends(case: &Case<'_>) {
    let name = format!("{}-gone", case.repository);
    case.server.create_repository(&name);
    let image = Image::new(12, 1);
    case.registry.push(&image, &name, "v1");
    let layer = Digest::of(&image.blobs[1]);
    let request = json!({"repositoryName": name, "layerDigest": layer.as_str()});
    let made = case.server.call("GetDownloadUrlForLayer", &request);
    let url = made["downloadUrl"].as_str().expect("a URL").to_owned();
    let get = || {
        let path = case.registry.path_of(&url);
        let answer = http::request::<&str, &str>(case.server.authority(), "GET", &path, &[], b"");
        answer.status
    };
    assert_eq!(get(), 200);
    let delete = json!({"repositoryName": name, "force": true});
    case.server.call("DeleteRepository", &delete);
    assert_eq!(get(), 404);
}

pub(super) fn blob_delete(case: &Case<'_>) {
    let digest = blob_of(case, b"to be deleted");
    let path = format!("blobs/{digest}");
    let deleted = case.send("DELETE", &path, &[], b"");
    if case.strict {
        expect_error(&deleted, (405, "UNSUPPORTED"));
        assert_eq!(deleted.header("allow"), Some("GET, HEAD"));
    } else {
        assert_eq!(deleted.status, 202);
    }
    let head = case.send("HEAD", &path, &[], b"");
    assert_eq!(head.status, case.either(404, 200));
}

pub(super) fn mount(case: &Case<'_>) {
    let source = format!("{}-source", case.repository);
    case.server.create_repository(&source);
    let digest = case
        .registry
        .try_push_blob(&source, b"mounted")
        .expect("a blob");
    let path = format!("blobs/uploads/?mount={digest}&from={source}");
    let here = || {
        let head = case.send("HEAD", &format!("blobs/{digest}"), &[], b"");
        head.status
    };
    let set = |value: &str| {
        let setting = json!({"name": "BLOB_MOUNTING", "value": value});
        case.server.call("PutAccountSetting", &setting);
    };
    let answer = case.send("POST", &path, &[], b"");
    assert_eq!(answer.status, case.either(201, 202));
    assert_eq!(here(), case.either(200, 404));
    set("ENABLED");
    case.send("POST", &path, &[], b"").expect_status(201);
    assert_eq!(here(), 200);
    set("DISABLED");
    let answer = case.send("POST", &path, &[], b"");
    assert_eq!(answer.status, case.either(201, 202));
    // What was mounted stays.
    assert_eq!(here(), 200);
}

pub(super) fn sha512(case: &Case<'_>) {
    let content = b"named by sha512";
    let digest = Digest::with(Algorithm::Sha512, content);
    let path = format!("blobs/uploads/?digest={digest}");
    let answer = case.send("POST", &path, &[], content);
    if case.strict {
        expect_error(&answer, (400, "DIGEST_INVALID"));
    } else {
        assert_eq!(answer.status, 201);
        let told = answer.header("docker-content-digest");
        assert_eq!(told, Some(digest.as_str()));
        let got = case.registry.get_blob(&case.repository, &digest);
        assert_eq!((got.status, got.body.as_slice()), (200, content.as_slice()));
    }
}

pub(super) fn many_tags(case: &Case<'_>) {
    let image = case.push(1, "first");
    let answer = case.put(&image, "a?tag=b&tag=c").expect_status(201);
    let told = answer.headers.iter().filter(|(name, _)| name == "oci-tag");
    assert_eq!(told.count(), case.either(2, 0));
    for (tag, extended, strict) in [("a", 200, 200), ("b", 200, 404), ("c", 200, 404)] {
        let got = case.registry.get_manifest(&case.repository, tag);
        assert_eq!(got.status, case.either(extended, strict), "{tag}");
    }
}

pub(super) fn push_keys(case: &Case<'_>) {
    let image = case.push(13, "v1");
    let condition = json!({"StringEquals": {"wharfinger:ImageTag": "frozen"}});
    let statement = json!({
        "Effect": "Deny", "Principal": "*", "Action": "ecr:PutImage", "Condition": condition,
    });
    let text = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    let (status, answer) = case.call("SetRepositoryPolicy", &json!({"policyText": text}));
    assert_eq!(status, 200, "{answer}");
    case.put(&image, "v2").expect_status(201);
    let refused = case.put(&image, "frozen");
    if case.strict {
        assert_eq!(refused.status, 201);
    } else {
        let message = expect_error(&refused, (403, "DENIED"));
        let reason = "with an explicit deny in a resource-based policy";
        assert!(message.contains(reason), "{message}");
    }
}

/// What the plane answers to a password that has expired.
fn with_expired_password(case: &Case<'_>) -> http::Response {
    let answer = case.server.registry();
    admin::advance(case.server, 13 * 3_600);
    answer.request("GET", "/v2/", &[], b"")
}

pub(super) fn denied_request_id(case: &Case<'_>) {
    let answer = with_expired_password(case);
    let id = answer.header("x-amzn-requestid").expect("a request id");
    let (_, code, message) = error(&answer);
    assert_eq!(code, "DENIED");
    let named = message.ends_with(&format!(" (request id {id})"));
    assert_eq!(named, !case.strict, "{message}");
}

pub(super) fn expired(case: &Case<'_>) {
    let message = expect_error(&with_expired_password(case), (403, "DENIED"));
    let text = "Your authorization token has expired. Reauthenticate and try again.";
    assert!(message.starts_with(text), "{message}");
}

pub(super) fn basic_only(case: &Case<'_>) {
    let authority = case.server.authority();
    let (_, basic) = case
        .registry
        .authorization()
        .split_once(' ')
        .expect("a scheme");
    let bearer = format!("Bearer {basic}");
    for headers in [vec![], vec![("authorization", bearer.as_str())]] {
        let path = case.path("tags/list");
        let answer = http::try_request(authority, "GET", &path, &headers, b"").expect("an answer");
        assert_eq!(answer.status, 401);
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        assert!(challenge.starts_with("Basic realm=\""), "{challenge}");
    }
}

pub(super) fn same_digest_repush(case: &Case<'_>) {
    let name = format!("{}-fixed", case.repository);
    case.server.create_immutable_repository(&name);
    let image = Image::new(2, 1);
    case.registry.push(&image, &name, "v1");
    let again = case
        .registry
        .try_put_manifest(&image, &name, "v1")
        .expect("an answer");
    if case.strict {
        expect_error(&again, (400, "TAG_INVALID"));
    } else {
        assert_eq!(again.status, 201);
    }
    let text = std::str::from_utf8(&image.manifest).expect("text");
    let body = json!({"repositoryName": name, "imageManifest": text, "imageTag": "v1"});
    let (status, answer) = case.server.signed("PutImage", &body);
    assert_eq!(status, 400);
    assert_eq!(answer["__type"], "ImageTagAlreadyExistsException");
}

pub(super) fn tag_128(case: &Case<'_>) {
    let image = case.push(3, "first");
    case.put(&image, &"t".repeat(128)).expect_status(201);
    let long = "t".repeat(129);
    let refused = case.put(&image, &long);
    expect_error(
        &refused,
        case.either((400, "TAG_INVALID"), (405, "UNSUPPORTED")),
    );
    let text = std::str::from_utf8(&image.manifest).expect("text");
    let more = json!({"imageManifest": text, "imageTag": long});
    case.expect_exception("PutImage", &more, "InvalidParameterException");
}

pub(super) fn no_conversion(case: &Case<'_>) {
    let image = case.push(4, "v1");
    let docker = [("accept", DOCKER_MANIFEST)];
    let by_tag = case
        .send("GET", "manifests/v1", &docker, b"")
        .expect_status(200);
    let digest = image.digest();
    assert_eq!(
        by_tag.header("content-type"),
        Some(case.either(OCI_MANIFEST, DOCKER_MANIFEST))
    );
    let told = by_tag.header("docker-content-digest");
    assert_eq!(told, Some(digest.as_str()));
    assert_eq!(by_tag.body == image.manifest, !case.strict);
    if case.strict {
        let converted = by_tag.json();
        assert_eq!(
            converted["config"]["mediaType"],
            "application/vnd.docker.container.image.v1+json"
        );
        assert_eq!(
            converted["layers"][0]["mediaType"],
            "application/vnd.docker.image.rootfs.diff.tar.gzip"
        );
    }
    // By digest never, nor where the stored form is accepted.
    let path = format!("manifests/{digest}");
    let by_digest = case.send("GET", &path, &docker, b"").expect_status(200);
    assert_eq!(by_digest.body, image.manifest);
    let both = format!("{DOCKER_MANIFEST}, {OCI_MANIFEST}");
    let either = case.send("GET", "manifests/v1", &[("accept", &both)], b"");
    assert_eq!(either.body, image.manifest);
    api_conversion(case, &image);
}

/// `BatchGetImage` of a tag and of its digest, and of what no accepted form fits.
fn api_conversion(case: &Case<'_>, image: &Image) {
    let digest = image.digest();
    let ids = json!([{"imageTag": "v1"}, {"imageDigest": digest.as_str()}]);
    let more = json!({"imageIds": ids, "acceptedMediaTypes": [DOCKER_MANIFEST]});
    let (status, answer) = case.call("BatchGetImage", &more);
    assert_eq!(status, 200, "{answer}");
    let (by_tag, failures) = (&answer["images"][0], &answer["failures"]);
    assert_eq!(
        by_tag["imageManifestMediaType"],
        case.either(OCI_MANIFEST, DOCKER_MANIFEST)
    );
    assert_eq!(by_tag["imageId"]["imageDigest"], digest.as_str());
    let manifest = by_tag["imageManifest"].as_str().map(str::as_bytes);
    assert_eq!(manifest == Some(&image.manifest), !case.strict);
    assert_eq!(failures.as_array().map(Vec::len), Some(case.either(0, 1)));
    if case.strict {
        assert_eq!(failures[0]["failureCode"], "ImageNotFound");
        assert_eq!(failures[0]["imageId"]["imageDigest"], digest.as_str());
    } else {
        let by_digest = answer["images"][1]["imageManifest"].as_str();
        assert_eq!(by_digest.map(str::as_bytes), Some(&image.manifest[..]));
    }
    let more = json!({"imageIds": [{"imageTag": "v1"}], "acceptedMediaTypes": [OCI_INDEX]});
    let (_, answer) = case.call("BatchGetImage", &more);
    let images = answer["images"].as_array().map(Vec::len);
    assert_eq!(images, Some(case.either(1, 0)), "{answer}");
}

pub(super) fn content_digest(case: &Case<'_>) {
    let image = case.push(5, "v1");
    let digest = image.digest();
    for reference in ["v1", digest.as_str()] {
        for method in ["GET", "HEAD"] {
            let answer = case.send(method, &format!("manifests/{reference}"), &[], b"");
            let told = answer.header("docker-content-digest");
            assert_eq!(told, Some(digest.as_str()), "{method} {reference}");
        }
    }
}

/// An artifact with the empty config, perhaps about a subject.
fn artifact(kind: &str, subject: Option<&Image>) -> Image {
    let empty = descriptor("application/vnd.oci.empty.v1+json", b"{}");
    let mut manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": kind,
        "config": empty, "layers": [empty],
    });
    if let Some(subject) = subject {
        manifest["subject"] = descriptor(subject.media_type, &subject.manifest);
    }
    Image {
        media_type: OCI_MANIFEST,
        manifest: manifest.to_string().into_bytes(),
        blobs: vec![b"{}".to_vec()],
    }
}

pub(super) fn artifacts(case: &Case<'_>) {
    let subject = case.push(6, "v1");
    for about in [None, Some(&subject)] {
        let artifact = artifact("application/vnd.example.sbom", about);
        blob_of(case, b"{}");
        let digest = artifact.digest();
        let answer = case.put(&artifact, digest.as_str()).expect_status(201);
        let told = answer.header("oci-subject").map(str::to_owned);
        assert_eq!(told, about.map(|image| image.digest().to_string()));
    }
}

pub(super) fn tags_json(case: &Case<'_>) {
    let image = case.push(7, "c");
    for tag in ["a", "b"] {
        case.put(&image, tag).expect_status(201);
    }
    let json_or_text = case.either("application/json", "text/plain; charset=utf-8");
    let page = case
        .send("GET", "tags/list?n=2", &[], b"")
        .expect_status(200);
    assert_eq!(page.header("content-type"), Some(json_or_text));
    let tags = |page: &http::Response| page.json()["tags"].clone();
    assert_eq!(tags(&page), json!(["a", "b"]));
    let link = page.header("link").expect("a next page").to_owned();
    let target = link
        .trim_start_matches('<')
        .split('>')
        .next()
        .expect("a target");
    assert_eq!(target.contains("last=b&"), !case.strict, "{target}");
    let next = case.registry.path_of(target);
    let rest = case
        .registry
        .request("GET", &next, &[], b"")
        .expect_status(200);
    assert_eq!(tags(&rest), json!(["c"]));
    assert_eq!(rest.header("link"), None);
    let by_name = case.send("GET", "tags/list?last=a", &[], b"");
    if case.strict {
        expect_error(&by_name, (405, "UNSUPPORTED"));
    } else {
        assert_eq!(tags(&by_name), json!(["b", "c"]));
    }
    for path in [
        case.path("tags/list?n=1001"),
        "/v2/_catalog?n=1001".to_owned(),
    ] {
        let large = case.registry.request("GET", &path, &[], b"");
        if case.strict {
            let text = expect_error(&large, (405, "UNSUPPORTED"));
            assert_eq!(
                text,
                "Invalid parameter at 'maxResults' failed to satisfy constraint: \
                 'Member must have value less than or equal to 1000'"
            );
        } else {
            assert_eq!(large.status, 200);
        }
    }
    let catalog = case.registry.request("GET", "/v2/_catalog", &[], b"");
    assert_eq!(catalog.header("content-type"), Some(json_or_text));
    let names = catalog.json()["repositories"].clone();
    assert!(
        names
            .as_array()
            .expect("names")
            .contains(&Value::from(case.repository.as_str())),
        "{names}"
    );
}

pub(super) fn relative_location(case: &Case<'_>) {
    let answer = case
        .send("POST", "blobs/uploads/", &[], b"")
        .expect_status(202);
    let location = answer.header("location").expect("a location");
    let prefix = case.either(String::new(), case.server.url().to_owned());
    let rest = location.strip_prefix(&prefix).unwrap_or_default();
    assert!(rest.starts_with("/v2/"), "{location}");
}

pub(super) fn delete_tag(case: &Case<'_>) {
    let image = case.push(8, "v1");
    case.send("DELETE", "manifests/v1", &[], b"")
        .expect_status(202);
    let by_tag = case.registry.get_manifest(&case.repository, "v1");
    assert_eq!(by_tag.status, 404);
    let digest = image.digest();
    let by_digest = case
        .registry
        .get_manifest(&case.repository, digest.as_str());
    assert_eq!(by_digest.status, case.either(200, 404));
}

pub(super) fn manifest_reason(case: &Case<'_>) {
    let kind = [("content-type", OCI_MANIFEST)];
    let body = json!({"schemaVersion": 2, "mediaType": OCI_MANIFEST}).to_string();
    let refused = case.send("PUT", "manifests/v1", &kind, body.as_bytes());
    let (_, _, message) = error(&refused);
    let reason = case.either("`config` is missing", "Invalid JSON syntax");
    assert_eq!(
        message,
        format!("Invalid parameter at 'ImageManifest' failed to satisfy constraint: '{reason}'")
    );
}

pub(super) fn children_follow_index(case: &Case<'_>) {
    let (one, two) = (case.push(10, "kept"), Image::new(11, 1));
    for blob in &two.blobs {
        blob_of(case, blob);
    }
    case.put(&two, two.digest().as_str()).expect_status(201);
    let index = Image {
        media_type: OCI_INDEX,
        manifest: index(&[one.clone(), two.clone()]),
        blobs: vec![],
    };
    case.put(&index, "list").expect_status(201);
    let digest = index.digest();
    case.send("DELETE", &format!("manifests/{digest}"), &[], b"")
        .expect_status(202);
    admin::advance(case.server, 25 * 3_600);
    admin::sweep(case.server);
    let registry = case.server.registry();
    let there = |image: &Image| {
        let answer = registry.get_manifest(&case.repository, image.digest().as_str());
        answer.status
    };
    assert_eq!(there(&one), 200, "it has a tag");
    assert_eq!(there(&two), case.either(404, 200));
}
