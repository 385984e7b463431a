//! The tables of operations: one line, one file.

use std::collections::{BTreeMap, BTreeSet};

use super::files::File;

/// Where the tables are: `<service>.rs`, with the operations in `<service>/`.
const OPS: &str = "crates/wharf-registry/src/ops/";

/// Every line has its file. What several operations share is a plain `mod` line, and has a file too.
pub(super) fn check(files: &[File]) -> Vec<String> {
    let paths: BTreeSet<&str> = files.iter().map(|f| f.path.as_str()).collect();
    let mut problems = Vec::new();
    for (service, table) in tables(files) {
        for (operation, module) in lines(&table.text) {
            let path = format!("{OPS}{service}/{module}.rs");
            if !paths.contains(path.as_str()) {
                problems.push(format!("{}: {operation} has no file {path}", table.path));
            }
            if snake(&operation) != module {
                problems.push(format!(
                    "{}: {operation} is to be in {}.rs",
                    table.path,
                    snake(&operation)
                ));
            }
        }
    }
    problems
}

/// The operations of each service that work, by name.
pub(super) fn working(files: &[File]) -> BTreeMap<String, BTreeSet<String>> {
    let named = |table: &File| {
        lines(&table.text)
            .into_iter()
            .map(|(operation, _)| operation)
            .collect()
    };
    tables(files)
        .into_iter()
        .map(|(service, table)| (service, named(table)))
        .collect()
}

/// The table of each service.
fn tables(files: &[File]) -> Vec<(String, &File)> {
    let name = |file: &File| {
        let name = file.path.strip_prefix(OPS)?.strip_suffix(".rs")?;
        (!name.contains('/')).then(|| name.to_owned())
    };
    files
        .iter()
        .filter_map(|f| name(f).map(|n| (n, f)))
        .collect()
}

/// The lines `Name => module` of a table, in either spelling.
fn lines(text: &str) -> Vec<(String, String)> {
    let line = |line: &str| {
        let (operation, target) = line.trim().split_once(" => ")?;
        let operation = operation.trim_matches('"');
        let module: String = target
            .chars()
            .take_while(|c| c.is_ascii_lowercase() || *c == '_' || c.is_ascii_digit())
            .collect();
        let named = operation.starts_with(|c: char| c.is_ascii_uppercase())
            && operation.chars().all(|c| c.is_ascii_alphanumeric());
        (named && !module.is_empty()).then(|| (operation.to_owned(), module))
    };
    text.lines().filter_map(line).collect()
}

/// `PutImage` lies in `put_image`, `ListMFADevices` in `list_mfa_devices`.
fn snake(name: &str) -> String {
    let mut text = String::new();
    let mut letters = name.chars().peekable();
    let mut in_capitals = true;
    while let Some(letter) = letters.next() {
        let begins = !in_capitals || letters.peek().is_some_and(char::is_ascii_lowercase);
        if letter.is_ascii_uppercase() && begins && !text.is_empty() {
            text.push('_');
        }
        in_capitals = letter.is_ascii_uppercase();
        text.push(letter.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_capitals_is_one_word() {
        for (name, module) in [
            ("PutImage", "put_image"),
            ("ListMFADevices", "list_mfa_devices"),
            (
                "ListOpenIDConnectProviders",
                "list_open_id_connect_providers",
            ),
            (
                "AddClientIDToOpenIDConnectProvider",
                "add_client_id_to_open_id_connect_provider",
            ),
        ] {
            assert_eq!(snake(name), module);
        }
    }

    #[test]
    fn a_line_without_file_is_found_in_both_spellings() {
        let json = File {
            path: format!("{OPS}ecr.rs"),
            text: "    PutImage => put_image,\n".to_owned(),
        };
        let query = File {
            path: format!("{OPS}sts.rs"),
            text: "  \"GetX\" => get_x::get_x(c).await,\n  _ => e,\n".to_owned(),
        };
        assert_eq!(check(&[json, query]).len(), 2);
    }
}
