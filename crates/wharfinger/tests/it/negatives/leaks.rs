//! What must not be told: lists, existence, secrets, other hosts.

use serde_json::json;
use wharf_wire::oci::Digest;

use super::{call_as, registry_of, stranger};
use crate::support::forge::{self, Unsigned};
use crate::support::http;
use crate::support::images::Image;
use crate::support::registry::Registry;
use crate::support::{ACCOUNT, Options, Server, tools};

const NONE: &[(&str, &str)] = &[];

#[test]
fn n22_no_list_and_no_log_shows_a_secret() {
    let server = Server::start(Options::default());
    let who = stranger(&server);
    let list = tools::both(&server.wharfinger(&["account", "list"]));
    assert!(list.contains(ACCOUNT), "{list}");
    for secret in [&server.credentials().secret, &who.secret] {
        assert!(!list.contains(secret.as_str()), "{list}");
        assert!(!log(&server).contains(secret.as_str()));
    }
}

#[test]
fn n26_no_way_of_writing_the_catalogs_path_lists_repositories_to_a_stranger() {
    let server = Server::start(Options::default());
    server.create_repository("hidden-name");
    let registry = server.registry();
    let who = stranger(&server);
    let own = json!({"repositoryName": "own-name"});
    call_as(&server, &who, "CreateRepository", &own).expect_status(200);
    let other = registry_of(&server, &who);
    for (path, served) in [
        ("/v2/_catalog", true),
        ("/v2/%5fcatalog", true),
        ("/v2/_catalog?n=1", true),
        ("/v2/_catalog?last=a0", true),
        ("/v2//_catalog", false),
        ("//v2/_catalog", false),
        ("/v2/_catalog/", false),
        ("/v2/_CATALOG", false),
        ("/V2/_catalog", false),
        ("/v2/./_catalog", false),
        ("/v2/x/../_catalog", false),
        ("/v2/_catalog%00", false),
        ("/v2/hidden-name/_catalog", false),
    ] {
        let anonymous = http::request(server.authority(), "GET", path, NONE, b"");
        let strange = other.request("GET", path, &[], b"");
        let known = registry.request("GET", path, &[], b"");
        assert!((400..500).contains(&anonymous.status), "{path}");
        for answer in [&anonymous, &strange] {
            let text = answer.text();
            assert!(!text.contains("hidden-name"), "{path}: {text}");
        }
        if served {
            let list = |names: &[&str]| json!({"repositories": names});
            assert_eq!(strange.json(), list(&["own-name"]), "{path}");
            assert_eq!(known.json(), list(&["hidden-name"]), "{path}");
        } else {
            for answer in [&strange, &known] {
                let (status, text) = (answer.status, answer.text());
                assert!((400..500).contains(&status), "{path}: {status}");
                assert!(!text.contains("repositories"), "{path}: {text}");
            }
        }
    }
}

#[test]
fn n27_a_stranger_hears_the_same_of_a_repository_that_is_there_and_one_that_is_not() {
    let server = Server::start(Options::default());
    server.create_repository("there");
    server.registry().push(&Image::new(1, 1), "there", "v1");
    let who = stranger(&server);
    let ask = |operation: &str, name: &str| {
        let mut request = json!({"registryId": ACCOUNT, "repositoryName": name});
        if operation.starts_with("Batch") {
            request["imageIds"] = json!([{"imageTag": "v1"}]);
        }
        let answer = call_as(&server, &who, operation, &request);
        (answer.status, answer.text().replace(name, "NAME"))
    };
    for operation in [
        "ListImages",
        "DescribeImages",
        "BatchGetImage",
        "BatchDeleteImage",
        "DeleteRepository",
    ] {
        assert_eq!(
            ask(operation, "there"),
            ask(operation, "gone"),
            "{operation}"
        );
    }
    // By the registry protocol a stranger's name is the stranger's own repository: it is not there.
    let other = registry_of(&server, &who);
    let text = |name: &str| {
        other
            .request("GET", &format!("/v2/{name}/tags/list"), &[], b"")
            .text()
            .replace(name, "NAME")
    };
    assert_eq!(
        text("there").replace(ACCOUNT, ""),
        text("gone").replace(ACCOUNT, "")
    );
}

/// Both outputs of a server, with all it has said.
fn log(server: &Server) -> String {
    let folder = server.scratch("x");
    let errors = folder.parent().expect("a parent").join("stderr.log");
    std::fs::read_to_string(errors).expect("the log")
}

/// What somebody has put where no secret belongs.
const PLANTED: &str = "PLANTED-SECRET-0123456789";

/// Puts it everywhere.
fn plant(server: &Server, registry: &Registry) {
    // In every place in which somebody has put a secret.
    let elsewhere = [
        format!("/v2/app/tags/list?token={PLANTED}"),
        format!("/v2/app/tags/list?{PLANTED}"),
        format!(
            "/?Action=GetCallerIdentity&X-Amz-Security-Token={PLANTED}&X-Amz-Signature={PLANTED}"
        ),
    ];
    for path in &elsewhere {
        registry.request(
            "GET",
            path,
            &[("cookie", PLANTED), ("x-amz-security-token", PLANTED)],
            b"",
        );
    }
    for scheme in [
        "Bearer",
        "Basic",
        "AWS4-HMAC-SHA256 Credential=a/b, Signature=",
    ] {
        let value = format!("{scheme} {PLANTED}");
        for (method, path) in [("GET", "/v2/"), ("POST", "/")] {
            let headers = [
                ("authorization", value.as_str()),
                (
                    "x-amz-target",
                    "AmazonEC2ContainerRegistry_V20150921.PutImage",
                ),
            ];
            http::request(
                server.authority(),
                method,
                path,
                &headers,
                PLANTED.as_bytes(),
            );
        }
    }
}

