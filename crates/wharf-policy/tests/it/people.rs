//! Callers that the tests have in common. All are of one account; another owns foreign resources.

use wharf_policy::{FederatedUser, Principal, RoleSession, User};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const OTHER_ACCOUNT: &str = "444455556666";
pub(crate) const USER: &str = "arn:aws:iam::111122223333:user/staff/alice";
pub(crate) const ROLE: &str = "arn:aws:iam::111122223333:role/ci/deploy";
pub(crate) const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/deploy/run-1";
pub(crate) const FEDERATED: &str = "arn:aws:sts::111122223333:federated-user/bob";

pub(crate) fn user() -> Principal {
    Principal::User(User {
        arn: USER.into(),
        account: ACCOUNT.into(),
        name: "alice".into(),
        id: "AIDAEXAMPLEEXAMPLE234".into(),
    })
}

pub(crate) fn role_session() -> Principal {
    Principal::RoleSession(RoleSession {
        role_arn: ROLE.into(),
        role_id: "AROAEXAMPLEEXAMPLE234".into(),
        arn: SESSION.into(),
        account: ACCOUNT.into(),
        session: "run-1".into(),
    })
}

/// A federated user that [`user`] made.
pub(crate) fn federated_user() -> Principal {
    Principal::FederatedUser(FederatedUser {
        arn: FEDERATED.into(),
        account: ACCOUNT.into(),
        name: "bob".into(),
        issuer_arn: USER.into(),
        issuer_id: "AIDAEXAMPLEEXAMPLE234".into(),
    })
}

pub(crate) fn root() -> Principal {
    Principal::root("aws", ACCOUNT)
}
