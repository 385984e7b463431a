//! The operations, by service: one table each, one file an operation.
//!
//! To add one, write `ops/<service>/<operation>.rs` and add its line to the table in `ops/<service>.rs`.

/// Declares a service's operations of the JSON protocol: modules, dispatch by name, and the list `OPERATIONS`.
macro_rules! operations {
    ($($operation:ident => $module:ident,)*) => {
        $(mod $module;)*

        /// The operations that work, by name.
        pub const OPERATIONS: &[&str] = &[$(stringify!($operation)),*];

        /// Decodes the body, runs the operation, encodes its answer.
        ///
        /// # Errors
        /// `UnknownOperation` for a name that is not in the table, and those of the operation.
        pub async fn dispatch(ctx: &crate::Ctx, operation: &str, body: &[u8]) -> crate::Result<Vec<u8>> {
            match operation {
                $(stringify!($operation) => {
                    let request = wharf_wire::awsjson::decode(body)?;
                    let response = $module::$module(ctx, request).await?;
                    Ok(wharf_wire::awsjson::encode(&response))
                })*
                _ => Err(crate::Error::UnknownOperation { operation: operation.to_owned() }),
            }
        }
    };
}

pub mod ecr;
pub mod sts;
