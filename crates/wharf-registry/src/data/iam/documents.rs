//! Policy documents as rows: read once when they are saved, bound to the ids of whom they name, never changed.
use std::collections::BTreeMap;

use wharf_meta::iam::entities::{self, EntityRow};
use wharf_meta::policies::{self as documents, PolicyRow};
use wharf_policy::{Document, Kind, ParseError};

use super::find_arn;
use crate::data::{Tx, identities};
use crate::{Error, Micros, Result, ids};
use wharf_wire::ids::AccountId;

/// Why a document is not saved.
#[derive(Debug)]
pub(crate) enum Unsaved {
    /// It is no policy of its kind.
    Invalid(ParseError),
    /// It names a user or role that does not exist: the ARN.
    NoPrincipal(String),
    Failed(Error),
}

impl From<wharf_meta::Error> for Unsaved {
    fn from(error: wharf_meta::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Reads a document, binds its principals to the ids they have now, and stores it; its row's id.
pub(crate) fn save(tx: &mut Tx<'_>, kind: Kind, text: &str, now: Micros) -> Result<i64, Unsaved> {
    let mut document = Document::parse(text, kind).map_err(Unsaved::Invalid)?;
    let mut bound = BTreeMap::new();
    let mut failed = None;
    let binding = document.bind_principals(|arn| match id_of(tx, arn) {
        Ok(id) => {
            let id = id?;
            bound.insert(arn.to_owned(), id.clone());
            Some(id.into())
        }
        Err(error) => {
            failed = Some(error);
            None
        }
    });
    if let Some(error) = failed {
        return Err(Unsaved::Failed(error));
    }
    binding.map_err(|unknown| Unsaved::NoPrincipal(unknown.0))?;
    let id = ids::surrogate_id(now).map_err(Unsaved::Failed)?;
    let principals =
        serde_json::to_string(&bound).map_err(|error| Unsaved::Failed(Error::internal(error)))?;
    let row = PolicyRow {
        id,
        kind: identities::kind_text(kind).to_owned(),
        text: text.to_owned(),
        principals,
        created_at: now,
    };
    documents::insert(tx.meta, &row)?;
    Ok(id)
}

/// The unique id of a user or role of any account.
fn id_of(tx: &mut Tx<'_>, arn: &str) -> Result<Option<String>> {
    let account = arn.split(':').nth(4).unwrap_or_default();
    let Ok(account) = AccountId::parse(account) else {
        return Ok(None);
    };
    let found = find_arn(tx, &account, arn)?;
    let found = found.filter(|row| matches!(row.kind.as_str(), "user" | "role"));
    Ok(found.map(|row| row.id))
}

/// Removes a document that nothing refers to any more.
pub(crate) fn remove(tx: &mut Tx<'_>, id: i64) -> Result<()> {
    documents::delete(tx.meta, id)?;
    Ok(())
}

/// A document's text as it was given, but for users and roles that it named and that have another ARN now, or are gone:
/// those are shown by what they have, as AWS does.
pub(crate) fn text(tx: &mut Tx<'_>, id: i64) -> Result<String> {
    let row = documents::get(tx.meta, id)?
        .ok_or_else(|| Error::internal("a policy's row is not in the store"))?;
    let bound: BTreeMap<String, String> =
        serde_json::from_str(&row.principals).map_err(Error::internal)?;
    let mut moved = BTreeMap::new();
    for (named, id) in bound {
        let now = match entities::by_id(tx.meta, &id)? {
            Some(entity) => super::arn(&entity),
            None => id,
        };
        if now != named {
            moved.insert(named, now);
        }
    }
    if moved.is_empty() {
        return Ok(row.text);
    }
    wharf_policy::rename_principals(&row.text, |name| moved.get(name).cloned())
        .ok_or_else(|| Error::internal("a policy's row is no JSON"))
}

/// The text of a role's trust policy.
pub(crate) fn trust_of(tx: &mut Tx<'_>, role: &EntityRow) -> Result<String> {
    match role.document {
        Some(id) => text(tx, id),
        None => Err(Error::internal("a role has no trust policy")),
    }
}
