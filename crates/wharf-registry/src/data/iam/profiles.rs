//! Instance profiles: a role under another name, for machines.
use wharf_meta::iam::entities::EntityRow;
use wharf_meta::iam::members;

use super::{EntityKind, arn, changed, entities, roles};
use crate::action::iam::{
    AddRoleToInstanceProfile, DeleteInstanceProfile, ListInstanceProfilesForRole, PassRole,
    RemoveRoleFromInstanceProfile,
};
use crate::data::Tx;
use crate::error::QueryError;
use crate::{Grant, Result, page};

/// The role of a profile: there is one at most.
pub(crate) fn roles_of(tx: &mut Tx<'_>, profile: &EntityRow) -> Result<Vec<EntityRow>> {
    Ok(members::of_owner(tx.meta, &profile.id, "", 10)?)
}

/// Puts a role into a profile that has none; who asks may pass that role on.
pub(crate) fn add_role(
    tx: &mut Tx<'_>,
    grant: &Grant<AddRoleToInstanceProfile>,
    pass: &Grant<PassRole>,
) -> Result<()> {
    let (profile, role) = (grant.existing()?, pass.existing()?);
    roles::check_modifiable(role)?;
    if members::count_of_owner(tx.meta, &profile.id)? > 0 {
        return Err(QueryError::limit_exceeded(
            "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
        ));
    }
    members::insert(tx.meta, &profile.id, &role.id, grant.now())?;
    changed(tx, grant, "identity-changed", &arn(profile))
}

/// Takes a role out of a profile.
pub(crate) fn remove_role(
    tx: &mut Tx<'_>,
    grant: &Grant<RemoveRoleFromInstanceProfile>,
    name: &str,
) -> Result<()> {
    let profile = grant.existing()?;
    let role = super::find(tx, grant.account(), EntityKind::Role, name)?
        .ok_or_else(|| EntityKind::Role.missing(name))?;
    if !members::delete(tx.meta, &profile.id, &role.id)? {
        return Err(EntityKind::Role.missing(name));
    }
    changed(tx, grant, "identity-changed", &arn(profile))
}

/// Removes a profile without a role.
pub(crate) fn delete(tx: &mut Tx<'_>, grant: &Grant<DeleteInstanceProfile>) -> Result<()> {
    let profile = grant.existing()?;
    if members::count_of_owner(tx.meta, &profile.id)? > 0 {
        return Err(QueryError::delete_conflict(
            "Cannot delete entity, must remove roles from instance profile first.",
        ));
    }
    entities::delete(tx, grant, profile)
}

/// A page of the profiles that the role that was granted is in.
pub(crate) fn of_role(
    tx: &mut Tx<'_>,
    grant: &Grant<ListInstanceProfilesForRole>,
    page: &page::Asked,
) -> Result<page::Page<EntityRow>> {
    let role = grant.existing()?;
    let rows = members::of_member(tx.meta, &role.id, &page.after, page.fetch())?;
    Ok(page.cut(rows, |row| row.name_key.clone()))
}
