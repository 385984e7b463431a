//! From measurements to a table.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::cpu;
use super::server::{Kind, Server};

const BEGIN: &str = "<!-- table: begin (written by `cargo xtask bench --write`) -->";
const END: &str = "<!-- table: end -->";

/// One measurement of one server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured {
    units: u64,
    cpu: Duration,
    wall: Duration,
}

impl Measured {
    /// Measures a server while `work` makes it do units of work, and says how many.
    pub(super) fn of(
        server: &Server,
        work: impl FnOnce() -> Result<u64, String>,
    ) -> Result<Self, String> {
        let cpu_before = cpu::of_tree(server.process())?;
        let begin = Instant::now();
        let units = work()?;
        let wall = begin.elapsed();
        let cpu = cpu::of_tree(server.process())?.saturating_sub(cpu_before);
        Ok(Self { units, cpu, wall })
    }

    pub(super) fn units(&self) -> u64 {
        self.units
    }

    /// Microseconds of CPU for one unit.
    fn cpu_micros(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / precise(self.units)
    }

    /// Units a second.
    fn rate(&self) -> f64 {
        precise(self.units) / self.wall.as_secs_f64()
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of one run are far below 2^52"
)]
fn precise(count: u64) -> f64 {
    count.max(1) as f64
}

/// Everything that was measured, by server.
#[derive(Debug, Default)]
pub(super) struct Table {
    push: BTreeMap<Kind, Vec<Measured>>,
    get: BTreeMap<Kind, Vec<Measured>>,
    /// Durable waits, and the images pushed meanwhile.
    waits: (u64, u64),
}

impl Table {
    pub(super) fn add_push(&mut self, kind: Kind, measured: Measured) {
        self.push.entry(kind).or_default().push(measured);
    }

    pub(super) fn add_get(&mut self, kind: Kind, measured: Measured) {
        self.get.entry(kind).or_default().push(measured);
    }

    pub(super) fn add_waits(&mut self, waits: u64, images: u64) {
        self.waits.0 += waits;
        self.waits.1 += images;
    }
}

/// The middle one of several figures.
fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A server's CPU for one unit in microseconds, and its rate.
fn figures(rows: &BTreeMap<Kind, Vec<Measured>>, kind: Kind) -> Option<(f64, f64)> {
    let all = rows.get(&kind)?;
    let cpu = median(all.iter().map(Measured::cpu_micros).collect());
    let rate = median(all.iter().map(Measured::rate).collect());
    Some((cpu, rate))
}

/// The machine and the table as Markdown.
pub(super) fn render(table: &Table, machine: &str) -> String {
    let mut text = format!("{machine}\n");
    section(
        &mut text,
        "Manifest GET by tag, 16 clients",
        &table.get,
        Kind::Nginx,
    );
    section(
        &mut text,
        "Push of an image of 10 KB (layer, config, manifest), 16 clients",
        &table.push,
        Kind::DockerRegistry,
    );
    let (waits, images) = table.waits;
    // Writing to a String cannot fail.
    write!(
        text,
        "\nwharfinger waited for the disk {:.2} times an image (transactions that survive a loss of power).\n",
        precise(waits) / precise(images)
    )
    .unwrap_or_default();
    text
}

/// One table; CPU is compared with that of `measure`, the rate with docker-registry's.
fn section(text: &mut String, title: &str, rows: &BTreeMap<Kind, Vec<Measured>>, measure: Kind) {
    let (cpu_of, rate_of) = (figures(rows, measure), figures(rows, Kind::DockerRegistry));
    let mut lines = vec![
        String::new(),
        format!(
            "| {title} | CPU of the server for one | × {} | a second | × docker-registry |",
            measure.name()
        ),
        "|---|---:|---:|---:|---:|".to_owned(),
    ];
    for kind in rows.keys() {
        let Some((cpu, rate)) = figures(rows, *kind) else {
            continue;
        };
        let against = |figure: f64, base: Option<f64>| match base {
            Some(base) if base > 0.0 => format!("{:.2}", figure / base),
            _ => "–".to_owned(),
        };
        lines.push(format!(
            "| {} | {cpu:.0} µs | {} | {rate:.0} | {} |",
            kind.name(),
            against(cpu, cpu_of.map(|f| f.0)),
            against(rate, rate_of.map(|f| f.1)),
        ));
    }
    text.push_str(&lines.join("\n"));
    text.push('\n');
}

