//! Emptying the trash before its time, at the operator's wish.
use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::json;
use wharf_meta::trash::{self as rows, After, TrashedManifest, TrashedRepository};
use wharf_meta::{blobs, links, manifests, repositories, usage};

use super::events::{self, ServiceGrant};
use super::trash::{Document, name_of};
use super::{Tx, aliases};
use crate::{Error, Result};

/// Rows of the trash looked at in one transaction: of each the document is read.
const AT_ONCE: i64 = 50;
/// About how many rows one transaction changes.
const ROWS: usize = 900;
/// Other images of the trash looked at, when one alone is purged, for whether they need its layers.
const OTHERS: i64 = 200;

/// What is to be purged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The whole trash, of every account.
    All,
    /// What repositories had, by surrogate id.
    Repositories(BTreeSet<i64>),
    /// One image of a repository.
    Image(i64, String),
}

impl Scope {
    fn begins(&self) -> After {
        match self {
            Self::All => After::before(i64::MIN),
            Self::Repositories(ids) => After::before(ids.first().copied().unwrap_or(i64::MAX)),
            Self::Image(id, digest) => After {
                digest: digest.clone(),
                ..After::before(*id)
            },
        }
    }

    fn holds(&self, row: &TrashedManifest) -> bool {
        match self {
            Self::All => true,
            Self::Repositories(ids) => ids.contains(&row.repository),
            Self::Image(id, digest) => row.repository == *id && row.digest == *digest,
        }
    }
}

/// What a purge takes away, or would.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Purged {
    /// Images.
    pub images: u64,
    /// Deleted repositories.
    pub repositories: u64,
    /// Bytes of layers that no other image of their repository holds: at most so many become free.
    pub bytes: u64,
    /// Deleted repositories whose images are still on their way to the trash: they stay.
    pub still_being_deleted: u64,
}

/// What a name may mean: the repository of that name and those deleted under it; refuses an unknown name.
pub(crate) fn scope(
    tx: &mut Tx<'_>,
    (account, region): (&str, &str),
    name: &str,
    digest: Option<&str>,
) -> Result<Scope> {
    let live = repositories::by_name(tx.meta, account, region, name)?.map(|row| row.id);
    let deleted = rows::repositories_named(tx.meta, account, region, name, 1_000)?;
    let deleted = deleted.into_iter().map(|row| row.id);
    let refused = |reason: String| Error::InvalidParameters { reason };
    let ids: BTreeSet<i64> = live.into_iter().chain(deleted).collect();
    if ids.is_empty() {
        return Err(refused(format!(
            "there is no repository {name}, and none was deleted"
        )));
    }
    let Some(digest) = digest else {
        return Ok(Scope::Repositories(ids));
    };
    for id in ids {
        let Some(digest) = aliases::identity(tx, id, digest)? else {
            continue;
        };
        if rows::manifest(tx.meta, id, &digest, i64::MIN)?.is_some() {
            return Ok(Scope::Image(id, digest));
        }
    }
    Err(refused(format!("{name}@{digest} is not in the trash")))
}

/// One page of what a purge would take, added to `plan`. None: that was all.
pub(crate) fn look(
    tx: &mut Tx<'_>,
    scope: &Scope,
    after: Option<&After>,
    seen: &mut BTreeSet<i64>,
    plan: &mut Purged,
) -> Result<Option<After>> {
    let page = page(tx, scope, after)?;
    for row in page.iter().filter(|row| scope.holds(row)) {
        plan.images += 1;
        for digest in Document::of(tx, row)?.links {
            let Some(link) = links::get(tx.meta, row.repository, &digest)? else {
                continue;
            };
            if !blobs::is_held(tx.meta, row.repository, &digest)? && seen.insert(link.blob) {
                plan.bytes += u64::try_from(link.size).unwrap_or(0);
            }
        }
    }
    Ok(page.last().map(After::from))
}

fn page(tx: &mut Tx<'_>, scope: &Scope, after: Option<&After>) -> Result<Vec<TrashedManifest>> {
    let begins = scope.begins();
    let page = rows::page(tx.meta, after.unwrap_or(&begins), AT_ONCE)?;
    Ok(match scope {
        Scope::All => page,
        Scope::Image(..) => page
            .into_iter()
            .take_while(|row| scope.holds(row))
            .collect(),
        Scope::Repositories(ids) => {
            // Past the last of them there is nothing more of theirs.
            let last = ids.last().copied().unwrap_or(i64::MIN);
            page.into_iter()
                .take_while(|row| row.repository <= last)
                .collect()
        }
    })
}

