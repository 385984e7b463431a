//! URLs of layers: who has one downloads that layer for an hour, and nothing else.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};
use wharf_wire::oci::Digest;

use crate::support::forge::{self, Unsigned};
use crate::support::http::{self, Response};
use crate::support::images::{Image, noise};
use crate::support::registry::Registry;
use crate::support::tools::Checked as _;
use crate::support::{Options, Server, admin, stored};

const NONE: &[(&str, &str)] = &[];
const HOUR: u64 = 3_600;

/// A URL for a layer, as the API answers it.
fn url_of(server: &Server, repository: &str, digest: &Digest) -> String {
    let request = json!({"repositoryName": repository, "layerDigest": digest.as_str()});
    let answer = server.call("GetDownloadUrlForLayer", &request);
    assert_eq!(answer["layerDigest"], digest.as_str());
    answer["downloadUrl"].as_str().expect("a URL").to_owned()
}

/// Host and target of a URL.
fn parts(url: &str) -> (&str, &str) {
    let (_, rest) = url.split_once("://").expect("a scheme");
    rest.split_at(rest.find('/').expect("a path"))
}

/// Sends what a URL says to a server, wherever that listens by now.
fn send(server: &Server, method: &str, url: &str, headers: &[(&str, &str)]) -> Response {
    let (host, target) = parts(url);
    let mut all = vec![("host", host)];
    all.extend_from_slice(headers);
    http::request(server.authority(), method, target, &all, b"")
}

/// The code of an object store's error.
#[track_caller]
fn expect_code(answer: &Response, status: u16, code: &str) -> String {
    let kind = answer.header("content-type");
    let id = answer.header("x-amzn-requestid");
    let text = answer.text();
    // Without the text: it may be 32 MB of noise.
    assert_eq!(answer.status, status, "{:?}", answer.headers);
    assert!(
        text.contains(&format!("<Error><Code>{code}</Code>")),
        "{text}"
    );
    assert_eq!(kind, Some("application/xml"));
    let id = format!("<RequestId>{}</RequestId></Error>", id.expect("an id"));
    assert!(text.ends_with(&id), "{text}");
    text
}

/// A server with an image `app:v1` with layers of these sizes.
fn with_image(options: Options, sizes: &[usize]) -> (Server, Registry, Image) {
    let server = Server::start(options);
    server.create_repository("app");
    let registry = server.registry();
    let image = Image::with_layers(1, sizes);
    registry.push(&image, "app", "v1");
    (server, registry, image)
}

#[test]
fn layers_and_configs_are_downloaded_by_url_with_nothing_else() {
    let (server, _, image) = with_image(Options::default(), &[10, 3_000_000]);
    for blob in &image.blobs {
        let url = url_of(&server, "app", &Digest::of(blob));
        assert!(
            url.starts_with(&format!("{}/layers/", server.url())),
            "{url}"
        );
        let answer = send(&server, "GET", &url, NONE).expect_status(200);
        assert!(answer.body == *blob, "a blob came back changed");
        let by_curl = server.scratch("curl").join("blob");
        let mut curl = server.command("curl");
        curl.args(["-sS", "--fail", "-o"]).arg(&by_curl).arg(&url);
        curl.checked();
        assert!(std::fs::read(by_curl).expect("a file") == *blob);
    }
}

