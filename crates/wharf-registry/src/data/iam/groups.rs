//! Groups and who is in them.
use wharf_meta::iam::entities::{self as rows, EntityRow};
use wharf_meta::iam::{attachments, inline, members};

use super::{EntityKind, arn, changed, entities};
use crate::action::Action;
use crate::action::iam::{
    AddUserToGroup, DeleteGroup, GetGroup, ListGroupsForUser, RemoveUserFromGroup,
};
use crate::data::Tx;
use crate::error::QueryError;
use crate::page::{Asked, Page};
use crate::{Grant, Result};

/// Most groups of a user. Source: iam.md 2.9.
pub(crate) const MAX_GROUPS: i64 = 10;

/// Puts a user into the group that was granted; one that is in it stays.
pub(crate) fn add(tx: &mut Tx<'_>, grant: &Grant<AddUserToGroup>, name: &str) -> Result<()> {
    let group = grant.existing()?;
    let user = user(tx, grant, name)?;
    if !members::insert(tx.meta, &group.id, &user.id, grant.now())? {
        return Ok(());
    }
    if members::count_of_member(tx.meta, &user.id)? > MAX_GROUPS {
        // The transaction is not committed.
        return Err(QueryError::limit_exceeded(format!(
            "Cannot exceed quota for GroupsPerUser: {MAX_GROUPS}"
        )));
    }
    changed(tx, grant, "group-changed", &arn(group))
}

/// Takes a user out of the group that was granted.
pub(crate) fn remove(
    tx: &mut Tx<'_>,
    grant: &Grant<RemoveUserFromGroup>,
    name: &str,
) -> Result<()> {
    let group = grant.existing()?;
    let user = user(tx, grant, name)?;
    if !members::delete(tx.meta, &group.id, &user.id)? {
        return Err(EntityKind::User.missing(name));
    }
    changed(tx, grant, "group-changed", &arn(group))
}

fn user<A: Action>(tx: &mut Tx<'_>, grant: &Grant<A>, name: &str) -> Result<EntityRow> {
    let (account, kind) = (grant.account().as_str(), EntityKind::User);
    let found = rows::by_name(tx.meta, account, kind.as_str(), &name.to_ascii_lowercase())?;
    found.ok_or_else(|| kind.missing(name))
}

/// A page of the users of a group, in the order of their names in lower case.
pub(crate) fn users(
    tx: &mut Tx<'_>,
    grant: &Grant<GetGroup>,
    page: &Asked,
) -> Result<Page<EntityRow>> {
    let group = grant.existing()?;
    let rows = members::of_owner(tx.meta, &group.id, &page.after, page.fetch())?;
    Ok(page.cut(rows, |row| row.name_key.clone()))
}

/// A page of the groups of a user, in the order of their names in lower case.
pub(crate) fn of_user(
    tx: &mut Tx<'_>,
    grant: &Grant<ListGroupsForUser>,
    page: &Asked,
) -> Result<Page<EntityRow>> {
    let user = grant.existing()?;
    let rows = members::of_member(tx.meta, &user.id, &page.after, page.fetch())?;
    Ok(page.cut(rows, |row| row.name_key.clone()))
}

/// Removes a group on which nothing hangs any more.
pub(crate) fn delete(tx: &mut Tx<'_>, grant: &Grant<DeleteGroup>) -> Result<()> {
    let group = grant.existing()?;
    let conflict = if members::count_of_owner(tx.meta, &group.id)? > 0 {
        "Cannot delete entity, must remove users from group first."
    } else if attachments::count(tx.meta, &group.id)? > 0 {
        "Cannot delete entity, must detach all policies first."
    } else if !inline::of(tx.meta, &group.id, "", 1)?.is_empty() {
        "Cannot delete entity, must delete policies first."
    } else {
        return entities::delete(tx, grant, group);
    };
    Err(QueryError::delete_conflict(conflict))
}
