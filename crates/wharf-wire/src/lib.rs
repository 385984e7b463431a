//! What travels: shapes, protocols, signatures, OCI types. No I/O, no async, no clock.

#[macro_use]
mod macros;

pub mod awsjson;
pub mod ecr;
pub mod iam;
pub mod ids;
pub mod layer_path;
pub mod oci;
pub mod query;
pub mod s3;
pub mod sigv4;
pub mod sts;
