//! A page of `docs/` with a part that a task writes, between two marks; the prose around it is written by hand and stays.

use std::fs;
use std::path::Path;

/// Puts a text between the marks `begin` and `end`.
///
/// # Errors
/// When the file or its marks are not there.
pub(crate) fn write(path: &Path, begin: &str, end: &str, text: &str) -> Result<(), String> {
    let shown = path.display();
    let old = fs::read_to_string(path).map_err(|e| format!("{shown}: {e}"))?;
    let (before, rest) = old
        .split_once(begin)
        .ok_or_else(|| format!("{shown}: no line {begin}"))?;
    let (_, after) = rest
        .split_once(end)
        .ok_or_else(|| format!("{shown}: no line {end}"))?;
    let new = format!("{before}{begin}\n\n{}\n\n{end}{after}", text.trim());
    fs::write(path, new).map_err(|e| format!("{shown}: {e}"))
}
