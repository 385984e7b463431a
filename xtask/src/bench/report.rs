//! Results as Markdown.

use std::fmt::Write as _;
use std::path::Path;

use super::measure::{CLIENT_CPU, LATENCY, RATE, SERVER_CPU, WAITS};
use super::result::{Results, Series};
use super::rows::{ROWS, Row, Unit, memory, start};
use super::server::Kind;
use crate::page;

const BEGIN: &str = "<!-- table: begin (written by `cargo xtask bench --write`) -->";
const END: &str = "<!-- table: end -->";

/// The machine and a table for each row that was measured.
pub(super) fn render(results: &Results) -> String {
    let mut text = format!(
        "- commit `{}`, {:.0} s\n{}\n",
        results.commit,
        results.took_s,
        results.machine.describe()
    );
    for row in ROWS {
        let all: Vec<&Series> = results.of_row(row.id).collect();
        if all.is_empty() {
            continue;
        }
        text.push('\n');
        match row.unit {
            Unit::One | Unit::Gigabyte => costs(&mut text, results, row, &all),
            Unit::None => amounts(&mut text, row, &all),
        }
    }
    text
}

/// A row whose units cost CPU: at the clients it is judged by, then at other numbers of clients.
fn costs(text: &mut String, results: &Results, row: &Row, all: &[&Series]) {
    let clients = results.clients(row.id).unwrap_or_default();
    let plural = if clients == 1 { "client" } else { "clients" };
    let unit = match row.unit {
        Unit::Gigabyte => "a gigabyte",
        _ => "one",
    };
    // A registry is compared with what it should be as good as.
    let peers: Vec<Kind> = row
        .kinds
        .iter()
        .copied()
        .filter(|kind| matches!(kind, Kind::DockerRegistry | Kind::Nginx))
        .collect();
    let mut head = format!(
        "| {}, {clients} {plural} | server's CPU for {unit} |",
        row.title
    );
    for peer in &peers {
        // Writing to a String cannot fail.
        write!(head, " × {} |", peer.name()).unwrap_or_default();
    }
    head.push_str(" a second |");
    if peers.contains(&Kind::DockerRegistry) {
        head.push_str(" × docker-registry |");
    }
    head.push_str(" client's CPU |");
    let columns = head.matches('|').count().saturating_sub(2);
    let mut lines = vec![head, format!("|---|{}", "---:|".repeat(columns))];
    for series in all.iter().filter(|s| s.clients == clients) {
        lines.push(if series.figures.is_empty() {
            let note = series.note.as_deref().unwrap_or("–");
            format!("| {} | {note} |{}", series.server, " |".repeat(columns - 1))
        } else {
            cost(results, row, &peers, series)
        });
    }
    push_lines(text, &lines);
    for series in all.iter().filter(|s| s.clients == clients) {
        more(text, series);
    }
    curve(text, row, all);
}

fn cost(results: &Results, row: &Row, peers: &[Kind], series: &Series) -> String {
    let mut line = format!("| {} |", series.server);
    let cpu = series.median(SERVER_CPU);
    let rate = series.median(RATE);
    let ratio = |one: Option<f64>, other: Option<f64>| match (one, other) {
        (Some(one), Some(other)) if other > 0.0 => format!("{:.2}", one / other),
        _ => "–".to_owned(),
    };
    let mut cell = |text: String| write!(line, " {text} |").unwrap_or_default();
    cell(shown_cpu(row.unit, cpu));
    for peer in peers {
        cell(ratio(cpu, results.figure(row.id, *peer, SERVER_CPU)));
    }
    cell(shown_rate(row.unit, rate));
    if peers.contains(&Kind::DockerRegistry) {
        cell(ratio(
            rate,
            results.figure(row.id, Kind::DockerRegistry, RATE),
        ));
    }
    cell(shown_cpu(row.unit, series.median(CLIENT_CPU)));
    line
}

/// Figures that only some rows have.
fn more(text: &mut String, series: &Series) {
    let server = &series.server;
    if let Some(waits) = series.median(WAITS)
        && series.unit == Unit::One.name()
        && waits >= 0.01
    {
        let told = format!(
            "\n{server} waited for the disk {waits:.2} times for one (transactions that survive a loss of power).\n"
        );
        text.push_str(&told);
    }
    if let [Some(half), Some(most), Some(all)] = LATENCY.map(|name| series.median(name)) {
        let told = format!(
            "\n{server} answered half within {:.2} ms, 99 of 100 within {:.2} ms, the slowest after {:.2} ms.\n",
            half * 1e3,
            most * 1e3,
            all * 1e3
        );
        text.push_str(&told);
    }
}

/// The same at several numbers of clients, if that was measured.
fn curve(text: &mut String, row: &Row, all: &[&Series]) {
    let mut clients: Vec<usize> = all.iter().map(|s| s.clients).collect();
    clients.sort_unstable();
    clients.dedup();
    if clients.len() < 2 {
        return;
    }
    let mut head = "| Clients |".to_owned();
    for kind in row.kinds {
        let name = kind.name();
        write!(head, " {name}: CPU | a second |").unwrap_or_default();
    }
    let columns = row.kinds.len() * 2;
    let mut lines = vec![head, format!("|---:|{}", "---:|".repeat(columns))];
    for count in clients {
        let mut line = format!("| {count} |");
        for kind in row.kinds {
            let series = all
                .iter()
                .find(|s| s.clients == count && s.server == kind.name());
            let median = |figure| series.and_then(|s| s.median(figure));
            let cpu = shown_cpu(row.unit, median(SERVER_CPU));
            let rate = shown_rate(row.unit, median(RATE));
            write!(line, " {cpu} | {rate} |").unwrap_or_default();
        }
        lines.push(line);
    }
    text.push('\n');
    push_lines(text, &lines);
}

