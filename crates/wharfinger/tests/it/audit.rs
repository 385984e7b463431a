//! The audit log: who did what, why it was refused, and that nobody altered it.

use std::path::PathBuf;

use serde_json::{Value, json};
use wharf_wire::oci::Digest;

use crate::negatives::stranger;
use crate::support::http::{self, Response};
use crate::support::images::Image;
use crate::support::sign::{self, Credentials};
use crate::support::{ACCOUNT, Options, Server, tools};

const NONE: &[(&str, &str)] = &[];

fn call_as(server: &Server, who: &Credentials, operation: &str, body: &Value) -> Response {
    let body = body.to_string();
    let headers = sign::sign_ecr(who, server.authority(), operation, body.as_bytes());
    http::request(server.authority(), "POST", "/", &headers, body.as_bytes())
}

fn id_of(answer: &Response) -> String {
    let id = answer.header("x-amzn-requestid");
    id.expect("a request id").to_owned()
}

/// What `wharfinger explain` says of a request, once it is in the log: it waits a moment itself.
#[track_caller]
pub(crate) fn explained(server: &Server, args: &[&str]) -> String {
    let mut line = vec!["explain"];
    line.extend(args);
    for _ in 0..50 {
        let done = server.wharfinger(&line);
        if done.status.success() {
            return String::from_utf8(done.stdout).expect("text");
        }
        let said = tools::both(&done);
        assert!(said.contains("the audit log has no request"), "{said}");
    }
    panic!("{args:?} is not in the audit log");
}

#[track_caller]
fn said(server: &Server, args: &[&str]) -> String {
    let done = server.wharfinger(args);
    assert!(done.status.success(), "{done:?}");
    String::from_utf8(done.stdout).expect("text")
}

#[track_caller]
fn refused(server: &Server, args: &[&str]) -> String {
    let done = server.wharfinger(args);
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    String::from_utf8(done.stderr).expect("text")
}

fn end(server: &mut Server) {
    server.process().signal("TERM");
    server.process().wait();
}

fn segments(server: &Server) -> Vec<PathBuf> {
    let files = std::fs::read_dir(server.data_dir().join("audit")).expect("an audit log");
    let paths = files.map(|file| file.expect("a file").path());
    let mut segments: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|it| it == "jsonl"))
        .collect();
    segments.sort();
    segments
}

