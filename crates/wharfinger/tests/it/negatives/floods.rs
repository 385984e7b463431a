//! Floods by those who may, and by those who may not: what they leave behind is bounded.

use base64::Engine as _;
use serde_json::json;

use crate::support::http::{self, Connection};
use crate::support::images::Image;
use crate::support::meter::Used;
use crate::support::note::note;
use crate::support::people::{Somebody, allow, policy, root};
use crate::support::sign::{self, Credentials};
use crate::support::{ACCOUNT, Options, Server, admin};

/// Bytes of the audit log.
fn audited(server: &Server) -> u64 {
    let files = std::fs::read_dir(server.data_dir().join("audit")).expect("an audit log");
    files
        .map(|file| {
            let data = file.and_then(|file| file.metadata());
            data.expect("a file").len()
        })
        .sum()
}

fn metrics(server: &Server) -> String {
    let running = std::fs::read(server.data_dir().join("running.json")).expect("a file");
    let running: serde_json::Value = serde_json::from_slice(&running).expect("JSON");
    let operator = running["operator"].as_str().expect("an address");
    let operator = operator.trim_start_matches("http://");
    let none: &[(&str, &str)] = &[];
    http::request(operator, "GET", "/metrics", none, b"").text()
}

/// A role, and a user who may assume it.
fn renter(server: &Server, root: &Somebody) -> (Somebody, String) {
    let [user] = root.makes(server, [("renter", json!([allow(&json!("sts:*"))]))]);
    let trust = policy(&json!([
        {"Effect": "Allow", "Principal": {"AWS": user.arn}, "Action": ["sts:AssumeRole", "sts:TagSession"]},
    ]));
    let made = [("RoleName", "rented"), ("AssumeRolePolicyDocument", &trust)];
    root.iam(server, "CreateRole", &made);
    (user, format!("arn:aws:iam::{ACCOUNT}:role/rented"))
}

#[test]
fn a_flood_of_sessions_leaves_no_rows_once_they_have_ended() {
    const SESSIONS: u64 = 1_500;
    let mut server = Server::start(Options::testing());
    let root = root(&server);
    let (user, arn) = renter(&server, &root);
    let before = admin::tables(&server)["sessions"];
    let start = Used::by(&mut server);
    let value = "v".repeat(200);
    let assumed = [
        ("RoleArn", arn.as_str()),
        ("RoleSessionName", "run"),
        ("DurationSeconds", "900"),
        ("Tags.member.1.Key", "key"),
        ("Tags.member.1.Value", value.as_str()),
    ];
    let mut last = None;
    for _ in 0..SESSIONS {
        let answer = user.asks(&server, "sts", "AssumeRole", &assumed);
        last = Some(answer.expect_status(200).text());
    }
    assert_eq!(admin::tables(&server)["sessions"], before + SESSIONS);
    let spent = Used::by(&mut server).since(start);
    note(&format!("{SESSIONS} sessions: {} KiB", spent.peak_kib));
    // The caches of a store that is filled for the first time, and no more.
    assert!(spent.peak_kib < 64 * 1_024, "{} KiB", spent.peak_kib);
    // Those that live are kept.
    admin::advance(&server, 890);
    admin::sweep(&server);
    assert_eq!(admin::tables(&server)["sessions"], before + SESSIONS);
    admin::advance(&server, 11);
    admin::sweep(&server);
    assert_eq!(admin::tables(&server)["sessions"], before);
    let text = last.expect("a session");
    let mut session = user.clone();
    session.credentials = Credentials {
        access_key_id: crate::support::people::element(&text, "AccessKeyId"),
        secret: crate::support::people::element(&text, "SecretAccessKey"),
        session_token: Some(crate::support::people::element(&text, "SessionToken")),
    };
    let who = session.asks(&server, "sts", "GetCallerIdentity", &[]);
    assert_eq!(who.status, 403, "{}", who.text());
}