#[test]
fn an_answer_by_url_is_that_of_the_blob_itself() {
    let (server, registry, image) = with_image(Options::default(), &[70_000]);
    let layer = Digest::of(&image.blobs[1]);
    let url = url_of(&server, "app", &layer);
    let blob = format!("/v2/app/blobs/{layer}");
    let tag = format!("\"{layer}\"");
    let asked: [&[(&str, &str)]; 9] = [
        NONE,
        &[("range", "bytes=0-0")],
        &[("range", "bytes=69999-")],
        &[("range", "bytes=-100")],
        &[("range", "bytes=10-19, 30-39")],
        &[("range", "bytes=10-19"), ("if-range", &tag)],
        &[("range", "bytes=10-19"), ("if-range", "\"sha256:other\"")],
        &[("if-none-match", &tag)],
        &[("accept", "text/html")],
    ];
    for method in ["GET", "HEAD"] {
        for headers in asked {
            let direct = registry.request(method, &blob, headers, b"");
            let by_url = send(&server, method, &url, headers);
            let told = |answer: &Response| {
                let of_the_plane = [
                    "docker-distribution-api-version",
                    "x-amzn-requestid",
                    "date",
                ];
                let mut headers = answer.headers.clone();
                headers.retain(|(name, _)| !of_the_plane.contains(&name.as_str()));
                headers.sort();
                headers
            };
            assert_eq!(by_url.status, direct.status, "{method} {headers:?}");
            assert_eq!(told(&by_url), told(&direct), "{method} {headers:?}");
            assert!(by_url.body == direct.body, "{method} {headers:?}");
            assert_eq!(by_url.header("x-content-type-options"), Some("nosniff"));
            let policy = by_url.header("content-security-policy").unwrap_or_default();
            assert!(policy.contains("sandbox"), "{policy}");
        }
    }
    for beyond in ["bytes=70000-", "bytes=-0"] {
        let answer = send(&server, "GET", &url, &[("range", beyond)]);
        assert_eq!(answer.header("content-range"), Some("bytes */70000"));
        let text = expect_code(&answer, 416, "InvalidRange");
        assert!(text.contains("<ActualObjectSize>70000<"), "{text}");
    }
}

#[test]
fn many_ranges_at_once_make_the_whole_layer() {
    let (server, _, image) = with_image(Options::default(), &[5_000_000]);
    let layer = &image.blobs[1];
    let url = url_of(&server, "app", &Digest::of(layer));
    let pieces: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let ask = |at: usize| {
            let range = format!("bytes={}-{}", at * 500_000, at * 500_000 + 499_999);
            let answer = send(&server, "GET", &url, &[("range", &range)]);
            answer.expect_status(206).body
        };
        let asked: Vec<_> = (0..10).map(|at| scope.spawn(move || ask(at))).collect();
        let done = asked
            .into_iter()
            .map(|thread| thread.join().expect("a piece"));
        done.collect()
    });
    assert!(
        pieces.concat() == *layer,
        "the pieces differ from the layer"
    );
}

#[test]
fn what_else_a_client_sends_along_counts_for_nothing() {
    let (server, registry, image) = with_image(Options::default(), &[10]);
    let url = url_of(&server, "app", &Digest::of(&image.blobs[1]));
    for extra in [
        // As clients do that follow a redirect on one host.
        ("authorization", registry.authorization()),
        ("authorization", "AWS4-HMAC-SHA256 nonsense"),
        ("x-amz-date", "19700101T000000Z"),
        ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
        ("x-amz-security-token", "x"),
        (
            "x-amz-target",
            "AmazonEC2ContainerRegistry_V20150921.PutImage",
        ),
        ("x-http-method-override", "DELETE"),
    ] {
        let answer = send(&server, "GET", &url, &[extra]).expect_status(200);
        assert_eq!(answer.body, image.blobs[1], "{extra:?}");
    }
    // And what would be enough elsewhere is not enough here.
    let bare = url.split_once('?').expect("a query").0;
    let basic = [("authorization", registry.authorization())];
    expect_code(&send(&server, "GET", bare, &basic), 403, "AccessDenied");
}

#[test]
fn a_url_is_refused_after_its_hour_and_another_one_is_given() {
    let (server, _, image) = with_image(Options::testing(), &[10]);
    let layer = Digest::of(&image.blobs[1]);
    let url = url_of(&server, "app", &layer);
    admin::advance(&server, HOUR - 30);
    send(&server, "GET", &url, NONE).expect_status(200);
    admin::advance(&server, 60);
    let text = expect_code(&send(&server, "GET", &url, NONE), 403, "AccessDenied");
    assert!(
        text.contains(
            "<Message>Request has expired</Message><X-Amz-Expires>3600</X-Amz-Expires><Expires>"
        ),
        "{text}"
    );
    let head = send(&server, "HEAD", &url, NONE).expect_status(403);
    assert!(head.body.is_empty());
    let again = url_of(&server, "app", &layer);
    send(&server, "GET", &again, NONE).expect_status(200);
}

