//! `wharfinger policy`: policies tried out offline, by the engine that the registry decides with.
use std::io::Read as _;
use std::path::Path;

use wharf_policy::Kind;

use crate::cli::{PolicyKind, PolicyLint, PolicyTest};
use crate::{Failure, Outcome, say};

mod cases;
mod junit;
mod principal;
mod run;

/// Largest file that is read.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// `wharfinger policy test`: exits with 1 when a case fails, with 2 when the file is no such file.
pub(crate) fn test(args: &PolicyTest) -> Outcome {
    let suite = cases::Suite::read(&args.file).map_err(bad)?;
    let results = run::run(&suite).map_err(bad)?;
    say(&run::text(&results))?;
    if let Some(file) = &args.junit {
        let text = junit::text(&args.file.display().to_string(), &results);
        std::fs::write(file, text)
            .map_err(|error| bad(format!("cannot write {}: {error}", file.display())))?;
    }
    let failed = results.iter().filter(|it| it.failure.is_some()).count();
    if failed == 0 {
        return Ok(());
    }
    let all = results.len();
    Err(Failure::new(format!("{failed} of {all} cases failed")))
}

/// `wharfinger policy lint`: exits with 1 when something is found, with 2 when a file is no policy.
pub(crate) fn lint(args: &PolicyLint) -> Outcome {
    let mut lines = Vec::new();
    for file in &args.file {
        let name = file.display();
        let text = read(file).map_err(bad)?;
        let kind = args
            .kind
            .map_or_else(|| wharf_policy::guess(&text), kind_of);
        let findings = wharf_policy::lint(&text, kind)
            .map_err(|error| bad(format!("{name} is no policy: {error}")))?;
        lines.extend(findings.into_iter().map(|it| {
            let (line, column, rule) = (it.line, it.column, it.rule.as_str());
            let (path, message) = (it.path, it.message);
            format!("{name}:{line}:{column}: {rule}: {path}: {message}\n")
        }));
    }
    say(&lines.concat())?;
    match lines.len() {
        0 => Ok(()),
        1 => Err(Failure::new("1 finding")),
        count => Err(Failure::new(format!("{count} findings"))),
    }
}

fn kind_of(kind: PolicyKind) -> Kind {
    match kind {
        PolicyKind::Identity => Kind::Inline,
        PolicyKind::Trust => Kind::Trust,
        PolicyKind::Repository => Kind::Repository,
        PolicyKind::Registry => Kind::Registry,
        PolicyKind::Key => Kind::Key,
    }
}

/// A file that cannot be used.
fn bad(text: impl Into<String>) -> Failure {
    Failure::with_code(2, text)
}

/// Reads a text file of bounded size.
fn read(file: &Path) -> Result<String, String> {
    let name = file.display();
    let open = std::fs::File::open(file).map_err(|error| format!("cannot read {name}: {error}"))?;
    let mut text = String::new();
    open.take(MAX_FILE_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(|error| format!("cannot read {name}: {error}"))?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(format!(
            "cannot read {name}: it is longer than {MAX_FILE_BYTES} bytes"
        ));
    }
    Ok(text)
}
