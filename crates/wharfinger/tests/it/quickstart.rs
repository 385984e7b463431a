//! What a new user pastes: README's quick start, and what `serve` prints.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::support::engine::Engine;
use crate::support::process::Process;
use crate::support::tools::{self, Checked as _};
use crate::support::{Options, Server};

/// The fenced blocks of this language below the headings that contain these words.
fn blocks(text: &str, heading: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}");
    let mut found = Vec::new();
    let (mut below, mut block) = (false, None::<String>);
    for line in text.lines() {
        match &mut block {
            Some(lines) if line.trim() == "```" => {
                found.push(std::mem::take(lines));
                block = None;
            }
            Some(lines) => {
                lines.push_str(line);
                lines.push('\n');
            }
            None if line.starts_with('#') => {
                below = line.to_lowercase().contains(&heading.to_lowercase());
            }
            None if below && line.trim() == fence => block = Some(String::new()),
            None => {}
        }
    }
    found
}

/// The environment of a new user: own data, own docker, no other AWS account.
fn new_user(engine: &Engine, home: &Path) -> BTreeMap<&'static str, String> {
    let path = |name: &str| home.join(name).display().to_string();
    let mut env: BTreeMap<&'static str, String> = engine.env().into_iter().collect();
    env.insert("XDG_DATA_HOME", path("data"));
    env.insert("XDG_CONFIG_HOME", path("config"));
    env.insert("AWS_CONFIG_FILE", path("none"));
    env.insert("AWS_SHARED_CREDENTIALS_FILE", path("none"));
    env.insert("AWS_PAGER", String::new());
    env
}

fn shell(env: &BTreeMap<&'static str, String>) -> Command {
    let mut bash = Command::new("bash");
    for name in tools::FOREIGN_ENV {
        bash.env_remove(name);
    }
    bash.envs(env)
        .env_remove("AWS_ENDPOINT_URL")
        .current_dir(tools::workspace())
        .args(["-euo", "pipefail", "-c"]);
    bash
}

#[test]
fn the_quick_start_works_as_pasted() {
    let readme = std::fs::read_to_string(tools::workspace().join("README.md")).expect("README.md");
    let serving = blocks(&readme, "Two commands", "sh");
    let serving = serving.iter().find(|b| b.contains(" serve"));
    let serving = serving.expect("the first command serves");
    let pasted = blocks(&readme, "Quick start", "bash").concat();
    assert!(pasted.contains("docker push "), "{pasted}");

    let engine = Engine::start();
    let home = tempfile::tempdir().expect("a temporary directory");
    let env = new_user(&engine, home.path());
    let mut serve = shell(&env);
    serve.arg(serving);
    let server = Process::spawn(serve, home.path());
    server.wait_for_line("listening on http://127.0.0.1:4640", "listening on ");

    let said = shell(&env).arg(&pasted).checked();
    assert!(said.contains("Login Succeeded"), "{said}");
}

#[test]
fn the_lines_that_serve_prints_work_as_pasted() {
    let engine = Engine::start();
    let mut server = Server::start(Options::default());
    server.process().wait_for_line("docker pull ", "docker ");
    let lines = server.process().lines();
    let pasted: Vec<&str> = lines.iter().filter_map(|l| l.strip_prefix("  ")).collect();
    for program in [
        "eval ",
        "aws ecr create-repository",
        "docker push ",
        "docker pull ",
    ] {
        assert!(pasted.iter().any(|l| l.starts_with(program)), "{lines:?}");
    }
    let env = new_user(&engine, &server.scratch("home"));
    let said = shell(&env).arg(pasted.join("\n")).checked();
    assert!(said.contains("Login Succeeded"), "{said}");
    let images = server.call("ListImages", &json!({"repositoryName": "hello"}));
    assert_eq!(images["imageIds"][0]["imageTag"], "latest");
}
