//! Making, listing, changing and removing what IAM keeps by name.
use wharf_meta::iam::entities::{self, EntityRow};
use wharf_meta::iam::tags::{self, TagRow};

use super::{EntityKind, changed};
use crate::action::Action;
use crate::data::Tx;
use crate::error::QueryError;
use crate::page;
use crate::{Error, Grant, Result};

/// Most tags of one entity.
pub(crate) const MAX_TAGS: usize = 50;

/// A row to be made, without what only some kinds have.
pub(crate) fn new_row<A: Action>(
    grant: &Grant<A>,
    kind: EntityKind,
    path: &str,
    name: &str,
) -> Result<EntityRow> {
    Ok(EntityRow {
        id: wharf_identity::new_unique_id(kind.prefix()).map_err(Error::internal)?,
        account: grant.account().to_string(),
        kind: kind.as_str().to_owned(),
        name_key: name.to_ascii_lowercase(),
        name: name.to_owned(),
        path: path.to_owned(),
        created_at: grant.now(),
        updated_at: grant.now(),
        description: None,
        document: None,
        boundary: None,
        max_session: None,
        default_version: None,
        last_version: None,
    })
}

/// Makes an entity with its tags, unless the name is taken, in any case of letters, or the account has its quota.
pub(crate) fn create<A: Action>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    kind: EntityKind,
    row: &EntityRow,
    tags: &[(String, String)],
) -> Result<()> {
    if entities::by_name(tx.meta, &row.account, &row.kind, &row.name_key)?.is_some() {
        return Err(kind.exists(&row.name));
    }
    let (quota, name) = kind.quota();
    if entities::count(tx.meta, &row.account, &row.kind)? >= quota {
        return Err(QueryError::limit_exceeded(format!(
            "Cannot exceed quota for {name}: {quota}"
        )));
    }
    entities::insert(tx.meta, row)?;
    for (key, value) in tags {
        tags::put(tx.meta, &tag_row(row, key, value))?;
    }
    changed(tx, grant, "identity-created", &super::arn(row))
}

/// Writes an entity's columns anew.
pub(crate) fn update<A: Action>(tx: &mut Tx<'_>, grant: &Grant<A>, row: &EntityRow) -> Result<()> {
    let row = EntityRow {
        updated_at: grant.now(),
        ..row.clone()
    };
    entities::update(tx.meta, &row)?;
    changed(tx, grant, "identity-changed", &super::arn(&row))
}

/// Gives an entity another name, path or both. Its id stays, and what hangs on it.
///
/// # Errors
/// `EntityAlreadyExists` when another one has the name, in any case of letters.
pub(crate) fn rename<A: Action>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    kind: EntityKind,
    path: Option<&str>,
    name: Option<&str>,
) -> Result<()> {
    let mut row = grant.existing()?.clone();
    if let Some(name) = name {
        row.name_key = name.to_ascii_lowercase();
        name.clone_into(&mut row.name);
    }
    if let Some(path) = path {
        path.clone_into(&mut row.path);
    }
    let taken = entities::by_name(tx.meta, &row.account, &row.kind, &row.name_key)?;
    if taken.is_some_and(|other| other.id != row.id) {
        return Err(kind.exists(&row.name));
    }
    update(tx, grant, &row)
}

/// Removes an entity and its tags. That nothing hangs on it any more is the operation's to see to.
pub(crate) fn delete<A: Action>(tx: &mut Tx<'_>, grant: &Grant<A>, row: &EntityRow) -> Result<()> {
    tags::delete_all(tx.meta, &row.id)?;
    entities::delete(tx.meta, &row.id)?;
    changed(tx, grant, "identity-deleted", &super::arn(row))
}

/// The tags of an entity, in the order of their keys.
pub(crate) fn tags_of(tx: &mut Tx<'_>, row: &EntityRow) -> Result<Vec<(String, String)>> {
    let rows = tags::of(tx.meta, &row.id)?;
    Ok(rows.into_iter().map(|row| (row.key, row.value)).collect())
}

/// Adds or overwrites tags. Keys are compared without regard to case.
pub(crate) fn put_tags<A: Action>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    row: &EntityRow,
    new: &[(String, String)],
) -> Result<()> {
    let kept = tags::of(tx.meta, &row.id)?;
    let added = new.iter().filter(|(key, _)| {
        let lower = key.to_ascii_lowercase();
        !kept.iter().any(|it| it.key_lower == lower)
    });
    if kept.len() + added.count() > MAX_TAGS {
        return Err(QueryError::limit_exceeded(format!(
            "The number of tags has reached the maximum limit. Cannot exceed quota for TagsPerResource: {MAX_TAGS}"
        )));
    }
    for (key, value) in new {
        tags::put(tx.meta, &tag_row(row, key, value))?;
    }
    changed(tx, grant, "identity-tagged", &super::arn(row))
}

/// Removes tags; keys that are not there are passed over.
pub(crate) fn delete_tags<A: Action>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    row: &EntityRow,
    keys: &[String],
) -> Result<()> {
    for key in keys {
        tags::delete(tx.meta, &row.id, &key.to_ascii_lowercase())?;
    }
    changed(tx, grant, "identity-untagged", &super::arn(row))
}

fn tag_row(row: &EntityRow, key: &str, value: &str) -> TagRow {
    TagRow {
        entity: row.id.clone(),
        key_lower: key.to_ascii_lowercase(),
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

/// A page of an account's entities of one kind below a path, in the order of their names in lower case.
pub(crate) fn list<A: Action>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    kind: EntityKind,
    prefix: &str,
    page: &page::Asked,
) -> Result<page::Page<EntityRow>> {
    let account = grant.account().as_str();
    let rows = entities::page(
        tx.meta,
        account,
        kind.as_str(),
        prefix,
        &page.after,
        page.fetch(),
    )?;
    Ok(page.cut(rows, |row| row.name_key.clone()))
}
