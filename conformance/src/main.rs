//! `conformance URL`: asks a registry whether it keeps to the specification.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use conformance::{Credentials, Differences, Options, Report};

/// Tests a registry against the OCI distribution specification 1.1, from outside.
///
/// Pushes to two repositories, and deletes there what it pushed where the registry lets it.
#[derive(Debug, Parser)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
struct Arguments {
    /// The registry, such as `http://localhost:5000`
    #[arg(required_unless_present = "list")]
    url: Option<String>,

    /// The user to be
    #[arg(long)]
    user: Option<String>,

    /// The user's password; others on this machine may see it
    #[arg(long, requires = "user", conflicts_with = "password_stdin")]
    password: Option<String>,

    /// Read the password from standard input
    #[arg(long, requires = "user")]
    password_stdin: bool,

    /// The repository to push to; has to exist, unless the registry makes repositories when they are pushed to
    #[arg(long, default_value = "conformance/one")]
    repository: String,

    /// Another one, for mounts and for what must stay apart
    #[arg(long, default_value = "conformance/other")]
    other_repository: String,

    /// Run this group or category only (base, pull, push, discovery, management, …); may be repeated
    #[arg(long = "group")]
    groups: Vec<String>,

    /// Run the group of what lies beyond the specification, too
    #[arg(long)]
    extensions: bool,

    /// Make the content of an earlier run again: the seed that it printed
    #[arg(long, value_parser = seed)]
    seed: Option<u64>,

    /// Give up after so many seconds
    #[arg(long, default_value = "600")]
    time_limit: u64,

    /// What is known to differ: exit with 0 if, and only if, exactly that does
    #[arg(long)]
    differences: Option<PathBuf>,

    /// Report in JSON
    #[arg(long)]
    json: bool,

    /// Print the tests with what they show, and run none
    #[arg(long)]
    list: bool,
}

/// Sixteen hexadecimal digits, as they are printed.
fn seed(text: &str) -> Result<u64, String> {
    u64::from_str_radix(text, 16).map_err(|e| e.to_string())
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(text) => {
            // Without a standard error there is nobody to tell; the exit code remains.
            drop(writeln!(std::io::stderr(), "conformance: {text}"));
            ExitCode::from(2)
        }
    }
}

/// Whether the registry is as it should be, or as the list of its differences says.
fn run(arguments: Arguments) -> Result<bool, String> {
    if arguments.list {
        let tests = conformance::catalogue();
        let lines = tests
            .iter()
            .map(|t| format!("{} {}\n", t.id, t.shows.join(" ")));
        return say(&lines.collect::<String>()).map(|()| true);
    }
    let differences = arguments.differences.as_ref().map(|path| {
        let text = fs::read_to_string(path).map_err(|e| e.to_string());
        let parsed = text.and_then(|text| Differences::parse(&text));
        parsed.map_err(|e| format!("{}: {e}", path.display()))
    });
    let differences = differences.transpose()?;
    let json = arguments.json;
    let report = conformance::run(&options(arguments)?)?;
    let problems = differences.map(|known| known.compare(&report));
    say(&shown(&report, json)?)?;
    match problems {
        None => Ok(!report.has_failed()),
        Some(problems) if problems.is_empty() => Ok(true),
        Some(problems) => Err(format!("not as listed:\n  {}", problems.join("\n  "))),
    }
}

fn options(arguments: Arguments) -> Result<Options, String> {
    let mut password = arguments.password.unwrap_or_default();
    if arguments.password_stdin {
        let read = std::io::stdin()
            .take(64 * 1024)
            .read_to_string(&mut password);
        read.map_err(|e| format!("standard input: {e}"))?;
        password.truncate(password.trim_end_matches(['\r', '\n']).len());
    }
    let credentials = arguments.user.map(|user| Credentials { user, password });
    let seed = arguments.seed.map_or_else(getrandom::u64, Ok);
    let seed = seed.map_err(|e| format!("random numbers: {e}"))?;
    Ok(Options {
        credentials,
        repository: arguments.repository,
        other_repository: arguments.other_repository,
        groups: arguments.groups,
        extensions: arguments.extensions,
        time_limit: Duration::from_secs(arguments.time_limit),
        ..Options::new(&arguments.url.unwrap_or_default(), seed)
    })
}

fn shown(report: &Report, json: bool) -> Result<String, String> {
    if !json {
        return Ok(report.to_string());
    }
    let mut value = serde_json::to_value(report).map_err(|e| e.to_string())?;
    if let Some(members) = value.as_object_mut() {
        let totals = report.totals().into_iter().collect::<Vec<_>>();
        let totals = serde_json::to_value(totals).map_err(|e| e.to_string())?;
        members.insert("totals".to_owned(), totals);
    }
    Ok(format!("{value:#}\n"))
}

fn say(text: &str) -> Result<(), String> {
    let written = std::io::stdout().write_all(text.as_bytes());
    written.map_err(|e| format!("standard output: {e}"))
}
