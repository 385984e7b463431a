//! AWS STS, in the query protocol: the table of operations.

/// The operations that nobody signs.
pub const UNSIGNED: &[&str] = &["AssumeRoleWithWebIdentity"];

query_operations! {
    "sts";
    GetCallerIdentity => get_caller_identity,
}
