//! Who asks, and the principals that policies name.

use crate::document::Problem;

/// Who asks.
///
/// Texts are whole ARNs, 12-digit accounts and unique ids (`AIDA…`, `AROA…`), taken as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// The root user of an account.
    Root(Root),
    /// A user, with a long-term key or a session of GetSessionToken.
    User(User),
    /// A session of a role.
    RoleSession(RoleSession),
    /// A session of GetFederationToken.
    FederatedUser(FederatedUser),
    /// Somebody with a token of an identity provider, before a role is assumed: the provider's ARN or host name.
    WebIdentity(Box<str>),
    /// A service, such as `replication.ecr.amazonaws.com`.
    Service(Box<str>),
    /// Somebody without credentials.
    Anonymous,
}

/// The root user of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// `arn:aws:iam::111122223333:root`
    pub arn: Box<str>,
    /// 12 digits.
    pub account: Box<str>,
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// `arn:aws:iam::111122223333:user/path/name`
    pub arn: Box<str>,
    /// 12 digits.
    pub account: Box<str>,
    /// The name without the path.
    pub name: Box<str>,
    /// `AIDA…`; empty when unknown.
    pub id: Box<str>,
}

/// A session of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleSession {
    /// `arn:aws:iam::111122223333:role/path/name`
    pub role_arn: Box<str>,
    /// `AROA…`; empty when unknown.
    pub role_id: Box<str>,
    /// `arn:aws:sts::111122223333:assumed-role/name/session`
    pub arn: Box<str>,
    /// 12 digits.
    pub account: Box<str>,
    /// The session's name.
    pub session: Box<str>,
}

/// A session of GetFederationToken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FederatedUser {
    /// `arn:aws:sts::111122223333:federated-user/name`
    pub arn: Box<str>,
    /// 12 digits.
    pub account: Box<str>,
    /// The name that the session was given.
    pub name: Box<str>,
    /// The ARN of the user that made it.
    pub issuer_arn: Box<str>,
    /// The id of the user that made it; empty when unknown.
    pub issuer_id: Box<str>,
}

impl Principal {
    /// The root user of an account of a partition.
    pub fn root(partition: &str, account: &str) -> Self {
        Self::Root(Root {
            arn: format!("arn:{partition}:iam::{account}:root").into(),
            account: account.into(),
        })
    }

    /// What refusals call the principal: its most specific ARN, a service's or provider's name, or `anonymous`.
    pub fn name(&self) -> &str {
        match self {
            Self::Root(Root { arn, .. })
            | Self::User(User { arn, .. })
            | Self::RoleSession(RoleSession { arn, .. })
            | Self::FederatedUser(FederatedUser { arn, .. }) => arn,
            Self::WebIdentity(name) | Self::Service(name) => name,
            Self::Anonymous => "anonymous",
        }
    }

    /// The account that the principal belongs to; none for services, identity providers and strangers.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Root(Root { account, .. })
            | Self::User(User { account, .. })
            | Self::RoleSession(RoleSession { account, .. })
            | Self::FederatedUser(FederatedUser { account, .. }) => Some(account),
            Self::WebIdentity(_) | Self::Service(_) | Self::Anonymous => None,
        }
    }

    /// The condition keys that follow from the principal; their names are in lower case.
    pub(crate) fn keys(&self) -> Vec<(&'static str, String)> {
        let (kind, arn, user_id) = match self {
            Self::Root(it) => ("Account", Some(&it.arn), Some(it.account.to_string())),
            Self::User(it) => ("User", Some(&it.arn), Some(it.id.to_string())),
            Self::RoleSession(it) => (
                "AssumedRole",
                Some(&it.role_arn),
                Some(format!("{}:{}", it.role_id, it.session)),
            ),
            Self::FederatedUser(it) => (
                "FederatedUser",
                Some(&it.arn),
                Some(format!("{}:{}", it.account, it.name)),
            ),
            Self::WebIdentity(_) | Self::Anonymous => ("Anonymous", None, None),
            Self::Service(_) => ("", None, None),
        };
        let mut keys = Vec::with_capacity(7);
        if !kind.is_empty() {
            keys.push(("aws:principaltype", kind.to_owned()));
        }
        keys.extend(arn.map(|arn| ("aws:principalarn", arn.to_string())));
        // Ids that are unknown are no ids: `AROA…:session` of an unknown role would be `:session`.
        let known = user_id.filter(|id| !id.is_empty() && !id.starts_with(':'));
        keys.extend(known.map(|id| ("aws:userid", id)));
        match self {
            Self::User(user) => keys.push(("aws:username", user.name.to_string())),
            Self::Service(name) => keys.push(("aws:principalservicename", name.to_string())),
            _ => {}
        }
        match self {
            Self::Anonymous | Self::WebIdentity(_) => {
                keys.push(("aws:principalaccount", "anonymous".to_owned()));
            }
            Self::Service(_) => keys.push(("aws:principalisawsservice", "true".to_owned())),
            _ => keys.push(("aws:principalisawsservice", "false".to_owned())),
        }
        keys.extend(
            self.account()
                .map(|account| ("aws:principalaccount", account.to_owned())),
        );
        keys
    }
}

/// How a resource policy's principal matches, from the least to the most that an `Allow` of it is worth.
///
/// Source: the IAM user guide's chapter on policy evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Match {
    None,
    /// The principal's account: within it, an identity policy has to allow as well.
    Delegates,
    /// The role of the session, or the issuer of the federated user: boundary and session policy still limit it.
    Limited,
    /// The principal itself, or everyone: nothing else has to allow.
    Direct,
}

