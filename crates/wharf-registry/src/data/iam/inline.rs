//! Inline policies of users, groups and roles.
use wharf_meta::iam::entities::EntityRow;
use wharf_meta::iam::inline::{self as rows, InlineRow};
use wharf_policy::{Document, Kind};

use super::documents::{self, Unsaved};
use super::{arn, changed};
use crate::action::Action;
use crate::data::Tx;
use crate::error::QueryError;
use crate::page;
use crate::{Error, Grant, Result};

/// Most characters of all inline policies of one owner, without white space. Source: iam.md 2.9.
fn quota(kind: &str) -> usize {
    match kind {
        "user" => 2_048,
        "group" => 5_120,
        _ => 10_240,
    }
}

/// Writes an inline policy of the entity that was granted, in the place of the one of that name.
pub(crate) fn put<A: Action>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    name: &str,
    text: &str,
) -> Result<(), Unsaved> {
    let owner = grant.existing().map_err(Unsaved::Failed)?;
    check_unprotected(owner).map_err(Unsaved::Failed)?;
    let mut characters = Document::parse(text, Kind::Inline)
        .map_err(Unsaved::Invalid)?
        .characters();
    let mut old = None;
    for row in rows::of(tx.meta, &owner.id, "", 1_000)? {
        if row.name == name {
            old = Some(row.document);
            continue;
        }
        let text = documents::text(tx, row.document).map_err(Unsaved::Failed)?;
        let document = Document::parse(&text, Kind::Inline).map_err(Unsaved::Invalid)?;
        characters += document.characters();
    }
    let most = quota(&owner.kind);
    if characters > most {
        let (kind, name) = (&owner.kind, &owner.name);
        return Err(Unsaved::Failed(QueryError::limit_exceeded(format!(
            "Maximum policy size of {most} bytes exceeded for {kind} {name}"
        ))));
    }
    let document = documents::save(tx, Kind::Inline, text, grant.now())?;
    let row = InlineRow {
        entity: owner.id.clone(),
        name: name.to_owned(),
        document,
    };
    rows::put(tx.meta, &row)?;
    if let Some(old) = old {
        documents::remove(tx, old).map_err(Unsaved::Failed)?;
    }
    changed(tx, grant, "policy-changed", &arn(owner)).map_err(Unsaved::Failed)
}

/// The text of an inline policy.
pub(crate) fn get<A: Action>(tx: &mut Tx<'_>, grant: &Grant<A>, name: &str) -> Result<String> {
    let owner = grant.existing()?;
    match rows::get(tx.meta, &owner.id, name)? {
        Some(row) => documents::text(tx, row.document),
        None => Err(missing(&owner.kind, name)),
    }
}

/// Removes an inline policy.
pub(crate) fn delete<A: Action>(tx: &mut Tx<'_>, grant: &Grant<A>, name: &str) -> Result<()> {
    let owner = grant.existing()?;
    check_unprotected(owner)?;
    let Some(row) = rows::get(tx.meta, &owner.id, name)? else {
        return Err(missing(&owner.kind, name));
    };
    rows::delete(tx.meta, &owner.id, name)?;
    documents::remove(tx, row.document)?;
    changed(tx, grant, "policy-changed", &arn(owner))
}

/// A page of the names of an owner's inline policies, in their order.
pub(crate) fn list<A: Action>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    page: &page::Asked,
) -> Result<page::Page<String>> {
    let owner = grant.existing()?;
    let rows = rows::of(tx.meta, &owner.id, &page.after, page.fetch())?;
    Ok(page.cut(rows, |row| row.name.clone()).map(|row| row.name))
}

/// Refuses to change a role that belongs to a service. Source: iam.md 6.2.
fn check_unprotected(owner: &EntityRow) -> Result<()> {
    if owner.kind == "role" && owner.path.starts_with("/aws-service-role/") {
        let name = &owner.name;
        return Err(QueryError::unmodifiable_entity(format!(
            "Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS"
        )));
    }
    Ok(())
}

fn missing(kind: &str, name: &str) -> Error {
    QueryError::no_such_entity(format!(
        "The {kind} policy with name {name} cannot be found."
    ))
}