#[test]
fn n28_no_secret_reaches_a_log_not_even_at_trace_level() {
    let mut options = Options::default();
    for (name, value) in [
        ("WHARFINGER_LOG_LEVEL", "trace"),
        ("WHARFINGER_LOG_FORMAT", "json"),
    ] {
        options.env.push((name.to_owned(), value.to_owned()));
    }
    let mut server = Server::start(options);
    server.create_repository("app");
    let registry = server.registry();
    registry.push(&Image::new(1, 1), "app", "v1");
    let password = server.password();
    plant(&server, &registry);
    let unsigned = Unsigned {
        method: "GET",
        target: "/?Action=GetCallerIdentity&Version=2011-06-15",
        headers: Vec::new(),
        body: b"",
        service: "sts",
    };
    let (target, headers) = forge::sign(&server, "presigned", unsigned);
    http::request(server.authority(), "GET", &target, &headers, b"").expect_status(200);
    let (_, signature) = target.split_once("X-Amz-Signature=").expect("a signature");
    let layer = Digest::of(&Image::new(1, 1).blobs[1]);
    let request = json!({"repositoryName": "app", "layerDigest": layer.as_str()});
    let made = server.call("GetDownloadUrlForLayer", &request);
    let url = made["downloadUrl"].as_str().expect("a URL");
    let target = url.trim_start_matches(server.url());
    http::request(server.authority(), "GET", target, NONE, b"").expect_status(200);
    let (_, credential) = url.split_once("X-Amz-Credential=").expect("one");
    let (_, url_signature) = url.split_once("X-Amz-Signature=").expect("one");
    let secrets = [
        PLANTED.to_owned(),
        password,
        registry
            .authorization()
            .trim_start_matches("Basic ")
            .to_owned(),
        server.credentials().secret.clone(),
        signature.to_owned(),
        credential.split('%').next().unwrap_or_default().to_owned(),
        url_signature.to_owned(),
    ];
    server.process().signal("TERM");
    server.process().wait();
    let mut said = log(&server);
    said.push_str(&server.process().lines().join("\n"));
    assert!(
        said.contains("GetCallerIdentity") && said.contains("/layers/"),
        "nothing was logged:\n{said}"
    );
    for secret in &secrets {
        assert!(!said.contains(secret.as_str()), "{secret} is in the log");
    }
}

#[test]
fn n46_the_realm_names_no_host_that_a_request_made_up() {
    let server = Server::start(Options::default());
    for header in ["host", "x-forwarded-host"] {
        let headers = [(header, "evil.example")];
        let refused =
            http::request(server.authority(), "GET", "/v2/", &headers, b"").expect_status(401);
        let challenge = refused.header("www-authenticate").expect("a challenge");
        let own = format!(
            "Basic realm=\"http://{}/\",service=\"ecr.amazonaws.com\"",
            server.authority()
        );
        assert_eq!(challenge, own, "{header}");
    }
}

#[test]
fn n47_a_location_stays_on_the_host_it_was_asked_from() {
    let server = Server::start(Options::default());
    server.create_repository("app");
    let registry = server.registry();
    let image = Image::new(1, 0);
    registry.push(&image, "app", "v1");
    let hostile = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "ftp"),
    ];
    let digest = Digest::of(b"");
    let asked = [
        ("POST", "/v2/app/blobs/uploads/".to_owned(), Vec::new()),
        (
            "POST",
            format!("/v2/app/blobs/uploads/?digest={digest}"),
            Vec::new(),
        ),
        (
            "PUT",
            "/v2/app/manifests/v2".to_owned(),
            image.manifest.clone(),
        ),
    ];
    for (method, path, body) in asked {
        let mut headers = hostile.to_vec();
        headers.push(("content-type", image.media_type));
        let answer = registry.request(method, &path, &headers, &body);
        let location = answer.header("location").expect("a location");
        assert!(
            location.starts_with("/v2/app/"),
            "{method} {path}: {location}"
        );
    }
    let repositories = server.call("DescribeRepositories", &json!({}));
    let uri = repositories["repositories"][0]["repositoryUri"]
        .as_str()
        .expect("a URI");
    assert_eq!(uri, format!("{}/app", server.authority()));
}

#[test]
fn n12_no_path_is_answered_with_a_redirect() {
    let server = Server::start(Options::default());
    let registry = server.registry();
    for path in [
        "//evil.example/",
        "/\\evil.example",
        "/%2f%2fevil.example",
        "/v2",
        "/v2//evil.example/",
        "/?next=//evil.example",
        "/v2/app/manifests/v1/",
        "/healthz/",
        "http://evil.example/v2/",
    ] {
        for answer in [
            http::request(server.authority(), "GET", path, NONE, b""),
            registry.request("GET", path, &[], b""),
        ] {
            assert!(
                !(300..400).contains(&answer.status),
                "{path}: {}",
                answer.status
            );
            assert_eq!(answer.header("location"), None, "{path}");
        }
    }
}
