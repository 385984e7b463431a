//! Refusals of IAM and STS: their models' codes and statuses, with the texts that the operations make.
use super::Error;

/// A refusal of a service of the query protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// `Code` in XML: `NoSuchEntity`.
    pub code: &'static str,
    /// HTTP status, 400 to 409.
    pub status: u16,
    pub message: String,
}

/// Makes one constructor for each code. Source: iam.md 6.2, sts.md 2.
macro_rules! codes {
    ($($function:ident => $code:literal $status:literal,)*) => {
        impl QueryError {
            $(
                #[doc = concat!("`", $code, "`, HTTP ", $status, ".")]
                pub fn $function(message: impl Into<String>) -> Error {
                    Error::Query(Self { code: $code, status: $status, message: message.into() })
                }
            )*
        }
    };
}

codes! {
    access_denied => "AccessDenied" 403,
    concurrent_modification => "ConcurrentModification" 409,
    delete_conflict => "DeleteConflict" 409,
    entity_already_exists => "EntityAlreadyExists" 409,
    expired_token => "ExpiredTokenException" 400,
    idp_communication_error => "IDPCommunicationError" 400,
    invalid_authorization_message => "InvalidAuthorizationMessageException" 400,
    invalid_identity_token => "InvalidIdentityToken" 400,
    invalid_input => "InvalidInput" 400,
    invalid_parameter_value => "InvalidParameterValue" 400,
    limit_exceeded => "LimitExceeded" 409,
    malformed_policy_document => "MalformedPolicyDocument" 400,
    no_such_entity => "NoSuchEntity" 404,
    not_supported_service => "NotSupportedService" 404,
    packed_policy_too_large => "PackedPolicyTooLarge" 400,
    policy_not_attachable => "PolicyNotAttachable" 400,
    unmodifiable_entity => "UnmodifiableEntity" 400,
    validation_error => "ValidationError" 400,
}
