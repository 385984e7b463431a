//! The table of requirements and the tests say the same.

use std::collections::{BTreeMap, BTreeSet};

use conformance::Listed;

const LEVELS: &[&str] = &[
    "MUST",
    "MUST NOT",
    "SHOULD",
    "SHOULD NOT",
    "MAY",
    "OPTIONAL",
    "states",
    "outside",
];
const REASON: &str = "not testable: ";

/// Where a table and a list of tests do not agree.
fn problems(table: &str, tests: &[Listed]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut shown: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for test in tests {
        for number in &test.shows {
            shown.entry(number).or_default().insert(&test.id);
        }
    }
    let mut numbers = BTreeSet::new();
    let rows = table.lines().filter(|line| line.starts_with("| "));
    for row in rows.filter(|row| !row.starts_with("| No.")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [number, level, text, last] = cells.as_slice() else {
            problems.push(format!("not four columns: {row}"));
            continue;
        };
        if !numbers.insert(*number) {
            problems.push(format!("{number} is there twice"));
        }
        if !LEVELS.contains(level) || text.is_empty() {
            problems.push(format!("{number} has no level or no text"));
        }
        let named: BTreeSet<&str> = if let Some(reason) = last.strip_prefix(REASON) {
            if reason.len() < 10 {
                problems.push(format!("{number} has no reason"));
            }
            BTreeSet::new()
        } else {
            let ids = last.split(", ").map(|id| id.trim_matches('`'));
            ids.filter(|id| !id.is_empty()).collect()
        };
        if named.is_empty() && !last.starts_with(REASON) {
            problems.push(format!("{number} has neither a test nor a reason"));
        }
        let shown = shown.get(number).cloned().unwrap_or_default();
        for id in named.difference(&shown) {
            problems.push(format!("{number} names {id}, which does not show it"));
        }
        for id in shown.difference(&named) {
            problems.push(format!("{number} does not name {id}, which shows it"));
        }
    }
    for (number, ids) in shown {
        if !numbers.contains(number) {
            problems.push(format!(
                "{ids:?} show {number:?}, which is not in the table"
            ));
        }
    }
    problems
}

#[test]
fn every_requirement_has_a_test_or_a_reason_and_every_test_a_requirement() {
    let table = include_str!("../requirements.md");
    let problems = problems(table, &conformance::catalogue());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn no_two_tests_have_the_same_name() {
    let tests = conformance::catalogue();
    let names: BTreeSet<&String> = tests.iter().map(|t| &t.id).collect();
    assert_eq!(names.len(), tests.len());
}

#[test]
fn a_table_with_a_hole_is_told_of() {
    let test = |id: &str, shows: &[&str]| Listed {
        id: id.to_owned(),
        shows: shows.iter().map(ToString::to_string).collect(),
    };
    let tests = [test("a.b", &["X-01"])];
    let row =
        |last: &str| format!("| No. | Level |\n|---|---|\n| X-01 | MUST | It is so. | {last} |\n");
    assert_eq!(problems(&row("`a.b`"), &tests), [""; 0]);
    let none: &[Listed] = &[];
    assert_eq!(
        problems(&row("not testable: for some reason"), none),
        [""; 0]
    );
    for (table, tests) in [
        (row(""), none),
        (row("not testable: "), none),
        (row("`a.b`"), none),
        (row("`a.c`"), &tests),
        (row("not testable: for some reason"), &tests),
        (row("`a.b`").replace("MUST", "PERHAPS"), &tests),
        (row("`a.b`").repeat(2), &tests),
        (String::new(), &tests),
        (row("`a.b`"), &[test("a.b", &["X-01"]), test("a.c", &[""])]),
    ] {
        assert_ne!(problems(&table, tests), [""; 0], "{table}");
    }
}
