//! AWS STS, in the query protocol: the table of operations.
mod get_caller_identity;

use wharf_wire::query::{Answer, Params};

use crate::{Ctx, Error, Result};

/// The version of the API that clients name.
pub const VERSION: &str = "2011-06-15";

/// The operations that work, by name.
pub const OPERATIONS: &[&str] = &["GetCallerIdentity"];

/// Runs an action of the query protocol.
///
/// # Errors
/// `UnknownOperation` for a name that is not in the table, and those of the operation.
pub async fn dispatch(ctx: &Ctx, action: &str, params: &Params) -> Result<Answer> {
    match action {
        "GetCallerIdentity" => get_caller_identity::get_caller_identity(ctx, params).await,
        _ => Err(Error::UnknownOperation {
            operation: action.to_owned(),
        }),
    }
}