#[test]
fn a_url_cannot_be_bent_to_anything_else() {
    let (server, registry, image) = with_image(Options::default(), &[10, 20]);
    server.create_repository("other");
    registry.push(&image, "other", "v1");
    let (layer, second) = (Digest::of(&image.blobs[1]), Digest::of(&image.blobs[2]));
    let url = url_of(&server, "app", &layer);
    send(&server, "GET", &url, NONE).expect_status(200);
    let (_, port) = server.authority().rsplit_once(':').expect("a port");
    let (_, credential) = url.split_once("X-Amz-Credential=").expect("one");
    let (reference, _) = credential.split_once("%2F").expect("a scope");
    let (_, date) = url.split_once("X-Amz-Date=").expect("one");
    let (date, _) = date.split_once('T').expect("a time");
    let key = &server.credentials().access_key_id;
    let mismatch = (403, "SignatureDoesNotMatch");
    let malformed = (400, "AuthorizationQueryParametersError");
    for (what, from, to, (status, code)) in [
        ("blob", layer.hex(), second.hex(), mismatch),
        ("repository", "/app/", "/other/", mismatch),
        ("account", "/123456789012/", "/210987654321/", mismatch),
        ("region", "/us-east-1/", "/eu-west-1/", malformed),
        ("scope", "%2Fus-east-1%2F", "%2Feu-west-1%2F", malformed),
        ("service", "%2Fs3%2F", "%2Fecr%2F", malformed),
        ("host", "127.0.0.1", "localhost", mismatch),
        ("port", port, "1", mismatch),
        ("expiry", "Expires=3600", "Expires=604800", mismatch),
        ("no expiry", "Expires=3600", "Expires=0", malformed),
        ("long expiry", "Expires=3600", "Expires=604801", malformed),
        ("date", date, "20200101", (403, "AccessDenied")),
        ("key", reference, key, mismatch),
        ("headers", "Headers=host", "Headers=host%3Brange", mismatch),
        ("no host", "Headers=host", "Headers=range", malformed),
        ("algorithm", "HMAC-SHA256", "HMAC-SHA1", malformed),
        ("signature", "Signature=", "Signature=0", mismatch),
        ("no signature", "&X-Amz-Signature=", "&x=", malformed),
        (
            "twice",
            "&X-Amz-Date=",
            "&X-Amz-Date=1&X-Amz-Date=",
            malformed,
        ),
        ("more", "?", "?response-content-type=text%2Fhtml&", mismatch),
        (
            "token",
            "?",
            "?X-Amz-Security-Token=x&",
            (400, "InvalidToken"),
        ),
        ("slash", "/app/", "/app%2F", (404, "NoSuchKey")),
        ("dots", "/app/", "/x/../app/", (404, "NoSuchKey")),
        ("more path", "?X-Amz", "/x?X-Amz", (404, "NoSuchKey")),
        ("no path", "/app/sha256/", "/", (404, "NoSuchKey")),
    ] {
        // The date stands in the scope too.
        let bent = url.replace(from, to);
        assert_ne!(bent, url, "{what}");
        let answer = send(&server, "GET", &bent, NONE);
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        expect_code(&answer, status, code);
    }
}

#[test]
fn a_url_is_for_reading_and_no_access_key_makes_one() {
    let (server, _, image) = with_image(Options::default(), &[10]);
    let url = url_of(&server, "app", &Digest::of(&image.blobs[1]));
    let bare = url.split_once('?').expect("a query").0;
    expect_code(&send(&server, "GET", bare, NONE), 403, "AccessDenied");
    for method in ["PUT", "POST", "PATCH", "DELETE", "OPTIONS"] {
        let answer = send(&server, method, &url, NONE);
        assert_eq!(answer.header("allow"), Some("GET, HEAD"), "{method}");
        expect_code(&answer, 405, "MethodNotAllowed");
    }
    // Nobody's access key signs these paths.
    let (_, target) = parts(bare);
    for service in ["s3", "ecr"] {
        let unsigned = Unsigned {
            method: "GET",
            target,
            headers: Vec::new(),
            body: b"",
            service,
        };
        let (target, headers) = forge::sign(&server, "presigned", unsigned);
        let answer = http::request(server.authority(), "GET", &target, &headers, b"");
        assert!(matches!(answer.status, 400 | 403), "{}", answer.text());
    }
}

#[test]
fn a_presigned_call_of_the_api_is_still_one() {
    let server = Server::start(Options::default());
    let unsigned = Unsigned {
        method: "GET",
        target: "/?Action=GetCallerIdentity&Version=2011-06-15",
        headers: Vec::new(),
        body: b"",
        service: "sts",
    };
    let (target, headers) = forge::sign(&server, "presigned", unsigned);
    let answer = http::request(server.authority(), "GET", &target, &headers, b"");
    assert!(
        answer
            .expect_status(200)
            .text()
            .contains("GetCallerIdentityResult")
    );
}

