//! What the collector does to rows: a bounded number in each transaction, each looked at again before it goes.
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::json;
use wharf_meta::links::{self, DueLink, HELD};
use wharf_meta::orphans::{self, Orphan};
use wharf_meta::{blobs, manifests, repositories, trash as trash_rows};

use super::bytes::uploads::remove_extents;
use super::bytes::{DAY, LINGER, column};
use super::events::{self, ServiceGrant};
use super::trash::{Followers, Place, cost, name_of, to_trash};
use super::{Tx, aliases};
use crate::{Micros, Result};

/// Links looked at in one transaction: each is up to six rows.
const LINKS: i64 = 150;
/// Extents released in one transaction: three rows each.
const EXTENTS: i64 = 300;
/// About how many rows one transaction changes.
const ROWS: i64 = 900;

/// What one transaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Step {
    /// Things looked at; none: there is nothing left to do.
    pub(crate) looked_at: u64,
    /// Those that went.
    pub(crate) gone: u64,
    /// Their plain bytes.
    pub(crate) bytes: u64,
}

/// Whether there is anything to look at.
pub(crate) fn is_due(tx: &mut Tx<'_>, now: Micros) -> Result<bool> {
    Ok(next_due(tx)?.is_some_and(|due| due <= now))
}

/// When there is something to look at next.
pub(crate) fn next_due(tx: &mut Tx<'_>) -> Result<Option<Micros>> {
    let given_up = blobs::first_given_up(tx.meta)?.map(|at| at.saturating_add(LINGER));
    let all = [
        orphans::next_due(tx.meta)?,
        links::next_due(tx.meta)?,
        given_up,
    ];
    Ok(all.into_iter().flatten().min())
}

/// Moves manifests that nothing refers to any more to the trash.
pub(crate) fn manifests(
    tx: &mut Tx<'_>,
    now: Micros,
    trash_days: u32,
    followers: Followers,
) -> Result<Step> {
    let mut step = Step::default();
    let mut left = ROWS;
    for orphan in orphans::due(tx.meta, now, 50)? {
        step.looked_at += 1;
        left -= look_at(tx, now, (trash_days, followers), &orphan, &mut step)?;
        if left <= 0 {
            break;
        }
    }
    Ok(step)
}

/// What became of one manifest, and about how many rows that was.
fn look_at(
    tx: &mut Tx<'_>,
    now: Micros,
    (trash_days, followers): (u32, Followers),
    orphan: &Orphan,
    step: &mut Step,
) -> Result<i64> {
    let (id, digest) = (orphan.repository, orphan.digest.as_str());
    // One before it in this transaction may have marked it anew.
    let row = manifests::get(tx.meta, id, digest)?;
    let Some(row) = row.filter(|row| row.keep_until.is_some_and(|until| until <= now)) else {
        return Ok(0);
    };
    let Some(repository) = repositories::by_id(tx.meta, id)? else {
        // The job that empties the deleted repository moves this one too.
        orphans::keep(tx.meta, id, digest, now.saturating_add(DAY))?;
        return Ok(1);
    };
    let subject = match &row.subject {
        Some(subject) => aliases::identity(tx, id, subject)?,
        None => None,
    };
    if orphans::is_referred_to(tx.meta, id, digest, subject.as_deref())? {
        orphans::clear(tx.meta, id, digest)?;
        return Ok(1);
    }
    let reason = if row.subject.is_some() && subject == orphan.orphaned_by {
        "its subject was deleted"
    } else {
        "its index was deleted"
    };
    let rows = cost(tx, id, digest)?;
    let place = Place {
        repository: id,
        name: &repository.name,
        until: now.saturating_add(i64::from(trash_days).saturating_mul(DAY)),
        followers,
    };
    let grant = author(reason, &repository.account, &repository.region, now);
    to_trash(tx, &grant, &place, &row, reason)?;
    step.gone += 1;
    step.bytes += u64::try_from(row.size).unwrap_or(0);
    Ok(rows)
}

