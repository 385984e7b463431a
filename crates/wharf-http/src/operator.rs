//! The operator's listener: metrics and health, apart from everything that users may store.
use std::time::Duration;

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode, request};
use metrics_exporter_prometheus::PrometheusHandle;
use wharf_registry::Service;

use crate::app::{health, render_fault, text};
use crate::edge::{Answer, Fault, Handler, Request};

/// How long an answer here may take.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Everything that answers on the operator's listener.
pub struct Operator {
    service: Service,
    metrics: PrometheusHandle,
}

impl std::fmt::Debug for Operator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operator").finish_non_exhaustive()
    }
}

impl Operator {
    /// Serves the metrics of this process.
    pub fn new(service: Service, metrics: PrometheusHandle) -> Self {
        Self { service, metrics }
    }

    fn metrics(&self) -> Answer {
        let commits = self.service.commits();
        metrics::counter!("wharf_hard_commits_total").absolute(commits.hard_commits);
        metrics::counter!("wharf_hard_closures_total").absolute(commits.hard_closures);
        metrics::counter!("wharf_soft_closures_total").absolute(commits.soft_closures);
        let mut answer = text(StatusCode::OK, self.metrics.render());
        let exposition = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
        answer.headers_mut().insert(CONTENT_TYPE, exposition);
        answer
    }
}

impl Handler for Operator {
    fn time_limit(&self, _parts: &request::Parts) -> Duration {
        TIME_LIMIT
    }

    async fn handle(&self, request: Request) -> Answer {
        match (request.parts.uri.path(), &request.parts.method) {
            ("/healthz" | "/readyz", _) => health(&self.service, &request).await,
            ("/metrics", &Method::GET | &Method::HEAD) => {
                request.exchange.note_action("metrics");
                self.metrics()
            }
            ("/metrics", _) => text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n"),
            _ => text(
                StatusCode::NOT_FOUND,
                "here are /metrics, /healthz and /readyz\n",
            ),
        }
    }

    fn fault(&self, path: &str, request_id: &str, fault: Fault) -> Answer {
        render_fault(path, request_id, fault)
    }
}
