//! What the figures should be, and whether they are.

use std::fmt::Write as _;

use super::measure::{LATENCY, RATE, SERVER_CPU, WAITS};
use super::result::Results;
use super::rows::{memory, start};
use super::server::Kind;

/// One budget.
struct Budget {
    what: &'static str,
    /// The budget in words.
    bound: String,
    /// What was measured; none: it was not.
    measured: Option<f64>,
    at_most: bool,
    limit: f64,
    unit: &'static str,
}

impl Budget {
    fn verdict(&self) -> &'static str {
        match self.measured {
            None => "not measured",
            Some(measured) if self.at_most && measured <= self.limit => "met",
            Some(measured) if !self.at_most && measured >= self.limit => "met",
            Some(_) => "**not met**",
        }
    }
}

/// The budgets as a table.
pub(super) fn table(results: &Results) -> String {
    let mut text = "| What | Budget | Measured | |\n|---|---|---:|---|\n".to_owned();
    for budget in budgets(results) {
        let measured = budget.measured.map_or_else(
            || "–".to_owned(),
            |measured| format!("{measured:.2}{}", budget.unit),
        );
        let (what, bound, verdict) = (budget.what, &budget.bound, budget.verdict());
        // Writing to a String cannot fail.
        writeln!(text, "| {what} | {bound} | {measured} | {verdict} |").unwrap_or_default();
    }
    text
}

fn budgets(results: &Results) -> Vec<Budget> {
    let mut all = ratios(results);
    all.extend(amounts(results));
    all
}

/// Budgets against something else that was measured in the same run.
fn ratios(results: &Results) -> Vec<Budget> {
    use Kind::{DockerRegistry, Nginx, Pipeline, Wharfinger};
    let figure = |row: &str, kind, name: &str| results.figure(row, kind, name);
    let ratio = |one: Option<f64>, other: Option<f64>| Some(one? / other.filter(|o| *o > 0.0)?);
    let against =
        |row: &str, kind, name: &str| ratio(figure(row, Wharfinger, name), figure(row, kind, name));
    let of_limit = |row: &str| {
        let limit = figure("limit", Pipeline, SERVER_CPU);
        ratio(figure(row, Wharfinger, SERVER_CPU), limit)
    };
    let at_most = |what, limit: f64, of: &str, measured| Budget {
        what,
        bound: format!("at most {limit} × {of}"),
        measured,
        at_most: true,
        limit,
        unit: " ×",
    };
    let at_least = |what, limit: f64, measured| Budget {
        what,
        bound: format!("at least {limit} × docker-registry"),
        measured,
        at_most: false,
        limit,
        unit: " ×",
    };
    let blob = if results.machine.has_vaes() { 1.0 } else { 1.6 };
    let get = "manifest-get";
    vec![
        at_most(
            "manifest GET, CPU for one",
            2.0,
            "nginx",
            against(get, Nginx, SERVER_CPU),
        ),
        at_least(
            "manifest GET, rate",
            20.0,
            against(get, DockerRegistry, RATE),
        ),
        at_most(
            "blob GET of 100 MB, CPU for a gigabyte",
            blob,
            "docker-registry",
            against("blob-get", DockerRegistry, SERVER_CPU),
        ),
        at_most(
            "push of layers of 64 MiB, CPU for a gigabyte",
            1.35,
            "hash, seal, write, fdatasync alone",
            of_limit("large-push"),
        ),
        at_least(
            "push of layers of 64 MiB, rate",
            1.5,
            against("large-push", DockerRegistry, RATE),
        ),
        at_least(
            "push of 10 KB images, rate",
            8.0,
            against("small-push", DockerRegistry, RATE),
        ),
    ]
}

/// Budgets that are amounts.
fn amounts(results: &Results) -> Vec<Budget> {
    let figure = |row: &str, name: &str| results.figure(row, Kind::Wharfinger, name);
    let [_, p99, _] = LATENCY;
    let most = |what, limit: f64, unit: &'static str, measured| Budget {
        what,
        bound: format!("at most {limit}{unit}"),
        measured,
        at_most: true,
        limit,
        unit,
    };
    let milliseconds = |seconds: Option<f64>| seconds.map(|s| s * 1e3);
    let peak = |what, name| most(what, 200.0, " MiB", figure("memory", name));
    let starts = [start::FIRST, start::AGAIN].map(|name| figure("start", name));
    let slowest = starts.into_iter().flatten().reduce(f64::max);
    vec![
        Budget {
            bound: "3: one for each blob and one".to_owned(),
            ..most(
                "push of 10 KB images, waits for the disk",
                3.0,
                "",
                figure("small-push", WAITS),
            )
        },
        most(
            "blob GET of 10 KB, 99 of 100 within",
            5.0,
            " ms",
            milliseconds(figure("small-blob-get", p99)),
        ),
        most(
            "exec to 200 on /readyz, empty",
            300.0,
            " ms",
            milliseconds(slowest),
        ),
        most(
            "policy decision, 10 policies of 10 statements",
            5.0,
            " µs",
            results
                .figure("policy", Kind::Evaluator, SERVER_CPU)
                .map(|s| s * 1e6),
        ),
        most("memory, idle", 20.0, " MiB", figure("start", start::IDLE)),
        peak("memory, parallel pushes", memory::PUSH),
        peak("memory, parallel pulls", memory::PULL),
        peak("memory, parallel uploads through the API", memory::API_PUSH),
        peak(
            "memory, parallel downloads through the API",
            memory::API_PULL,
        ),
        peak("memory, idle connections", memory::CONNECTED),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::result::tests::results;

    #[test]
    fn a_budget_is_met_or_said_not_to_be() {
        let table = table(&results(&[
            ("manifest-get", Kind::Nginx, 16, SERVER_CPU, &[20e-6]),
            ("manifest-get", Kind::Nginx, 16, RATE, &[60e3]),
            (
                "manifest-get",
                Kind::Wharfinger,
                16,
                SERVER_CPU,
                &[39e-6, 39e-6, 80e-6],
            ),
            ("manifest-get", Kind::Wharfinger, 16, RATE, &[19_610.0]),
            ("manifest-get", Kind::DockerRegistry, 16, RATE, &[1_000.0]),
            ("small-push", Kind::Wharfinger, 16, WAITS, &[3.0]),
            ("memory", Kind::Wharfinger, 64, memory::PULL, &[200.5]),
        ]));
        for row in [
            "| manifest GET, CPU for one | at most 2 × nginx | 1.95 × | met |",
            "| manifest GET, rate | at least 20 × docker-registry | 19.61 × | **not met** |",
            "| push of 10 KB images, waits for the disk | 3: one for each blob and one | 3.00 | met |",
            "| memory, parallel pulls | at most 200 MiB | 200.50 MiB | **not met** |",
            "| push of 10 KB images, rate | at least 8 × docker-registry | – | not measured |",
        ] {
            assert!(table.lines().any(|line| line == row), "{row}\n{table}");
        }
    }

    #[test]
    fn a_processor_without_vaes_has_a_wider_budget() {
        let mut results = results(&[]);
        assert!(table(&results).contains("at most 1.6 × docker-registry"));
        results.machine.flags.insert("vaes".to_owned(), true);
        assert!(table(&results).contains("at most 1 × docker-registry"));
    }
}
