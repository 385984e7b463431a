//! Who an access key stands for, with everything that policies may ask about them.
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use wharf_policy::Document;

use crate::{Error, Micros, Principal, Result};

/// A document with the name that explanations call it.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    /// An ARN, or what an inline policy is called.
    pub(crate) name: Arc<str>,
    pub(crate) document: Arc<Document>,
}

impl Named {
    pub(crate) fn new(name: &str, document: Arc<Document>) -> Self {
        Self {
            name: name.into(),
            document,
        }
    }

    pub(crate) fn as_policy(&self) -> wharf_policy::Policy<'_> {
        wharf_policy::Policy {
            name: &self.name,
            document: &self.document,
        }
    }
}

/// What kind of credentials an identity came by. Source: sts.md 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// An access key of a user or of an account's root.
    LongTerm,
    /// A session of GetSessionToken: the user itself.
    User {
        /// Whether it was made with a one-time code.
        mfa: bool,
    },
    /// A session of a role.
    Role,
    /// A session of GetFederationToken.
    Federated,
    /// A token of an identity provider: none of ours yet.
    WebIdentity,
}

/// What a session was made with, as its row keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct SessionDetails {
    /// The inline session policy.
    pub(crate) policy: Option<String>,
    /// ARNs of managed policies passed as session policies.
    pub(crate) policy_arns: Vec<String>,
    /// Session tags, those inherited in a chain too.
    pub(crate) tags: Vec<(String, String)>,
    /// Which of the tags the next role of a chain inherits.
    pub(crate) transitive: Vec<String>,
    pub(crate) source_identity: Option<String>,
    /// ARN of the identity provider behind a web identity.
    pub(crate) provider: Option<String>,
    pub(crate) mfa: bool,
    /// The access key that asked for the session; none for a web identity.
    pub(crate) issued_by: Option<String>,
}

/// A principal as it stands now: its policies, its limits, and the condition keys that follow from it.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) principal: Principal,
    pub(crate) credentials: Credentials,
    pub(crate) caller: wharf_policy::Principal,
    /// Condition keys with one value each: tags, time of issue, source identity.
    pub(crate) keys: Vec<(String, String)>,
    pub(crate) policies: Vec<Named>,
    pub(crate) boundary: Option<Named>,
    /// The policies passed when the session was made; none when nothing was passed.
    pub(crate) session_policies: Option<Vec<Named>>,
    /// When a session ends, microseconds since 1970 of domain time.
    pub(crate) expires_at: Option<Micros>,
    pub(crate) details: SessionDetails,
}

impl Identity {
    /// Refuses a session from the second on in which it ends.
    ///
    /// # Errors
    /// `ExpiredToken`.
    pub(crate) fn check_time(&self, now: Micros) -> Result<()> {
        match self.expires_at {
            Some(end) if now >= end => Err(Error::ExpiredToken),
            _ => Ok(()),
        }
    }
}
