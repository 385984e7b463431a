//! `cargo xtask tidy`: the rules of the source tree that no compiler knows, and the tables in `docs/`
//! that follow from the sources.

mod crates;
pub(crate) mod files;
mod operations;
mod source;
mod tables;

use crate::ci;

/// Checks every rule and table; `--write` writes the tables first.
///
/// # Errors
/// All that is wrong, one a line.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let write = match arguments {
        [] => false,
        [flag] if flag == "--write" => true,
        _ => return Err("usage: cargo xtask tidy [--write]".to_owned()),
    };
    let root = ci::root()?;
    let files = files::all(&root)?;
    let mut problems = crates::check(&root)?;
    problems.extend(source::check(&files));
    problems.extend(operations::check(&files));
    problems.extend(tables::check(&root, &files, write)?);
    if problems.is_empty() {
        return ci::say("tidy: nothing to complain about");
    }
    problems.sort();
    Err(format!("tidy:\n  {}", problems.join("\n  ")))
}
