//! Between the shapes of STS and sessions.
use std::collections::BTreeSet;

use wharf_identity::Secret;
use wharf_meta::iam::entities::EntityRow;
use wharf_wire::ids::AccountId;
use wharf_wire::query::Timestamp;
use wharf_wire::sts::{AssumedRoleUser, Credentials, Tag};

use crate::error::QueryError;
use crate::identity::{Credentials as Kind, Identity, SessionDetails};
use crate::{Ctx, Error, Micros, Result};

/// Most tags of a session, those that it inherits too.
const MAX_TAGS: usize = 50;
/// How long a role's session lasts unless something else is asked for, and the longest in a chain of roles, in seconds.
const ROLE_DEFAULT: i64 = 3_600;
/// How long a user's session lasts unless something else is asked for, in seconds.
const USER_DEFAULT: i64 = 43_200;
/// The longest session of an account's root, in seconds: what asks for more is cut short. Source: STS guide.
const ROOT_MAX: i64 = 3_600;

/// The account of a role's ARN.
///
/// # Errors
/// `ValidationError` for what is no ARN.
pub(super) fn account_of(role_arn: &str) -> Result<AccountId> {
    let invalid = || QueryError::validation_error(format!("{role_arn} is invalid"));
    let fields: Vec<&str> = role_arn.splitn(6, ':').collect();
    match fields.as_slice() {
        ["arn", partition, service, _, account, resource]
            if ![partition, service, resource]
                .iter()
                .any(|it| it.is_empty()) =>
        {
            AccountId::parse(account).map_err(|_not_one| invalid())
        }
        _ => Err(invalid()),
    }
}

/// Refuses one-time codes: nobody here has a device for them.
pub(super) fn refuse_mfa(serial: Option<&str>, code: Option<&str>) -> Result<()> {
    if serial.is_none() && code.is_none() {
        return Ok(());
    }
    Err(QueryError::access_denied(
        "MultiFactorAuthentication failed with invalid MFA one time pass code. ",
    ))
}

/// Who asks, for what has to be known before the gate. What a session was made with never changes; that it stands is
/// seen again in the transaction.
pub(super) async fn caller(ctx: &Ctx) -> Result<std::sync::Arc<Identity>> {
    let identity = ctx.service().identity(&ctx.principal.access_key_id).await?;
    identity
        .filter(|it| it.principal.unique_id == ctx.principal.unique_id)
        .ok_or(Error::CredentialsGone)
}

/// The tags of a session, and which of them the next role inherits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SessionTags {
    pub(super) all: Vec<(String, String)>,
    pub(super) transitive: Vec<String>,
}

impl SessionTags {
    /// Tags that were passed, beside those that the caller's session hands on.
    ///
    /// # Errors
    /// `InvalidParameterValue`. Source: sts.md 4.1.
    pub(super) fn new(
        caller: &SessionDetails,
        passed: Vec<(String, String)>,
        transitive: Vec<String>,
    ) -> Result<Self> {
        let refused = |text: &str| Err(QueryError::invalid_parameter_value(text));
        let lower = |keys: &[String]| -> BTreeSet<String> {
            keys.iter().map(|key| key.to_ascii_lowercase()).collect()
        };
        let inherited = lower(&caller.transitive);
        let mut seen = BTreeSet::new();
        for (key, _) in &passed {
            if key.to_ascii_lowercase().starts_with("aws:") {
                return refused("Tag keys may not begin with aws: in any case of letters.");
            }
            if !seen.insert(key.to_ascii_lowercase()) {
                return refused(
                    "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
                );
            }
        }
        let named = lower(&transitive);
        if named.union(&seen).any(|key| inherited.contains(key)) {
            return refused(
                "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
            );
        }
        if !named.is_subset(&seen) {
            return refused(
                "The specified transitive tag key must be included in the requested tags.",
            );
        }
        let handed_on = caller
            .tags
            .iter()
            .filter(|(key, _)| inherited.contains(&key.to_ascii_lowercase()));
        let mut all: Vec<_> = handed_on.cloned().collect();
        all.extend(passed);
        if all.len() > MAX_TAGS {
            return refused(
                "A session cannot have more than 50 tags, those that it inherits included.",
            );
        }
        let mut keys = caller.transitive.clone();
        keys.extend(transitive);
        Ok(Self {
            all,
            transitive: keys,
        })
    }
}

