//! Hostile input: what it must not reach, and what it must not cost.

use serde_json::json;
use wharf_wire::oci::Digest;

use crate::support::http::{self, Connection};
use crate::support::images::{Image, OCI_MANIFEST, noise};
use crate::support::{Options, Server, admin};

const NONE: &[(&str, &str)] = &[];

/// The most memory the server has had resident so far, in KiB.
fn peak_kib(server: &mut Server) -> u64 {
    let id = server.process().id();
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("the process");
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let number = line.and_then(|l| l.split_whitespace().next()?.parse().ok());
    number.expect("a number of KiB")
}

/// Every byte as `%XX`.
fn percent_encoded(text: &str) -> String {
    let digits = hex::encode_upper(text);
    let pairs: Vec<&str> = (0..digits.len())
        .step_by(2)
        .map(|i| digits.get(i..i + 2).expect("two digits"))
        .collect();
    format!("%{}", pairs.join("%"))
}

#[test]
fn n31_quotes_in_parameters_reach_no_statement() {
    let server = Server::start(Options::default());
    server.create_repository("app");
    let registry = server.registry();
    registry.push(&Image::new(1, 1), "app", "v1");
    let before = admin::tables(&server);
    for hostile in [
        "' OR '1'='1",
        "'; DROP TABLE tags; --",
        "\" OR 1=1 --",
        "v1' UNION SELECT secret FROM access_keys --",
        "%",
        "_",
        "\\",
    ] {
        let encoded = percent_encoded(hostile);
        for path in [
            format!("/v2/app/tags/list?last={encoded}"),
            format!("/v2/app/tags/list?n={encoded}"),
            format!("/v2/app/manifests/{encoded}"),
            format!("/v2/{encoded}/tags/list"),
        ] {
            let answer = registry.request("GET", &path, &[], b"");
            let harmless = (400..500).contains(&answer.status)
                || answer.json()["tags"] == json!(["v1"])
                || answer.json()["tags"] == json!([]);
            assert!(harmless, "{path}: {} {}", answer.status, answer.text());
        }
        for (operation, request) in [
            (
                "ListImages",
                json!({"repositoryName": "app", "nextToken": hostile}),
            ),
            (
                "DescribeRepositories",
                json!({"repositoryNames": [hostile]}),
            ),
            (
                "DescribeImages",
                json!({"repositoryName": "app", "imageIds": [{"imageTag": hostile}]}),
            ),
            ("CreateRepository", json!({"repositoryName": hostile})),
        ] {
            let (status, answer) = server.signed(operation, &request);
            assert_eq!(status, 400, "{operation} {hostile}: {answer}");
        }
    }
    assert_eq!(admin::tables(&server), before);
}

#[test]
fn n35_encoded_dots_read_no_file() {
    let server = Server::start(Options::default());
    let registry = server.registry();
    let secret = &server.credentials().secret;
    for up in [
        "..",
        "%2e%2e",
        "%2E.",
        "..%2f",
        "%2e%2e%2f",
        "..%5c",
        "%252e%252e%252f",
        "..%00/",
        "..;/",
        "%c0%ae%c0%ae/",
    ] {
        for target in ["etc/passwd", "root.key", "metadata.db", "credentials.json"] {
            for start in [
                "/",
                "/v2/",
                "/v2/app/blobs/",
                "/v2/app/manifests/",
                "/metrics/",
                "/static/",
            ] {
                let path = format!("{start}{}{target}", format!("{up}/").repeat(5));
                for answer in [
                    http::request(server.authority(), "GET", &path, NONE, b""),
                    registry.request("GET", &path, &[], b""),
                ] {
                    assert!(
                        (400..500).contains(&answer.status),
                        "{path}: {}",
                        answer.status
                    );
                    let text = answer.text();
                    let leaks = text.contains("root:x:0")
                        || text.contains("SQLite format")
                        || text.contains(secret.as_str());
                    assert!(!leaks, "{path}: {text}");
                }
            }
        }
    }
}

