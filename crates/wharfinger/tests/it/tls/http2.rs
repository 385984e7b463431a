//! HTTP/2 over TLS: what it carries, and what it may not do.

use wharf_wire::oci::Digest;

use super::frames::{
    DATA, END_STREAM, ENHANCE_YOUR_CALM, GOAWAY, HEADERS, Http2, REFUSED_STREAM, RST_STREAM,
};
use super::{NONE, curl};
use crate::support::http;
use crate::support::images;
use crate::support::registry::Registry;
use crate::support::tools::Checked as _;
use crate::support::{ACCOUNT, Options, Server};

/// More than fits any window.
const LARGE: usize = 12 << 20;

const WINDOW: u32 = 65_535;

/// A server with limits, such as `IDLE_SECONDS`.
fn limited(limits: &[(&str, &str)]) -> Server {
    let mut options = Options::tls();
    let named =
        |(name, value): &(&str, &str)| (format!("WHARFINGER_LIMITS_{name}"), (*value).to_owned());
    options.env.extend(limits.iter().map(named));
    Server::start(options)
}

/// A repository, and the way to it.
fn registry(server: &Server) -> Registry {
    server.create_repository("app");
    server.registry()
}

#[test]
fn a_layer_goes_in_and_comes_out_and_its_pieces_stream() {
    let server = Server::start(Options::tls());
    let registry = registry(&server);
    let content = images::noise(3, LARGE);
    let folder = server.scratch("files");
    let (file, back) = (folder.join("layer"), folder.join("back"));
    std::fs::write(&file, &content).expect("a file");
    let authorization = format!("Authorization: {}", registry.authorization());
    let send = |method: &str, path: &str, more: &[&str]| {
        let mut curl = curl(&server);
        curl.args(["--http2", "-X", method, "-H", &authorization])
            .args(more);
        let said = curl.arg(format!("{}{path}", server.url())).checked();
        said.lines().last().unwrap_or("").to_owned()
    };
    let upload = registry.try_begin("app").expect("an upload");
    let body = format!("@{}", file.display());
    let kind = "Content-Type: application/octet-stream";
    assert_eq!(
        send("PATCH", &upload, &["-H", kind, "--data-binary", &body]),
        "2 202"
    );
    let digest = Digest::of(&content);
    let mark = if upload.contains('?') { '&' } else { '?' };
    assert_eq!(
        send("PUT", &format!("{upload}{mark}digest={digest}"), &[]),
        "2 201"
    );
    let path = format!("/v2/app/blobs/{digest}");
    let into = back.display().to_string();
    assert_eq!(send("GET", &path, &["-o", &into]), "2 200");
    assert!(std::fs::read(&back).expect("a file") == content);
}

#[test]
fn a_signature_over_the_authority_is_good_and_over_another_is_not() {
    let server = Server::start(Options::tls());
    let credentials = server.credentials();
    let user = format!("{}:{}", credentials.access_key_id, credentials.secret);
    let call = |more: &[&str]| {
        let mut curl = curl(&server);
        curl.args([
            "--http2",
            "--aws-sigv4",
            "aws:amz:us-east-1:sts",
            "--user",
            &user,
        ]);
        curl.args(["-d", "Action=GetCallerIdentity&Version=2011-06-15"])
            .args(more);
        curl.arg(format!("{}/", server.url())).checked()
    };
    let said = call(&[]);
    assert!(said.contains(ACCOUNT) && said.ends_with("2 200"), "{said}");

    // Signed for the address, and sent to another name of it: what `Host` was, `:authority` is.
    let body = b"{}";
    let mut headers = server.ecr_headers("DescribeRepositories", body);
    headers.retain(|(name, _)| !name.eq_ignore_ascii_case("host"));
    let headers: Vec<(String, String)> = headers
        .into_iter()
        .map(|(name, value)| (name.to_lowercase(), value))
        .collect();
    let borrowed: Vec<(&str, &str)> = headers
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    let mut http2 = Http2::open(&server, WINDOW);
    http2
        .request(1, "POST", "/", &borrowed, false)
        .expect("a request");
    http2.send(DATA, END_STREAM, 1, body).expect("a body");
    assert_eq!(http2.expect(HEADERS, 1).status(), 200);
    // A `host` beside the authority does not count.
    let mut with_host = borrowed.clone();
    with_host.push(("host", "evil.example"));
    http2
        .request(3, "POST", "/", &with_host, false)
        .expect("a request");
    http2.send(DATA, END_STREAM, 3, body).expect("a body");
    assert_eq!(http2.expect(HEADERS, 3).status(), 200);
    http2
        .request(5, "POST", "/", &borrowed, false)
        .expect("a request");
    http2
        .send(DATA, END_STREAM, 5, b"[]")
        .expect("another body");
    assert_ne!(http2.expect(HEADERS, 5).status(), 200);
}

#[test]
fn headers_beyond_the_limit_are_refused() {
    let server = Server::start(Options::tls());
    let mut http2 = Http2::open(&server, WINDOW);
    let long = "x".repeat(9_000);
    let headers: Vec<(&str, &str)> = (0..10).map(|_| ("x-more", long.as_str())).collect();
    http2
        .request(1, "GET", "/healthz", &headers, true)
        .expect("a request");
    assert_eq!(http2.expect(HEADERS, 1).status(), 431);
    http2
        .request(3, "GET", "/healthz", &headers[..3], true)
        .expect("a request");
    assert_eq!(http2.expect(HEADERS, 3).status(), 200);
}