/// Purges some images after a place, added to `done`. None: that was all.
pub(crate) fn images(
    tx: &mut Tx<'_>,
    grant: &ServiceGrant,
    scope: &Scope,
    after: Option<&After>,
    done: &mut Purged,
) -> Result<Option<After>> {
    let mut changed = 0;
    let mut reached = None;
    for row in page(tx, scope, after)? {
        reached = Some(After::from(&row));
        if !scope.holds(&row) {
            continue;
        }
        let needed = match scope {
            Scope::Image(..) => needed_by_others(tx, &row)?,
            _ => Some(BTreeSet::new()),
        };
        for digest in Document::of(tx, &row)?.links {
            // Too many others to look at: its layers stay for their time.
            if needed
                .as_ref()
                .is_some_and(|needed| !needed.contains(&digest))
            {
                links::leave_trash(tx.meta, row.repository, &digest, grant.now)?;
                changed += 1;
            }
        }
        rows::drop_manifest(tx.meta, row.repository, &row.digest, row.deleted_at)?;
        done.images += 1;
        changed += 3;
        purged(tx, grant, &row)?;
        if changed >= ROWS {
            break;
        }
    }
    Ok(reached)
}

fn purged(tx: &mut Tx<'_>, grant: &ServiceGrant, row: &TrashedManifest) -> Result<()> {
    let (account, region, name, _) = name_of(tx, row.repository)?.unwrap_or_else(|| {
        let id = row.repository.to_string();
        (grant.account.clone(), grant.region.clone(), id, true)
    });
    let author = ServiceGrant {
        account,
        region,
        ..grant.clone()
    };
    let details = json!({ "digest": row.digest, "reason": grant.reason });
    let subject = format!("{name}@{}", row.digest);
    events::record(
        tx,
        &author,
        "image-purged",
        Some(row.repository),
        &subject,
        &details,
    )
}

/// The layers that other images in the trash of the same repository need; none: there are too many to say.
fn needed_by_others(tx: &mut Tx<'_>, row: &TrashedManifest) -> Result<Option<BTreeSet<String>>> {
    let page = rows::page(tx.meta, &After::before(row.repository), OTHERS)?;
    let mut needed = BTreeSet::new();
    let mut here = 0;
    for other in &page {
        if other.repository != row.repository {
            break;
        }
        here += 1;
        if other != row {
            needed.extend(Document::of(tx, other)?.links);
        }
    }
    Ok((here < OTHERS).then_some(needed))
}

/// The deleted repositories that a scope names: up to 100 after a surrogate id.
fn deleted(tx: &mut Tx<'_>, scope: &Scope, after: i64) -> Result<Vec<TrashedRepository>> {
    match scope {
        Scope::Image(..) => Ok(Vec::new()),
        Scope::All => Ok(rows::repositories(tx.meta, after, 100)?),
        Scope::Repositories(ids) => {
            let mut found = Vec::new();
            let rest = ids.iter().filter(|id| **id > after).take(100);
            for id in rest {
                found.extend(rows::repository(tx.meta, *id)?);
            }
            Ok(found)
        }
    }
}

/// Purges some deleted repositories after a surrogate id, or only counts them. None: that was all.
pub(crate) fn repositories(
    tx: &mut Tx<'_>,
    grant: &ServiceGrant,
    scope: &Scope,
    after: i64,
    count_only: bool,
    done: &mut Purged,
) -> Result<Option<i64>> {
    let mut reached = None;
    for row in deleted(tx, scope, after)? {
        if manifests::any(tx.meta, row.id)? {
            done.still_being_deleted += 1;
        } else if count_only {
            done.repositories += 1;
        } else {
            if usage::remove(tx.meta, row.id, 500)? == 500 {
                // More in the next transaction: from the one before it on.
                return Ok(Some(reached.unwrap_or(after)));
            }
            rows::drop_repository(tx.meta, row.id)?;
            let author = ServiceGrant {
                account: row.account.clone(),
                region: row.region.clone(),
                ..grant.clone()
            };
            let details = json!({ "reason": grant.reason });
            events::record(
                tx,
                &author,
                "repository-purged",
                Some(row.id),
                &row.name,
                &details,
            )?;
            done.repositories += 1;
        }
        reached = Some(row.id);
    }
    Ok(reached)
}
