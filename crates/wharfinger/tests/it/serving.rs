//! Starting, stopping and starting again.

use std::process::Command;

use serde_json::json;

use crate::support::http::{self, Connection};
use crate::support::images::Image;
use crate::support::tools::{self, Checked as _};
use crate::support::{Options, Server};

const NONE: &[(&str, &str)] = &[];

#[test]
fn health_and_readiness_are_answered_without_credentials() {
    let server = Server::start(Options::default());
    for path in ["/healthz", "/readyz"] {
        http::request(server.authority(), "GET", path, NONE, b"").expect_status(200);
    }
}

#[test]
fn one_connection_carries_requests_of_both_planes() {
    let server = Server::start(Options::default());
    let made = server.aws(&["ecr", "create-repository", "--repository-name", "app"]);
    assert!(made.status.success(), "{}", tools::both(&made));
    let registry = server.registry();
    let image = Image::new(1, 1);
    registry.push(&image, "app", "v1");
    let mut connection = Connection::open(server.authority()).expect("a connection");
    for _ in 0..3 {
        let path = "/v2/app/manifests/v1";
        for method in ["GET", "HEAD"] {
            let answer = registry.request_on(&mut connection, method, path, &[], b"");
            answer.expect("an answer").expect_status(200);
        }
        let headers = server.ecr_headers("DescribeRepositories", b"{}");
        let answer = connection.request("POST", "/", &headers, b"{}");
        answer.expect("an answer").expect_status(200);
    }
}

/// Sends a large body without a password, and reads nothing before all is sent.
fn the_sender_of_a_refused_body_sees_the_answer(options: Options) {
    let server = Server::start(options);
    let path = format!(
        "/v2/app/blobs/uploads/{}",
        "8d6f4c3e-0b1a-4c2d-9e8f-001122334455"
    );
    let body = vec![0; 24 * 1024 * 1024];
    let mut connection = Connection::open(server.authority()).expect("a connection");
    let none: &[(&str, &str)] = &[];
    let sent = connection.send("PUT", &path, none, &body);
    sent.expect("all of it is taken");
    let answer = connection.receive(false).expect("an answer");
    assert_eq!(answer.header("connection"), Some("close"));
    answer.expect_status(401);
}

#[test]
fn the_sender_of_a_refused_body_sees_the_answer_over_http() {
    the_sender_of_a_refused_body_sees_the_answer(Options::default());
}

#[test]
fn the_sender_of_a_refused_body_sees_the_answer_over_https() {
    the_sender_of_a_refused_body_sees_the_answer(Options::tls());
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let mut server = Server::start(Options::default());
    server.create_repository("app");
    let image = Image::with_layers(1, &[10, 100_000, 3_000_000]);
    server.registry().push(&image, "app", "v1");
    server.kill9();
    let server = server.restart();
    let registry = server.registry();
    registry.expect_image(&image, "app", "v1");
    registry.expect_image(&image, "app", image.digest().as_str());
}

#[test]
fn a_password_outlives_a_restart() {
    let server = Server::start(Options::default());
    server.create_repository("app");
    let password = server.password();
    let server = server.restart();
    let registry = crate::support::registry::Registry::new(server.authority(), &password);
    registry.request("GET", "/v2/", &[], b"").expect_status(200);
}

#[test]
fn a_pull_is_told_after_a_stop_and_a_look_is_no_pull() {
    let mut server = Server::start(Options::default());
    server.create_repository("app");
    let registry = server.registry();
    for (seed, tag) in [(1, "pulled"), (2, "seen")] {
        registry.push(&Image::new(seed, 1), "app", tag);
    }
    registry.get_manifest("app", "pulled").expect_status(200);
    registry
        .request("HEAD", "/v2/app/manifests/seen", &[], b"")
        .expect_status(200);
    // What is counted in memory is written before the process ends.
    server.process().signal("TERM");
    server.process().wait();
    let server = server.restart();
    let told = |tag| {
        let ids = json!([{"imageTag": tag}]);
        let request = json!({"repositoryName": "app", "imageIds": ids});
        let answer = server.call("DescribeImages", &request);
        answer["imageDetails"][0]["lastRecordedPullTime"].is_number()
    };
    assert!(told("pulled"));
    assert!(!told("seen"));
}

#[test]
fn the_root_key_and_the_secrets_are_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::start(Options::default());
    let entries = std::fs::read_dir(server.data_dir()).expect("the data directory");
    let mut private = 0;
    for entry in entries {
        let entry = entry.expect("an entry");
        let kind = entry.metadata().expect("metadata");
        let mode = kind.permissions().mode() & 0o777;
        let text = std::fs::read(entry.path()).unwrap_or_default();
        let secret = server.credentials().secret.as_bytes();
        let tells = text.windows(secret.len()).any(|w| w == secret);
        if tells || entry.file_name().to_string_lossy().contains("key") {
            assert_eq!(mode & 0o077, 0, "{:?} has mode {mode:o}", entry.path());
            private += 1;
        }
    }
    assert!(private > 0, "no key file in {:?}", server.data_dir());
}

