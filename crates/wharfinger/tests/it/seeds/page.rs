//! `docs/identity.md`, as it is pasted, and whether what it says holds.

use std::path::Path;

use serde_json::{Value, json};

use super::{Caller, arn_of_role, exchange, expect_denied};
use crate::audit::explained;
use crate::github_actions::Tokens;
use crate::support::engine::Engine;
use crate::support::images::Image;
use crate::support::sign::Credentials;
use crate::support::tools::{self, Checked as _};
use crate::support::{ACCOUNT, Options, Server};

/// The blocks of a language below a heading of the page.
fn blocks(heading: &str, language: &str) -> String {
    let page = std::fs::read_to_string(tools::workspace().join("docs/identity.md"));
    let page = page.expect("docs/identity.md");
    let (_, section) = page
        .split_once(&format!("\n## {heading}\n"))
        .expect(heading);
    let (section, _) = section.split_once("\n## ").unwrap_or((section, ""));
    let mut found = String::new();
    for block in section.split(&format!("\n```{language}\n")).skip(1) {
        let (block, _) = block.split_once("\n```").expect("an end");
        found.push_str(block);
        found.push('\n');
    }
    assert!(!found.is_empty(), "{heading} has no {language}");
    found
}

/// Pastes commands as the account's root, or as somebody; what they print.
fn paste(server: &Server, home: &Path, who: Option<&Caller>, commands: &str) -> String {
    let program = tools::wharfinger();
    let folder = program.parent().expect("a folder").display().to_string();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
    let mut bash = who.map_or_else(|| server.command("bash"), |who| who.command(server, "bash"));
    bash.env("PATH", path).env("XDG_DATA_HOME", home);
    bash.args(["-euo", "pipefail", "-c", commands]);
    bash.checked()
}

/// The server that the page goes on with: `hello` is there with an image in it, and GitHub's keys come from a file.
fn after_the_quick_start(home: &Path, tokens: &Tokens) -> Server {
    let settings = blocks("GitHub Actions", "toml");
    let there = "/etc/wharfinger/github-jwks.json";
    assert!(settings.contains(there), "{settings}");
    let here = tokens.file().display().to_string();
    let file = home.join("wharfinger.toml");
    std::fs::write(&file, settings.replace(there, &here)).expect("a file");
    let server = Server::start(Options {
        data_dir: Some(home.join("wharfinger")),
        args: vec!["--config".to_owned(), file.display().to_string()],
        ..Options::default()
    });
    server.create_repository("hello");
    server.create_repository("other");
    server.registry().push(&Image::new(1, 1), "hello", "latest");
    server
}

/// The user of an access key that the page's command printed.
fn with_key(name: &str, said: &str) -> Caller {
    let last = said.trim().lines().last().expect("a line");
    let (id, secret) = last.split_once('\t').expect("two columns");
    Caller::new(
        name,
        Credentials {
            access_key_id: id.to_owned(),
            secret: secret.to_owned(),
            session_token: None,
        },
    )
}

/// The id at the end of what docker says of a refusal.
fn request_of(said: &str) -> String {
    let (_, rest) = said.split_once("(request id ").expect("a request id");
    rest.split(')').next().expect("an id").to_owned()
}

/// The request id that the AWS CLI prints with `--debug`.
fn debugged_request_of(said: &str) -> String {
    let lower = said.to_lowercase();
    let (_, rest) = lower.rsplit_once("x-amzn-requestid': '").expect("a header");
    rest.split('\'').next().expect("an id").to_owned()
}

