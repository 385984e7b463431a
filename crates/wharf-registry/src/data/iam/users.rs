//! Users: their access keys, and their end.
use wharf_meta::access_keys::{self, AccessKeyRow};
use wharf_meta::iam::{attachments, entities as rows, inline, members};
use wharf_meta::{sessions, usage};
use wharf_wire::ids::AccountId;

use super::{EntityKind, changed, entities};
use crate::action::Action;
use crate::action::iam::{
    CreateAccessKey, DeleteAccessKey, DeleteUser, GetAccessKeyLastUsed, ListAccessKeys,
    UpdateAccessKey,
};
use crate::authorize::Resource;
use crate::data::Tx;
use crate::error::QueryError;
use crate::page;
use crate::usage::KEY_USE;
use crate::{Error, Grant, Micros, Result};

/// Most access keys of a user.
const MAX_KEYS: usize = 2;

/// Who has access keys: a user, or the account's root.
#[derive(Debug)]
struct Owner {
    id: String,
    /// None for the root.
    name: Option<String>,
}

/// Whose keys a grant is about: those of its user, or of the root whose ARN it was asked about.
fn owner<A: Action>(grant: &Grant<A>) -> Result<Owner> {
    let account = grant.account();
    if grant.arn() == format!("arn:aws:iam::{account}:root") {
        return Ok(Owner {
            id: account.to_string(),
            name: None,
        });
    }
    let user = grant.existing()?;
    Ok(Owner {
        id: user.id.clone(),
        name: Some(user.name.clone()),
    })
}

/// An access key without its secret.
#[derive(Clone, Debug)]
pub(crate) struct KeyInfo {
    /// The user's name; none for the root.
    pub(crate) user: Option<String>,
    pub(crate) id: String,
    pub(crate) active: bool,
    pub(crate) created_at: Micros,
}

/// Gives a user or the root an access key; the user's name.
pub(crate) fn create_key(
    tx: &mut Tx<'_>,
    grant: &Grant<CreateAccessKey>,
    id: &str,
    sealed: &[u8],
) -> Result<Option<String>> {
    let owner = owner(grant)?;
    if access_keys::of_principal(tx.meta, &owner.id, "", 10)?.len() >= MAX_KEYS {
        return Err(QueryError::limit_exceeded(format!(
            "Cannot exceed quota for AccessKeysPerUser: {MAX_KEYS}"
        )));
    }
    let row = AccessKeyRow {
        access_key_id: id.to_owned(),
        account: grant.account().to_string(),
        principal: owner.id,
        status: "Active".to_owned(),
        secret: sealed.to_vec(),
        created_at: grant.now(),
    };
    access_keys::insert(tx.meta, &row)?;
    changed(tx, grant, "access-key-created", id)?;
    Ok(owner.name)
}

/// A page of the keys of a user or the root.
pub(crate) fn keys(
    tx: &mut Tx<'_>,
    grant: &Grant<ListAccessKeys>,
    page: &page::Asked,
) -> Result<page::Page<KeyInfo>> {
    let owner = owner(grant)?;
    let rows = access_keys::of_principal(tx.meta, &owner.id, &page.after, page.fetch())?;
    Ok(page
        .cut(rows, |row| row.access_key_id.clone())
        .map(|row| KeyInfo {
            user: owner.name.clone(),
            id: row.access_key_id,
            active: row.status == "Active",
            created_at: row.created_at,
        }))
}

/// Makes a key active or inactive, from the next request on.
pub(crate) fn set_key_status(
    tx: &mut Tx<'_>,
    grant: &Grant<UpdateAccessKey>,
    id: &str,
    active: bool,
) -> Result<()> {
    check_key(tx, grant, id)?;
    let status = if active { "Active" } else { "Inactive" };
    access_keys::set_status(tx.meta, id, status)?;
    changed(tx, grant, "access-key-changed", id)
}

/// Removes a key, and nothing but it.
pub(crate) fn delete_key(tx: &mut Tx<'_>, grant: &Grant<DeleteAccessKey>, id: &str) -> Result<()> {
    check_key(tx, grant, id)?;
    access_keys::delete(tx.meta, id)?;
    usage::forget(tx.meta, KEY_USE, id)?;
    changed(tx, grant, "access-key-deleted", id)
}

/// Refuses a key that is not the owner's as one that does not exist.
fn check_key<A: Action>(tx: &mut Tx<'_>, grant: &Grant<A>, id: &str) -> Result<()> {
    let owner = owner(grant)?;
    match access_keys::by_id(tx.meta, id)? {
        Some(row) if row.principal == owner.id => Ok(()),
        _ => Err(missing_key(id)),
    }
}

/// The error of an access key that does not exist. Source: iam.md 6.2.
pub(crate) fn missing_key(id: &str) -> Error {
    QueryError::no_such_entity(format!("The Access Key with id {id} cannot be found."))
}

/// What policies call the owner of a key of an account: before anything is granted, and only to ask for the grant.
pub(crate) fn resource_of_key(
    tx: &mut Tx<'_>,
    account: &AccountId,
    id: &str,
) -> Result<Option<Resource>> {
    let row = access_keys::by_id(tx.meta, id)?.filter(|row| row.account == account.as_str());
    let Some(row) = row else {
        return Ok(None);
    };
    if row.principal == row.account {
        return Ok(Some(Resource::Arn(format!("arn:aws:iam::{account}:root"))));
    }
    let user = rows::by_id(tx.meta, &row.principal)?;
    Ok(user.map(|user| Resource::Entity {
        kind: EntityKind::User,
        name: user.name,
    }))
}

/// When an access key signed a request last, and where.
#[derive(Clone, Debug)]
pub(crate) struct LastUse {
    /// The user's name; none for the root.
    pub(crate) user: Option<String>,
    /// Service and region of the signature; none for a key that signed nothing.
    pub(crate) place: Option<String>,
    pub(crate) at: Option<Micros>,
}

/// Whose key it is, where it was used last, and when.
pub(crate) fn last_use(
    tx: &mut Tx<'_>,
    grant: &Grant<GetAccessKeyLastUsed>,
    id: &str,
) -> Result<LastUse> {
    check_key(tx, grant, id)?;
    let (place, at) = usage::last_of(tx.meta, KEY_USE, id)?.unzip();
    Ok(LastUse {
        user: owner(grant)?.name,
        place,
        at,
    })
}

/// Removes a user on which nothing hangs any more.
pub(crate) fn delete(tx: &mut Tx<'_>, grant: &Grant<DeleteUser>) -> Result<()> {
    let user = grant.existing()?;
    let conflict = if !access_keys::of_principal(tx.meta, &user.id, "", 1)?.is_empty() {
        "Cannot delete entity, must delete access keys first."
    } else if !members::of_member(tx.meta, &user.id, "", 1)?.is_empty() {
        "Cannot delete entity, must remove users from group first."
    } else if attachments::count(tx.meta, &user.id)? > 0 {
        "Cannot delete entity, must detach all policies first."
    } else if !inline::of(tx.meta, &user.id, "", 1)?.is_empty() {
        "Cannot delete entity, must delete policies first."
    } else {
        sessions::delete_of_principal(tx.meta, &user.id)?;
        return entities::delete(tx, grant, user);
    };
    Err(QueryError::delete_conflict(conflict))
}

#[cfg(test)]
mod tests;
