//! AWS STS, in the query protocol: the table of operations.

/// The operations that nobody signs.
pub const UNSIGNED: &[&str] = &["AssumeRoleWithWebIdentity"];

mod convert;
mod passed;

query_operations! {
    "sts";
    AssumeRole => assume_role,
    AssumeRoleWithWebIdentity => assume_role_with_web_identity,
    DecodeAuthorizationMessage => decode_authorization_message,
    GetAccessKeyInfo => get_access_key_info,
    GetCallerIdentity => get_caller_identity,
    GetFederationToken => get_federation_token,
    GetSessionToken => get_session_token,
}

#[cfg(test)]
mod tests;
