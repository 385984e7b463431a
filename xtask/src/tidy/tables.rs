//! The tables in `docs/` that follow from the sources.
//!
//! A table stands between two marks; the prose around it is written by hand and stays.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::files::File;
use super::operations;

const BEGIN: &str = "<!-- table: begin (written by `cargo xtask tidy --write`) -->";
const END: &str = "<!-- table: end -->";

/// The services with a generated list of operations: what they are called, and what others of them are answered.
const SERVICES: [(&str, &str, &str); 3] = [
    ("ecr", "ECR", "400 `UnknownOperationException`"),
    ("iam", "IAM", "400 `InvalidAction`"),
    ("sts", "STS", "400 `InvalidAction`"),
];

/// Compares the tables with the files, or writes them.
pub(super) fn check(root: &Path, files: &[File], write: bool) -> Result<Vec<String>, String> {
    let tables = [
        (
            "docs/support.md",
            "# Operations that work\n\nWhat is not in the table is answered as a service without that operation would.\n",
            support(files)?,
        ),
        (
            "docs/negatives.md",
            "# What is refused\n\nEach row is a test; the number is that of the fault seen elsewhere that it keeps away.\n",
            negatives(files),
        ),
    ];
    let mut problems = Vec::new();
    for (path, head, table) in tables {
        let old = files
            .iter()
            .find(|f| f.path == path)
            .map(|f| f.text.clone());
        let new = replaced(old.as_deref().unwrap_or_default(), head, &table);
        if old.as_deref() == Some(&new) {
            continue;
        }
        if write {
            fs::create_dir_all(root.join("docs")).map_err(|e| format!("docs: {e}"))?;
            fs::write(root.join(path), new).map_err(|e| format!("{path}: {e}"))?;
        } else {
            problems.push(format!(
                "{path}: its table is old; `cargo xtask tidy --write` writes it"
            ));
        }
    }
    Ok(problems)
}

/// The text with the table between the marks; a text without marks gets them at its end.
fn replaced(old: &str, head: &str, table: &str) -> String {
    let (before, after) = match (old.split_once(BEGIN), old.split_once(END)) {
        (Some((before, _)), Some((_, after))) => (before.to_owned(), after.to_owned()),
        _ if old.is_empty() => (format!("{head}\n"), "\n".to_owned()),
        _ => (format!("{}\n\n", old.trim_end()), "\n".to_owned()),
    };
    format!("{before}{BEGIN}\n\n{table}\n{END}{after}")
}

/// Every operation of the services spoken, and whether it works.
fn support(files: &[File]) -> Result<String, String> {
    let working = operations::working(files);
    let mut rows = vec![
        "| Service | Operation | |".to_owned(),
        "|---|---|---|".to_owned(),
    ];
    let mut sums = Vec::new();
    for (service, shown, refused) in SERVICES {
        let all = all_operations(files, service)?;
        let works = |operation: &str| {
            let working = working.get(service);
            working.is_some_and(|it| it.contains(operation))
        };
        let done = all.iter().filter(|it| works(it)).count();
        sums.push(format!("{done} of {} of {shown}", all.len()));
        for operation in &all {
            let state = if works(operation) { "works" } else { refused };
            rows.push(format!("| {shown} | {operation} | {state} |"));
        }
    }
    let sums = sums.join(", ");
    rows.push(format!(
        "\nOf these operations {sums} work. IAM and STS have more, which are answered as those that do not.\n"
    ));
    Ok(rows.join("\n"))
}

/// The names in `OPERATIONS` of the generated shapes.
fn all_operations(files: &[File], service: &str) -> Result<Vec<String>, String> {
    let path = format!("crates/wharf-wire/src/{service}/shapes.rs");
    let sources = files.iter().filter(|f| f.path == path);
    let names: Vec<String> = sources
        .flat_map(|f| f.text.lines())
        .filter_map(|line| {
            let (name, rest) = line.trim().split_once(": ")?;
            rest.starts_with(&format!("{name}Request by "))
                .then(|| name.to_owned())
        })
        .collect();
    if names.is_empty() {
        return Err(format!("no list of operations in {path}"));
    }
    Ok(names)
}

/// The tests named `n<number>_…` (a fault) and `p<number>_…` (a lesson of operation), by number.
fn negatives(files: &[File]) -> String {
    let mut rows: BTreeMap<(char, u32, String), &str> = BTreeMap::new();
    for file in files.iter().filter(|f| f.is_rust()) {
        for name in file.text.lines().filter_map(test_name) {
            if let Some((letter, number)) = number_of(name) {
                rows.insert((letter, number, name.to_owned()), &file.path);
            }
        }
    }
    let mut lines = vec![
        "| Number | What is refused or kept | Test |".to_owned(),
        "|---|---|---|".to_owned(),
    ];
    let shown: BTreeSet<(char, u32)> = rows.keys().map(|(l, n, _)| (*l, *n)).collect();
    for ((letter, number, name), path) in rows {
        let claim = name
            .split_once('_')
            .map_or("", |(_, claim)| claim)
            .replace('_', " ");
        let letter = letter.to_ascii_uppercase();
        lines.push(format!(
            "| {letter}{number} | {claim} | `{name}` in {path} |"
        ));
    }
    lines.push(String::new());
    lines.push(open_numbers(&shown));
    lines.join("\n") + "\n"
}

/// The last number of each list of faults: `n` of security, `p` of operation.
const LISTS: [(char, u32); 2] = [('n', 61), ('p', 58)];

/// The numbers that no test shows yet.
fn open_numbers(shown: &BTreeSet<(char, u32)>) -> String {
    let open: Vec<String> = LISTS
        .iter()
        .flat_map(|(letter, last)| (1..=*last).map(|number| (*letter, number)))
        .filter(|number| !shown.contains(number))
        .map(|(letter, number)| format!("{}{number}", letter.to_ascii_uppercase()))
        .collect();
    format!(
        "Open, because what they are about is not built or not yet tested: {}.",
        open.join(", ")
    )
}

/// The name of a function without arguments, which every test is.
fn test_name(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = line.strip_prefix("async ").unwrap_or(line);
    line.strip_prefix("fn ")?
        .split_once("()")
        .map(|(name, _)| name)
}

/// `n35_traversal_…` is N35.
fn number_of(name: &str) -> Option<(char, u32)> {
    let letter = name.chars().next().filter(|c| matches!(c, 'n' | 'p'))?;
    let (number, claim) = name.strip_prefix(letter)?.split_once('_')?;
    number
        .parse()
        .ok()
        .filter(|_| !claim.is_empty())
        .map(|number| (letter, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prose_around_a_table_stays() {
        let first = replaced("", "# Head\n", "one\n");
        let edited = first.replace("# Head\n", "# Head\n\nProse.\n") + "More.\n";
        let second = replaced(&edited, "# Head\n", "two\n");
        assert_eq!(second, edited.replace("one", "two"));
    }

    #[test]
    fn a_numbered_test_becomes_a_row() {
        let text =
            "    #[test]\n    fn n35_encoded_dots_read_nothing() {\n    fn not_numbered() {\n"
                .to_owned();
        let table = negatives(&[File {
            path: "crates/a/tests/t.rs".to_owned(),
            text,
        }]);
        assert!(table.contains("| N35 | encoded dots read nothing | `n35_encoded_dots_read_nothing` in crates/a/tests/t.rs |"));
        assert_eq!(
            table.lines().filter(|line| line.starts_with('|')).count(),
            3
        );
        assert!(table.contains("N34, N36"), "{table}");
    }
}
