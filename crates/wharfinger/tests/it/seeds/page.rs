//! `docs/identity.md`, as it is pasted, and whether what it says holds.

use std::path::Path;

use serde_json::{Value, json};

use super::{Caller, arn_of_role, exchange, expect_denied};
use crate::audit::explained;
use crate::github_actions::Tokens;
use crate::support::engine::Engine;
use crate::support::images::Image;
use crate::support::registry::Registry;
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
    let folder = program.parent().expect("a folder").display();
    let mut bash = who.map_or_else(|| server.command("bash"), |who| who.command(server, "bash"));
    bash.env("XDG_DATA_HOME", home);
    let commands = format!("PATH={folder}:$PATH\n{commands}");
    bash.args(["-euo", "pipefail", "-c", &commands]);
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

fn why(action: &str) -> String {
    format!("because no identity-based policy allows the {action} action")
}

/// What `explain` says of a request has these parts.
#[track_caller]
fn explains(server: &Server, request: &str, parts: &[&str]) -> String {
    let told = explained(server, &[request]);
    for part in parts {
        assert!(told.contains(part), "{part} is not in:\n{told}");
    }
    told
}

#[test]
fn who_may_is_as_the_page_on_identity_shows_it() {
    let place = tempfile::tempdir().expect("a folder");
    let home = place.path();
    let tokens = Tokens::make();
    let server = after_the_quick_start(home, &tokens);
    let engine = Engine::start();
    let ada = users(&server, home, &engine);
    roles(&server, home, &engine, &ada);
    workflows(&server, home, &tokens);
    audit(&server, home);
}

/// Users: to push and to pull, and not to delete. Why not is told as the page shows it.
fn users(server: &Server, home: &Path, engine: &Engine) -> Caller {
    let ada = with_key("ada", &paste(server, home, None, &blocks("Users", "bash")));
    let docker = ada.docker(server, engine, server.authority());
    docker.builds(1, "hello:v1");
    docker.pushes("hello:v1");
    docker.pulls("hello:v1");
    let delete = ["ecr", "delete-repository", "--repository-name", "hello"];
    let refused = ada
        .aws(server, &delete)
        .args(["--force", "--debug"])
        .refused();
    let action = "ecr:DeleteRepository";
    expect_denied(&refused, action, "hello", &why(action));

    let shown = blocks("Why not?", "console");
    let (command, told) = shown.split_once("\n…\n").expect("an ellipsis");
    assert!(command.starts_with("$ wharfinger explain "), "{command}");
    let (told, rest) = told.split_once("\n…").expect("an ellipsis");
    assert_eq!(rest.trim(), "");
    explains(server, &debugged_request_of(&refused), &["user/ada", told]);
    ada
}

/// Roles: a session of ada's, which pulls and does not push. Its docker message ends with the id.
fn roles(server: &Server, home: &Path, engine: &Engine, ada: &Caller) {
    paste(server, home, None, &blocks("Roles", "bash"));
    let given = "aws sts assume-role --role-arn arn:aws:iam::123456789012:role/deploy --role-session-name laptop";
    let page = std::fs::read_to_string(tools::workspace().join("docs/identity.md"));
    assert!(page.expect("the page").contains(given));
    let session = format!("{given} --query Credentials --output json");
    let deploy = Caller::of_session("deploy", &paste(server, home, Some(ada), &session));
    let docker = deploy.docker(server, engine, server.authority());
    docker.pulls("hello:v1");
    docker.builds(2, "hello:v2");
    let said = docker.push("hello:v2").refused();
    let action = "ecr:InitiateLayerUpload";
    expect_denied(&said, action, "hello", &why(action));
    assert!(said.trim_end().ends_with(')'), "{said}");
    let policy = "statement 1 of arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly (identity policies)";
    let parts = ["assumed-role/deploy/laptop", policy, action];
    explains(server, &request_of(&said), &parts);

    // Who is not named in the trust policy gets no session, though an identity policy allows it every role.
    let other = super::operator(server, &super::root(server));
    let words = [
        "sts",
        "assume-role",
        "--role-session-name",
        "laptop",
        "--role-arn",
    ];
    let mut assume = other.aws(server, &words);
    let refusal = assume.arg(arn_of_role(ACCOUNT, "deploy")).refused();
    assert!(refusal.contains("(AccessDenied)"), "{refusal}");
}

/// GitHub Actions: by a token of that repository's, and to `hello` alone.
fn workflows(server: &Server, home: &Path, tokens: &Tokens) {
    paste(server, home, None, &blocks("GitHub Actions", "bash"));
    let main = "repo:my-organization/my-repository:ref:refs/heads/main";
    let token = tokens.of(main, "sts.amazonaws.com");
    let ci = Caller::of_session("ci", &exchange(server, "ci", &token).checked());
    let registry = Registry::new(server.authority(), &ci.password(server));
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