#[test]
fn n38_unknown_keys_garbage_passwords_and_made_up_agents_leave_next_to_nothing() {
    const TRIES: usize = 10_000;
    let mut server = Server::start(Options::default());
    server.create_repository("app");
    server.registry().push(&Image::new(1, 1), "app", "v1");
    let tables = admin::tables(&server);
    let lines = metrics(&server).lines().count();
    let mut connection = Connection::open(server.authority()).expect("a connection");
    let mut registry = |at: usize| {
        let garbage = format!("AWS:{at}{}", "x".repeat(180));
        let garbage = base64::engine::general_purpose::STANDARD.encode(garbage);
        let headers = [
            ("authorization", format!("Basic {garbage}")),
            ("user-agent", format!("agent-{at}/1.0")),
        ];
        let path = format!("/v2/made-up-{at}/manifests/t{at}");
        let answer = connection.request("GET", &path, &headers, b"");
        assert_eq!(answer.expect("an answer").status, 401);
    };
    let mut api = Connection::open(server.authority()).expect("a connection");
    let authority = server.authority().to_owned();
    let mut unknown = |at: usize| {
        let key = Credentials {
            access_key_id: format!("AKIA{at:016}"),
            secret: "none".to_owned(),
            session_token: None,
        };
        let operation = "DescribeRepositories";
        let mut headers = sign::sign_ecr(&key, &authority, operation, b"{}");
        headers.push(("user-agent".to_owned(), format!("agent-{at}/2.0")));
        let answer = api.request("POST", "/", &headers, b"{}");
        assert_eq!(answer.expect("an answer").status, 400);
    };
    // What the first of them cost once and for all.
    for at in 0..500 {
        registry(at);
        unknown(at);
    }
    let (logged, start) = (audited(&server), Used::by(&mut server));
    for at in 500..TRIES {
        registry(at);
        unknown(at);
    }
    let spent = Used::by(&mut server).since(start);
    let grown = metrics(&server).lines().count().saturating_sub(lines);
    let written = audited(&server).saturating_sub(logged);
    note(&format!(
        "{TRIES} of each: {} KiB of memory, {written} bytes of audit log, {grown} lines of metrics",
        spent.peak_kib
    ));
    assert!(spent.peak_kib < 16 * 1_024, "{} KiB", spent.peak_kib);
    assert!(written < 16 * 1_024, "{written} bytes");
    assert!(grown < 100, "{grown} lines");
    let mut after = admin::tables(&server);
    // What was pulled and signed with by those who may is counted there.
    after.insert("usage".to_owned(), tables["usage"]);
    assert_eq!(after, tables);
}

#[test]
fn known_callers_with_made_up_agents_names_and_sessions_leave_bounded_memory_and_metrics() {
    const TRIES: usize = 3_000;
    let mut server = Server::start(Options::default());
    server.create_repository("app");
    let root = root(&server);
    let [user] = root.makes(&server, [("user", json!([allow(&json!("ecr:*"))]))]);
    let (registry, lines) = (user.registry(&server), metrics(&server).lines().count());
    let mut connection = Connection::open(server.authority()).expect("a connection");
    let mut ask = |at: usize| {
        let agent = format!("agent-{at}/{}", "9".repeat(200));
        let path = format!("/v2/made-up-{at}/manifests/t{at}");
        let headers = [("user-agent", agent.as_str())];
        let answer = registry.request_on(&mut connection, "GET", &path, &headers, b"");
        assert_eq!(answer.expect("an answer").status, 404);
    };
    (0..500).for_each(&mut ask);
    let start = Used::by(&mut server);
    (500..TRIES).for_each(&mut ask);
    let spent = Used::by(&mut server).since(start);
    let grown = metrics(&server).lines().count().saturating_sub(lines);
    note(&format!(
        "{TRIES} agents: {} KiB of memory, {grown} lines of metrics",
        spent.peak_kib
    ));
    assert!(spent.peak_kib < 24 * 1_024, "{} KiB", spent.peak_kib);
    assert!(grown < 100, "{grown} lines");
}