/// One principal of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PrincipalPattern {
    Everyone,
    Account(Box<str>),
    /// A user or a role; `id` once the ARN is bound to the one that had it.
    Entity {
        arn: Box<str>,
        id: Option<Box<str>>,
    },
    /// The id of a user or role that is gone, or that the document names so.
    Id(Box<str>),
    /// A session of a role, or a federated user.
    Session(Box<str>),
    Service(Box<str>),
    Provider(Box<str>),
}

impl PrincipalPattern {
    /// Reads the principal `value` of the type `kind`.
    ///
    /// # Errors
    /// [`Problem::Principal`] for types that are unknown, wildcards, groups, and texts of another form.
    pub(crate) fn parse(kind: &str, value: &str) -> Result<Self, Problem> {
        let bad = || Problem::Principal {
            kind: kind.to_owned(),
            value: value.to_owned(),
        };
        let plain = !value.is_empty()
            && value.bytes().all(|byte| byte.is_ascii_graphic())
            && !value.contains(['*', '?', '"']);
        match kind {
            "AWS" if value == "*" => Ok(Self::Everyone),
            _ if !plain => Err(bad()),
            "AWS" => Self::of_aws(value).ok_or_else(bad),
            "Service" if !value.contains([':', '/']) && value.contains('.') => {
                Ok(Self::Service(value.into()))
            }
            "Federated" => Ok(Self::Provider(value.into())),
            _ => Err(bad()),
        }
    }

    fn of_aws(value: &str) -> Option<Self> {
        if is_account(value) {
            return Some(Self::Account(value.into()));
        }
        if is_unique_id(value) {
            return Some(Self::Id(value.into()));
        }
        let mut fields = value.splitn(6, ':');
        let head: Vec<&str> = fields.by_ref().take(5).collect();
        let [arn, partition, service, region, account] = head.as_slice() else {
            return None;
        };
        if *arn != "arn" || partition.is_empty() || !region.is_empty() || !is_account(account) {
            return None;
        }
        let name = fields.next()?;
        let (kind, rest) = name.split_once('/').unwrap_or((name, ""));
        let whole = !rest.is_empty() && !rest.ends_with('/') && !rest.starts_with('/');
        match (*service, kind) {
            ("iam", "root") if name == "root" => Some(Self::Account((*account).into())),
            ("iam", "user" | "role") if whole => Some(Self::Entity {
                arn: value.into(),
                id: None,
            }),
            ("sts", "assumed-role") if whole && rest.matches('/').count() == 1 => {
                Some(Self::Session(value.into()))
            }
            ("sts", "federated-user") if whole && !rest.contains('/') => {
                Some(Self::Session(value.into()))
            }
            _ => None,
        }
    }

    /// How the pattern matches a principal.
    pub(crate) fn matches(&self, principal: &Principal) -> Match {
        let when = |matched: bool, how: Match| if matched { how } else { Match::None };
        match (self, principal) {
            // Whoever a provider vouches for has to be let in by that provider's name; a `Deny` meets them all the same.
            (Self::Everyone, Principal::WebIdentity(_)) => Match::Delegates,
            (Self::Everyone, _) => Match::Direct,
            (Self::Account(account), _) => {
                when(principal.account() == Some(account), Match::Delegates)
            }
            (Self::Entity { arn, id }, Principal::User(user)) => {
                when(same(arn, id.as_deref(), &user.arn, &user.id), Match::Direct)
            }
            (Self::Entity { arn, id }, Principal::RoleSession(it)) => when(
                same(arn, id.as_deref(), &it.role_arn, &it.role_id),
                Match::Limited,
            ),
            (Self::Entity { arn, id }, Principal::FederatedUser(it)) => when(
                same(arn, id.as_deref(), &it.issuer_arn, &it.issuer_id),
                Match::Limited,
            ),
            (Self::Id(id), Principal::User(user)) => when(*id == user.id, Match::Direct),
            (Self::Id(id), Principal::RoleSession(it)) => when(*id == it.role_id, Match::Limited),
            (Self::Id(id), Principal::FederatedUser(it)) => {
                when(*id == it.issuer_id, Match::Limited)
            }
            (
                Self::Session(arn),
                Principal::RoleSession(RoleSession { arn: its, .. })
                | Principal::FederatedUser(FederatedUser { arn: its, .. }),
            )
            | (Self::Service(arn), Principal::Service(its))
            | (Self::Provider(arn), Principal::WebIdentity(its)) => when(arn == its, Match::Direct),
            _ => Match::None,
        }
    }

    /// Whether the pattern names exactly this principal: what `NotPrincipal` spares.
    ///
    /// A session is not spared by its role, and nobody but the root user by the account.
    pub(crate) fn is_exactly(&self, principal: &Principal) -> bool {
        match (self, principal) {
            (Self::Account(account), Principal::Root(root)) => *account == root.account,
            (Self::Account(_), _) => false,
            (Self::Everyone, _) => true,
            _ => self.matches(principal) == Match::Direct,
        }
    }
}

/// Whether a bound ARN names an entity: by its id when both have one, else by its text.
fn same(arn: &str, bound: Option<&str>, its_arn: &str, its_id: &str) -> bool {
    match bound {
        Some(id) if !its_id.is_empty() => id == its_id,
        _ => arn == its_arn,
    }
}

pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `AIDA` or `AROA` and 17 letters and digits.
fn is_unique_id(text: &str) -> bool {
    (text.starts_with("AIDA") || text.starts_with("AROA"))
        && text.len() == 21
        && text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}
