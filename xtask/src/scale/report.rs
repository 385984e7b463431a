//! From figures to a table.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::Wanted;
use super::measure::Figures;
use crate::page;

const BEGIN: &str = "<!-- scale: begin (written by `cargo xtask scale --write`) -->";
const END: &str = "<!-- scale: end -->";

/// Rows with a budget, in milliseconds.
const BUDGETS: &[(&str, f64)] = &[
    ("start: exec to 200 on /readyz", 300.0),
    ("DescribeImages, a page of 1,000", 10.0),
    ("ListImages, a page of 1,000", 10.0),
    ("tags/list, a page of 1,000", 10.0),
];

/// The table as Markdown. `empty`: the start of a registry that holds nothing.
pub(super) fn render(
    wanted: &Wanted,
    empty: f64,
    small: &Figures,
    large: &Figures,
) -> Result<String, String> {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("unknown");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut text = String::new();
    let filled = large.fill_seconds.map_or_else(
        || "filled before".to_owned(),
        |seconds| format!("filled in {seconds:.0} s"),
    );
    let lines = [
        format!("- small: {}", wanted.small),
        format!(
            "- large: {}; {filled}, {} MiB of database",
            wanted.large,
            large.database_bytes >> 20
        ),
        format!("- {cores} cores; load of the machine at the end: {load}"),
        format!(
            "- `wharfinger stats` of everything: {:.1} s, small {:.1} s",
            large.stats_seconds, small.stats_seconds
        ),
        format!(
            "- memory in use after all of it: {:.0} MiB, small {:.0} MiB",
            large.memory_mib, small.memory_mib
        ),
        String::new(),
        "| One at a time | small | large | large / small | Budget | |".to_owned(),
        "|---|---:|---:|---:|---:|---|".to_owned(),
    ];
    let write = |text: &mut String, line: &str| writeln!(text, "{line}").map_err(|e| e.to_string());
    for line in lines {
        write(&mut text, &line)?;
    }
    let budget_of = |what: &str| {
        BUDGETS
            .iter()
            .find(|(name, _)| *name == what)
            .map(|(_, most)| *most)
    };
    for (what, figure) in &large.rows {
        let base = small.of(what);
        let verdict = match budget_of(what) {
            Some(most) if *figure <= most => format!("{most:.0} ms | met"),
            Some(most) => format!("{most:.0} ms | **not met**"),
            None => "| ".to_owned(),
        };
        let ratio = figure / base;
        write(
            &mut text,
            &format!("| {what} | {base:.2} ms | {figure:.2} ms | {ratio:.2} | {verdict} |"),
        )?;
    }
    let verdict = if empty <= 300.0 { "met" } else { "**not met**" };
    write(
        &mut text,
        &format!("| start of an empty registry | {empty:.2} ms | | | 300 ms | {verdict} |"),
    )?;
    Ok(text)
}

/// Puts the table between its marks in docs/performance.md.
///
/// # Errors
/// When the file or its marks are not there.
pub(super) fn write(root: &Path, table: &str) -> Result<(), String> {
    page::write(&root.join("docs/performance.md"), BEGIN, END, table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_its_ratio_and_whether_its_budget_is_met() {
        let wanted = Wanted::read(&["--smoke".to_owned()]).expect("arguments");
        let figures = |pages: f64, start: f64| {
            let mut figures = Figures::default();
            figures.add("ListImages, a page of 1,000", pages);
            figures.add("start: exec to 200 on /readyz", start);
            figures.add("manifest GET by tag", 0.5);
            figures
        };
        let (small, large) = (figures(2.0, 100.0), figures(3.0, 400.0));
        let text = render(&wanted, 40.0, &small, &large).expect("a table");
        for line in [
            "| ListImages, a page of 1,000 | 2.00 ms | 3.00 ms | 1.50 | 10 ms | met |",
            "| start: exec to 200 on /readyz | 100.00 ms | 400.00 ms | 4.00 | 300 ms | **not met** |",
            "| manifest GET by tag | 0.50 ms | 0.50 ms | 1.00 | |  |",
            "| start of an empty registry | 40.00 ms | | | 300 ms | met |",
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
    }
}
