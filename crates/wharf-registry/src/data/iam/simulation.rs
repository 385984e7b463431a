//! The policies of a user, group or role with their texts, for simulations.
use std::sync::Arc;

use wharf_meta::iam::entities::EntityRow;
use wharf_meta::iam::{attachments, inline, members};
use wharf_policy::{Principal, RoleSession, User};
use wharf_wire::iam::PolicySourceType;

use super::{EntityKind, arn, default_document, documents, find_arn, parts_of_arn, policy_of_arn};
use crate::action::Action;
use crate::action::iam::SimulatePrincipalPolicy;
use crate::authorize::Policies;
use crate::data::{Tx, identities};
use crate::simulate::Source;
use crate::{Error, Grant, Result, managed};
use wharf_wire::ids::AccountId;

/// More than any quota of what hangs on one entity.
const MOST: i64 = 1_000;

/// Whose policies are simulated.
#[derive(Debug)]
pub(crate) struct Subject {
    /// A user, or a role's session; a group calls nothing.
    pub(crate) caller: Option<Principal>,
    /// The condition keys of its tags.
    pub(crate) keys: Vec<(String, String)>,
    pub(crate) sources: Vec<Source>,
    pub(crate) boundary: Option<Source>,
}

/// The entity that was granted, with its policies.
///
/// # Errors
/// `NoSuchEntity`.
pub(crate) fn subject(
    tx: &mut Tx<'_>,
    grant: &Grant<SimulatePrincipalPolicy>,
    policies: &Policies,
) -> Result<Subject> {
    let Some(row) = grant.entity() else {
        let parts = parts_of_arn(grant.arn(), grant.account().as_str());
        let (kind, name) = parts.unwrap_or((EntityKind::User, grant.arn()));
        return Err(kind.missing(name));
    };
    let mut sources = Vec::new();
    gather(tx, policies, row, &mut sources)?;
    if row.kind == EntityKind::User.as_str() {
        for group in members::of_member(tx.meta, &row.id, "", MOST)? {
            gather(tx, policies, &group, &mut sources)?;
        }
    }
    let boundary = match &row.boundary {
        Some(arn) => Some(bound(tx, policies, &row.account, arn)?),
        None => None,
    };
    let tags = super::entities::tags_of(tx, row)?;
    Ok(Subject {
        caller: principal(row),
        keys: tags
            .into_iter()
            .map(|(key, value)| (format!("aws:PrincipalTag/{key}"), value))
            .collect(),
        sources,
        boundary,
    })
}

/// Somebody who calls, by the ARN of a user of any account; the id is known of one that exists.
pub(crate) fn caller<A: Action>(
    tx: &mut Tx<'_>,
    _grant: &Grant<A>,
    account: &AccountId,
    text: &str,
) -> Result<Principal> {
    let row = find_arn(tx, account, text)?.filter(|row| row.kind == EntityKind::User.as_str());
    let name = text.rsplit_once('/').map_or(text, |(_, name)| name);
    Ok(Principal::User(User {
        arn: text.into(),
        account: account.as_str().into(),
        name: name.into(),
        id: row.map(|row| row.id).unwrap_or_default().into(),
    }))
}

fn principal(row: &EntityRow) -> Option<Principal> {
    let (arn, account) = (arn(row), row.account.as_str());
    match row.kind.as_str() {
        "user" => Some(Principal::User(User {
            arn: arn.into(),
            account: account.into(),
            name: row.name.as_str().into(),
            id: row.id.as_str().into(),
        })),
        "role" => Some(Principal::RoleSession(RoleSession {
            role_arn: arn.into(),
            role_id: row.id.as_str().into(),
            arn: format!("arn:aws:sts::{account}:assumed-role/{}/", row.name).into(),
            account: account.into(),
            session: "".into(),
        })),
        _ => None,
    }
}

/// Adds the inline and attached policies of a user, group or role.
fn gather(
    tx: &mut Tx<'_>,
    policies: &Policies,
    owner: &EntityRow,
    sources: &mut Vec<Source>,
) -> Result<()> {
    let kind = match owner.kind.as_str() {
        "user" => PolicySourceType::User,
        "group" => PolicySourceType::Group,
        _ => PolicySourceType::Role,
    };
    for policy in inline::of(tx.meta, &owner.id, "", MOST)? {
        let id = format!("{}_{}_{}", owner.kind, owner.name, policy.name);
        sources.push(stored(tx, policies, id, kind, policy.document)?);
    }
    for policy in attachments::of(tx.meta, &owner.id, "", MOST)? {
        sources.extend(attached(tx, policies, &owner.account, &policy.policy_arn)?);
    }
    Ok(())
}

fn stored(
    tx: &mut Tx<'_>,
    policies: &Policies,
    id: String,
    kind: PolicySourceType,
    document: i64,
) -> Result<Source> {
    Ok(Source {
        id,
        kind: Some(kind),
        text: documents::text(tx, document)?,
        document: identities::document(tx, policies, document)?,
    })
}

/// A managed policy by its ARN; none when it is gone.
fn attached(
    tx: &mut Tx<'_>,
    policies: &Policies,
    account: &str,
    arn: &str,
) -> Result<Option<Source>> {
    let name = arn.rsplit_once('/').map_or(arn, |(_, name)| name);
    let built_in = managed::POLICIES.iter().find(|policy| policy.arn() == arn);
    if let (Some(policy), Some(known)) = (built_in, policies.managed(arn)) {
        return Ok(Some(Source {
            id: name.to_owned(),
            kind: Some(PolicySourceType::AwsManaged),
            text: policy.document.to_owned(),
            document: Arc::clone(&known.document),
        }));
    }
    let Some(row) = policy_of_arn(tx, account, arn)? else {
        return Ok(None);
    };
    let Some(document) = default_document(tx, &row)? else {
        return Err(Error::internal("a policy has no default version"));
    };
    let kind = PolicySourceType::UserManaged;
    stored(tx, policies, name.to_owned(), kind, document).map(Some)
}

/// A permissions boundary. One whose policy is gone limits to nothing.
fn bound(tx: &mut Tx<'_>, policies: &Policies, account: &str, arn: &str) -> Result<Source> {
    let found = attached(tx, policies, account, arn)?;
    Ok(found.unwrap_or_else(|| Source {
        id: arn.to_owned(),
        kind: Some(PolicySourceType::None),
        text: String::new(),
        document: Arc::clone(&policies.nothing().document),
    }))
}
