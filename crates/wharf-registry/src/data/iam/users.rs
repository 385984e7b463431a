//! Users: their access keys, and their end.
use wharf_meta::access_keys::{self, AccessKeyRow};
use wharf_meta::iam::{attachments, inline, members};
use wharf_meta::sessions;

use super::{changed, entities};
use crate::action::iam::{CreateAccessKey, DeleteUser};
use crate::data::Tx;
use crate::error::QueryError;
use crate::{Grant, Result};

/// Most access keys of a user.
const MAX_KEYS: usize = 2;

/// Gives a user an access key; the user's name.
pub(crate) fn create_key(
    tx: &mut Tx<'_>,
    grant: &Grant<CreateAccessKey>,
    id: &str,
    sealed: &[u8],
) -> Result<String> {
    let user = grant.existing()?;
    if access_keys::of_principal(tx.meta, &user.id, "", 10)?.len() >= MAX_KEYS {
        return Err(QueryError::limit_exceeded(format!(
            "Cannot exceed quota for AccessKeysPerUser: {MAX_KEYS}"
        )));
    }
    let row = AccessKeyRow {
        access_key_id: id.to_owned(),
        account: user.account.clone(),
        principal: user.id.clone(),
        status: "Active".to_owned(),
        secret: sealed.to_vec(),
        created_at: grant.now(),
    };
    access_keys::insert(tx.meta, &row)?;
    let name = user.name.clone();
    changed(tx, grant, "access-key-created", id)?;
    Ok(name)
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
