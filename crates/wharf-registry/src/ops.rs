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

pub mod ecr;
pub mod sts;

use bytes::Bytes;
use wharf_wire::awsjson::{self, Input};

use crate::{Error, Result};

/// Bodies larger than this are decoded away from the threads that serve everybody.
const DECODED_INLINE: usize = 1 << 20;

/// Decodes a body, which is given away: a layer part takes the place of its text.
async fn decode<T: Input + Send + 'static>(body: Bytes) -> Result<T> {
    if body.len() <= DECODED_INLINE {
        return Ok(awsjson::decode_owned(body)?);
    }
    let decoded = tokio::task::spawn_blocking(move || awsjson::decode_owned(body));
    Ok(decoded.await.map_err(Error::internal)??)
}
