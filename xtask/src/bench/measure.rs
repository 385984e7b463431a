//! One measurement: units of work done, and what they cost the server and the client.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::cpu;
use super::server::Server;

/// Figures by name; the names are those of the results' files.
pub(super) type Figures = BTreeMap<String, f64>;

/// Seconds of the server's CPU for one unit.
pub(super) const SERVER_CPU: &str = "server_cpu_s";
/// Seconds of the client's CPU for one unit.
pub(super) const CLIENT_CPU: &str = "client_cpu_s";
/// Units a second.
pub(super) const RATE: &str = "rate";
/// Units done.
pub(super) const UNITS: &str = "units";
/// Seconds that passed.
pub(super) const WALL: &str = "wall_s";
/// Waits for the disk, for one unit.
pub(super) const WAITS: &str = "waits";
/// Seconds within which half of the units were done, nearly all of them, and all of them.
pub(super) const LATENCY: [&str; 3] = ["latency_p50_s", "latency_p99_s", "latency_max_s"];

/// What was measured for one server with so many clients.
#[derive(Debug, Clone)]
pub(super) struct Point {
    pub(super) clients: usize,
    pub(super) figures: Figures,
    /// What a reader must know, or why there are no figures.
    pub(super) note: Option<String>,
}

impl Point {
    pub(super) fn new(clients: usize, figures: Figures) -> Self {
        Self {
            clients,
            figures,
            note: None,
        }
    }

    /// There is nothing to measure yet.
    pub(super) fn not_built(clients: usize) -> Self {
        Self {
            clients,
            figures: Figures::new(),
            note: Some("not built".to_owned()),
        }
    }
}

/// Measures a server while `work` makes it do units of work, and says how many.
///
/// # Errors
/// Those of the work; a server that has ended.
pub(super) fn of_server(
    server: &Server,
    work: impl FnOnce() -> Result<f64, String>,
) -> Result<Figures, String> {
    let waits_before = server.durable_waits()?;
    let server_before = cpu::of_tree(server.process())?;
    let client_before = cpu::of_self()?;
    let begin = Instant::now();
    let units = work()?;
    let wall = begin.elapsed();
    let server_cpu = cpu::of_tree(server.process())?.saturating_sub(server_before);
    let client_cpu = cpu::of_self()?.saturating_sub(client_before);
    let mut figures = figures(units, wall, server_cpu);
    figures.insert(CLIENT_CPU.to_owned(), client_cpu.as_secs_f64() / units);
    if let (Some(before), Some(after)) = (waits_before, server.durable_waits()?) {
        let waits = precise(after.saturating_sub(before));
        figures.insert(WAITS.to_owned(), waits / units);
    }
    Ok(figures)
}

/// Measures this process while `work` does units of work, and says how many.
///
/// # Errors
/// Those of the work.
pub(super) fn of_self(work: impl FnOnce() -> Result<f64, String>) -> Result<Figures, String> {
    let before = cpu::of_self()?;
    let begin = Instant::now();
    let units = work()?;
    let wall = begin.elapsed();
    Ok(figures(units, wall, cpu::of_self()?.saturating_sub(before)))
}

fn figures(units: f64, wall: Duration, cpu: Duration) -> Figures {
    [
        (UNITS, units),
        (WALL, wall.as_secs_f64()),
        (SERVER_CPU, cpu.as_secs_f64() / units),
        (RATE, units / wall.as_secs_f64()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// The latencies of single units as figures.
pub(super) fn latencies(mut all: Vec<Duration>) -> Figures {
    all.sort_unstable();
    let last = all.len().saturating_sub(1);
    let places = [last / 2, last * 99 / 100, last];
    LATENCY
        .into_iter()
        .zip(places)
        .filter_map(|(name, place)| Some((name.to_owned(), all.get(place)?.as_secs_f64())))
        .collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of one run are far below 2^52"
)]
pub(super) fn precise(count: u64) -> f64 {
    count as f64
}

/// The middle one of several figures.
pub(super) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_not_moved_by_one_bad_round() {
        assert!((median(&[3.0, 900.0, 2.0]) - 3.0).abs() < f64::EPSILON);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn a_measurement_is_told_for_one_unit() {
        let told = figures(200.0, Duration::from_secs(2), Duration::from_millis(10));
        assert!((told[SERVER_CPU] - 50e-6).abs() < 1e-12);
        assert!((told[RATE] - 100.0).abs() < 1e-9);
    }

    #[test]
    fn the_slowest_of_a_hundred_is_the_greatest_alone() {
        let all = (1..=101).rev().map(Duration::from_millis).collect();
        let told = latencies(all);
        let values = LATENCY.map(|name| (told[name] * 1e3).round());
        assert!(values.map(|v| v.to_string()) == ["51", "100", "101"].map(str::to_owned));
        assert!(latencies(Vec::new()).is_empty());
    }
}