#[test]
fn a_url_serves_what_its_repository_links_and_nothing_after_that() {
    let (server, registry, image) = with_image(Options::testing(), &[10]);
    server.create_repository("kept");
    registry.push(&image, "kept", "v1");
    let layer = Digest::of(&image.blobs[1]);
    let (url, kept) = (
        url_of(&server, "app", &layer),
        url_of(&server, "kept", &layer),
    );
    let request = json!({"repositoryName": "app", "imageIds": [{"imageTag": "v1"}]});
    server.call("BatchDeleteImage", &request);
    // The image lies in the trash, and its layer with it.
    send(&server, "GET", &url, NONE).expect_status(200);
    let path = format!("/v2/app/blobs/{layer}");
    registry
        .request("DELETE", &path, &[], b"")
        .expect_status(202);
    let text = expect_code(&send(&server, "GET", &url, NONE), 404, "NoSuchKey");
    let key = format!(
        "<Key>layers/123456789012/us-east-1/app/sha256/{}</Key>",
        layer.hex()
    );
    assert!(text.contains(&key), "{text}");
    send(&server, "GET", &kept, NONE).expect_status(200);

    let delete = json!({"repositoryName": "kept", "force": true});
    server.call("DeleteRepository", &delete);
    expect_code(&send(&server, "GET", &kept, NONE), 404, "NoSuchKey");
    // Another repository that got its name is not the one that was asked about, and has nothing to show.
    server.create_repository("kept");
    expect_code(&send(&server, "GET", &kept, NONE), 404, "NoSuchKey");
    let (status, refused) = server.signed(
        "GetDownloadUrlForLayer",
        &json!({"repositoryName": "kept", "layerDigest": layer.as_str()}),
    );
    assert_eq!(
        (status, &refused["__type"]),
        (400, &Value::from("LayersNotFoundException"))
    );
}

#[test]
fn a_url_holds_over_a_restart_and_not_at_another_installation() {
    let (server, _, image) = with_image(Options::default(), &[10]);
    let (other, _, _) = with_image(Options::default(), &[10]);
    let layer = Digest::of(&image.blobs[1]);
    let (url, its) = (
        url_of(&server, "app", &layer),
        url_of(&other, "app", &layer),
    );
    send(&other, "GET", &its, NONE).expect_status(200);
    expect_code(
        &send(&other, "GET", &url, NONE),
        403,
        "SignatureDoesNotMatch",
    );
    expect_code(
        &send(&server, "GET", &its, NONE),
        403,
        "SignatureDoesNotMatch",
    );
    let server = server.restart();
    let answer = send(&server, "GET", &url, NONE).expect_status(200);
    assert_eq!(answer.body, image.blobs[1]);
}

/// Stores a layer in chunks, each of which is a file of its own.
fn push_in_chunks(registry: &Registry, repository: &str, chunks: &[&[u8]]) {
    let upload = registry.try_begin(repository).expect("an upload");
    for chunk in chunks {
        let patched = registry.request("PATCH", &upload, &[], chunk);
        patched.expect_status(202);
    }
    let path = format!("{upload}?digest={}", Digest::of(&chunks.concat()));
    registry.request("PUT", &path, &[], b"").expect_status(201);
}

