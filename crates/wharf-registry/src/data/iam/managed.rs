//! Managed policies: those of the account, of up to five versions, and what is attached where.
use std::collections::BTreeMap;

use wharf_meta::iam::entities::{self as rows, EntityRow};
use wharf_meta::iam::versions::{self, VersionRow};
use wharf_meta::iam::{attachments, entities as entity_rows};
use wharf_policy::{Document, Kind};

use super::documents::{self, Unsaved};
use super::{EntityKind, arn, entities};
use crate::action::Action;
use crate::action::iam::{
    CreatePolicy, CreatePolicyVersion, DeletePolicy, DeletePolicyVersion, ListEntitiesForPolicy,
    SetDefaultPolicyVersion,
};
use crate::data::Tx;
use crate::error::QueryError;
use crate::managed::{self, ManagedPolicy};
use crate::{Error, Grant, Micros, Result, page};

/// Most characters of a managed policy without white space. Source: iam.md 2.9.
const MAX_CHARACTERS: usize = 6_144;
/// Most versions of a policy.
const MAX_VERSIONS: usize = 5;
/// Most rows of one read.
const BATCH: i64 = 1_000;

/// A managed policy, whoever made it.
#[derive(Clone, Debug)]
pub(crate) enum Managed {
    Aws(&'static ManagedPolicy),
    Own(Box<EntityRow>),
}

impl Managed {
    pub(crate) fn arn(&self) -> String {
        match self {
            Self::Aws(policy) => policy.arn(),
            Self::Own(row) => arn(row),
        }
    }
}

/// How often an account uses a policy: attached, and as a boundary.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Uses {
    pub(crate) attached: i64,
    pub(crate) boundaries: i64,
}

/// The policy that was granted for reading.
pub(crate) fn known<A: Action>(grant: &Grant<A>) -> Result<Managed> {
    if let Some(policy) = managed::find(grant.arn()) {
        return Ok(Managed::Aws(policy));
    }
    own(grant).map(|row| Managed::Own(Box::new(row.clone())))
}

/// The policy of the account that was granted: nobody changes AWS's.
pub(crate) fn existing<A: Action>(grant: &Grant<A>) -> Result<&EntityRow> {
    if managed::find(grant.arn()).is_some() {
        let (who, action) = (&grant.request().principal.arn, A::NAME);
        return Err(Error::AccessDenied {
            reason: format!(
                "User: {who} is not authorized to perform: {action} on resource: policy {}",
                grant.arn()
            ),
        });
    }
    own(grant)
}

fn own<A: Action>(grant: &Grant<A>) -> Result<&EntityRow> {
    let policy = EntityKind::Policy.as_str();
    grant
        .entity()
        .filter(|row| row.kind == policy)
        .ok_or_else(|| EntityKind::Policy.missing(grant.arn()))
}

/// How often the account that asks uses a policy.
pub(crate) fn uses<A: Action>(tx: &mut Tx<'_>, grant: &Grant<A>, arn: &str) -> Result<Uses> {
    let account = grant.account().as_str();
    Ok(Uses {
        attached: attachments::count_of_policy(tx.meta, arn, account)?,
        boundaries: entity_rows::count_with_boundary(tx.meta, arn, account)?,
    })
}

fn save(tx: &mut Tx<'_>, text: &str, now: Micros) -> Result<i64, Unsaved> {
    let document = Document::parse(text, Kind::Managed).map_err(Unsaved::Invalid)?;
    if document.characters() > MAX_CHARACTERS {
        return Err(Unsaved::Failed(QueryError::limit_exceeded(format!(
            "Cannot exceed quota for PolicySize: {MAX_CHARACTERS}"
        ))));
    }
    documents::save(tx, Kind::Managed, text, now)
}

/// Makes a policy with its first version.
pub(crate) fn create(
    tx: &mut Tx<'_>,
    grant: &Grant<CreatePolicy>,
    row: &EntityRow,
    text: &str,
    tags: &[(String, String)],
) -> Result<EntityRow, Unsaved> {
    let document = save(tx, text, grant.now())?;
    let row = EntityRow {
        default_version: Some(1),
        last_version: Some(1),
        ..row.clone()
    };
    entities::create(tx, grant, EntityKind::Policy, &row, tags).map_err(Unsaved::Failed)?;
    let version = VersionRow {
        entity: row.id.clone(),
        version: 1,
        document,
        created_at: grant.now(),
    };
    versions::insert(tx.meta, &version)?;
    Ok(row)
}