/// A row of times or of memory.
fn amounts(text: &mut String, row: &Row, all: &[&Series]) {
    let known: [(&str, &str, f64, &str); 8] = [
        (start::FIRST, "first start", 1e3, "ms"),
        (start::AGAIN, "second start", 1e3, "ms"),
        (start::IDLE, "held, idle", 1.0, "MiB"),
        (memory::PUSH, "peak of parallel pushes", 1.0, "MiB"),
        (memory::PULL, "peak of parallel pulls", 1.0, "MiB"),
        (
            memory::API_PUSH,
            "peak of parallel uploads through the API",
            1.0,
            "MiB",
        ),
        (
            memory::API_PULL,
            "peak of parallel downloads through the API",
            1.0,
            "MiB",
        ),
        (memory::CONNECTED, "held with idle connections", 1.0, "MiB"),
    ];
    let mut lines = vec![
        format!("| {} | | |", row.title),
        "|---|---|---:|".to_owned(),
    ];
    for series in all {
        for (name, shown, factor, unit) in known {
            if let Some(value) = series.median(name) {
                let shown = match series.median(memory::CONNECTIONS) {
                    Some(count) if name == memory::CONNECTED => {
                        format!("held with {count:.0} idle connections")
                    }
                    _ => shown.to_owned(),
                };
                let value = value * factor;
                lines.push(format!(
                    "| {} | {shown} | {value:.1} {unit} |",
                    series.server
                ));
            }
        }
    }
    push_lines(text, &lines);
    for note in all.iter().filter_map(|series| series.note.as_ref()) {
        writeln!(text, "\n{note}.").unwrap_or_default();
    }
}

fn push_lines(text: &mut String, lines: &[String]) {
    text.push_str(&lines.join("\n"));
    text.push('\n');
}

/// CPU for one unit.
fn shown_cpu(unit: Unit, seconds: Option<f64>) -> String {
    match (unit, seconds) {
        (_, None) => "–".to_owned(),
        (Unit::Gigabyte, Some(seconds)) => format!("{seconds:.3} s"),
        (_, Some(seconds)) if seconds < 1e-5 => format!("{:.1} µs", seconds * 1e6),
        (_, Some(seconds)) => format!("{:.0} µs", seconds * 1e6),
    }
}

/// Units a second.
fn shown_rate(unit: Unit, rate: Option<f64>) -> String {
    match (unit, rate) {
        (_, None) => "–".to_owned(),
        (Unit::Gigabyte, Some(rate)) => format!("{:.0} MB", rate * 1e3),
        (_, Some(rate)) => format!("{rate:.0}"),
    }
}

/// Puts the tables between their marks in docs/performance.md.
///
/// # Errors
/// When the file or its marks are not there.
pub(super) fn write(root: &Path, tables: &str) -> Result<(), String> {
    page::write(&root.join("docs/performance.md"), BEGIN, END, tables)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::measure::Point;
    use crate::bench::result::tests::results;
    use crate::bench::rows;

    #[test]
    fn a_row_stands_beside_its_peers_and_its_client() {
        let text = render(&results(&[
            ("large-push", Kind::Wharfinger, 4, SERVER_CPU, &[1.5]),
            ("large-push", Kind::Wharfinger, 4, RATE, &[0.6]),
            ("large-push", Kind::Wharfinger, 4, CLIENT_CPU, &[0.25]),
            ("large-push", Kind::DockerRegistry, 4, SERVER_CPU, &[3.0]),
            ("large-push", Kind::DockerRegistry, 4, RATE, &[0.3]),
        ]));
        for line in [
            "| Push of layers of 64 MiB, 4 clients | server's CPU for a gigabyte | × docker-registry | a second | × docker-registry | client's CPU |",
            "|---|---:|---:|---:|---:|---:|",
            "| wharfinger | 1.500 s | 0.50 | 600 MB | 2.00 | 0.250 s |",
            "| docker-registry | 3.000 s | 1.00 | 300 MB | 1.00 | – |",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        }
    }

    #[test]
    fn what_is_not_built_says_so() {
        let mut results = results(&[]);
        let row = rows::find("large-push-api").unwrap();
        results.add(row, Kind::Wharfinger, vec![Point::not_built(4)]);
        let text = render(&results);
        assert!(text.contains("| wharfinger | not built |"), "{text}");
    }

    #[test]
    fn several_numbers_of_clients_make_a_second_table() {
        let text = render(&results(&[
            ("small-push", Kind::Wharfinger, 16, RATE, &[500.0]),
            ("small-push", Kind::Wharfinger, 1, RATE, &[90.0]),
            ("small-push", Kind::Wharfinger, 16, WAITS, &[3.0]),
        ]));
        assert!(
            text.contains("| 1 | – | 90 | – | – |\n| 16 | – | 500 | – | – |"),
            "{text}"
        );
        assert!(
            text.contains("waited for the disk 3.00 times for one"),
            "{text}"
        );
    }
}
