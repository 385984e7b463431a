//! Temporary credentials: rows that are made once and removed, never changed.
use serde_json::json;
use wharf_meta::access_keys;
use wharf_meta::iam::strings;
use wharf_meta::sessions::{self, SessionRow};
use wharf_wire::ids::AccountId;

use super::iam::{self, EntityKind};
use super::{Tx, events};
use crate::action::MakesSessions;
use crate::action::sts::GetAccessKeyInfo;
use crate::data::events::ServiceGrant;
use crate::identity::SessionDetails;
use crate::oidc::Provider;
use crate::{Error, Grant, Micros, Result};

/// Sessions removed in one transaction.
const SWEPT_AT_ONCE: i64 = 500;

/// What a session is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionKind {
    /// The role that was granted.
    Role,
    /// The user or root that asks.
    User,
    /// Somebody to whom the user or root that asks lends some of what they may.
    Federated,
}

impl SessionKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::User => "user",
            Self::Federated => "federated-user",
        }
    }
}

/// A session to be made.
#[derive(Debug)]
pub(crate) struct NewSession<'a> {
    pub(crate) kind: SessionKind,
    pub(crate) access_key_id: &'a str,
    /// The secret, sealed.
    pub(crate) sealed: &'a [u8],
    pub(crate) name: &'a str,
    /// How long it lasts.
    pub(crate) seconds: i64,
    pub(crate) details: SessionDetails,
}

/// Makes a session; when it ends. Times are whole seconds, as answers show them.
pub(crate) fn issue<A: MakesSessions>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    session: &NewSession<'_>,
) -> Result<Micros> {
    let (account, principal) = match session.kind {
        SessionKind::Role => {
            let role = grant.existing()?;
            (role.account.clone(), role.id.clone())
        }
        SessionKind::User | SessionKind::Federated => {
            let caller = &grant.identity().principal;
            (caller.account.to_string(), caller.entity.clone())
        }
    };
    let issued_at = grant.now().div_euclid(1_000_000) * 1_000_000;
    let expires_at = issued_at + session.seconds * 1_000_000;
    let row = SessionRow {
        access_key_id: session.access_key_id.to_owned(),
        account,
        kind: session.kind.as_str().to_owned(),
        principal,
        name: session.name.to_owned(),
        issued_at,
        expires_at,
        secret: session.sealed.to_vec(),
        details: serde_json::to_string(&session.details).map_err(Error::internal)?,
    };
    sessions::insert(tx.meta, &row)?;
    let details = json!({
        "action": A::NAME,
        "session": row.name,
        "sourceIdentity": session.details.source_identity,
        "tags": session.details.tags.len(),
        "expiresAt": expires_at,
        "of": grant.arn(),
    });
    events::record(
        tx,
        grant,
        "session-issued",
        None,
        session.access_key_id,
        &details,
    )?;
    Ok(expires_at)
}

/// Removes some of the sessions that have ended; how many. Whoever still knows one knows its end, too.
pub(crate) fn sweep(tx: &mut Tx<'_>, grant: &ServiceGrant) -> Result<u64> {
    let ended = sessions::expired(tx.meta, grant.now, SWEPT_AT_ONCE)?;
    let mut removed = 0;
    for id in &ended {
        removed += u64::from(sessions::delete(tx.meta, id)?);
    }
    Ok(removed)
}

/// Whether a session has ended that is still there.
pub(crate) fn any_ended(tx: &mut Tx<'_>, now: Micros) -> Result<bool> {
    Ok(!sessions::expired(tx.meta, now, 1)?.is_empty())
}

/// The account of an access key or session of anybody.
pub(crate) fn account_of_key(
    tx: &mut Tx<'_>,
    _grant: &Grant<GetAccessKeyInfo>,
    access_key_id: &str,
) -> Result<Option<String>> {
    if let Some(key) = access_keys::by_id(tx.meta, access_key_id)? {
        return Ok(Some(key.account));
    }
    Ok(sessions::by_id(tx.meta, access_key_id)?.map(|row| row.account))
}

/// For whoever comes with a token: the provider of that issuer in an account, with its ARN.
pub(crate) fn provider(
    tx: &mut Tx<'_>,
    account: &AccountId,
    issuer: &str,
) -> Result<Option<(String, Provider)>> {
    let Some(url) = issuer.strip_prefix("https://") else {
        return Ok(None);
    };
    let found = iam::find(tx, account, EntityKind::OidcProvider, url)?;
    // Names are taken once in any case of letters; issuers are compared exactly.
    let Some(row) = found.filter(|row| row.name == url) else {
        return Ok(None);
    };
    let provider = Provider {
        url: row.name.clone(),
        client_ids: strings::of(tx.meta, &row.id, "client-id")?,
        thumbprints: strings::of(tx.meta, &row.id, "thumbprint")?,
    };
    Ok(Some((iam::arn(&row), provider)))
}
