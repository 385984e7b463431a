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
        pub async fn dispatch(ctx: &crate::Ctx, operation: &str, body: bytes::Bytes) -> crate::Result<Vec<u8>> {
            match operation {
                $(stringify!($operation) => {
                    let request = crate::ops::decode(body).await?;
                    let response = $module::$module(ctx, request).await?;
                    Ok(wharf_wire::awsjson::encode(&response))
                })*
                _ => Err(crate::Error::UnknownOperation { operation: operation.to_owned() }),
            }
        }
    };
}

/// The same for a service of the query protocol.
macro_rules! query_operations {
    ($service:literal; $($operation:ident => $module:ident,)*) => {
        $(mod $module;)*

        /// What policies call an operation.
        pub fn action_of(operation: &str) -> Option<&'static str> {
            match operation {
                $(stringify!($operation) => Some(concat!($service, ":", stringify!($operation))),)*
                _ => None,
            }
        }

        /// The operations that work, by name.
        pub const OPERATIONS: &[&str] = &[$(stringify!($operation)),*];

        /// Reads the parameters, runs the operation, and has its answer ready to be written.
        ///
        /// # Errors
        /// `UnknownOperation` for a name that is not in the table, and those of the operation.
        pub async fn dispatch(
            ctx: &crate::Ctx,
            action: &str,
            params: &wharf_wire::query::Params,
        ) -> crate::Result<wharf_wire::query::Answer> {
            match action {
                $(stringify!($operation) => {
                    // Boxed: the future of every request would be as large as the largest of them.
                    let run = |request| Box::pin($module::$module(ctx, request));
                    crate::ops::run_query(params, run).await
                })*
                _ => Err(crate::Error::UnknownOperation { operation: action.to_owned() }),
            }
        }
    };
}

pub mod ecr;
pub mod iam;
pub mod sts;

use bytes::Bytes;
use wharf_wire::awsjson::{self, Input};
use wharf_wire::query::{self, Answer, Params};

use crate::{Error, Result};

/// Bodies larger than this are decoded away from the threads that serve everybody.
const DECODED_INLINE: usize = 1 << 20;

/// Reads the parameters of a query, runs the operation, and keeps its answer until it is known how it is written.
async fn run_query<T, F>(params: &Params, run: impl FnOnce(T) -> F) -> Result<Answer>
where
    T: query::Input,
    F: Future<Output = Result<T::Output>>,
{
    let answer = run(query::decode::<T>(params)?).await?;
    Ok(Answer::to::<T>(answer))
}

/// Decodes a body, which is given away: a layer part takes the place of its text.
async fn decode<T: Input + Send + 'static>(body: Bytes) -> Result<T> {
    if body.len() <= DECODED_INLINE {
        return Ok(awsjson::decode_owned(body)?);
    }
    let decoded = tokio::task::spawn_blocking(move || awsjson::decode_owned(body));
    Ok(decoded.await.map_err(Error::internal)??)
}
