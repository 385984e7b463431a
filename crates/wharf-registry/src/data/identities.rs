//! Reads who an access key stands for: the key or session, its user or role, their policies.
use std::collections::BTreeMap;
use std::sync::Arc;

use wharf_meta::access_keys::AccessKeyRow;
use wharf_meta::iam::entities::EntityRow;
use wharf_meta::iam::{attachments, entities, inline, members, tags};
use wharf_meta::sessions::SessionRow;
use wharf_meta::{access_keys, policies as documents, sessions, versions};
use wharf_policy::{Document, FederatedUser, Kind, RoleSession, User};
use wharf_wire::ids::AccountId;

use super::Tx;
use super::iam::{self, EntityKind};
use crate::authorize::Policies;
use crate::identity::{Credentials, Identity, Named, SessionDetails};
use crate::{Error, Principal, Result};

/// The kind of `versions` that every change of an account's identities, registry policies and settings moves.
pub(crate) const VERSION: &str = "identity";

/// Most policies of one owner that are read: above every quota.
const MOST: i64 = 1_000;

/// Who the access key stands for, as this transaction sees it; none when the key, its session or its principal is gone,
/// or the key is inactive. Whether a session has ended is the caller's to judge, who owns the clock.
pub(crate) fn current(
    tx: &mut Tx<'_>,
    policies: &Policies,
    access_key_id: &str,
) -> Result<Option<Arc<Identity>>> {
    if let Some((version, identity)) = policies.identity(access_key_id)
        && version_of(tx, identity.principal.account.as_str())? == version
    {
        return Ok(Some(identity));
    }
    let Some(identity) = load(tx, policies, access_key_id)? else {
        return Ok(None);
    };
    let version = version_of(tx, identity.principal.account.as_str())?;
    let identity = Arc::new(identity);
    policies.keep_identity(access_key_id, version, &identity);
    Ok(Some(identity))
}

/// The version of an account's identities.
pub(crate) fn version_of(tx: &mut Tx<'_>, account: &str) -> Result<i64> {
    Ok(versions::get(tx.meta, account, VERSION)?)
}

fn load(tx: &mut Tx<'_>, policies: &Policies, access_key_id: &str) -> Result<Option<Identity>> {
    if let Some(key) = access_keys::by_id(tx.meta, access_key_id)? {
        if key.status != "Active" {
            return Ok(None);
        }
        return of_key(tx, policies, &key);
    }
    match sessions::by_id(tx.meta, access_key_id)? {
        Some(session) => of_session(tx, policies, &session),
        None => Ok(None),
    }
}

/// The root or user of a long-term key.
fn of_key(tx: &mut Tx<'_>, policies: &Policies, key: &AccessKeyRow) -> Result<Option<Identity>> {
    let account = AccountId::parse(&key.account).map_err(Error::internal)?;
    if key.principal == key.account {
        return Ok(Some(root(policies, account, &key.access_key_id)));
    }
    let Some(user) = entity(tx, &key.principal, EntityKind::User)? else {
        return Ok(None);
    };
    of_user(tx, policies, account, &user, &key.access_key_id).map(Some)
}

fn root(policies: &Policies, account: AccountId, access_key_id: &str) -> Identity {
    Identity {
        caller: wharf_policy::Principal::root("aws", account.as_str()),
        principal: Principal::root(account, access_key_id.to_owned()),
        credentials: Credentials::LongTerm,
        keys: Vec::new(),
        policies: vec![policies.root().clone()],
        boundary: None,
        session_policies: None,
        expires_at: None,
        details: SessionDetails::default(),
    }
}

fn of_user(
    tx: &mut Tx<'_>,
    policies: &Policies,
    account: AccountId,
    user: &EntityRow,
    access_key_id: &str,
) -> Result<Identity> {
    let mut own = policies_of(tx, policies, user)?;
    for group in members::of_member(tx.meta, &user.id, "", MOST)? {
        own.extend(policies_of(tx, policies, &group)?);
    }
    let arn = iam::arn(user);
    Ok(Identity {
        caller: wharf_policy::Principal::User(User {
            arn: arn.as_str().into(),
            account: account.as_str().into(),
            name: user.name.as_str().into(),
            id: user.id.as_str().into(),
        }),
        principal: Principal {
            account,
            entity: user.id.clone(),
            unique_id: user.id.clone(),
            arn,
            access_key_id: access_key_id.to_owned(),
        },
        credentials: Credentials::LongTerm,
        keys: principal_tags(tx, user, &[])?,
        policies: own,
        boundary: boundary_of(tx, policies, user)?,
        session_policies: None,
        expires_at: None,
        details: SessionDetails::default(),
    })
}