#[test]
fn a_connection_has_so_many_requests_at_once_and_no_more() {
    let server = Server::start(Options::tls());
    let registry = registry(&server);
    let mut kept = http::Connection::open(server.authority()).expect("a connection");
    let uploads: Vec<String> = (0..129)
        .map(|_| {
            let path = "/v2/app/blobs/uploads/";
            let answer = registry
                .request_on(&mut kept, "POST", path, &[], b"")
                .expect("an answer");
            registry.path_of(answer.header("location").expect("an upload"))
        })
        .collect();
    let mut http2 = Http2::open(&server, WINDOW);
    let headers = [
        ("authorization", registry.authorization()),
        ("content-type", "application/octet-stream"),
    ];
    let streams = (0..).map(|index| 2 * index + 1);
    for (stream, upload) in streams.clone().zip(&uploads) {
        http2
            .request(stream, "PATCH", upload, &headers, false)
            .expect("a request");
    }
    let refused = http2.expect(RST_STREAM, 257);
    assert_eq!(refused.reason(), REFUSED_STREAM);
    // The others go on.
    for stream in streams.take(128) {
        http2
            .send(DATA, END_STREAM, stream, b"abc")
            .expect("a body");
    }
    for _ in 0..128 {
        let answer = loop {
            let frame = http2.next().expect("an answer");
            if frame.kind == HEADERS {
                break frame;
            }
        };
        assert_eq!(answer.status(), 202);
    }
}

#[test]
fn requests_that_are_taken_back_at_once_end_the_connection() {
    let server = Server::start(Options::tls());
    let mut http2 = Http2::open(&server, WINDOW);
    let mut bytes = Vec::new();
    for stream in (1..400).step_by(2) {
        bytes.extend(http2.request_frames(stream, "GET", "/v2/", &[], true));
        // RST_STREAM: CANCEL.
        bytes.extend([0, 0, 4, RST_STREAM, 0, 0, 0]);
        bytes.extend(u16::try_from(stream).expect("a small number").to_be_bytes());
        bytes.extend([0, 0, 0, 8]);
    }
    http2.write(&bytes).expect("many requests");
    let goodbye = http2.expect(GOAWAY, 0);
    assert_eq!(goodbye.reason(), ENHANCE_YOUR_CALM);
    http::request(server.authority(), "GET", "/readyz", NONE, b"").expect_status(200);
}

#[test]
fn a_body_that_stops_is_given_up_and_the_connection_is_not() {
    let server = limited(&[("BODY_IDLE_SECONDS", "1")]);
    let registry = registry(&server);
    let upload = registry.try_begin("app").expect("an upload");
    let mut http2 = Http2::open(&server, WINDOW);
    let headers = [("authorization", registry.authorization())];
    http2
        .request(1, "PATCH", &upload, &headers, false)
        .expect("a request");
    http2.send(DATA, 0, 1, b"abc").expect("a piece");
    let status = http2.expect(HEADERS, 1).status();
    assert!((400..500).contains(&status), "{status}");
    http2
        .request(3, "GET", "/healthz", &[], true)
        .expect("a request");
    assert_eq!(http2.expect(HEADERS, 3).status(), 200);
}

#[test]
fn an_answer_that_nobody_takes_is_given_up() {
    let server = limited(&[("BODY_IDLE_SECONDS", "1"), ("HEADER_SECONDS", "1")]);
    let registry = registry(&server);
    let digest = registry
        .try_push_blob("app", &images::noise(1, 1 << 20))
        .expect("a blob");
    let mut http2 = Http2::open(&server, 0);
    let headers = [("authorization", registry.authorization())];
    let path = format!("/v2/app/blobs/{digest}");
    http2
        .request(1, "GET", &path, &headers, true)
        .expect("a request");
    assert_eq!(http2.expect(HEADERS, 1).status(), 200);
    // Pings are answered, so the socket is alive; but no window opens.
    assert!(http2.rest().iter().all(|frame| frame.kind != DATA));
}

#[test]
fn an_idle_connection_is_ended_with_a_goodbye() {
    let server = limited(&[("IDLE_SECONDS", "1"), ("HEADER_SECONDS", "1")]);
    let mut http2 = Http2::open(&server, WINDOW);
    http2
        .request(1, "GET", "/healthz", &[], true)
        .expect("a request");
    assert_eq!(http2.expect(HEADERS, 1).status(), 200);
    let last: Vec<(u8, u32)> = http2
        .rest()
        .iter()
        .filter(|frame| frame.kind == GOAWAY)
        .map(|frame| (frame.kind, frame.reason()))
        .collect();
    assert!(
        !last.is_empty() && last.iter().all(|frame| *frame == (GOAWAY, 0)),
        "{last:?}"
    );
}

#[test]
fn sigterm_says_goodbye_and_lets_the_request_in_flight_finish() {
    let mut server = Server::start(Options::tls());
    let registry = registry(&server);
    let upload = registry.try_begin("app").expect("an upload");
    let mut http2 = Http2::open(&server, WINDOW);
    let headers = [("authorization", registry.authorization())];
    http2
        .request(1, "PATCH", &upload, &headers, false)
        .expect("a request");
    http2.send(DATA, 0, 1, b"abc").expect("a piece");
    // An answer to another one tells that the first has arrived.
    http2
        .request(3, "GET", "/healthz", &[], true)
        .expect("a request");
    assert_eq!(http2.expect(HEADERS, 3).status(), 200);
    server.process().signal("TERM");
    assert_eq!(http2.expect(GOAWAY, 0).reason(), 0);
    http2.send(DATA, END_STREAM, 1, b"def").expect("the rest");
    assert_eq!(http2.expect(HEADERS, 1).status(), 202);
    http2.rest();
    assert!(server.process().wait().success());
}
