//! `cargo xtask ci`: every check, in the order in which they fail fastest.

use std::env;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use crate::tidy::files;

/// One check: what it is called, and the command line that makes it.
struct Step {
    name: &'static str,
    line: Vec<String>,
    env: Option<(&'static str, &'static str)>,
}

impl Step {
    fn new(name: &'static str, line: &[&str]) -> Self {
        Self {
            name,
            line: line.iter().map(ToString::to_string).collect(),
            env: None,
        }
    }
}

/// Runs all checks, also after one has failed, and names those that did.
///
/// # Errors
/// The names of the checks that failed.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    if let Some(unknown) = arguments.iter().find(|a| *a != "--full") {
        return Err(format!("ci: unknown argument `{unknown}`"));
    }
    let mut failed = Vec::new();
    let full = !arguments.is_empty();
    for step in steps(full)? {
        say(&format!("==> {}: {}", step.name, shown(&step.line)))?;
        let begin = Instant::now();
        let passed = passes(&step)?;
        let word = if passed { "ok" } else { "FAILED" };
        say(&format!(
            "==> {}: {word} after {} s",
            step.name,
            begin.elapsed().as_secs()
        ))?;
        if !passed {
            failed.push(step.name);
        }
    }
    if failed.is_empty() {
        say("==> all checks passed")
    } else {
        Err(format!("failed: {}", failed.join(", ")))
    }
}

/// The checks. `cargo fmt` does not see modules that a macro declares, so rustfmt is handed the files.
fn steps(full: bool) -> Result<Vec<Step>, String> {
    let cargo = cargo();
    let cargo = cargo.as_str();
    let itself = env::current_exe().map_err(|e| format!("the path of xtask: {e}"))?;
    let itself = itself.display().to_string();
    let itself = itself.as_str();

    let mut format = Step::new("fmt", &["rustfmt", "--check", "--edition", "2024"]);
    for file in files::all(&root()?)? {
        if file.is_rust() {
            format.line.push(file.path);
        }
    }
    let mut documentation = Step::new(
        "doc",
        &[
            cargo,
            "doc",
            "--release",
            "--workspace",
            "--no-deps",
            "--document-private-items",
        ],
    );
    documentation.env = Some(("RUSTDOCFLAGS", "-D warnings"));
    let clippy = [
        cargo,
        "clippy",
        "--release",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    let nextest = [
        cargo,
        "nextest",
        "run",
        "--workspace",
        "--cargo-profile",
        "release",
        "--no-fail-fast",
    ];
    let mut test = Step::new("test", &nextest);
    if full {
        // The slow ones are marked as ignored.
        test.line
            .extend(["--run-ignored".to_owned(), "all".to_owned()]);
        test.env = Some(("SOAK_SECONDS", "420"));
    }
    Ok(vec![
        format,
        Step::new("tidy", &[itself, "tidy"]),
        Step::new("codegen", &[itself, "codegen", "--check"]),
        Step::new("clippy", &clippy),
        documentation,
        // README's first command, so that the test which runs it finds it built.
        Step::new("build", &[cargo, "build", "--release"]),
        test,
        Step::new(
            "doctest",
            &[cargo, "test", "--release", "--workspace", "--doc"],
        ),
        Step::new("bench", &[itself, "bench", "--smoke"]),
        Step::new("scale", &[itself, "scale", "--smoke"]),
        Step::new(
            "fuzz",
            &[itself, "fuzz", "--seconds", if full { "600" } else { "8" }],
        ),
    ])
}

/// The cargo that started this.
pub(crate) fn cargo() -> String {
    variable("CARGO").unwrap_or_else(|| "cargo".to_owned())
}

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells its tasks by the environment where they are"
)]
fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// The root of the source tree.
///
/// # Errors
/// When xtask was not started by cargo.
pub(crate) fn root() -> Result<PathBuf, String> {
    let own = variable("CARGO_MANIFEST_DIR").ok_or("start it as `cargo xtask`")?;
    let parent = PathBuf::from(own).parent().map(PathBuf::from);
    parent.ok_or_else(|| "xtask has no parent folder".to_owned())
}

/// Where cargo puts what it builds.
///
/// # Errors
/// When xtask was not started by cargo.
pub(crate) fn target_folder() -> Result<PathBuf, String> {
    let root = root()?;
    Ok(variable("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |named| root.join(named)))
}

fn passes(step: &Step) -> Result<bool, String> {
    let (program, arguments) = step.line.split_first().ok_or("an empty command line")?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root()?);
    if let Some((name, value)) = step.env {
        command.env(name, value);
    }
    let status = command
        .status()
        .map_err(|e| format!("{}: `{program}` cannot be started: {e}", step.name))?;
    Ok(status.success())
}

/// A command line, without a long list of files.
fn shown(line: &[String]) -> String {
    match line.get(..8) {
        Some(first) if line.len() > 12 => format!("{} … {} more", first.join(" "), line.len() - 8),
        _ => line.join(" "),
    }
}

/// Prints a line.
///
/// # Errors
/// When nobody listens.
pub(crate) fn say(text: &str) -> Result<(), String> {
    writeln!(std::io::stdout(), "{text}").map_err(|e| format!("standard output: {e}"))
}