/// Makes a version, of a number that no version of the policy had, and puts it in force if that is wanted.
pub(crate) fn create_version(
    tx: &mut Tx<'_>,
    grant: &Grant<CreatePolicyVersion>,
    text: &str,
    in_force: bool,
) -> Result<VersionRow, Unsaved> {
    let policy = existing(grant).map_err(Unsaved::Failed)?;
    let document = save(tx, text, grant.now())?;
    let kept = versions::of(tx.meta, &policy.id)?;
    if kept.len() >= MAX_VERSIONS {
        return Err(Unsaved::Failed(QueryError::limit_exceeded(format!(
            "A managed policy can have up to {MAX_VERSIONS} versions. Before you create a new version, you must delete an existing version."
        ))));
    }
    // Clients find the oldest version by dates, which show seconds: each is a second after the one before.
    let earliest = kept.first().map_or(0, |last| {
        (last.created_at.div_euclid(1_000_000) + 1).saturating_mul(1_000_000)
    });
    let version = VersionRow {
        entity: policy.id.clone(),
        version: policy.last_version.unwrap_or(1) + 1,
        document,
        created_at: grant.now().max(earliest),
    };
    versions::insert(tx.meta, &version)?;
    let row = EntityRow {
        last_version: Some(version.version),
        default_version: if in_force {
            Some(version.version)
        } else {
            policy.default_version
        },
        ..policy.clone()
    };
    entities::update(tx, grant, &row).map_err(Unsaved::Failed)?;
    Ok(version)
}

/// The number of a version as clients write it: `v3`, perhaps with something behind a full stop.
fn number(id: &str) -> Option<i64> {
    let id = id.strip_prefix('v')?;
    let digits = id.split_once('.').map_or(id, |(digits, _)| digits);
    digits.parse().ok()
}

fn version_missing(arn: &str, id: &str) -> Error {
    QueryError::no_such_entity(format!(
        "Policy {arn} version {id} does not exist or is not attachable."
    ))
}

fn version_of<A: Action>(tx: &mut Tx<'_>, grant: &Grant<A>, id: &str) -> Result<VersionRow> {
    let policy = existing(grant)?;
    let missing = || version_missing(grant.arn(), id);
    let number = number(id).ok_or_else(missing)?;
    versions::get(tx.meta, &policy.id, number)?.ok_or_else(missing)
}

/// A version as it is shown.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) number: i64,
    pub(crate) in_force: bool,
    /// Microseconds since 1970.
    pub(crate) created_at: Micros,
}

/// One version of the policy that was granted, and its document.
pub(crate) fn version<A: Action>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    id: &str,
) -> Result<(Version, String)> {
    match known(grant)? {
        Managed::Aws(policy) => {
            let version = of_aws(policy);
            if number(id) == Some(version.number) {
                Ok((version, policy.document.to_owned()))
            } else {
                Err(version_missing(grant.arn(), id))
            }
        }
        Managed::Own(policy) => {
            let row = version_of(tx, grant, id)?;
            Ok((of_own(&policy, &row), documents::text(tx, row.document)?))
        }
    }
}

fn of_aws(policy: &ManagedPolicy) -> Version {
    Version {
        number: policy.version.into(),
        in_force: true,
        created_at: policy.updated.saturating_mul(1_000_000),
    }
}

pub(crate) fn of_own(policy: &EntityRow, row: &VersionRow) -> Version {
    Version {
        number: row.version,
        in_force: policy.default_version == Some(row.version),
        created_at: row.created_at,
    }
}

/// A page of the versions of the policy that was granted, the newest first.
pub(crate) fn versions<A: Action>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    page: &page::Asked,
) -> Result<page::Page<Version>> {
    let all = match known(grant)? {
        Managed::Aws(policy) => vec![of_aws(policy)],
        Managed::Own(policy) => {
            let rows = versions::of(tx.meta, &policy.id)?;
            rows.iter().map(|row| of_own(&policy, row)).collect()
        }
    };
    Ok(page.of_all(all, |it| format!("{:020}", i64::MAX - it.number)))
}

/// Puts a version in force.
pub(crate) fn set_default(
    tx: &mut Tx<'_>,
    grant: &Grant<SetDefaultPolicyVersion>,
    id: &str,
) -> Result<()> {
    let version = version_of(tx, grant, id)?;
    let row = EntityRow {
        default_version: Some(version.version),
        ..existing(grant)?.clone()
    };
    entities::update(tx, grant, &row)
}

/// Removes a version that is not in force.
pub(crate) fn delete_version(
    tx: &mut Tx<'_>,
    grant: &Grant<DeletePolicyVersion>,
    id: &str,
) -> Result<()> {
    let version = version_of(tx, grant, id)?;
    let policy = existing(grant)?;
    if policy.default_version == Some(version.version) {
        return Err(QueryError::delete_conflict(
            "Cannot delete the default version of a policy.",
        ));
    }
    versions::delete(tx.meta, &policy.id, version.version)?;
    documents::remove(tx, version.document)?;
    super::changed(tx, grant, "policy-changed", grant.arn())
}

