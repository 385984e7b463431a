//! Errors of the registry protocol: status, code, ECR's text.
use std::fmt::Write;

use bytes::Bytes;
use http::header::{
    ALLOW, CONTENT_RANGE, CONTENT_TYPE, HeaderName, HeaderValue, RANGE, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use http::{Response, StatusCode};
use serde::Serialize;
use wharf_registry::{Compat, Error, deviations};
use wharf_wire::oci::{ErrorCode, ManifestError};

use crate::edge::{Answer, Payload};

/// An answer other than success, not yet rendered.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: ErrorCode,
    message: String,
    headers: Vec<(HeaderName, String)>,
}

#[derive(Serialize)]
struct Body<'a> {
    errors: [Entry<'a>; 1],
}

#[derive(Serialize)]
struct Entry<'a> {
    code: &'a str,
    message: &'a str,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            headers: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// 401 with the challenge that makes clients send what `docker login` stored.
    ///
    /// Source: ecr.md 6.1.
    pub(crate) fn unauthorized(realm: &str) -> Self {
        let challenge = format!("Basic realm=\"{realm}/\",service=\"ecr.amazonaws.com\"");
        Self::new(
            StatusCode::UNAUTHORIZED,
            ErrorCode::Unauthorized,
            "Not Authorized",
        )
        .with(WWW_AUTHENTICATE, challenge)
    }

    /// 405 that names what is allowed.
    pub(crate) fn method(allowed: &'static str, message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            ErrorCode::Unsupported,
            message,
        )
        .with(ALLOW, allowed)
    }

    /// The code, for the log.
    pub(crate) fn code(&self) -> ErrorCode {
        self.code
    }

    /// What the client is told, for the audit.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Renders the answer. A DENIED ends with the request id (deviation `denied-request-id`).
    pub(crate) fn render(mut self, request_id: &str, compat: Compat) -> Answer {
        if self.code == ErrorCode::Denied && deviations::DENIED_REQUEST_ID.applies(compat) {
            // Writing to a String cannot fail.
            write!(self.message, " (request id {request_id})").unwrap_or_default();
        }
        let body = Body {
            errors: [Entry {
                code: self.code.as_str(),
                message: &self.message,
            }],
        };
        // Strings only: it cannot fail.
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut answer = Response::new(Payload::Whole(Bytes::from(body)));
        *answer.status_mut() = self.status;
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        answer
    }
}

/// Maps a refusal or failure of the domain; `realm` is the registry's URL for a challenge.
///
/// Deviation `oci-status`: OCI's own status and code, ECR's text.
pub(crate) fn refusal(error: &Error, realm: &str, compat: Compat) -> Refusal {
    let invalid = matches!(
        error,
        Error::InvalidParameter { .. } | Error::InvalidTag { .. } | Error::InvalidManifest(_)
    );
    if invalid && !deviations::OCI_STATUS.applies(compat) {
        let message = match error {
            Error::InvalidManifest(_) if !deviations::MANIFEST_REASON.applies(compat) => {
                ManifestError::InvalidJson.into()
            }
            other => other.clone(),
        };
        return Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            ErrorCode::Unsupported,
            message.message(),
        );
    }
    match error {
        Error::CredentialsGone | Error::ExpiredToken => Refusal::unauthorized(realm),
        Error::UploadRange { received } => {
            let (status, code) = kind(error);
            Refusal::new(status, code, error.message()).with(RANGE, received_range(*received))
        }
        Error::RangeNotSatisfiable { size } => {
            let (status, code) = kind(error);
            Refusal::new(status, code, error.message())
                .with(CONTENT_RANGE, format!("bytes */{size}"))
        }
        // ECR's own words on this wire, shorter than the API's.
        Error::ImageNotFound { .. } => {
            let (status, code) = kind(error);
            Refusal::new(status, code, "Requested image not found")
        }
        Error::Unavailable { .. } => {
            let (status, code) = kind(error);
            Refusal::new(status, code, error.message()).with(RETRY_AFTER, "1")
        }
        other => {
            let (status, code) = kind(other);
            Refusal::new(status, code, other.message())
        }
    }
}

/// `Range` of an upload: the bytes received so far, inclusive; `0-0` when there are none.
pub(crate) fn received_range(received: u64) -> String {
    format!("0-{}", received.saturating_sub(1))
}

