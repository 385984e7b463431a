use super::*;

#[test]
fn seven_operations_exist_and_their_errors_are_those_of_the_model() {
    assert_eq!(
        OPERATIONS,
        [
            "AssumeRole",
            "AssumeRoleWithWebIdentity",
            "DecodeAuthorizationMessage",
            "GetAccessKeyInfo",
            "GetCallerIdentity",
            "GetFederationToken",
            "GetSessionToken",
        ]
    );
    for (operation, exceptions) in OPERATION_EXCEPTIONS {
        for exception in *exceptions {
            assert!(EXCEPTIONS.contains(exception), "{operation}: {exception}");
        }
    }
}
