//! AWS Signature Version 4: reads what a request presents, checks it, and signs.
//!
//! [`parse()`] reads the `Authorization` header or the presigned query, [`Presented::check_scope`] and
//! [`Presented::check_time`] judge it without the secret, [`verify()`] with it. The order in which a server should
//! ask, so that an answer tells nothing it need not: parse, scope, time, look-up of the key, verify.
//!
//! Nothing here reads a clock or keeps state; every input is bounded before it is looked at.
//! Source: the AWS documentation of Signature Version 4; texts as observed from AWS services.

mod canonical;
mod error;
mod key;
mod parse;
mod sign;
#[cfg(test)]
mod tests;
mod time;
mod verify;

use std::fmt;

use zeroize::Zeroizing;

pub use error::{
    EXPIRED_TOKEN, Family, INVALID_TOKEN, MISSING_TOKEN_JSON, MISSING_TOKEN_QUERY, SigError,
};
pub use parse::parse;
pub use sign::{Signer, presign, sign};
pub(crate) use time::iso_date;
pub use time::{Micros, amz_date};
pub use verify::verify;

/// The only algorithm that is taken.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// How far a request's time may be off in either direction, in seconds.
pub const SKEW_SECONDS: i64 = 15 * 60;
/// Longest life of a presigned request, in seconds: a week.
pub const MAX_EXPIRES_SECONDS: u32 = 604_800;

/// Most headers of a request.
pub const MAX_HEADERS: usize = 128;
/// Most bytes of all headers' names and values together.
pub const MAX_HEADER_BYTES: usize = 64 * 1024;
/// Most bytes of a path.
pub const MAX_PATH_BYTES: usize = 8 * 1024;
/// Most bytes of a query.
pub const MAX_QUERY_BYTES: usize = 16 * 1024;
/// Most parameters of a query.
pub const MAX_PARAMETERS: usize = 512;

/// A request as it was received, of which nothing has been decoded.
#[derive(Debug, Clone, Copy)]
pub struct SignedRequest<'a> {
    /// The method as sent.
    pub method: &'a str,
    /// The path as sent, still percent-encoded, without query.
    pub path: &'a str,
    /// The query as sent, still percent-encoded, without `?`; empty if there is none.
    pub query: &'a str,
    /// All headers in the order received, names in lower case. HTTP/2's `:authority` stands here as `host`.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// SHA-256 of the body as received, 64 lower-case hex digits. `None` says that the body was not hashed,
    /// which only passes where a signature does not cover the body.
    pub body_sha256: Option<&'a str>,
}

impl<'a> SignedRequest<'a> {
    fn values(self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.headers
            .iter()
            .filter(move |(its, _)| *its == name)
            .map(|(_, value)| *value)
    }
}

/// Where the authentication information stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// In the `Authorization` header.
    Header,
    /// In the query.
    Query {
        /// How long after its time the request is valid, 1 to [`MAX_EXPIRES_SECONDS`].
        expires_seconds: u32,
    },
}

/// What a signature is good for: the four parts behind the access key id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// `YYYYMMDD`, unchecked until [`Presented::check_scope`].
    pub date: String,
    /// The Region's name, unchecked.
    pub region: String,
    /// The service's signing name, unchecked.
    pub service: String,
    /// `aws4_request`, unchecked until [`Presented::check_scope`].
    pub terminator: String,
}

/// A temporary credential's token. Not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct SecurityToken(Zeroizing<String>);

impl SecurityToken {
    /// The token's text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecurityToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecurityToken(…)")
    }
}

/// What a request says about who signed it. Nothing of it is proven before [`verify()`].
#[derive(Clone)]
pub struct Presented {
    /// Header or query.
    pub form: Form,
    /// Which access key; up to 128 bytes, no slash.
    pub access_key_id: String,
    /// What the signature is good for.
    pub scope: Scope,
    /// When the request says it was signed.
    pub time: Micros,
    /// The token of temporary credentials, if one came along.
    pub security_token: Option<SecurityToken>,
    /// `time` as it enters the string to sign.
    time_text: String,
    /// In ascending order, each once.
    signed_headers: Vec<String>,
    signature: String,
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The signature would let whoever reads a log send the request again.
        f.debug_struct("Presented")
            .field("form", &self.form)
            .field("access_key_id", &self.access_key_id)
            .field("scope", &self.scope)
            .field("time", &self.time_text)
            .field("security_token", &self.security_token)
            .finish_non_exhaustive()
    }
}
