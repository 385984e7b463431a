//! AWS STS's requests, answers and bounds, API version 2011-06-15: the operations that a registry's users need.
//!
//! `shapes.rs` is generated.

mod shapes;
#[cfg(test)]
mod tests;

pub use shapes::*;

use crate::query::Service;

/// The service. Its refusals repeat the value that was sent.
pub static SERVICE: Service = Service {
    namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
    version: "2011-06-15",
    echoes: true,
};