#[test]
fn a_download_outlives_the_collection_of_its_layer() {
    let server = Server::start(Options::testing());
    server.create_repository("app");
    let registry = server.registry();
    // Each larger than what fits into the buffers between the two ends.
    let (first, second) = (noise(1, 16_000_000), noise(2, 16_000_000));
    push_in_chunks(&registry, "app", &[&first, &second]);
    let layer = [first, second].concat();
    let image = Image::of(&json!({"os": "linux"}), vec![layer.clone()]);
    let config = registry.try_push_blob("app", &image.blobs[0]);
    config.expect("a config");
    let put = registry.try_put_manifest(&image, "app", "v1");
    put.expect("an answer").expect_status(201);
    let url = url_of(&server, "app", &Digest::of(&layer));
    let (host, target) = parts(&url);
    let mut download = TcpStream::connect(server.authority()).expect("a connection");
    let head = format!("GET {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    download.write_all(head.as_bytes()).expect("a request");
    let mut beginning = vec![0; 1_000];
    download.read_exact(&mut beginning).expect("a beginning");

    let ids = json!([{"imageTag": "v1"}]);
    let request = json!({"repositoryName": "app", "imageIds": ids});
    server.call("BatchDeleteImage", &request);
    // A layer whose image was deleted stays for a day, longer than any URL; one that a client deletes does not.
    admin::advance(&server, HOUR / 2);
    admin::sweep(&server);
    assert_eq!(send(&server, "HEAD", &url, NONE).status, 200);
    let path = format!("/v2/app/blobs/{}", Digest::of(&layer));
    registry
        .request("DELETE", &path, &[], b"")
        .expect_status(202);
    let purged = server.wharfinger(&["purge", "app", "--yes"]);
    assert!(purged.status.success(), "{purged:?}");
    admin::sweep(&server);
    expect_code(&send(&server, "GET", &url, NONE), 404, "NoSuchKey");
    // Its files stay for longer than a URL's hour.
    admin::advance(&server, HOUR + HOUR / 2);
    admin::sweep(&server);
    assert_eq!(stored::object_files(server.data_dir()).len(), 2);
    let mut rest = Vec::new();
    download.read_to_end(&mut rest).expect("the rest");
    let answer = [beginning, rest].concat();
    assert!(answer.starts_with(b"HTTP/1.1 200 "));
    assert!(
        answer.ends_with(&layer),
        "the download broke off or changed"
    );
    admin::advance(&server, HOUR);
    admin::sweep(&server);
    assert_eq!(stored::object_files(server.data_dir()).len(), 0);
}

#[test]
fn a_page_in_a_layer_is_never_served_as_a_page_by_url() {
    let (server, registry, _) = with_image(Options::default(), &[10]);
    let page = b"<!DOCTYPE html><script>alert(document.domain)</script>".to_vec();
    let digest = Digest::of(&page);
    let mut image = Image::of(&json!({"os": "linux"}), vec![page]);
    let text = String::from_utf8(image.manifest).expect("text");
    let text = text.replace("application/vnd.oci.image.layer.v1.tar+gzip", "text/html");
    image.manifest = text.into_bytes();
    registry.push(&image, "app", "page");
    let url = url_of(&server, "app", &digest);
    for method in ["GET", "HEAD"] {
        let answer = send(&server, method, &url, &[("accept", "text/html")]).expect_status(200);
        let kind = answer.header("content-type");
        assert_eq!(kind, Some("application/octet-stream"), "{method}");
    }
}

#[test]
fn over_tls_a_url_is_https() {
    let (server, _, image) = with_image(Options::tls(), &[10]);
    let url = url_of(&server, "app", &Digest::of(&image.blobs[1]));
    assert!(url.starts_with("https://"), "{url}");
    let mut curl = server.command("curl");
    let got = curl.args(["-sS", "--fail", "-r", "0-3", &url]);
    let got = got.output().expect("curl");
    assert_eq!(got.stdout, image.blobs[1][..4]);
    // Over HTTP/2 too, where the host has another name.
    let mut curl = server.command("curl");
    let got = curl.args(["-sS", "--fail", "--http2", "-o", "/dev/null", "-w"]);
    let got = got.args(["%{http_version} %{http_code}", &url]).checked();
    assert_eq!(got, "2 200");
}

#[test]
fn behind_a_public_url_the_host_that_clients_name_is_the_one_that_counts() {
    let mut options = Options::default();
    let name = "WHARFINGER_PUBLIC_URL".to_owned();
    options
        .env
        .push((name, "https://Registry.example".to_owned()));
    let (server, _, image) = with_image(options, &[10]);
    let url = url_of(&server, "app", &Digest::of(&image.blobs[1]));
    assert!(
        url.to_ascii_lowercase()
            .starts_with("https://registry.example/layers/"),
        "{url}"
    );
    let by = |host: &str| {
        let (_, target) = parts(&url);
        http::request(server.authority(), "GET", target, &[("host", host)], b"")
    };
    for host in [
        "registry.example",
        "REGISTRY.example",
        "registry.example:443",
    ] {
        assert_eq!(by(host).status, 200, "{host}");
    }
    for host in [server.authority(), "registry.example:4640", "evil.example"] {
        expect_code(&by(host), 403, "SignatureDoesNotMatch");
    }
}