#[test]
fn who_may_is_as_the_page_on_identity_shows_it() {
    let place = tempfile::tempdir().expect("a folder");
    let home = place.path();
    let tokens = Tokens::make();
    let server = after_the_quick_start(home, &tokens);
    let engine = Engine::start();
    let no_policy =
        |action: &str| format!("because no identity-based policy allows the {action} action");

    // Users: to push and to pull, and not to delete.
    let ada = with_key("ada", &paste(&server, home, None, &blocks("Users", "bash")));
    let docker = ada.docker(&server, &engine, server.authority());
    docker.builds(1, "hello:v1");
    docker.pushes("hello:v1");
    docker.pulls("hello:v1");
    let words = [
        "ecr",
        "delete-repository",
        "--force",
        "--repository-name",
        "hello",
        "--debug",
    ];
    let refused = ada.aws(&server, &words).refused();
    expect_denied(
        &refused,
        "ecr:DeleteRepository",
        "hello",
        &no_policy("ecr:DeleteRepository"),
    );

    // Roles: a session of ada's, which pulls and does not push. Its docker message ends with the id.
    paste(&server, home, None, &blocks("Roles", "bash"));
    let given = "aws sts assume-role --role-arn arn:aws:iam::123456789012:role/deploy --role-session-name laptop";
    let page = std::fs::read_to_string(tools::workspace().join("docs/identity.md"));
    assert!(page.expect("the page").contains(given));
    let session = format!("{given} --query Credentials --output json");
    let deploy = Caller::of_session("deploy", &paste(&server, home, Some(&ada), &session));
    let docker = deploy.docker(&server, &engine, server.authority());
    docker.pulls("hello:v1");
    docker.builds(2, "hello:v2");
    let said = docker.push("hello:v2").refused();
    expect_denied(
        &said,
        "ecr:InitiateLayerUpload",
        "hello",
        &no_policy("ecr:InitiateLayerUpload"),
    );
    // Who is not named in its trust policy gets none, whatever else it may.
    let stranger = super::operator(&server, &super::root(&server));
    let words = [
        "sts",
        "assume-role",
        "--role-session-name",
        "laptop",
        "--role-arn",
    ];
    let mut other = stranger.aws(&server, &words);
    let refusal = other.arg(arn_of_role(ACCOUNT, "deploy")).refused();
    assert!(refusal.contains("(AccessDenied)"), "{refusal}");

    // Why not? Both ids are explained, by the command of the page.
    let explain = blocks("Why not?", "console");
    assert!(explain.starts_with("$ wharfinger explain "), "{explain}");
    let denied_push = explained(&server, &[&request_of(&said)]);
    for part in [
        "assumed-role/deploy/laptop",
        "AmazonEC2ContainerRegistryPullOnly",
        "ecr:InitiateLayerUpload",
    ] {
        assert!(
            denied_push.contains(part),
            "{part} is not in:\n{denied_push}"
        );
    }
    let denied_delete = explained(&server, &[&debugged_request_of(&refused)]);
    for part in [
        "user/ada",
        "AmazonEC2ContainerRegistryPowerUser",
        "ecr:DeleteRepository",
    ] {
        assert!(
            denied_delete.contains(part),
            "{part} is not in:\n{denied_delete}"
        );
    }

    workflows(&server, home, &tokens);
    audit(&server, home);
}

/// GitHub Actions: by a token of that repository's, and to `hello` alone.
fn workflows(server: &Server, home: &Path, tokens: &Tokens) {
    paste(server, home, None, &blocks("GitHub Actions", "bash"));
    let main = "repo:my-organization/my-repository:ref:refs/heads/main";
    let token = tokens.of(main, "sts.amazonaws.com");
    let ci = Caller::of_session("ci", &exchange(server, "ci", &token).checked());
    let registry =
        crate::support::registry::Registry::new(server.authority(), &ci.password(server));
    registry.push(&Image::new(3, 1), "hello", "v3");
    assert_eq!(registry.get_manifest("hello", "v3").status, 200);
    let elsewhere = registry.try_push(&Image::new(3, 1), "other", "v3");
    let elsewhere = elsewhere.expect_err("a refusal").to_string();
    assert!(elsewhere.contains("403"), "{elsewhere}");
    for (subject, audience) in [
        (
            "repo:my-organization/other:ref:refs/heads/main",
            "sts.amazonaws.com",
        ),
        (main, "https://github.com/my-organization"),
    ] {
        let token = tokens.of(subject, audience);
        exchange(server, "ci", &token).refused();
    }
}

/// The audit log: unaltered, and with the refusals in it.
fn audit(server: &Server, home: &Path) {
    let said = paste(server, home, None, &blocks("The audit log", "bash"));
    assert!(said.contains("refused=ecr:DeleteRepository"), "{said}");
    let calls = paste(
        server,
        home,
        None,
        "wharfinger audit search --denied --format json",
    );
    for line in calls.lines() {
        let call: Value = serde_json::from_str(line).expect("JSON");
        assert_ne!(call["errorCode"], json!(null), "{call}");
    }
}
