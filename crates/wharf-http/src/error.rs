//! How refusals and failures look on each wire: total maps, so that a new variant does not compile until both are decided.
pub(crate) mod aws;
pub(crate) mod oci;
pub(crate) mod s3;

/// Logs what the client is not told, once, where it is answered.
pub(crate) fn log_fault(error: &wharf_registry::Error, request_id: &str) {
    use wharf_registry::Error;
    match error {
        Error::Internal { cause } => tracing::error!(request_id, cause, "internal failure"),
        Error::Unavailable { cause } => tracing::error!(request_id, cause, "the store refused"),
        Error::StorageLow | Error::StorageFull => {
            tracing::error!(request_id, "too little disk is free");
        }
        _ => {}
    }
}
