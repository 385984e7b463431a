//! Metrics of requests, and how an operator reads all metrics.
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use crate::outcome::{Outcome, Sink};

/// Upper bounds of the duration buckets, in seconds.
const DURATION_BUCKETS: &[f64] = &[
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    10.0, 60.0, 600.0,
];

/// Counts requests, bytes and time by action and class of status.
#[derive(Debug, Clone, Copy)]
pub struct RequestMetrics;

impl Sink for RequestMetrics {
    fn record(&self, outcome: &Outcome) {
        let action = outcome.action.unwrap_or("none");
        let status = class(outcome.status);
        metrics::counter!("wharf_requests_total", "action" => action, "status" => status)
            .increment(1);
        metrics::histogram!("wharf_request_seconds", "action" => action)
            .record(outcome.duration.as_secs_f64());
        metrics::counter!("wharf_request_bytes_total", "direction" => "in")
            .increment(outcome.bytes_in);
        metrics::counter!("wharf_request_bytes_total", "direction" => "out")
            .increment(outcome.bytes_out);
    }
}

/// Few values, so that few series: `2xx`, or the status itself where each has its own meaning.
fn class(status: u16) -> &'static str {
    match status {
        200..=299 => "2xx",
        300..=399 => "3xx",
        401 => "401",
        403 => "403",
        404 => "404",
        429 => "429",
        499 => "499",
        400..=498 => "4xx",
        503 => "503",
        _ => "5xx",
    }
}

/// Makes this process's metrics readable through the returned handle; once per process.
///
/// # Errors
/// If another recorder was installed.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), DURATION_BUCKETS)?
        .install_recorder()
}