/// What the figures should be, and whether they are.
pub(super) fn budgets(table: &Table) -> String {
    let ratio = |one: Option<f64>, other: Option<f64>| match (one, other) {
        (Some(one), Some(other)) => one / other,
        _ => f64::NAN,
    };
    let (get, push) = (&table.get, &table.push);
    let cpu = |kind| figures(get, kind).map(|f| f.0);
    let rate = |rows, kind| figures(rows, kind).map(|f| f.1);
    let get_cpu = ratio(cpu(Kind::Wharfinger), cpu(Kind::Nginx));
    let against = |rows| {
        ratio(
            rate(rows, Kind::Wharfinger),
            rate(rows, Kind::DockerRegistry),
        )
    };
    let (get_rate, push_rate) = (against(get), against(push));
    let waits = precise(table.waits.0) / precise(table.waits.1);
    let rows = [
        (
            "manifest GET, CPU for one",
            "at most 2.0 × nginx",
            get_cpu,
            get_cpu <= 2.0,
        ),
        (
            "manifest GET, rate",
            "at least 20 × docker-registry",
            get_rate,
            get_rate >= 20.0,
        ),
        (
            "push of 10 KB images, rate",
            "at least 8 × docker-registry",
            push_rate,
            push_rate >= 8.0,
        ),
        (
            "push of 10 KB images, waits for the disk",
            "3: one for each blob and one",
            waits,
            waits <= 3.0,
        ),
    ];
    let mut text = "\n| What | Budget | Measured | |\n|---|---|---:|---|\n".to_owned();
    for (what, budget, measured, met) in rows {
        let verdict = if met { "met" } else { "**not met**" };
        // Writing to a String cannot fail.
        writeln!(text, "| {what} | {budget} | {measured:.2} | {verdict} |").unwrap_or_default();
    }
    text
}

/// Puts the table between its marks in docs/performance.md.
///
/// # Errors
/// When the file or its marks are not there.
pub(super) fn write(root: &Path, table: &str) -> Result<(), String> {
    let path = root.join("docs/performance.md");
    let shown = path.display();
    let old = fs::read_to_string(&path).map_err(|e| format!("{shown}: {e}"))?;
    let (before, rest) = old
        .split_once(BEGIN)
        .ok_or_else(|| format!("{shown}: no line {BEGIN}"))?;
    let (_, after) = rest
        .split_once(END)
        .ok_or_else(|| format!("{shown}: no line {END}"))?;
    let new = format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", table.trim());
    fs::write(&path, new).map_err(|e| format!("{shown}: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_not_moved_by_one_bad_round() {
        assert!((median(vec![3.0, 900.0, 2.0]) - 3.0).abs() < f64::EPSILON);
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn a_budget_is_met_or_said_not_to_be() {
        let measured = |units, cpu| Measured {
            units,
            cpu: Duration::from_millis(cpu),
            wall: Duration::from_secs(1),
        };
        let mut table = Table::default();
        table.add_get(Kind::Nginx, measured(1_000, 20));
        table.add_get(Kind::Wharfinger, measured(1_000, 39));
        table.add_get(Kind::DockerRegistry, measured(51, 50));
        let text = budgets(&table);
        assert!(
            text.contains("| manifest GET, CPU for one | at most 2.0 × nginx | 1.95 | met |"),
            "{text}"
        );
        assert!(text.contains("| 19.61 | **not met** |"), "{text}");
        // What was not measured is not met.
        assert!(text.contains("| NaN | **not met** |"), "{text}");
    }

    #[test]
    fn a_measurement_is_told_for_one_unit() {
        let measured = Measured {
            units: 200,
            cpu: Duration::from_millis(10),
            wall: Duration::from_secs(2),
        };
        assert!((measured.cpu_micros() - 50.0).abs() < 1e-9);
        assert!((measured.rate() - 100.0).abs() < 1e-9);
    }
}
