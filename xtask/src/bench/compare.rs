//! Two files of results side by side.

use std::fmt::Write as _;
use std::path::Path;

use super::measure::{CLIENT_CPU, LATENCY, RATE, SERVER_CPU, UNITS, WALL, median};
use super::result::{Results, Series};
use super::rows::memory;

/// Medians of the same program, measured twice, differ by so much.
const NOISE: f64 = 0.08;
/// By so much when there were fewer than three rounds.
const NOISE_ALONE: f64 = 0.15;
/// Latencies, rates and times depend on what else the machine does.
const NOISE_OF_WALL: f64 = 0.15;

/// Prints ratios, and marks those that are beyond noise.
///
/// # Errors
/// Anything but two files of results; nothing that both have.
pub(super) fn run(arguments: &[String]) -> Result<(), String> {
    let [one, other] = arguments else {
        return Err("usage: cargo xtask bench compare A.json B.json".to_owned());
    };
    let one = Results::read(Path::new(one))?;
    let other = Results::read(Path::new(other))?;
    crate::ci::say(&compare(&one, &other)?)
}

fn compare(one: &Results, other: &Results) -> Result<String, String> {
    let mut text = format!("A: {}\nB: {}\n", described(one), described(other));
    let (a, b) = (&one.machine, &other.machine);
    if (&a.cpu, a.cores, &a.flags) != (&b.cpu, b.cores, &b.flags) {
        text.push_str("The machines differ: the ratios say little.\n");
    }
    text.push_str("\n| Row | Server | Clients | Figure | A | B | B / A | |\n");
    text.push_str("|---|---|---:|---|---:|---:|---:|---|\n");
    let mut lines = 0;
    for series in &one.series {
        let Some(same) = other.series.iter().find(|s| s.is_of(series)) else {
            continue;
        };
        for line in compare_series(series, same) {
            lines += 1;
            text.push_str(&line);
        }
    }
    if lines == 0 {
        return Err("nothing was measured in both".to_owned());
    }
    text.push_str(
        "\nMarked: medians that differ by more than the noise, and rounds that do not overlap.\n",
    );
    Ok(text)
}

fn described(results: &Results) -> String {
    let load = results.machine.load_before;
    let load = load.map_or_else(|| "unknown".to_owned(), |l| format!("{l:.1}"));
    format!(
        "{} on {} ({} cores), load {load}, arguments [{}]",
        results.commit,
        results.machine.cpu,
        results.machine.cores,
        results.arguments.join(" ")
    )
}

fn compare_series(one: &Series, other: &Series) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, a) in &one.figures {
        // How much was done says nothing of how well.
        if [UNITS, WALL, memory::CONNECTIONS].contains(&name.as_str()) {
            continue;
        }
        let Some(b) = other.figures.get(name) else {
            continue;
        };
        let (before, after) = (median(a), median(b));
        let ratio = match after / before {
            ratio if ratio.is_finite() => format!("{ratio:.2}"),
            _ => "–".to_owned(),
        };
        let mut line = String::new();
        // Writing to a String cannot fail.
        writeln!(
            line,
            "| {} | {} | {} | {name} | {} | {} | {} | {} |",
            one.row,
            one.server,
            one.clients,
            shown(before),
            shown(after),
            ratio,
            verdict(name, a, b)
        )
        .unwrap_or_default();
        lines.push(line);
    }
    lines
}

/// Three digits, whatever the size.
fn shown(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 1.0 || size == 0.0 => format!("{value:.2}"),
        size if size >= 1e-3 => format!("{:.2} m", value * 1e3),
        _ => format!("{:.1} µ", value * 1e6),
    }
}

/// Nothing, or in which direction a figure has moved.
fn verdict(name: &str, a: &[f64], b: &[f64]) -> &'static str {
    let of_cpu = [SERVER_CPU, CLIENT_CPU].contains(&name);
    let noise = match (a.len().min(b.len()), of_cpu) {
        (0..3, _) => NOISE_ALONE,
        (_, true) => NOISE,
        (_, false) => NOISE_OF_WALL,
    };
    let ratio = median(b) / median(a);
    let least = |all: &[f64]| all.iter().copied().fold(f64::INFINITY, f64::min);
    let most = |all: &[f64]| all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let apart = least(a) > most(b) || least(b) > most(a);
    // The slowest one of thousands is chance.
    if !apart || name == LATENCY[2] || !ratio.is_finite() {
        return "";
    }
    // As far down as up: half as much is as great a change as twice as much.
    if ratio.max(1.0 / ratio) <= 1.0 + noise {
        return "";
    }
    if (ratio > 1.0) == (name == RATE) {
        "better"
    } else {
        "**worse**"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::result::tests::results;
    use crate::bench::server::Kind;

    #[test]
    fn only_what_is_beyond_the_noise_is_marked_and_more_is_better_for_rates_alone() {
        let rounds = [1.0, 1.02, 0.98];
        let twice = [2.0, 2.1, 1.9];
        assert_eq!(verdict(SERVER_CPU, &rounds, &twice), "**worse**");
        assert_eq!(verdict(SERVER_CPU, &twice, &rounds), "better");
        assert_eq!(verdict(RATE, &rounds, &twice), "better");
        assert_eq!(verdict(RATE, &twice, &rounds), "**worse**");
        assert_eq!(verdict("idle_mib", &rounds, &twice), "**worse**");
        // Within the noise.
        assert_eq!(verdict(SERVER_CPU, &rounds, &[1.04, 1.05, 1.06]), "");
        // One round is like one of the other's.
        assert_eq!(verdict(SERVER_CPU, &rounds, &[1.0, 1.5, 1.6]), "");
        // One round alone must differ by more.
        assert_eq!(verdict(SERVER_CPU, &[1.0], &[1.12]), "");
        assert_eq!(verdict(SERVER_CPU, &[1.0], &[1.2]), "**worse**");
        assert_eq!(verdict(LATENCY[2], &rounds, &twice), "");
    }

    #[test]
    fn what_both_have_is_compared_and_nothing_is_an_error() {
        let one = results(&[
            ("limit", Kind::Pipeline, 4, SERVER_CPU, &[1.0, 1.0, 1.0]),
            ("small-push", Kind::Wharfinger, 16, RATE, &[500.0]),
        ]);
        let other = results(&[("limit", Kind::Pipeline, 4, SERVER_CPU, &[0.5, 0.5, 0.5])]);
        let text = compare(&one, &other).unwrap();
        let line = "| limit | pipeline | 4 | server_cpu_s | 1.00 | 500.00 m | 0.50 | better |";
        assert!(text.lines().any(|l| l == line), "{text}");
        assert!(!text.contains("small-push"), "{text}");
        assert!(!text.contains("machines differ"), "{text}");
        assert!(compare(&other, &results(&[])).is_err());
    }

    #[test]
    fn other_machines_are_told() {
        let one = results(&[("limit", Kind::Pipeline, 4, RATE, &[1.0])]);
        let mut other = one.clone();
        other.machine.cores = 64;
        let text = compare(&one, &other).unwrap();
        assert!(text.contains("The machines differ"), "{text}");
    }
}
