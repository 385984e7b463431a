//! Temporary credentials as the AWS CLI's profiles and the registry's clients use them.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::images::Image;
use crate::support::registry::Registry;
use crate::support::tools::{self, Checked as _};
use crate::support::{ACCOUNT, Options, Server, admin, http};

const ROLE: &str = "arn:aws:iam::123456789012:role/deploy";

fn aws(server: &Server, args: &[&str]) -> Value {
    let done = server.aws(args);
    assert!(done.status.success(), "{args:?}: {}", tools::both(&done));
    serde_json::from_slice(&done.stdout).unwrap_or(Value::Null)
}

/// A user `alice`, and a role `deploy` that trusts her and may do everything; her keys.
fn set_up(server: &Server) -> [String; 2] {
    let alice = ["--user-name", "alice"];
    aws(server, &[&["iam", "create-user"][..], &alice].concat());
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:user/alice")},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    }]})
    .to_string();
    let deploy = ["--role-name", "deploy"];
    let made = [
        "iam",
        "create-role",
        "--assume-role-policy-document",
        &trust,
    ];
    aws(server, &[&made[..], &deploy].concat());
    let all = [
        "iam",
        "attach-role-policy",
        "--policy-arn",
        "arn:aws:iam::aws:policy/AdministratorAccess",
    ];
    aws(server, &[&all[..], &deploy].concat());
    let key = aws(
        server,
        &[&["iam", "create-access-key"][..], &alice].concat(),
    );
    ["AccessKeyId", "SecretAccessKey"]
        .map(|name| key["AccessKey"][name].as_str().expect("a key").to_owned())
}

/// The AWS CLI with these keys.
fn with_keys(server: &Server, keys: &[String], args: &[&str]) -> Command {
    let mut command = server.command("aws");
    let names = [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    ];
    for (name, value) in names.iter().zip(keys) {
        command.env(name, value);
    }
    command.args(args);
    command
}

/// A session of the role: its three keys.
fn assume(server: &Server, alice: &[String; 2], more: &[&str]) -> Vec<String> {
    let args = [
        "sts",
        "assume-role",
        "--role-arn",
        ROLE,
        "--role-session-name",
        "run-1",
        "--output",
        "json",
    ];
    let answer = with_keys(server, alice, &[&args[..], more].concat()).checked();
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    let names = ["AccessKeyId", "SecretAccessKey", "SessionToken"];
    names
        .map(|name| {
            answer["Credentials"][name]
                .as_str()
                .expect("a key")
                .to_owned()
        })
        .to_vec()
}

/// A profile that assumes the role, in files of its own.
fn profile(server: &Server, alice: &[String; 2]) -> [PathBuf; 2] {
    let folder = server.scratch("aws");
    let (config, credentials) = (folder.join("config"), folder.join("credentials"));
    let text = format!(
        "[profile deploy]\nregion = us-east-1\nrole_arn = {ROLE}\nsource_profile = alice\nrole_session_name = laptop\n"
    );
    std::fs::write(&config, text).expect("a file");
    let [id, secret] = alice;
    let text = format!("[alice]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n");
    std::fs::write(&credentials, text).expect("a file");
    [config, credentials]
}

#[test]
fn a_profile_of_the_aws_cli_assumes_its_role() {
    let server = Server::start(Options::default());
    let alice = set_up(&server);
    let [config, credentials] = profile(&server, &alice);
    let mut command = server.command("aws");
    command
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        // Where the CLI keeps sessions: those of another server are none here.
        .env("HOME", server.scratch("home"))
        .env("AWS_CONFIG_FILE", config)
        .env("AWS_SHARED_CREDENTIALS_FILE", credentials)
        .args([
            "--profile",
            "deploy",
            "sts",
            "get-caller-identity",
            "--query",
            "Arn",
            "--output",
            "text",
        ]);
    let arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/deploy/laptop");
    assert_eq!(command.checked().trim(), arn);
}

