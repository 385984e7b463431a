//! `wharfinger config show`: where each value comes from.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::tools::{self, Checked as _};
use crate::support::{Options, Server};

fn show(folder: &std::path::Path) -> Command {
    let config = folder.join("c.toml");
    std::fs::write(
        &config,
        "domain = \"Reg.example\"\n[trash]\ndays = 1\n[log]\nlevel = \"debug\"\n",
    )
    .expect("a file");
    let mut command = Command::new(tools::wharfinger());
    command
        .args(["config", "show", "--data-dir", "/d", "--config"])
        .arg(&config)
        .env("WHARFINGER_TRASH_DAYS", "3");
    command
}

#[test]
fn the_command_line_wins_over_the_environment_over_the_file_over_the_default() {
    let folder = tempfile::tempdir().expect("a directory");
    let said = show(folder.path()).arg("--json").checked();
    let all: Value = serde_json::from_str(&said).expect("JSON");
    let file = format!("file:{}", folder.path().join("c.toml").display());
    for (key, value, source) in [
        ("data_dir", json!("/d"), "flag:--data-dir"),
        ("trash.days", json!(3), "environment:WHARFINGER_TRASH_DAYS"),
        ("domain", json!("reg.example"), file.as_str()),
        ("log.level", json!("debug"), file.as_str()),
        ("log.format", json!("text"), "default"),
        ("tls.cert", Value::Null, "default"),
        ("listen", json!(["127.0.0.1:4640", "[::1]:4640"]), "default"),
    ] {
        assert_eq!(all[key], json!({"value": value, "source": source}), "{key}");
    }
    let text = show(folder.path()).checked();
    assert_eq!(
        text.lines().count(),
        all.as_object().expect("an object").len()
    );
    let line = text.lines().find(|line| line.starts_with("trash.days"));
    let words: Vec<&str> = line.expect("a line").split_whitespace().collect();
    assert_eq!(
        words,
        ["trash.days", "3", "environment:WHARFINGER_TRASH_DAYS"]
    );
}

#[test]
fn a_configuration_that_serve_refuses_is_not_shown() {
    let folder = tempfile::tempdir().expect("a directory");
    let said = show(folder.path())
        .env("WHARFINGER_TRASH_DAYS", "x")
        .refused();
    assert!(
        said.contains("WHARFINGER_TRASH_DAYS: trash.days: must be a whole number"),
        "{said}"
    );
}

#[test]
fn n30_the_configuration_shows_where_secrets_are_and_never_what_they_are() {
    let server = Server::start(Options::default());
    let folder = tempfile::tempdir().expect("a directory");
    let planted = "PLANTED-SECRET-0123456789";
    let key = folder.path().join("key.pem");
    std::fs::write(&key, planted).expect("a file");
    for json in [&[][..], &["--json"]] {
        let mut command = Command::new(tools::wharfinger());
        command
            .args(["config", "show", "--data-dir"])
            .arg(server.data_dir())
            .args(json)
            .env("WHARFINGER_TLS_CERT", &key)
            .env("WHARFINGER_TLS_KEY", &key)
            .env("AWS_SECRET_ACCESS_KEY", planted);
        let said = tools::both(&tools::output(&mut command));
        assert!(said.contains(&key.display().to_string()), "{said}");
        for secret in [planted, &server.credentials().secret] {
            assert!(!said.contains(secret), "{said}");
        }
    }
}
