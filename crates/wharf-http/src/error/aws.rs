//! Errors of the AWS protocols: one situation, its code and status in JSON 1.1 and in the query protocol.
//!
//! Source: iam.md 1.9 (which statuses), ecr.md 1.3 and 1.4 (which codes and texts).
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use serde_json::{Map, Value};
use wharf_registry::Error;
use wharf_wire::sigv4::{Family, MISSING_TOKEN_JSON, MISSING_TOKEN_QUERY, SigError};

use crate::edge::{Answer, Payload};

/// The content type of AWS JSON 1.1.
pub(crate) const JSON_1_1: &str = "application/x-amz-json-1.1";

const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// An error, ready for either protocol.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AwsFault {
    /// Status and `__type` in JSON.
    json: Code,
    /// Status and `Code` in XML.
    query: Code,
    message: String,
    /// What the query protocol says instead, where the two differ.
    query_message: Option<&'static str>,
    /// Members that the exception's shape has beside the message.
    extra: Vec<(&'static str, Value)>,
}

const BAD: StatusCode = StatusCode::BAD_REQUEST;
const FORBIDDEN: StatusCode = StatusCode::FORBIDDEN;
const TIMEOUT: StatusCode = StatusCode::REQUEST_TIMEOUT;
const TOO_LARGE: StatusCode = StatusCode::PAYLOAD_TOO_LARGE;
const FAULT: StatusCode = StatusCode::INTERNAL_SERVER_ERROR;
const UNAVAILABLE: StatusCode = StatusCode::SERVICE_UNAVAILABLE;

/// An access key or token that is not known (any more).
const INVALID_TOKEN: (Code, Code) = (
    (BAD, "UnrecognizedClientException"),
    (FORBIDDEN, "InvalidClientTokenId"),
);

impl AwsFault {
    pub(crate) fn new(json: Code, query: Code, message: impl Into<String>) -> Self {
        Self {
            json,
            query,
            message: message.into(),
            query_message: None,
            extra: Vec::new(),
        }
    }

    fn with(mut self, member: &'static str, value: impl Into<Value>) -> Self {
        self.extra.push((member, value.into()));
        self
    }

    /// The code as JSON clients see it, for the log.
    pub(crate) fn json_code(&self) -> &'static str {
        self.json.1
    }

    /// The code as query clients see it, for the log.
    pub(crate) fn query_code(&self) -> &'static str {
        self.query.1
    }

    /// What the client is told, for the audit.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// `__type` and `message`, with the type in a header too: SDKs differ in where they look.
    pub(crate) fn json(self, content_type: &'static str) -> Answer {
        let (status, code) = self.json;
        let mut body = Map::new();
        body.insert("__type".to_owned(), code.into());
        body.insert("message".to_owned(), self.message.into());
        for (member, value) in self.extra {
            body.insert(member.to_owned(), value);
        }
        let body = Value::Object(body).to_string();
        let mut answer = Response::new(Payload::Whole(Bytes::from(body)));
        *answer.status_mut() = status;
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(ERROR_TYPE, HeaderValue::from_static(code));
        answer
    }

    /// The XML of the query protocol, in the namespace of a service.
    pub(crate) fn query(self, namespace: &str, request_id: &str) -> Answer {
        let (status, code) = self.query;
        let body = wharf_wire::query::render_error(
            namespace,
            status.as_u16(),
            code,
            self.query_message.unwrap_or(&self.message),
            request_id,
        );
        let mut answer = Response::new(Payload::Whole(Bytes::from(body)));
        *answer.status_mut() = status;
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/xml"));
        answer
    }
}

/// Maps a refusal or failure of the domain.
pub(crate) fn fault_of(error: &Error) -> AwsFault {
    let (json, query) = codes(error);
    let fault = AwsFault::new(json, query, error.message());
    match error {
        Error::Kms { code, .. } => fault.with("kmsError", code.as_str()),
        Error::UploadRange { received } => {
            fault.with("lastValidByteReceived", received.saturating_sub(1))
        }
        Error::InvalidLayerPart {
            id,
            name,
            registry,
            received,
            ..
        } => {
            let fault = fault
                .with("registryId", registry.as_str())
                .with("repositoryName", name.as_str())
                .with("uploadId", id.as_str());
            // Before the first byte there is no last one.
            match received.checked_sub(1) {
                Some(last) => fault.with("lastValidByteReceived", last),
                None => fault,
            }
        }
        _ => fault,
    }
}

