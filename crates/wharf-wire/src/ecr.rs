//! Amazon ECR's requests, responses, bounds and exceptions, API version 2015-09-21.
//!
//! `shapes.rs` is generated; here is what it is written in.

/// The model's operations: names, the table of each request, the exceptions each may answer, the member with a blob.
macro_rules! operations {
    ($($name:ident: $request:ident by $table:ident, $response:ident [$($exception:ident)*] $(carries $blob:ident)?;)+) => {
        /// All operations of the model, by name.
        pub const OPERATIONS: &[&str] = &[$(stringify!($name)),+];

        /// The exceptions that the model lists for each operation.
        pub const OPERATION_EXCEPTIONS: &[(&str, &[&str])] =
            &[$((stringify!($name), &[$(stringify!($exception)),*])),+];

        $(
            impl crate::awsjson::Input for $request {
                fn shape() -> &'static crate::awsjson::Shape { &$table }

                $(fn blob(&mut self) -> Option<&mut bytes::Bytes> { Some(&mut self.$blob) })?
            }

            impl crate::awsjson::Output for $response {}
        )+

        /// What each operation makes of a body.
        #[cfg(test)]
        pub(crate) const DECODERS: &[crate::ecr::Decoder] =
            &[$((stringify!($name), |body| crate::awsjson::decode::<$request>(body).map(|_request| ()))),+];

        /// The table of each request.
        #[cfg(test)]
        pub(crate) static INPUTS: &[&crate::awsjson::Shape] = &[$(&$table),+];
    };
}

#[cfg(test)]
pub(crate) type Decoder = (
    &'static str,
    fn(&[u8]) -> Result<(), crate::awsjson::DecodeError>,
);

mod shapes;
#[cfg(test)]
mod tests;

use std::fmt;

pub use shapes::*;

/// What `X-Amz-Target` begins with; a dot and the operation's name follow.
pub const TARGET_PREFIX: &str = "AmazonEC2ContainerRegistry_V20150921";

/// Written by hand because the token holds a password.
impl fmt::Debug for AuthorizationData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationData")
            .field(
                "authorization_token",
                &self.authorization_token.as_ref().map(|_secret| "…"),
            )
            .field("expires_at", &self.expires_at)
            .field("proxy_endpoint", &self.proxy_endpoint)
            .finish()
    }
}
