//! Everything that can be wrong with a signature, with AWS's texts.

use std::fmt;

/// Text for an access key that is unknown, inactive or deleted, and for a token that is not that key's.
pub const INVALID_TOKEN: &str = "The security token included in the request is invalid.";
/// Text for a token that is expired.
pub const EXPIRED_TOKEN: &str = "The security token included in the request is expired";
/// Text for a request without authentication, in JSON protocols.
pub const MISSING_TOKEN_JSON: &str = "Missing Authentication Token";
/// Text for a request without authentication, in the query protocol.
pub const MISSING_TOKEN_QUERY: &str = "Request is missing Authentication Token";

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. \
    Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

/// Which error code a protocol has to answer with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// JSON: `MissingAuthenticationTokenException` 400; query: `MissingAuthenticationToken` 403.
    MissingAuthenticationToken,
    /// JSON: `IncompleteSignatureException` 400; query: `IncompleteSignature` 400.
    IncompleteSignature,
    /// JSON: `InvalidSignatureException` 400; query: `SignatureDoesNotMatch` 403.
    InvalidSignature,
}

/// Input that AWS's text repeats to the caller, and that must not reach a log: it may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Echo(pub(super) String);

impl fmt::Debug for Echo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Echo(…)")
    }
}

/// Why a request is not accepted as signed.
///
/// `Display` is for logs and repeats nothing that could be secret; [`SigError::message`] is for the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigError {
    /// Neither header nor query has authentication information.
    #[error("{MISSING_TOKEN_QUERY}")]
    Missing,
    /// Both have.
    #[error(
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string \
         parameter or the Authorization header should be specified"
    )]
    BothForms,
    /// Not [`ALGORITHM`](super::ALGORITHM).
    #[error("Unsupported AWS 'algorithm': '{algorithm}'.")]
    UnsupportedAlgorithm {
        /// The algorithm's name, cut short.
        algorithm: String,
    },
    /// A part of the `Authorization` header has no equal-sign.
    #[error(
        "Invalid key=value pair (missing equal-sign) in Authorization header \
         (hashed with SHA-256 and encoded with Base64): '{header_hash}'."
    )]
    MalformedPart {
        /// Base64 of the header's SHA-256.
        header_hash: String,
    },
    /// A part of the `Authorization` header is unknown or occurs twice.
    #[error(
        "Unknown or repeated parameter in Authorization header \
         (hashed with SHA-256 and encoded with Base64): '{header_hash}'."
    )]
    UnexpectedPart {
        /// Base64 of the header's SHA-256.
        header_hash: String,
    },
    /// Parts of the header form are not there.
    #[error(
        "{sentences} (Hashed with SHA-256 and encoded with Base64) Authorization={header_hash}"
    )]
    MissingParts {
        /// AWS's sentence for each.
        sentences: String,
        /// Base64 of the header's SHA-256.
        header_hash: String,
    },
    /// The credential is not five parts.
    #[error(
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term"
    )]
    Credential {
        /// What was there instead, cut short.
        value: Echo,
    },
    /// The host is not among the signed headers.
    #[error("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")]
    HostNotSigned,
    /// The signed headers are not lower-case names in ascending order, each once.
    #[error("'SignedHeaders' must be lower-case header names in ascending order, joined with ';'.")]
    SignedHeadersNotCanonical,
    /// `x-amz-*` headers are there that are not signed.
    #[error("There were headers present in the request which were not signed: {names}")]
    UnsignedHeaders {
        /// Their names, joined with a comma and a space, cut short.
        names: String,
    },
    /// A header or parameter that may occur once occurs twice.
    #[error("'{name}' must not occur more than once.")]
    Repeated {
        /// Its name.
        name: &'static str,
    },
    /// The date is not a date.
    #[error(
        "Date must be in ISO-8601 'basic format'. Got '{value}'. See http://en.wikipedia.org/wiki/ISO_8601"
    )]
    BadDate {
        /// What was there instead, cut short.
        value: String,
    },
    /// Not all parameters of the query form are there.
    #[error(
        "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, \
         X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
    )]
    QueryIncomplete,
    /// The credential of the query form is not five parts.
    #[error(
        "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting \
         \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\"."
    )]
    QueryCredential,
    /// More than a week.
    #[error(
        "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than \
         604800 seconds"
    )]
    ExpiresTooLong,
    /// Not a number from 1 on.
    #[error("X-Amz-Expires must be a positive number of seconds")]
    ExpiresMalformed,
    /// More headers, parameters or bytes than are looked at.
    #[error("The request's {part} exceeds the limit of {limit}.")]
    TooLarge {
        /// What is too large, with its unit.
        part: &'static str,
        /// How large it may be.
        limit: usize,
    },
    /// The credential is scoped to another date, Region, service or terminator.
    #[error("{sentences}")]
    Scope {
        /// AWS's sentence for each, in the order Region, service, terminator, date.
        sentences: String,
    },
    /// The request's time is too long ago.
    #[error("Signature expired: {time} is now earlier than {limit} ({now} - {width})")]
    Expired {
        /// The request's time.
        time: String,
        /// The earliest that would do.
        limit: String,
        /// The time of receipt.
        now: String,
        /// The difference of the two, with its unit.
        width: String,
    },
    /// The request's time is too far ahead.
    #[error("Signature not yet current: {time} is still later than {limit} ({now} + {width})")]
    NotYetCurrent {
        /// The request's time.
        time: String,
        /// The latest that would do.
        limit: String,
        /// The time of receipt.
        now: String,
        /// The difference of the two, with its unit.
        width: String,
    },
    /// Another signature was calculated.
    #[error("{MISMATCH}")]
    Mismatch,
    /// The signature is right and covers another body.
    #[error("{MISMATCH}")]
    PayloadMismatch,
    /// `x-amz-content-sha256` is neither a hash nor a marker that the service takes.
    #[error("The value of the x-amz-content-sha256 header is not supported by this service.")]
    UnsupportedPayload,
}

impl SigError {
    /// Which error code a protocol answers with.
    pub fn family(&self) -> Family {
        match self {
            Self::Missing => Family::MissingAuthenticationToken,
            Self::BothForms
            | Self::UnsupportedAlgorithm { .. }
            | Self::MalformedPart { .. }
            | Self::UnexpectedPart { .. }
            | Self::MissingParts { .. }
            | Self::Credential { .. }
            | Self::HostNotSigned
            | Self::SignedHeadersNotCanonical
            | Self::Repeated { .. }
            | Self::BadDate { .. }
            | Self::QueryIncomplete
            | Self::QueryCredential
            | Self::ExpiresTooLong
            | Self::ExpiresMalformed
            | Self::TooLarge { .. } => Family::IncompleteSignature,
            Self::UnsignedHeaders { .. }
            | Self::Scope { .. }
            | Self::Expired { .. }
            | Self::NotYetCurrent { .. }
            | Self::Mismatch
            | Self::PayloadMismatch
            | Self::UnsupportedPayload => Family::InvalidSignature,
        }
    }

    /// AWS's whole text, for the caller only: it may repeat input.
    ///
    /// For [`SigError::Missing`] it is the query protocol's; JSON protocols say [`MISSING_TOKEN_JSON`].
    pub fn message(&self) -> String {
        match self {
            Self::Credential { value } => format!("{self}, got '{}'", value.0),
            other => other.to_string(),
        }
    }
}

/// At most 128 characters of input, for texts that repeat it.
pub(super) fn excerpt(text: &str) -> String {
    text.chars().take(128).collect()
}
