//! What travels: shapes, protocols, signatures, OCI types. No I/O, no async, no clock.

pub mod awsjson;
pub mod ecr;
pub mod ids;
pub mod oci;
pub mod query;
pub mod sigv4;