#[test]
fn sigterm_lets_the_request_in_flight_finish() {
    let mut server = Server::start(Options::default());
    server.create_repository("app");
    let registry = server.registry();
    let upload = registry.try_begin("app").expect("an upload");
    let mut connection = Connection::open(server.authority()).expect("a connection");
    let headers = [
        ("authorization", registry.authorization()),
        ("content-type", "application/octet-stream"),
        ("content-length", "6"),
    ];
    connection
        .send("PATCH", &upload, &headers, b"abc")
        .expect("half a body");
    // Another request tells that the first one, sent before, has reached the server.
    registry.request("GET", "/v2/", &[], b"").expect_status(200);
    server.process().signal("TERM");
    connection.send_raw(b"def").expect("the other half");
    let answer = connection.receive(false).expect("an answer");
    assert_eq!(answer.status, 202, "{answer:?}");
    assert!(server.process().wait().success());
    Connection::open(server.authority())
        .err()
        .expect("no listener any more");
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let server = Server::start(Options::default());
    let said = Command::new(tools::wharfinger())
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--operator-listen",
            "127.0.0.1:0",
        ])
        .arg("--data-dir")
        .arg(server.data_dir())
        .refused();
    assert!(said.contains("already serves"), "{said}");
    server.create_repository("still-served");
}

#[test]
fn a_lost_root_key_is_missed_and_not_replaced() {
    let mut server = Server::start(Options::default());
    server.create_repository("app");
    server.kill9();
    let key = server.data_dir().join("root.key");
    let kept = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    let said = Command::new(tools::wharfinger())
        .args(["serve", "--operator-listen", "127.0.0.1:0"])
        .args(["--listen", "127.0.0.1:0", "--data-dir"])
        .arg(server.data_dir())
        .refused();
    assert!(said.contains("root.key is missing"), "{said}");
    assert!(!key.try_exists().unwrap());
    std::fs::write(&key, kept).unwrap();
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    server
        .restart()
        .call("DescribeRepositories", &json!({"repositoryNames": ["app"]}));
}

#[test]
fn a_busy_port_stops_the_start() {
    let server = Server::start(Options::default());
    let said = Command::new(tools::wharfinger())
        .args(["serve", "--operator-listen", "127.0.0.1:0"])
        .args(["--listen", server.authority()])
        .arg("--data-dir")
        .arg(server.scratch("other"))
        .refused();
    assert!(said.contains(server.authority()), "{said}");
}

#[test]
fn an_account_made_while_serving_is_listed() {
    let server = Server::start(Options::default());
    let made = server.wharfinger(&["account", "create"]);
    assert!(made.status.success(), "{}", tools::both(&made));
    let said = tools::both(&server.wharfinger(&["account", "list"]));
    assert!(said.contains(crate::support::ACCOUNT), "{said}");
    let numbers = said
        .split(|c: char| !c.is_ascii_digit())
        .filter(|n| n.len() == 12);
    assert!(numbers.count() >= 2, "{said}");
}

#[test]
fn the_clock_moves_only_where_testing_is_allowed() {
    // Both the configuration and the command line have to allow it.
    let mut half = Options::testing();
    half.args.clear();
    for options in [Options::default(), half] {
        let refused = Server::start(options).wharfinger(&["clock", "advance", "1h"]);
        assert!(!refused.status.success(), "{}", tools::both(&refused));
    }

    let server = Server::start(Options::testing());
    let before = server.password();
    let moved = server.wharfinger(&["clock", "advance", "13h"]);
    assert!(moved.status.success(), "{}", tools::both(&moved));
    let old = crate::support::registry::Registry::new(server.authority(), &before);
    let answer = old.request("GET", "/v2/", &[], b"").expect_status(403);
    let message = &answer.json()["errors"][0]["message"];
    let text = message.as_str().expect("a message");
    assert!(
        text.starts_with("Your authorization token has expired. Reauthenticate and try again."),
        "{text}"
    );
    // The signature's window follows the wall clock, which did not move.
    server.call("DescribeRepositories", &json!({}));
}

#[test]
fn bytes_that_are_no_http_are_refused_and_harm_nothing() {
    let server = Server::start(Options::default());
    if let Ok(answer) = http::raw(server.authority(), b"\x16\x03\x01\x02\x00\x01\r\n\r\n") {
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    http::request(server.authority(), "GET", "/healthz", NONE, b"").expect_status(200);
}

#[test]
fn the_version_and_the_help_are_printed() {
    let version = Command::new(tools::wharfinger()).arg("--version").checked();
    assert_eq!(
        version.trim(),
        format!("wharfinger {}", env!("CARGO_PKG_VERSION"))
    );
    let help = Command::new(tools::wharfinger()).arg("--help").checked();
    for word in [
        "serve",
        "env",
        "account",
        "tls",
        "config",
        "clock",
        "completions",
    ] {
        assert!(help.contains(word), "{help}");
    }
}