fn of_session(
    tx: &mut Tx<'_>,
    policies: &Policies,
    session: &SessionRow,
) -> Result<Option<Identity>> {
    let account = AccountId::parse(&session.account).map_err(Error::internal)?;
    let details: SessionDetails =
        serde_json::from_str(&session.details).map_err(Error::internal)?;
    let owner = match session.kind.as_str() {
        "role" => entity(tx, &session.principal, EntityKind::Role)?,
        _ if session.principal == session.account => None,
        _ => entity(tx, &session.principal, EntityKind::User)?,
    };
    let mut identity = match (session.kind.as_str(), &owner) {
        ("role", Some(role)) => of_role(tx, policies, account, role, session, &details)?,
        ("user", Some(user)) => of_user(tx, policies, account, user, &session.access_key_id)?,
        ("federated-user", Some(user)) => {
            let issuer = of_user(tx, policies, account, user, &session.access_key_id)?;
            federated(issuer, session, &details)
        }
        // The account's own root, whose sessions have no row of an entity behind them.
        (kind, None) if session.principal == session.account => {
            let issuer = root(policies, account, &session.access_key_id);
            if kind == "federated-user" {
                federated(issuer, session, &details)
            } else {
                issuer
            }
        }
        _ => return Ok(None),
    };
    if session.kind == "user" {
        identity.credentials = Credentials::User { mfa: details.mfa };
    }
    identity.session_policies = session_policies(tx, policies, session, &details)?;
    identity.expires_at = Some(session.expires_at);
    identity.keys.extend(session_keys(session, &details));
    identity.details = details;
    Ok(Some(identity))
}

fn of_role(
    tx: &mut Tx<'_>,
    policies: &Policies,
    account: AccountId,
    role: &EntityRow,
    session: &SessionRow,
    details: &SessionDetails,
) -> Result<Identity> {
    let arn = format!(
        "arn:aws:sts::{account}:assumed-role/{}/{}",
        role.name, session.name
    );
    Ok(Identity {
        caller: wharf_policy::Principal::RoleSession(RoleSession {
            role_arn: iam::arn(role).into(),
            role_id: role.id.as_str().into(),
            arn: arn.as_str().into(),
            account: account.as_str().into(),
            session: session.name.as_str().into(),
        }),
        principal: Principal {
            account,
            entity: role.id.clone(),
            unique_id: format!("{}:{}", role.id, session.name),
            arn,
            access_key_id: session.access_key_id.clone(),
        },
        credentials: Credentials::Role,
        keys: principal_tags(tx, role, &details.tags)?,
        policies: policies_of(tx, policies, role)?,
        boundary: boundary_of(tx, policies, role)?,
        session_policies: None,
        expires_at: None,
        details: SessionDetails::default(),
    })
}

/// A session of GetFederationToken: what its issuer may, limited by what was passed.
fn federated(issuer: Identity, session: &SessionRow, details: &SessionDetails) -> Identity {
    let account = issuer.principal.account.clone();
    let arn = format!("arn:aws:sts::{account}:federated-user/{}", session.name);
    let mut merged: BTreeMap<String, (String, String)> = BTreeMap::new();
    let own = issuer.keys.into_iter();
    for (key, value) in own.chain(details.tags.iter().map(|(key, value)| tag_key(key, value))) {
        merged.insert(key.to_ascii_lowercase(), (key, value));
    }
    Identity {
        caller: wharf_policy::Principal::FederatedUser(FederatedUser {
            arn: arn.as_str().into(),
            account: account.as_str().into(),
            name: session.name.as_str().into(),
            issuer_arn: issuer.principal.arn.as_str().into(),
            issuer_id: issuer.principal.entity.as_str().into(),
        }),
        principal: Principal {
            unique_id: format!("{account}:{}", session.name),
            account,
            entity: issuer.principal.entity.clone(),
            arn,
            access_key_id: session.access_key_id.clone(),
        },
        credentials: Credentials::Federated,
        keys: merged.into_values().collect(),
        ..issuer
    }
}

fn tag_key(key: &str, value: &str) -> (String, String) {
    (format!("aws:PrincipalTag/{key}"), value.to_owned())
}

/// `aws:PrincipalTag/…`: an entity's tags, overlaid with a session's. Keys are compared without regard to case.
fn principal_tags(
    tx: &mut Tx<'_>,
    owner: &EntityRow,
    session: &[(String, String)],
) -> Result<Vec<(String, String)>> {
    let mut merged = BTreeMap::new();
    for row in tags::of(tx.meta, &owner.id)? {
        merged.insert(row.key_lower.clone(), tag_key(&row.key, &row.value));
    }
    for (key, value) in session {
        merged.insert(key.to_ascii_lowercase(), tag_key(key, value));
    }
    Ok(merged.into_values().collect())
}

/// The condition keys that only temporary credentials have. Source: iam.md 2.5.
fn session_keys(session: &SessionRow, details: &SessionDetails) -> Vec<(String, String)> {
    let mut keys = vec![
        (
            "aws:TokenIssueTime".to_owned(),
            wharf_policy::date_text(session.issued_at),
        ),
        (
            "aws:MultiFactorAuthPresent".to_owned(),
            details.mfa.to_string(),
        ),
    ];
    let mut put = |name: &str, value: &Option<String>| {
        keys.extend(value.iter().map(|value| (name.to_owned(), value.clone())));
    };
    put("aws:SourceIdentity", &details.source_identity);
    put("aws:FederatedProvider", &details.provider);
    keys
}