/// Removes a policy that nobody has and that has one version.
pub(crate) fn delete(tx: &mut Tx<'_>, grant: &Grant<DeletePolicy>) -> Result<()> {
    let policy = existing(grant)?;
    let uses = uses(tx, grant, grant.arn())?;
    if uses.attached > 0 || uses.boundaries > 0 {
        return Err(QueryError::delete_conflict(
            "Cannot delete a policy attached to entities.",
        ));
    }
    let kept = versions::of(tx.meta, &policy.id)?;
    if kept.len() > 1 {
        return Err(QueryError::delete_conflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
        ));
    }
    for version in kept {
        versions::delete(tx.meta, &policy.id, version.version)?;
        documents::remove(tx, version.document)?;
    }
    entities::delete(tx, grant, policy)
}

/// Which policies a list is of.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// AWS's alone, or the account's alone; none: all.
    pub(crate) aws: Option<bool>,
    pub(crate) prefix: String,
    /// Only what is attached to somebody.
    pub(crate) attached: bool,
    /// Only what bounds somebody.
    pub(crate) boundaries: bool,
}

/// A page of policies: those of the account by name, then those of AWS.
pub(crate) fn list<A: Action>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    wanted: &Wanted,
    page: &page::Asked,
) -> Result<page::Page<(Managed, Uses)>> {
    let enough = usize::try_from(page.fetch()).unwrap_or(1_000);
    let mut found = Vec::new();
    if wanted.aws != Some(true) && !page.after.starts_with("aws ") {
        let after = page.after.strip_prefix("Own ").unwrap_or_default();
        let mut after = after.to_owned();
        while found.len() < enough {
            let (account, kind) = (grant.account().as_str(), EntityKind::Policy.as_str());
            let batch = rows::page(tx.meta, account, kind, &wanted.prefix, &after, BATCH)?;
            let Some(last) = batch.last() else { break };
            after.clone_from(&last.name_key);
            for row in batch {
                if found.len() < enough {
                    found.extend(used_as(tx, grant, wanted, Managed::Own(Box::new(row)))?);
                }
            }
        }
    }
    if wanted.aws != Some(false) {
        for policy in managed::POLICIES {
            if policy.path.starts_with(&wanted.prefix) {
                found.extend(used_as(tx, grant, wanted, Managed::Aws(policy))?);
            }
        }
    }
    Ok(page.of_all(found, |(policy, _)| match policy {
        Managed::Own(row) => format!("Own {}", row.name_key),
        Managed::Aws(policy) => format!("aws {}", policy.name.to_ascii_lowercase()),
    }))
}

fn used_as<A: Action>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    wanted: &Wanted,
    policy: Managed,
) -> Result<Option<(Managed, Uses)>> {
    let uses = uses(tx, grant, &policy.arn())?;
    let left_out =
        (wanted.attached && uses.attached == 0) || (wanted.boundaries && uses.boundaries == 0);
    Ok((!left_out).then_some((policy, uses)))
}

/// Whom a list of a policy's entities is of.
#[derive(Clone, Debug)]
pub(crate) struct Having {
    /// `user`, `role` or `group`; none: all of them.
    pub(crate) kind: Option<&'static str>,
    pub(crate) prefix: String,
    /// Those that it is attached to.
    pub(crate) attached: bool,
    /// Those that it bounds.
    pub(crate) boundaries: bool,
}

/// A page of the users, groups and roles that have the policy that was granted, in the order of their ids.
pub(crate) fn entities_of(
    tx: &mut Tx<'_>,
    grant: &Grant<ListEntitiesForPolicy>,
    having: &Having,
    page: &page::Asked,
) -> Result<page::Page<EntityRow>> {
    let policy = known(grant)?.arn();
    let mut merged = BTreeMap::new();
    if having.attached {
        collect(
            tx,
            grant,
            having,
            page,
            &mut merged,
            |tx, account, after| attachments::of_policy(tx.meta, &policy, account, after, BATCH),
        )?;
    }
    if having.boundaries {
        collect(
            tx,
            grant,
            having,
            page,
            &mut merged,
            |tx, account, after| {
                entity_rows::with_boundary(tx.meta, &policy, account, after, BATCH)
            },
        )?;
    }
    Ok(page.of_all(merged.into_values().collect(), |row| row.id.clone()))
}

/// Adds as many rows of one source as a page can need.
fn collect<A: Action>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
    having: &Having,
    page: &page::Asked,
    into: &mut BTreeMap<String, EntityRow>,
    read: impl Fn(&mut Tx<'_>, &str, &str) -> wharf_meta::Result<Vec<EntityRow>>,
) -> Result<()> {
    let enough = page.fetch();
    let (mut after, mut found) = (page.after.clone(), 0);
    while found < enough {
        let batch = read(tx, grant.account().as_str(), &after)?;
        let Some(last) = batch.last() else { break };
        after.clone_from(&last.id);
        for row in batch {
            let kind = having.kind.is_none_or(|kind| row.kind == kind);
            if kind && row.path.starts_with(&having.prefix) && found < enough {
                found += 1;
                into.insert(row.id.clone(), row);
            }
        }
    }
    Ok(())
}