/// Every line of the log.
fn lines(server: &Server) -> Vec<Value> {
    let read = |path: &PathBuf| std::fs::read_to_string(path).expect("a segment");
    let text: String = segments(server).iter().map(read).collect();
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn names(server: &Server) -> Vec<String> {
    let lines = lines(server);
    let name = |line: &Value| line["call"]["eventName"].as_str().map(str::to_owned);
    lines.iter().filter_map(name).collect()
}

#[test]
fn a_call_is_found_by_its_id_and_explained_by_the_statement_that_allowed_it() {
    let server = Server::start(Options::default());
    let body = json!({"repositoryName": "team/app"});
    let answer = call_as(&server, server.credentials(), "CreateRepository", &body);
    let id = id_of(&answer.expect_status(200));
    let told = explained(&server, &[&id]);
    let arn = format!("arn:aws:ecr:us-east-1:{ACCOUNT}:repository/team/app");
    for part in [
        &format!("request    {id} of 20"),
        &format!("principal  arn:aws:iam::{ACCOUNT}:root (Root, {ACCOUNT}, key AKIA"),
        "from       127.0.0.1 by plain HTTP",
        "call       ecr.amazonaws.com CreateRepository in us-east-1",
        &format!("resource   {arn}\n"),
        "answer     200\n",
        &format!(
            "ecr:CreateRepository on {arn}: allowed\n  by statement 1 of root (identity policies)\n"
        ),
        &format!("    aws:principalarn = arn:aws:iam::{ACCOUNT}:root\n"),
    ] {
        assert!(told.contains(part), "{part} is not in:\n{told}");
    }
    let record: Value = serde_json::from_str(&explained(&server, &[&id, "--json"])).expect("JSON");
    assert_eq!(record["requestID"], id.as_str());
    assert_eq!(record["decisions"][0]["allowed"], true);
}

#[test]
fn a_refusal_is_explained_by_the_statements_that_were_consulted() {
    let server = Server::start(Options::default());
    server.create_repository("app");
    let who = stranger(&server);
    let body = json!({"registryId": ACCOUNT, "repositoryName": "app"});
    let answer = call_as(&server, &who, "DescribeImages", &body);
    let id = id_of(&answer);
    assert!(answer.text().contains("AccessDenied"), "{}", answer.text());
    let told = explained(&server, &[&id]);
    for part in [
        &format!("key {})", who.access_key_id),
        &format!("registry of {ACCOUNT}\n"),
        "AccessDeniedException: User: arn:aws:iam::",
        &format!("ecr:DescribeImages on arn:aws:ecr:us-east-1:{ACCOUNT}:repository/app: refused\n"),
        "because no resource-based policy allows the ecr:DescribeImages action\n  there is no statement in \
         the resource policies\n",
        "  consulted:\n    statement 1 (\"Root\") of root (identity policies) allows: it fits\n",
        "  context:\n",
    ] {
        assert!(told.contains(part), "{part} is not in:\n{told}");
    }
    let denied = said(&server, &["audit", "search", "--denied"]);
    assert_eq!(denied.lines().count(), 1, "{denied}");
    assert!(
        denied.contains(&id) && denied.ends_with("refused=ecr:DescribeImages\n"),
        "{denied}"
    );
}

#[test]
fn requests_that_are_not_in_the_log_and_logs_that_are_not_there_are_told() {
    let server = Server::start(Options::default());
    let nobody = "00000000-0000-4000-8000-000000000000";
    let told = refused(&server, &["explain", nobody]);
    assert!(
        told.contains(&format!("the audit log has no request {nobody}")),
        "{told}"
    );
    let mut options = Options::default();
    options
        .env
        .push(("WHARFINGER_AUDIT_ENABLED".to_owned(), "false".to_owned()));
    let server = Server::start(options);
    server.create_repository("app");
    for args in [
        &["explain", nobody][..],
        &["audit", "verify"],
        &["audit", "search"],
    ] {
        let told = refused(&server, args);
        assert!(
            told.contains("there is no audit log in"),
            "{args:?}: {told}"
        );
    }
}

#[test]
fn a_search_finds_by_principal_action_resource_time_and_source() {
    let mut server = Server::start(Options::default());
    server.create_repository("team/app");
    server.create_repository("other");
    let who = stranger(&server);
    call_as(
        &server,
        &who,
        "CreateRepository",
        &json!({"repositoryName": "own"}),
    )
    .expect_status(200);
    end(&mut server);
    let found = |args: &[&str]| {
        let mut line = vec!["audit", "search"];
        line.extend(args);
        said(&server, &line).lines().count()
    };
    for (args, count) in [
        (&[][..], 3),
        (&["--limit", "2"], 2),
        (&["--principal", &who.access_key_id], 1),
        (&["--principal", "root"], 3),
        (&["--action", "CreateRepository"], 3),
        (&["--action", "ecr:DeleteRepository"], 0),
        (&["--resource", "team/"], 1),
        (&["--account", ACCOUNT], 2),
        (&["--since", "1h"], 3),
        (&["--until", "1h"], 0),
        (&["--since", "2100-01-01T00:00:00Z"], 0),
        (&["--source", "127.0.0.1"], 3),
        (&["--source", "192.0.2.1"], 0),
        (&["--denied"], 0),
    ] {
        assert_eq!(found(args), count, "{args:?}");
    }
    let newest = said(
        &server,
        &["audit", "search", "--limit", "1", "--format", "json"],
    );
    let newest: Value = serde_json::from_str(&newest).expect("JSON");
    assert_eq!(
        newest["userIdentity"]["accessKeyId"],
        who.access_key_id.as_str()
    );
    let told = refused(&server, &["audit", "search", "--since", "yesterday"]);
    assert!(told.contains("`yesterday` is neither a time"), "{told}");
}

#[test]
fn the_chain_holds_after_kill_9_and_breaks_when_somebody_edits_it() {
    let mut server = Server::start(Options::default());
    let body = json!({"repositoryName": "app"});
    let answer = call_as(&server, server.credentials(), "CreateRepository", &body);
    // It is in the file.
    explained(&server, &[&id_of(&answer)]);
    for n in 0..20 {
        server.create_repository(&format!("app-{n}"));
    }
    server.kill9();
    let told = said(&server, &["audit", "verify"]);
    assert!(told.starts_with("the chain holds: "), "{told}");
    let mut server = server.restart();
    server.create_repository("later");
    end(&mut server);
    let verified: Value =
        serde_json::from_str(&said(&server, &["audit", "verify", "--json"])).expect("JSON");
    // What was answered in the last moment before the end may be lost.
    assert!(
        verified["records"].as_u64().expect("a count") >= 2,
        "{verified}"
    );
    assert!(names(&server).len() >= 2);
    let path = segments(&server).pop().expect("a segment");
    let before = std::fs::read_to_string(&path).expect("a segment");
    let edited = before.replacen("\"status\":200", "\"status\":403", 1);
    assert_ne!(before, edited);
    std::fs::write(&path, edited).expect("an edit");
    let told = refused(&server, &["audit", "verify"]);
    assert!(
        told.contains("the audit log was altered: ")
            && told.contains("audit-000000000001.jsonl: line "),
        "{told}"
    );
    std::fs::write(&path, before).expect("an edit");
    assert!(said(&server, &["audit", "verify"]).starts_with("the chain holds"));
}

#[test]
fn n38_refusals_of_unknown_callers_are_counted_and_not_written_one_by_one() {
    let mut server = Server::start(Options::default());
    let unknown = Credentials {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
        secret: "none".to_owned(),
        session_token: None,
    };
    for _ in 0..150 {
        http::request(server.authority(), "GET", "/v2/", NONE, b"").expect_status(401);
    }
    for _ in 0..50 {
        call_as(&server, &unknown, "DescribeRepositories", &json!({})).expect_status(400);
    }
    http::request(server.authority(), "GET", "/healthz", NONE, b"").expect_status(200);
    end(&mut server);
    let lines = lines(&server);
    let counts: Vec<&Value> = lines
        .iter()
        .filter_map(|line| line.get("unknown"))
        .collect();
    // Another minute may have begun meanwhile.
    assert!(counts.len() <= 4, "{counts:?}");
    let sum = |reason: &str| {
        let of = counts
            .iter()
            .filter(|it| it["reason"] == reason && it["source"] == "127.0.0.1");
        of.filter_map(|it| it["count"].as_u64()).sum::<u64>()
    };
    assert_eq!(sum("UNAUTHORIZED"), 150);
    assert_eq!(sum("UnrecognizedClientException"), 50);
    assert_eq!(names(&server), Vec::<String>::new());
}

#[test]
fn reads_of_layers_are_in_the_log_only_if_that_is_wanted() {
    for (wanted, expected) in [("false", 0), ("true", 3)] {
        let mut options = Options::default();
        options
            .env
            .push(("WHARFINGER_AUDIT_BLOB_READS".to_owned(), wanted.to_owned()));
        let mut server = Server::start(options);
        server.create_repository("app");
        let registry = server.registry();
        let image = Image::new(1, 1);
        registry.push(&image, "app", "v1");
        let path = format!("/v2/app/blobs/{}", Digest::of(&image.blobs[1]));
        registry.request("GET", &path, &[], b"").expect_status(200);
        registry.request("HEAD", &path, &[], b"").expect_status(200);
        let missing = format!("/v2/app/blobs/{}", Digest::of(b"missing"));
        registry
            .request("GET", &missing, &[], b"")
            .expect_status(404);
        end(&mut server);
        let names = names(&server);
        assert!(names.iter().any(|name| name == "PutImage"), "{names:?}");
        let of_layers =
            |name: &&String| name.contains("DownloadUrl") || name.contains("Availability");
        // The push itself asks, too, whether its layers are there.
        let count = names.iter().filter(of_layers).count();
        assert!(
            count >= expected && (expected > 0 || count == 0),
            "{names:?}"
        );
    }
}

#[test]
fn an_answer_may_wait_for_its_record() {
    let mut options = Options::default();
    options
        .env
        .push(("WHARFINGER_AUDIT_WAIT".to_owned(), "true".to_owned()));
    let mut server = Server::start(options);
    for n in 1..=20 {
        server.create_repository(&format!("app-{n}"));
        // At once, and once each.
        assert_eq!(names(&server).len(), n);
    }
    server.kill9();
    let head = std::fs::read_to_string(server.data_dir().join("audit/head")).expect("a head");
    let head: Value = serde_json::from_str(&head).expect("JSON");
    assert!(head["seq"].as_u64() >= Some(21), "{head}");
    assert!(said(&server, &["audit", "verify"]).contains("20 records"));
}

/// What somebody has put where no secret belongs.
const PLANTED: &str = "PLANTED-SECRET-0123456789";

#[test]
fn n28_no_secret_is_in_the_audit_log() {
    let mut options = Options::default();
    options
        .env
        .push(("WHARFINGER_AUDIT_BLOB_READS".to_owned(), "true".to_owned()));
    let mut server = Server::start(options);
    server.create_repository("app");
    let registry = server.registry();
    let image = Image::new(1, 1);
    registry.push(&image, "app", "v1");
    let password = server.password();
    let who = stranger(&server);
    call_as(&server, &who, "GetAuthorizationToken", &json!({})).expect_status(200);
    let layer = Digest::of(&image.blobs[1]);
    let request = json!({"repositoryName": "app", "layerDigest": layer.as_str()});
    let made = server.call("GetDownloadUrlForLayer", &request);
    let url = made["downloadUrl"].as_str().expect("a URL");
    http::request(
        server.authority(),
        "GET",
        url.trim_start_matches(server.url()),
        NONE,
        b"",
    )
    .expect_status(200);
    let (_, signature) = url.split_once("X-Amz-Signature=").expect("one");
    for path in [
        format!("/v2/app/tags/list?token={PLANTED}"),
        format!("/v2/app/tags/list?{PLANTED}"),
        format!("/v2/app/manifests/v1?X-Amz-Security-Token={PLANTED}"),
        format!("/?Action=GetCallerIdentity&X-Amz-Security-Token={PLANTED}"),
    ] {
        let headers = [("cookie", PLANTED), ("x-amz-security-token", PLANTED)];
        registry.request("GET", &path, &headers, b"");
    }
    let body = json!({"repositoryName": "app", "password": PLANTED});
    server.signed("DescribeImages", &body);
    end(&mut server);
    let mut all = String::new();
    for file in std::fs::read_dir(server.data_dir().join("audit")).expect("an audit log") {
        let bytes = std::fs::read(file.expect("a file").path()).expect("a file");
        all.push_str(&String::from_utf8_lossy(&bytes));
    }
    for part in [
        "GetAuthorizationToken",
        "PutImage",
        "DownloadLayer",
        &who.access_key_id,
    ] {
        assert!(all.contains(part), "{part} was not told of");
    }
    for secret in [
        PLANTED,
        &password,
        registry.authorization().trim_start_matches("Basic "),
        &server.credentials().secret,
        &who.secret,
        signature,
    ] {
        assert!(!all.contains(secret), "{secret} is in the log");
    }
}
