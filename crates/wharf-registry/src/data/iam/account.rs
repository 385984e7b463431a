//! What an account has one of: its age, its alias, its counts.
use std::collections::BTreeMap;

use wharf_meta::iam::{entities, versions};
use wharf_meta::{access_keys, accounts};

use super::{EntityKind, changed, groups};
use crate::action::Action;
use crate::action::iam::{
    CreateAccountAlias, DeleteAccountAlias, GetAccountSummary, ListAccountAliases,
};
use crate::data::Tx;
use crate::error::QueryError;
use crate::{Error, Grant, Micros, Result};

/// When the account was made.
pub(crate) fn created_at<A: Action>(tx: &mut Tx<'_>, grant: &Grant<A>) -> Result<Micros> {
    Ok(row(tx, grant)?.created_at)
}

fn row<A: Action>(tx: &mut Tx<'_>, grant: &Grant<A>) -> Result<accounts::AccountRow> {
    accounts::by_id(tx.meta, grant.account().as_str())?
        .ok_or_else(|| Error::internal("the account of a grant has no row"))
}

/// The account's alias, if it has one.
pub(crate) fn alias(tx: &mut Tx<'_>, grant: &Grant<ListAccountAliases>) -> Result<Option<String>> {
    Ok(row(tx, grant)?.alias)
}

/// Gives the account an alias in the place of the one it has, unless any account has it.
pub(crate) fn set_alias(
    tx: &mut Tx<'_>,
    grant: &Grant<CreateAccountAlias>,
    alias: &str,
) -> Result<()> {
    if accounts::by_alias(tx.meta, alias)?.is_some() {
        return Err(QueryError::entity_already_exists(format!(
            "The account alias {alias} already exists."
        )));
    }
    accounts::set_alias(tx.meta, grant.account().as_str(), Some(alias))?;
    changed(tx, grant, "account-alias-changed", alias)
}

/// Takes the account's alias away.
pub(crate) fn delete_alias(
    tx: &mut Tx<'_>,
    grant: &Grant<DeleteAccountAlias>,
    alias: &str,
) -> Result<()> {
    if row(tx, grant)?.alias.as_deref() != Some(alias) {
        return Err(QueryError::no_such_entity(format!(
            "The account alias {alias} cannot be found."
        )));
    }
    accounts::set_alias(tx.meta, grant.account().as_str(), None)?;
    changed(tx, grant, "account-alias-changed", alias)
}

/// What an account has of each kind, and may have. Of what does not exist here there is none.
///
/// Source: iam.md 6.4 and 2.9.
pub(crate) fn summary(
    tx: &mut Tx<'_>,
    grant: &Grant<GetAccountSummary>,
) -> Result<BTreeMap<String, i64>> {
    let account = grant.account().as_str();
    let mut summary = BTreeMap::new();
    let mut put = |name: &str, value: i64| summary.insert(name.to_owned(), value);
    for (kind, name) in [
        (EntityKind::User, "Users"),
        (EntityKind::Group, "Groups"),
        (EntityKind::Role, "Roles"),
        (EntityKind::Policy, "Policies"),
        (EntityKind::InstanceProfile, "InstanceProfiles"),
    ] {
        put(name, entities::count(tx.meta, account, kind.as_str())?);
        put(&format!("{name}Quota"), kind.quota().0);
    }
    let provider = EntityKind::OidcProvider.as_str();
    put("Providers", entities::count(tx.meta, account, provider)?);
    put("PolicyVersionsInUse", versions::count(tx.meta, account)?);
    let root_keys = access_keys::of_principal(tx.meta, account, "", 1)?;
    put("AccountAccessKeysPresent", i64::from(!root_keys.is_empty()));
    put("GroupsPerUserQuota", groups::MAX_GROUPS);
    for (name, value) in [
        ("AccessKeysPerUserQuota", 2),
        ("AccountMFAEnabled", 0),
        ("AccountPasswordPresent", 0),
        ("AccountSigningCertificatesPresent", 0),
        ("AssumeRolePolicySizeQuota", 4_096),
        ("AttachedPoliciesPerGroupQuota", 10),
        ("AttachedPoliciesPerRoleQuota", 10),
        ("AttachedPoliciesPerUserQuota", 10),
        ("GlobalEndpointTokenVersion", 1),
        ("GroupPolicySizeQuota", 5_120),
        ("MFADevices", 0),
        ("MFADevicesInUse", 0),
        ("PolicySizeQuota", 6_144),
        ("PolicyVersionsInUseQuota", 25_000),
        ("RolePolicySizeQuota", 10_240),
        ("ServerCertificates", 0),
        ("ServerCertificatesQuota", 0),
        ("SigningCertificatesPerUserQuota", 0),
        ("UserPolicySizeQuota", 2_048),
        ("VersionsPerPolicyQuota", 5),
    ] {
        put(name, value);
    }
    Ok(summary)
}