#[deny(clippy::wildcard_enum_match_arm)]
fn kind(error: &Error) -> (StatusCode, ErrorCode) {
    match error {
        Error::RepositoryNotFound { .. } => (StatusCode::NOT_FOUND, ErrorCode::NameUnknown),
        Error::ImageNotFound { .. } => (StatusCode::NOT_FOUND, ErrorCode::ManifestUnknown),
        Error::LayerNotFound { .. } | Error::LayerInaccessible { .. } => {
            (StatusCode::NOT_FOUND, ErrorCode::BlobUnknown)
        }
        Error::LayersNotFound { .. } | Error::ReferencedImagesNotFound { .. } => {
            (StatusCode::NOT_FOUND, ErrorCode::ManifestBlobUnknown)
        }
        Error::UploadNotFound { .. } => (StatusCode::NOT_FOUND, ErrorCode::BlobUploadUnknown),
        Error::ImageTagAlreadyExists { .. }
        | Error::ImageAlreadyExists { .. }
        | Error::InvalidTag { .. } => (StatusCode::BAD_REQUEST, ErrorCode::TagInvalid),
        Error::ImageDigestDoesNotMatch { .. }
        | Error::DigestMismatch { .. }
        | Error::DigestInvalid
        | Error::DigestUnsupported { .. } => (StatusCode::BAD_REQUEST, ErrorCode::DigestInvalid),
        Error::InvalidManifest(_) => (StatusCode::BAD_REQUEST, ErrorCode::ManifestInvalid),
        Error::InvalidParameter { member, .. } => (StatusCode::BAD_REQUEST, of_member(member)),
        Error::SizeInvalid { .. } | Error::EmptyUpload { .. } | Error::LayerPartTooSmall { .. } => {
            (StatusCode::BAD_REQUEST, ErrorCode::SizeInvalid)
        }
        Error::BodyTooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::SizeInvalid),
        Error::BodyTimeout => (StatusCode::REQUEST_TIMEOUT, ErrorCode::BlobUploadInvalid),
        Error::BodyAborted => (StatusCode::BAD_REQUEST, ErrorCode::BlobUploadInvalid),
        Error::UploadRange { .. }
        | Error::InvalidLayerPart { .. }
        | Error::RangeNotSatisfiable { .. } => {
            (StatusCode::RANGE_NOT_SATISFIABLE, ErrorCode::RangeInvalid)
        }
        Error::AccessDenied { .. } | Error::Kms { .. } => {
            (StatusCode::FORBIDDEN, ErrorCode::Denied)
        }
        Error::CredentialsGone | Error::ExpiredToken => {
            (StatusCode::UNAUTHORIZED, ErrorCode::Unauthorized)
        }
        Error::RepositoryPolicyNotFound { .. } | Error::RegistryPolicyNotFound { .. } => {
            (StatusCode::NOT_FOUND, ErrorCode::Unsupported)
        }
        Error::ImageReferencedByManifestList { .. }
        | Error::LayerInUse { .. }
        | Error::LayerAlreadyExists { .. } => (StatusCode::CONFLICT, ErrorCode::Unsupported),
        Error::Query(_)
        | Error::RepositoryAlreadyExists { .. }
        | Error::RepositoryNotEmpty { .. }
        | Error::InvalidParameters { .. }
        | Error::InvalidTagParameter { .. }
        | Error::TooManyTags { .. }
        | Error::LimitExceeded { .. }
        | Error::UnknownOperation { .. }
        | Error::Serialization { .. } => (StatusCode::BAD_REQUEST, ErrorCode::Unsupported),
        Error::StorageLow | Error::StorageFull => {
            (StatusCode::INSUFFICIENT_STORAGE, ErrorCode::Unknown)
        }
        Error::Unavailable { .. } => (StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Unknown),
        Error::Internal { .. } => (StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Unknown),
    }
}

/// OCI's code for a parameter that does not satisfy its constraint.
fn of_member(member: &str) -> ErrorCode {
    match member {
        "repositoryName" => ErrorCode::NameInvalid,
        "imageTag" => ErrorCode::TagInvalid,
        "imageDigest" | "layerDigest" => ErrorCode::DigestInvalid,
        "ImageManifest" | "imageManifest" | "imageManifestMediaType" => ErrorCode::ManifestInvalid,
        _ => ErrorCode::Unsupported,
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
    fn a_denial_names_its_request_and_nothing_else_does() {
        let denied = Error::AccessDenied {
            reason: "User: x".to_owned(),
        };
        let answer =
            refusal(&denied, "http://r", Compat::Extended).render("ID-1", Compat::Extended);
        assert_eq!(answer.status(), 403);
        assert_eq!(
            text(answer),
            r#"{"errors":[{"code":"DENIED","message":"User: x (request id ID-1)"}]}"#
        );
        let missing = Error::ImageNotFound {
            digest: None,
            tag: Some("v1".to_owned()),
            name: "a".to_owned(),
            registry: "123456789012".to_owned(),
        };
        let answer =
            refusal(&missing, "http://r", Compat::Extended).render("ID-1", Compat::Extended);
        assert_eq!(answer.status(), 404);
        assert_eq!(
            text(answer),
            r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"Requested image not found"}]}"#
        );
    }

    #[test]
    fn a_key_that_is_gone_is_challenged_again() {
        let answer = refusal(
            &Error::CredentialsGone,
            "http://127.0.0.1:4640",
            Compat::Extended,
        )
        .render("ID", Compat::Extended);
        assert_eq!(answer.status(), 401);
        assert_eq!(
            answer.headers()["www-authenticate"],
            "Basic realm=\"http://127.0.0.1:4640/\",service=\"ecr.amazonaws.com\""
        );
    }

    #[test]
    fn a_chunk_out_of_order_is_told_where_the_upload_stands() {
        let answer = refusal(
            &Error::UploadRange { received: 512 },
            "http://r",
            Compat::Extended,
        )
        .render("ID", Compat::Extended);
        assert_eq!(answer.status(), 416);
        assert_eq!(answer.headers()["range"], "0-511");
    }
}
