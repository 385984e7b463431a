//! AWS IAM's requests, answers and bounds, API version 2010-05-08: the operations that a registry's users need.
//!
//! `shapes.rs` is generated.

mod shapes;
#[cfg(test)]
mod tests;

pub use shapes::*;

use crate::query::Service;

/// The service. Its refusals do not repeat the value that was sent.
pub static SERVICE: Service = Service {
    namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
    version: "2010-05-08",
    echoes: false,
};