#[test]
fn n37_mangled_manifests_and_requests_stop_nothing() {
    let mut server = Server::start(Options::default());
    server.create_repository("app");
    let registry = server.registry();
    let image = Image::new(1, 1);
    registry.push(&image, "app", "v1");
    let headers = [("content-type", OCI_MANIFEST)];
    let mut connection = Connection::open(server.authority()).expect("a connection");
    for seed in 1..300u64 {
        // A good manifest with a few bytes changed, cut off or doubled.
        let mut bytes = image.manifest.clone();
        for dice in noise(seed, 24).chunks(3) {
            let place = (usize::from(dice[0]) << 8 | usize::from(dice[1])) % bytes.len();
            match dice[2] % 4 {
                0 => bytes[place] = dice[2],
                1 => bytes.truncate(place.max(1)),
                2 => bytes.insert(place, b'"'),
                _ => bytes.extend_from_within(..place),
            }
        }
        let answer = registry
            .request_on(
                &mut connection,
                "PUT",
                "/v2/app/manifests/mangled",
                &headers,
                &bytes,
            )
            .expect("an answer");
        let expected = matches!(answer.status, 201 | 400 | 404);
        assert!(expected, "seed {seed}: {} {}", answer.status, answer.text());
    }
    for seed in 1..100 {
        let mut bytes = b"GET /v2/ HTTP/1.1\r\nhost: x\r\n".to_vec();
        bytes.extend(noise(seed, 200));
        bytes.extend_from_slice(b"\r\n\r\n");
        if let Ok(answer) = http::raw(server.authority(), &bytes) {
            assert!(
                (400..500).contains(&answer.status),
                "seed {seed}: {}",
                answer.status
            );
        }
    }
    registry.expect_image(&image, "app", "v1");
    let said = server.process().log_tail();
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn n38_bodies_over_their_limits_are_refused_without_being_held() {
    let mut server = Server::start(Options::default());
    server.create_repository("app");
    let registry = server.registry();
    let authorization = registry.authorization().to_owned();
    let before = peak_kib(&mut server);
    // Two hundred at once: held, they would be a gigabyte and more.
    let announced = [
        ("authorization", authorization.as_str()),
        ("content-type", OCI_MANIFEST),
        ("content-length", "104857600"),
    ];
    let mut waiting: Vec<Connection> = Vec::new();
    for _ in 0..200 {
        let mut connection = Connection::open(server.authority()).expect("a connection");
        connection
            .send("PUT", "/v2/app/manifests/v1", &announced, &[b' '; 8192])
            .expect("a head");
        waiting.push(connection);
    }
    for connection in &mut waiting {
        let refused = connection
            .receive(false)
            .expect("an answer")
            .expect_status(413);
        assert_eq!(refused.json()["errors"][0]["code"], "SIZE_INVALID");
        assert_eq!(refused.header("connection"), Some("close"));
    }
    let grown = peak_kib(&mut server).saturating_sub(before);
    assert!(
        grown < 48 * 1024,
        "{grown} KiB for two hundred refused bodies"
    );
}

#[test]
fn n39_a_gigantic_page_costs_nothing() {
    let mut server = Server::start(Options::default());
    server.create_repository("app");
    let registry = server.registry();
    registry
        .request("GET", "/v2/app/tags/list?n=1000", &[], b"")
        .expect_status(200);
    let before = peak_kib(&mut server);
    for n in [
        "1000000000000",
        "9223372036854775807",
        "18446744073709551615",
    ] {
        // The registry protocol gives a thousand, however many are asked for.
        let referrers = format!("app/referrers/{}", Digest::of(b""));
        for list in ["app/tags/list", "_catalog", &referrers] {
            registry
                .request("GET", &format!("/v2/{list}?n={n}"), &[], b"")
                .expect_status(200);
        }
        let asked: serde_json::Value =
            serde_json::from_str(&format!("{{\"maxResults\": {n}}}")).expect("JSON");
        assert_eq!(server.signed("DescribeRepositories", &asked).0, 400, "{n}");
    }
    let grown = peak_kib(&mut server).saturating_sub(before);
    assert!(grown < 8 * 1024, "{grown} KiB");
}

#[test]
fn n45_connections_that_say_nothing_block_nobody() {
    let server = Server::start(Options::default());
    let mut silent = Vec::new();
    for number in 0..500 {
        let mut connection = Connection::open(server.authority()).expect("a connection");
        let begin: &[u8] = match number % 3 {
            0 => b"",
            1 => b"GET /v2/ HTTP/1.1\r\nhost: ",
            // As TLS would begin.
            _ => b"\x16\x03\x01\x02\x00\x01\x00",
        };
        connection.send_raw(begin).expect("a few bytes");
        silent.push(connection);
        if number % 100 == 0 {
            http::request(server.authority(), "GET", "/healthz", NONE, b"").expect_status(200);
        }
    }
    http::request(server.authority(), "GET", "/readyz", NONE, b"").expect_status(200);
    server.create_repository("app");
}

#[test]
fn answers_do_not_wait_for_the_peers_acknowledgement() {
    // By the option, not by the clock: on a busy machine 40 ms say nothing.
    let place = tempfile::tempdir().expect("a directory");
    let trace = place.path().join("trace");
    let mut options = Options::default();
    let words = ["strace", "-f", "-e", "trace=accept4,setsockopt", "-o"];
    options.under = words.iter().map(ToString::to_string).collect();
    options.under.push(trace.display().to_string());
    let server = Server::start(options);
    http::request(server.authority(), "GET", "/healthz", NONE, b"").expect_status(200);
    let text = std::fs::read_to_string(&trace).expect("the trace");
    let accepted = text.lines().filter_map(|l| {
        let (call, socket) = l.rsplit_once(" = ")?;
        call.contains("accept4(")
            .then(|| socket.trim().parse::<u32>().ok())?
    });
    let sockets: Vec<u32> = accepted.collect();
    assert!(!sockets.is_empty(), "{text}");
    for socket in sockets {
        let set = format!("setsockopt({socket}, SOL_TCP, TCP_NODELAY, [1]");
        assert!(text.contains(&set), "no {set}:\n{text}");
    }
}

#[test]
fn n38_bodies_that_are_announced_and_never_sent_keep_nothing_from_others() {
    let patient = ("WHARFINGER_LIMITS_BODY_IDLE_SECONDS", "3600");
    let server = Server::start(Options {
        env: vec![(patient.0.to_owned(), patient.1.to_owned())],
        ..Options::default()
    });
    let mut waiting = Vec::new();
    // Each announces 16 MiB: eight of them would fill the budget, if announcing were enough.
    for _ in 0..64 {
        let mut headers = server.ecr_headers("PutImage", b"{}");
        headers.push(("content-length".to_owned(), (16 << 20).to_string()));
        let mut connection = Connection::open(server.authority()).expect("a connection");
        connection.send("POST", "/", &headers, b"").expect("a head");
        waiting.push(connection);
    }
    server.create_repository("app");
    server.registry().push(&Image::new(1, 1), "app", "v1");
}
