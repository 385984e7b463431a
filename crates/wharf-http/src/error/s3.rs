//! Errors of downloads by a layer's URL: those of the object store that its holder takes this server for.
//!
//! Source: Amazon S3 API reference, "Error responses"; ecr.md 4.4.
use bytes::Bytes;
use http::header::{
    ALLOW, CONTENT_RANGE, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{Response, StatusCode};
use jiff::Timestamp;
use wharf_registry::layers::url::Refused;
use wharf_registry::{Error, Micros};
use wharf_wire::sigv4::SigError;

use crate::edge::{Answer, Payload};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-request-id");

/// An error, not yet rendered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct S3Fault {
    status: StatusCode,
    code: &'static str,
    message: String,
    details: Vec<(&'static str, String)>,
    headers: Vec<(HeaderName, String)>,
}

impl S3Fault {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            details: Vec::new(),
            headers: Vec::new(),
        }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.push((name, value.into()));
        self
    }

    fn with_header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The code, for the log.
    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    /// What the client is told, for the audit.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn render(self, request_id: &str) -> Answer {
        let body =
            wharf_wire::s3::render_error(self.code, &self.message, &self.details, request_id);
        let mut answer = Response::new(Payload::Whole(Bytes::from(body)));
        *answer.status_mut() = self.status;
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        let id = (REQUEST_ID, request_id.to_owned());
        for (name, value) in self.headers.into_iter().chain([id]) {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        answer
    }
}

/// What is not served by URL.
pub(crate) fn no_such_key(path: &str) -> S3Fault {
    let key: String = path.trim_start_matches('/').chars().take(1_024).collect();
    S3Fault::new(
        StatusCode::NOT_FOUND,
        "NoSuchKey",
        "The specified key does not exist.",
    )
    .with("Key", key)
}

/// A method other than GET and HEAD.
pub(crate) fn method_not_allowed(method: &str) -> S3Fault {
    S3Fault::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "MethodNotAllowed",
        "The specified method is not allowed against this resource.",
    )
    .with("Method", method.chars().take(32).collect::<String>())
    .with_header(ALLOW, "GET, HEAD")
}

/// An access key that is not there any more.
pub(crate) fn invalid_access_key() -> S3Fault {
    S3Fault::new(
        StatusCode::FORBIDDEN,
        "InvalidAccessKeyId",
        "The AWS Access Key Id you provided does not exist in our records.",
    )
}

/// A deadline that passed, or a store that refused.
pub(crate) fn unavailable() -> S3Fault {
    S3Fault::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "ServiceUnavailable",
        "Service is unable to handle request.",
    )
    .with_header(RETRY_AFTER, "1")
}

/// A URL that is not taken. `now`: domain time.
pub(crate) fn refused(refused: &Refused, path: &str, now: Micros) -> S3Fault {
    let denied = |message| S3Fault::new(StatusCode::FORBIDDEN, "AccessDenied", message);
    match refused {
        Refused::Path => no_such_key(path),
        Refused::Signature(SigError::Missing) => denied("Access Denied"),
        Refused::Signature(SigError::Mismatch) => S3Fault::new(
            StatusCode::FORBIDDEN,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
        ),
        Refused::Signature(error) => S3Fault::new(
            StatusCode::BAD_REQUEST,
            "AuthorizationQueryParametersError",
            error.message(),
        ),
        Refused::Token => S3Fault::new(
            StatusCode::BAD_REQUEST,
            "InvalidToken",
            "The provided token is malformed or otherwise invalid.",
        ),
        Refused::Time {
            expired: true,
            at,
            expires_seconds,
        } => denied("Request has expired")
            .with("X-Amz-Expires", expires_seconds.to_string())
            .with(
                "Expires",
                time(at + i64::from(*expires_seconds) * 1_000_000),
            )
            .with("ServerTime", time(now)),
        Refused::Time { .. } => denied("Request is not valid yet").with("ServerTime", time(now)),
        Refused::Failed(error) => fault_of(error, path),
    }
}

/// Whole seconds of UTC.
fn time(at: Micros) -> String {
    let second = Timestamp::from_second(at.div_euclid(1_000_000));
    second.map(|second| second.to_string()).unwrap_or_default()
}

/// What the domain says of a layer. What reading one cannot fail with is a fault of ours.
pub(crate) fn fault_of(error: &Error, path: &str) -> S3Fault {
    match error {
        // One and the same for whoever holds a URL: what it named is gone.
        Error::RepositoryNotFound { .. } | Error::LayerNotFound { .. } => no_such_key(path),
        Error::AccessDenied { .. } => {
            S3Fault::new(StatusCode::FORBIDDEN, "AccessDenied", "Access Denied")
        }
        Error::CredentialsGone | Error::ExpiredToken => invalid_access_key(),
        Error::RangeNotSatisfiable { size } => S3Fault::new(
            StatusCode::RANGE_NOT_SATISFIABLE,
            "InvalidRange",
            "The requested range is not satisfiable",
        )
        .with("ActualObjectSize", size.to_string())
        .with_header(CONTENT_RANGE, format!("bytes */{size}")),
        Error::Unavailable { .. } | Error::StorageLow | Error::StorageFull => unavailable(),
        _ => S3Fault::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalError",
            "We encountered an internal error. Please try again.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(answer: Answer) -> String {
        match answer.into_body() {
            Payload::Whole(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_expired_url_is_told_its_times() {
        let expired = Refused::Time {
            expired: true,
            at: 1_768_478_400_000_000,
            expires_seconds: 3_600,
        };
        let answer = refused(&expired, "/layers/x", 1_768_482_001_500_000).render("ID");
        assert_eq!(answer.status(), 403);
        assert_eq!(answer.headers()["x-amz-request-id"], "ID");
        assert_eq!(
            text(answer),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code><Message>Request has expired</Message>\
             <X-Amz-Expires>3600</X-Amz-Expires><Expires>2026-01-15T13:00:00Z</Expires>\
             <ServerTime>2026-01-15T13:00:01Z</ServerTime><RequestId>ID</RequestId></Error>"
        );
    }

    #[test]
    fn a_repository_and_a_layer_that_are_gone_look_the_same_and_causes_stay_here() {
        let repository = Error::RepositoryNotFound {
            name: "team/app".to_owned(),
            registry: "123456789012".to_owned(),
        };
        let layer = Error::LayerNotFound {
            digest: "sha256:ab".to_owned(),
            name: "team/app".to_owned(),
            registry: "123456789012".to_owned(),
        };
        assert_eq!(
            fault_of(&repository, "/layers/x"),
            fault_of(&layer, "/layers/x")
        );
        let internal = fault_of(&Error::internal("a cause"), "/layers/x");
        assert_eq!(internal.status, 500);
        assert!(!text(internal.render("ID")).contains("a cause"));
    }
}