#[test]
fn n4_docker_logs_in_by_a_session_that_carries_much_and_is_out_when_it_ends() {
    let server = Server::start(Options::testing());
    let alice = set_up(&server);
    server.create_repository("app");
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:*","Resource":"*"}]}"#;
    let policy = format!("{policy}{}", " ".repeat(2_048 - policy.len()));
    let tags: Vec<String> = (0..50)
        .map(|at| format!("Key=key-{at},Value=value-{at}"))
        .collect();
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    let passed = [&["--policy", &policy, "--tags"][..], &tags].concat();
    let session = assume(&server, &alice, &passed);
    let password = with_keys(&server, &session, &["ecr", "get-login-password"]).checked();
    let password = password.trim();
    assert!(password.len() <= 300, "{}", password.len());
    let registry = Registry::new(server.authority(), password);
    let image = Image::new(1, 2);
    registry.push(&image, "app", "v1");
    registry.expect_image(&image, "app", "v1");
    let url = with_keys(
        &server,
        &session,
        &[
            "ecr",
            "get-download-url-for-layer",
            "--repository-name",
            "app",
            "--layer-digest",
            &image
                .blobs
                .first()
                .map(|blob| wharf_wire::oci::Digest::of(blob).to_string())
                .expect("a blob"),
            "--query",
            "downloadUrl",
            "--output",
            "text",
        ],
    )
    .checked();
    let path = url
        .trim()
        .strip_prefix(server.url())
        .expect("a URL of this server")
        .to_owned();
    let get = || {
        http::request(
            server.authority(),
            "GET",
            &path,
            &[("host", server.authority())],
            b"",
        )
        .status
    };
    assert_eq!(get(), 200);
    // The session began some seconds ago, by the clock that goes on by itself.
    admin::advance(&server, 3_000);
    assert_eq!(registry.get_manifest("app", "v1").status, 200);
    admin::advance(&server, 600);
    let ended = registry.get_manifest("app", "v1").expect_status(403);
    assert!(ended.text().contains("expired"), "{}", ended.text());
    assert_eq!(get(), 403);
    let refused = with_keys(&server, &session, &["ecr", "describe-repositories"]).refused();
    assert!(refused.contains("ExpiredTokenException"), "{refused}");
    let refused = with_keys(&server, &session, &["sts", "get-caller-identity"]).refused();
    assert!(
        refused.contains("ExpiredToken") && refused.contains("expired"),
        "{refused}"
    );
}

#[test]
fn n4_a_layers_url_ends_with_the_session_that_asked_for_it() {
    let server = Server::start(Options::default());
    let alice = set_up(&server);
    server.create_repository("app");
    let image = Image::new(5, 1);
    server.registry().push(&image, "app", "v1");
    let session = assume(&server, &alice, &[]);
    let digest = image
        .blobs
        .first()
        .map(|blob| wharf_wire::oci::Digest::of(blob).to_string());
    let digest = digest.expect("a blob");
    let args = [
        "ecr",
        "get-download-url-for-layer",
        "--repository-name",
        "app",
        "--layer-digest",
        &digest,
        "--query",
        "downloadUrl",
        "--output",
        "text",
    ];
    let url = with_keys(&server, &session, &args).checked();
    let path = url
        .trim()
        .strip_prefix(server.url())
        .expect("a URL of this server")
        .to_owned();
    let get = || {
        http::request(
            server.authority(),
            "GET",
            &path,
            &[("host", server.authority())],
            b"",
        )
        .status
    };
    assert_eq!(get(), 200);
    let role = ["--role-name", "deploy"];
    let detach = [
        "iam",
        "detach-role-policy",
        "--policy-arn",
        "arn:aws:iam::aws:policy/AdministratorAccess",
    ];
    aws(&server, &[&detach[..], &role].concat());
    assert_eq!(get(), 403);
    aws(&server, &[&["iam", "delete-role"][..], &role].concat());
    assert_eq!(get(), 403);
}

#[test]
fn a_security_token_that_is_not_signed_is_none() {
    let server = Server::start(Options::default());
    let alice = set_up(&server);
    let session = assume(&server, &alice, &[]);
    // Signed as if there were no token, which a signature of the session's own secret is not good for.
    let script = "import os, urllib.request, urllib.error
import botocore.auth, botocore.awsrequest, botocore.credentials
url = os.environ['AWS_ENDPOINT_URL'] + '/'
keys = botocore.credentials.Credentials(os.environ['AWS_ACCESS_KEY_ID'], os.environ['AWS_SECRET_ACCESS_KEY'])
body = b'Action=GetCallerIdentity&Version=2011-06-15'
kind = {'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8'}
for signed in (False, True):
    more = {'X-Amz-Security-Token': os.environ['TOKEN']} if signed else {}
    request = botocore.awsrequest.AWSRequest('POST', url, data=body, headers={**kind, **more})
    botocore.auth.SigV4Auth(keys, 'sts', 'us-east-1').add_auth(request)
    headers = {**dict(request.headers), 'X-Amz-Security-Token': os.environ['TOKEN']}
    send = urllib.request.Request(url, data=body, headers=headers, method='POST')
    try:
        print(urllib.request.urlopen(send, timeout=30).status)
    except urllib.error.HTTPError as error:
        print(error.code)";
    let [id, secret, token] = session.as_slice() else {
        panic!("three keys");
    };
    let mut python = server.command("python3");
    python
        .args(["-c", script])
        .env("AWS_ACCESS_KEY_ID", id)
        .env("AWS_SECRET_ACCESS_KEY", secret)
        .env("TOKEN", token);
    let printed = python.checked();
    let statuses: Vec<&str> = printed.lines().collect();
    assert!(
        matches!(statuses.as_slice(), ["400" | "403", "200"]),
        "{printed}"
    );
}
