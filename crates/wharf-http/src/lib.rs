//! How it is spoken: the edge, the AWS protocols, the registry protocol.
//!
//! [`edge`] knows time and size and nothing of meaning; [`App`] tells the protocols apart; [`outcome`] is what is
//! remembered of a request. Nothing here decides a permission or touches a row.
mod access_log;
mod app;
mod audit;
mod aws;
mod budget;
pub mod edge;
mod error;
mod layer_urls;
pub mod limits;
mod mask;
mod oci;
mod operator;
mod origin;
pub mod outcome;
mod refusals;
mod telemetry;

pub use access_log::{AccessLog, Flush, Format};
pub use app::App;
pub use audit::Audit;
pub use mask::MaskedTarget;
pub use metrics_exporter_prometheus::PrometheusHandle;
pub use operator::Operator;
pub use origin::{InvalidNetwork, InvalidPublicUrl, Network, PublicUrl, Site};
pub use telemetry::{RequestMetrics, install as install_metrics};