type Code = (StatusCode, &'static str);

/// An exception of ECR's model: 400 under one name in both protocols.
const fn modelled(name: &'static str) -> (Code, Code) {
    ((BAD, name), (BAD, name))
}

/// Status and code in JSON and in the query protocol.
#[deny(clippy::wildcard_enum_match_arm)]
fn codes(error: &Error) -> (Code, Code) {
    match error {
        Error::RepositoryNotFound { .. } => modelled("RepositoryNotFoundException"),
        Error::RepositoryAlreadyExists { .. } => modelled("RepositoryAlreadyExistsException"),
        Error::RepositoryNotEmpty { .. } => modelled("RepositoryNotEmptyException"),
        Error::ImageNotFound { .. } => modelled("ImageNotFoundException"),
        Error::ImageAlreadyExists { .. } => modelled("ImageAlreadyExistsException"),
        Error::ImageTagAlreadyExists { .. } => modelled("ImageTagAlreadyExistsException"),
        Error::ImageDigestDoesNotMatch { .. } => modelled("ImageDigestDoesNotMatchException"),
        Error::LayersNotFound { .. } | Error::LayerNotFound { .. } => {
            modelled("LayersNotFoundException")
        }
        Error::LayerInaccessible { .. } => modelled("LayerInaccessibleException"),
        Error::ReferencedImagesNotFound { .. } => modelled("ReferencedImagesNotFoundException"),
        Error::InvalidTagParameter { .. } => modelled("InvalidTagParameterException"),
        Error::TooManyTags { .. } => modelled("TooManyTagsException"),
        Error::LimitExceeded { .. } => modelled("LimitExceededException"),
        Error::UploadNotFound { .. } => modelled("UploadNotFoundException"),
        Error::DigestMismatch { .. } => modelled("InvalidLayerException"),
        Error::UploadRange { .. } | Error::InvalidLayerPart { .. } => {
            modelled("InvalidLayerPartException")
        }
        Error::EmptyUpload { .. } => modelled("EmptyUploadException"),
        Error::LayerPartTooSmall { .. } => modelled("LayerPartTooSmallException"),
        Error::LayerAlreadyExists { .. } => modelled("LayerAlreadyExistsException"),
        Error::Kms { .. } => modelled("KmsException"),
        Error::ImageReferencedByManifestList { .. }
        | Error::LayerInUse { .. }
        | Error::InvalidParameter { .. }
        | Error::InvalidParameters { .. }
        | Error::InvalidManifest(_)
        | Error::InvalidTag { .. }
        | Error::DigestInvalid
        | Error::DigestUnsupported { .. }
        | Error::SizeInvalid { .. }
        | Error::RangeNotSatisfiable { .. } => modelled("InvalidParameterException"),
        Error::UnknownOperation { .. } => {
            ((BAD, "UnknownOperationException"), (BAD, "InvalidAction"))
        }
        Error::AccessDenied { .. } => ((BAD, "AccessDeniedException"), (FORBIDDEN, "AccessDenied")),
        Error::CredentialsGone => INVALID_TOKEN,
        Error::ExpiredToken => ((BAD, "ExpiredTokenException"), (FORBIDDEN, "ExpiredToken")),
        Error::Query(error) => {
            let status = StatusCode::from_u16(error.status).unwrap_or(BAD);
            ((status, error.code), (status, error.code))
        }
        Error::RepositoryPolicyNotFound { .. } => modelled("RepositoryPolicyNotFoundException"),
        Error::RegistryPolicyNotFound { .. } => modelled("RegistryPolicyNotFoundException"),
        Error::Serialization { .. } => ((BAD, "SerializationException"), (BAD, "ValidationError")),
        Error::BodyTooLarge { .. } => (
            (TOO_LARGE, "RequestEntityTooLargeException"),
            (TOO_LARGE, "RequestEntityTooLarge"),
        ),
        Error::BodyTimeout => (
            (TIMEOUT, "RequestTimeoutException"),
            (TIMEOUT, "RequestTimeout"),
        ),
        Error::BodyAborted => ((BAD, "RequestAbortedException"), (BAD, "RequestAborted")),
        Error::StorageLow | Error::StorageFull | Error::Unavailable { .. } => (
            (UNAVAILABLE, "ServiceUnavailableException"),
            (UNAVAILABLE, "ServiceUnavailable"),
        ),
        Error::Internal { .. } => ((FAULT, "ServerException"), (FAULT, "InternalFailure")),
    }
}

/// An access key or token that is not known (any more).
pub(crate) fn invalid_token() -> AwsFault {
    fault_of(&Error::CredentialsGone)
}

/// A form without `Action`.
pub(crate) fn missing_action() -> AwsFault {
    AwsFault::new(
        (BAD, "MissingAction"),
        (BAD, "MissingAction"),
        "The request is missing an action or a required parameter",
    )
}

/// An address that was refused too often: SDKs wait and try again.
pub(crate) fn throttled() -> AwsFault {
    AwsFault::new(
        (BAD, "ThrottlingException"),
        (BAD, "Throttling"),
        "Rate exceeded",
    )
}

/// An action that no service here has.
pub(crate) fn invalid_action(action: &str, version: Option<&str>) -> AwsFault {
    let action: String = action.chars().take(128).collect();
    let version: String = version.unwrap_or("").chars().take(32).collect();
    AwsFault::new(
        (BAD, "UnknownOperationException"),
        (BAD, "InvalidAction"),
        format!("Could not find operation {action} for version {version}"),
    )
}

/// A request that is not signed, or not rightly.
///
/// Source: iam.md 1.9.
pub(crate) fn fault_of_signature(error: &SigError) -> AwsFault {
    match error.family() {
        Family::MissingAuthenticationToken => AwsFault {
            query_message: Some(MISSING_TOKEN_QUERY),
            ..AwsFault::new(
                (BAD, "MissingAuthenticationTokenException"),
                (FORBIDDEN, "MissingAuthenticationToken"),
                MISSING_TOKEN_JSON,
            )
        },
        Family::IncompleteSignature => AwsFault::new(
            (BAD, "IncompleteSignatureException"),
            (BAD, "IncompleteSignature"),
            error.message(),
        ),
        Family::InvalidSignature => AwsFault::new(
            (BAD, "InvalidSignatureException"),
            (FORBIDDEN, "SignatureDoesNotMatch"),
            error.message(),
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
    fn json_errors_say_their_type_in_body_and_header() {
        let error = Error::RepositoryNotFound {
            name: "a".to_owned(),
            registry: "123456789012".to_owned(),
        };
        let answer = fault_of(&error).json(JSON_1_1);
        assert_eq!(answer.status(), 400);
        assert_eq!(
            answer.headers()["x-amzn-errortype"],
            "RepositoryNotFoundException"
        );
        assert_eq!(
            text(answer),
            r#"{"__type":"RepositoryNotFoundException","message":"The repository with name 'a' does not exist in the registry with id '123456789012'"}"#
        );
    }

    #[test]
    fn a_kms_refusal_carries_its_code() {
        let error = Error::Kms {
            code: "DisabledException".to_owned(),
            reason: "r".to_owned(),
        };
        assert_eq!(
            text(fault_of(&error).json(JSON_1_1)),
            r#"{"__type":"KmsException","kmsError":"DisabledException","message":"r"}"#
        );
    }

    #[test]
    fn an_unsigned_request_is_told_so_in_each_protocols_words() {
        let fault = fault_of_signature(&SigError::Missing);
        assert_eq!(
            (fault.json_code(), fault.query_code()),
            (
                "MissingAuthenticationTokenException",
                "MissingAuthenticationToken"
            )
        );
        assert!(text(fault.clone().json(JSON_1_1)).contains("Missing Authentication Token"));
        let answer = fault.query("urn:x", "ID");
        assert_eq!(answer.status(), 403);
        assert!(text(answer).contains("Request is missing Authentication Token"));
    }

    #[test]
    fn only_faults_of_ours_are_5xx() {
        let denied = Error::AccessDenied {
            reason: "r".to_owned(),
        };
        assert_eq!(fault_of(&denied).json(JSON_1_1).status(), 400);
        assert_eq!(fault_of(&denied).query("urn:x", "ID").status(), 403);
        assert_eq!(
            fault_of(&Error::internal("secret cause"))
                .json(JSON_1_1)
                .status(),
            500
        );
        assert!(
            !text(fault_of(&Error::internal("secret cause")).json(JSON_1_1)).contains("secret")
        );
    }
}
