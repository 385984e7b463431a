//! What lies in a data directory: rows, read by a program that is not ours, and files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::tools::Checked as _;

/// Prints the rows of a query as JSON, bytes as hex.
const QUERY: &str = r#"
import json, pathlib, sqlite3, sys
place = pathlib.Path(sys.argv[1]).as_uri() + "?mode=ro"
rows = sqlite3.connect(place, uri=True, timeout=30).execute(sys.argv[2])
print(json.dumps([[v.hex() if isinstance(v, bytes) else v for v in row] for row in rows]))
"#;

/// The rows of a query; bytes are hex digits.
pub(crate) fn query(data_dir: &Path, sql: &str) -> Vec<Vec<Value>> {
    let said = Command::new("python3")
        .args(["-c", QUERY])
        .arg(data_dir.join("metadata.db"))
        .arg(sql)
        .checked();
    serde_json::from_str(&said).expect("rows")
}

/// The first column of a query, as text.
pub(crate) fn column(data_dir: &Path, sql: &str) -> Vec<String> {
    let text = |row: &Vec<Value>| row[0].as_str().expect("text").to_owned();
    query(data_dir, sql).iter().map(text).collect()
}

/// Every file below `objects/`, by its name.
pub(crate) fn object_files(data_dir: &Path) -> BTreeMap<String, PathBuf> {
    let entries = |path: &Path| std::fs::read_dir(path).expect("a directory");
    let mut files = BTreeMap::new();
    for group in entries(&data_dir.join("objects")) {
        let group = group.expect("an entry").path();
        if group.is_file() {
            let name = group.file_name().expect("a name").to_string_lossy();
            files.insert(name.into_owned(), group);
            continue;
        }
        for file in entries(&group) {
            let file = file.expect("an entry");
            files.insert(file.file_name().to_string_lossy().into_owned(), file.path());
        }
    }
    files
}

/// Demands that the database is whole, and that the files are those of its live objects and no others.
#[track_caller]
pub(crate) fn expect_files_equal_live_objects(data_dir: &Path) {
    assert_eq!(column(data_dir, "PRAGMA integrity_check"), ["ok"]);
    let dangling = query(data_dir, "PRAGMA foreign_key_check");
    assert!(dangling.is_empty(), "{dangling:?}");
    let others = query(
        data_dir,
        "SELECT name, state, at, upload FROM objects WHERE state <> 'live'",
    );
    assert!(others.is_empty(), "not live: {others:?}");
    let live = column(data_dir, "SELECT name FROM objects WHERE state = 'live'");
    let live: BTreeSet<String> = live.into_iter().collect();
    let files: BTreeSet<String> = object_files(data_dir).into_keys().collect();
    let lost: Vec<&String> = live.difference(&files).collect();
    let stray: Vec<&String> = files.difference(&live).collect();
    assert!(
        lost.is_empty() && stray.is_empty(),
        "live without a file: {lost:?}; files without a live object: {stray:?}"
    );
}