/// Tags as a request passes them.
pub(super) fn tags(tags: Option<Vec<Tag>>) -> Vec<(String, String)> {
    let tags = tags.unwrap_or_default().into_iter();
    tags.map(|tag| (tag.key, tag.value)).collect()
}

/// The source identity of a new session: it is set once in a chain.
///
/// # Errors
/// `AccessDenied` for another one than the caller's session has.
pub(super) fn source_identity(
    caller: &SessionDetails,
    asked: Option<String>,
) -> Result<Option<String>> {
    match (&caller.source_identity, asked) {
        (Some(set), Some(asked)) if *set != asked => Err(QueryError::access_denied(
            "The source identity of the calling session cannot be changed.",
        )),
        (Some(set), _) => Ok(Some(set.clone())),
        (None, asked) => Ok(asked),
    }
}

/// How long a role's session lasts, in seconds.
///
/// # Errors
/// `ValidationError` for more than the role allows, or a chain of roles.
pub(super) fn role_seconds(role: &EntityRow, caller: Kind, asked: Option<i64>) -> Result<i64> {
    let seconds = asked.unwrap_or(ROLE_DEFAULT);
    if caller == Kind::Role && seconds > ROLE_DEFAULT {
        return Err(QueryError::validation_error(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        ));
    }
    if seconds > role.max_session.unwrap_or(ROLE_DEFAULT) {
        return Err(QueryError::validation_error(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    Ok(seconds)
}

/// How long a session of a user, or one that a user makes for somebody else, lasts, in seconds.
pub(super) fn user_seconds(caller: &Identity, asked: Option<i64>) -> i64 {
    let seconds = asked.unwrap_or(USER_DEFAULT);
    if is_root(caller) {
        seconds.min(ROOT_MAX)
    } else {
        seconds
    }
}

pub(super) fn is_root(caller: &Identity) -> bool {
    matches!(caller.caller, wharf_policy::Principal::Root(_))
}

/// The user of a role's session, as answers tell it.
pub(super) fn assumed(role: &EntityRow, session: &str) -> AssumedRoleUser {
    AssumedRoleUser {
        assumed_role_id: format!("{}:{session}", role.id),
        arn: format!(
            "arn:aws:sts::{}:assumed-role/{}/{session}",
            role.account, role.name
        ),
    }
}

/// Temporary credentials that no row knows yet.
#[derive(Clone, Debug)]
pub(super) struct Fresh {
    pub(super) access_key_id: String,
    /// The secret, as the row keeps it: sealed before the transaction, so that a re-run stores the same bytes.
    pub(super) sealed: Vec<u8>,
    secret: Secret,
    token: Secret,
}

impl Fresh {
    pub(super) fn new(ctx: &Ctx) -> Result<Self> {
        let access_key_id = wharf_identity::new_session_key_id().map_err(Error::internal)?;
        let secret = wharf_identity::new_secret().map_err(Error::internal)?;
        let sealed = ctx.service().seal_secret(&secret, &access_key_id)?;
        let key = ctx.service().token_key();
        let token = wharf_identity::seal_session_token(key, &access_key_id);
        Ok(Self {
            access_key_id,
            sealed,
            secret,
            token: Secret::new(token.map_err(Error::internal)?),
        })
    }

    /// As the answer tells them, once.
    pub(super) fn shown(&self, expires_at: Micros) -> Credentials {
        Credentials {
            access_key_id: self.access_key_id.clone(),
            secret_access_key: self.secret.expose().to_owned(),
            session_token: self.token.expose().to_owned(),
            expiration: Timestamp::from_micros(expires_at),
        }
    }
}

#[cfg(test)]
mod tests;