/// Removes links that no manifest holds, the trash does not need and nobody was promised; and gives their blobs up.
pub(crate) fn links(tx: &mut Tx<'_>, now: Micros) -> Result<Step> {
    let mut step = Step::default();
    let mut names = BTreeMap::new();
    for link in links::due(tx.meta, now, LINKS)? {
        step.looked_at += 1;
        let due = if blobs::is_held(tx.meta, link.repository, &link.digest)? {
            HELD
        } else {
            link.keep_until.max(link.trash_until.unwrap_or(Micros::MIN))
        };
        if due > now {
            links::set_due(tx.meta, link.repository, &link.digest, due)?;
            continue;
        }
        unlink(tx, now, &link, &mut names)?;
        step.gone += 1;
        step.bytes += u64::try_from(link.size).unwrap_or(0);
    }
    Ok(step)
}

fn unlink(
    tx: &mut Tx<'_>,
    now: Micros,
    link: &DueLink,
    names: &mut BTreeMap<i64, String>,
) -> Result<()> {
    let id = link.repository;
    links::remove(tx.meta, id, &link.digest, link.blob)?;
    let last = links::of_blob(tx.meta, link.blob)?.is_none();
    if last {
        blobs::give_up(tx.meta, link.blob, &link.digest, now)?;
    }
    let name = match names.entry(id) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(free) => {
            let found = name_of(tx, id)?;
            free.insert(found.map_or_else(|| id.to_string(), |(_, _, name, _)| name))
        }
    };
    let reason = if link.trash_until.is_some() {
        "no image holds it, and the trash does not need it any more"
    } else {
        "no image held it for a day"
    };
    let grant = author(reason, &link.account, &link.region, now);
    let subject = format!("{name}@{}", link.digest);
    let details = json!({
        "digest": link.digest, "reason": reason, "size": link.size, "blob": link.blob, "blobGivenUp": last,
    });
    events::record(tx, &grant, "layer-collected", Some(id), &subject, &details)?;
    unname(tx, &grant, link, name)
}

/// Forgets what a layer was called by other digests, unless an image is called so.
fn unname(tx: &mut Tx<'_>, grant: &ServiceGrant, link: &DueLink, name: &str) -> Result<()> {
    let id = link.repository;
    let aliases = links::aliases(tx.meta, id, &link.digest)?;
    if aliases.is_empty()
        || orphans::there(tx.meta, id, &link.digest)?
        || trash_rows::manifest(tx.meta, id, &link.digest, Micros::MIN)?.is_some()
    {
        return Ok(());
    }
    for alias in aliases {
        links::remove_alias(tx.meta, id, &alias)?;
        let details = json!({ "digest": alias, "of": link.digest, "reason": grant.reason });
        let subject = format!("{name}@{alias}");
        events::record(tx, grant, "layer-collected", Some(id), &subject, &details)?;
    }
    Ok(())
}

/// Releases the extents of blobs given up so long ago that nobody can be reading them, and dooms their objects.
pub(crate) fn blobs(tx: &mut Tx<'_>, now: Micros) -> Result<Step> {
    let mut step = Step::default();
    let mut left = EXTENTS;
    for blob in blobs::given_up(tx.meta, now.saturating_sub(LINGER), 50)? {
        step.looked_at += 1;
        let places = blobs::extents(tx.meta, blob.id, -1, i64::MAX, left)?;
        if let Some(last) = places.last() {
            blobs::release_extents(tx.meta, blob.id, last.first_byte)?;
        }
        // Whoever read them has ended: the files may go at once.
        remove_extents(tx, &places, now)?;
        left -= column(places.len() as u64)?;
        if left <= 0 {
            break;
        }
        left -= 2;
        blobs::delete(tx.meta, blob.id)?;
        step.gone += 1;
        step.bytes += u64::try_from(blob.size).unwrap_or(0);
        let reason = "no repository linked it for two hours";
        let grant = author(reason, &blob.account, &blob.region, now);
        let details =
            json!({ "digest": blob.digest, "reason": reason, "blob": blob.id, "size": blob.size });
        events::record(tx, &grant, "blob-removed", None, &blob.digest, &details)?;
        if left <= 0 {
            break;
        }
    }
    Ok(step)
}

fn author(reason: &str, account: &str, region: &str, now: Micros) -> ServiceGrant {
    ServiceGrant {
        job: "collect",
        reason: reason.to_owned(),
        account: account.to_owned(),
        region: region.to_owned(),
        now,
    }
}