fn session_policies(
    tx: &mut Tx<'_>,
    policies: &Policies,
    session: &SessionRow,
    details: &SessionDetails,
) -> Result<Option<Vec<Named>>> {
    if details.policy.is_none() && details.policy_arns.is_empty() {
        return Ok(None);
    }
    let mut passed = Vec::new();
    if let Some(text) = &details.policy {
        let document = Document::parse(text, Kind::Inline).map_err(Error::internal)?;
        passed.push(Named::new("the session policy", Arc::new(document)));
    }
    for arn in &details.policy_arns {
        // One that is gone allows nothing.
        passed.extend(managed(tx, policies, &session.account, arn)?);
    }
    Ok(Some(passed))
}

/// An entity by its id, if it still is of that kind.
fn entity(tx: &mut Tx<'_>, id: &str, kind: EntityKind) -> Result<Option<EntityRow>> {
    Ok(entities::by_id(tx.meta, id)?.filter(|row| row.kind == kind.as_str()))
}

/// The inline and attached policies of a user, group or role.
pub(crate) fn policies_of(
    tx: &mut Tx<'_>,
    policies: &Policies,
    owner: &EntityRow,
) -> Result<Vec<Named>> {
    let mut found = Vec::new();
    for row in inline::of(tx.meta, &owner.id, "", MOST)? {
        let document = document(tx, policies, row.document)?;
        let name = format!("{} of {} {}", row.name, owner.kind, owner.name);
        found.push(Named::new(&name, document));
    }
    for row in attachments::of(tx.meta, &owner.id, "", MOST)? {
        found.extend(managed(tx, policies, &owner.account, &row.policy_arn)?);
    }
    Ok(found)
}

/// The permissions boundary of a user or role. One whose policy is gone limits to nothing.
fn boundary_of(tx: &mut Tx<'_>, policies: &Policies, owner: &EntityRow) -> Result<Option<Named>> {
    let Some(arn) = &owner.boundary else {
        return Ok(None);
    };
    let found = managed(tx, policies, &owner.account, arn)?;
    Ok(Some(found.unwrap_or_else(|| policies.nothing().clone())))
}

/// The default version of a managed policy: AWS's, or one of the account.
pub(crate) fn managed(
    tx: &mut Tx<'_>,
    policies: &Policies,
    account: &str,
    arn: &str,
) -> Result<Option<Named>> {
    if let Some(known) = policies.managed(arn) {
        return Ok(Some(known.clone()));
    }
    let Some(row) = iam::policy_of_arn(tx, account, arn)? else {
        return Ok(None);
    };
    let Some(id) = iam::default_document(tx, &row)? else {
        return Ok(None);
    };
    let document = document(tx, policies, id)?;
    Ok(Some(Named::new(arn, document)))
}

/// A document by its id, compiled. Documents never change, so they are kept.
///
/// # Errors
/// `Internal` for a row that does not parse: whatever it should have denied, nothing is decided without it.
pub(crate) fn document(tx: &mut Tx<'_>, policies: &Policies, id: i64) -> Result<Arc<Document>> {
    if let Some(document) = policies.document(id) {
        return Ok(document);
    }
    let row = documents::get(tx.meta, id)?
        .ok_or_else(|| Error::internal("a policy's row is not in the store"))?;
    let kind = kind_of(&row.kind)?;
    let mut document = Document::parse(&row.text, kind).map_err(Error::internal)?;
    let bound: BTreeMap<String, String> =
        serde_json::from_str(&row.principals).map_err(Error::internal)?;
    document
        .bind_principals(|arn| bound.get(arn).map(|id| id.as_str().into()))
        .map_err(Error::internal)?;
    let document = Arc::new(document);
    policies.keep_document(id, &document);
    Ok(document)
}

/// What a document's row says it is for.
fn kind_of(text: &str) -> Result<Kind> {
    Ok(match text {
        "managed" => Kind::Managed,
        "inline" => Kind::Inline,
        "trust" => Kind::Trust,
        "repository" => Kind::Repository,
        "registry" => Kind::Registry,
        "registry-v1" => Kind::RegistryV1,
        _ => return Err(Error::internal(format!("{text} is no kind of policy"))),
    })
}

/// How a document's row says what it is for.
pub(crate) const fn kind_text(kind: Kind) -> &'static str {
    match kind {
        Kind::Managed => "managed",
        Kind::Inline => "inline",
        Kind::Trust => "trust",
        Kind::Repository => "repository",
        Kind::Registry => "registry",
        Kind::RegistryV1 => "registry-v1",
        Kind::Key => "key",
    }
}

/// The sealed secret of an access key or session.
pub(crate) fn sealed_secret(tx: &mut Tx<'_>, access_key_id: &str) -> Result<Option<Vec<u8>>> {
    if let Some(row) = access_keys::by_id(tx.meta, access_key_id)? {
        return Ok(Some(row.secret));
    }
    Ok(sessions::by_id(tx.meta, access_key_id)?.map(|row| row.secret))
}
