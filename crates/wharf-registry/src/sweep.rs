//! The sweep: removes what nobody needs, in bounded steps, and never what somebody is writing or may be reading.
//!
//! Files go before their rows: a row without a file is removed the next time, a file without a row only by the listing.
use std::collections::BTreeSet;

use serde::Serialize;
use wharf_blob::ObjectName;
use wharf_meta::Durability;
use wharf_meta::objects::{After, ObjectRow};

use crate::data::bytes::sweeping;
use crate::data::events::ServiceGrant;
use crate::layers::extents::storage_error;
use crate::{Result, Service, data};

/// Names looked up in one transaction.
const LISTED: usize = 500;

/// What a sweep has removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Uploads that expired, were cancelled, or were left over by a layer that was stored already.
    pub uploads: u64,
    /// Objects that were begun and never finished.
    pub unfinished: u64,
    /// Doomed objects whose time had come.
    pub objects: u64,
    /// Files that no row knew.
    pub orphans: u64,
    /// Sessions that had ended.
    pub sessions: u64,
    /// Files that could not be removed: they are tried again.
    pub failed: u64,
}

/// Sweeps everything, a listing of all files included: after a start, and when the operator asks.
///
/// # Errors
/// `Unavailable` when the store refuses, `Internal` when the directory cannot be listed. What was removed is removed.
pub async fn run(service: &Service) -> Result<Swept> {
    let mut swept = Swept::default();
    let alone = service.running().sweeping.lock().await;
    rows(service, &mut swept).await?;
    orphans(service, &mut swept).await?;
    drop(alone);
    report(&swept);
    Ok(swept)
}

/// Sweeps what rows tell: files without a row come only from a loss of power or the end of a process, so they need to be
/// looked for only after a start.
///
/// # Errors
/// `Unavailable` when the store refuses.
pub async fn run_rows(service: &Service) -> Result<Swept> {
    let mut swept = Swept::default();
    let alone = service.running().sweeping.lock().await;
    rows(service, &mut swept).await?;
    drop(alone);
    report(&swept);
    Ok(swept)
}

fn report(swept: &Swept) {
    if *swept != Swept::default() {
        let Swept {
            uploads,
            unfinished,
            objects,
            orphans,
            sessions,
            failed,
        } = *swept;
        tracing::info!(
            uploads, unfinished, objects, orphans, sessions, failed, "swept"
        );
    }
}

/// In this order, so that what one step dooms the next removes.
async fn rows(service: &Service, swept: &mut Swept) -> Result<()> {
    expired(service, swept).await?;
    strays(service, swept).await?;
    doomed(service, swept).await?;
    sessions(service, swept).await
}

/// Ended sessions. They are worth nothing already, so no event tells of them.
async fn sessions(service: &Service, swept: &mut Swept) -> Result<()> {
    loop {
        let grant = ServiceGrant::for_uploads(service, "its time was over");
        let sweep = move |tx: &mut data::Tx<'_>| data::sessions::sweep(tx, &grant);
        // Looked at first: a write would make everybody read their identity anew.
        let now = service.now();
        let due = move |tx: &mut data::Tx<'_>| data::sessions::any_ended(tx, now);
        if !service.read("ended_sessions", due).await? {
            return Ok(());
        }
        let removed = service
            .write("sweep_sessions", Durability::Soft, sweep)
            .await?;
        swept.sessions = swept.sessions.saturating_add(removed);
    }
}

async fn expired(service: &Service, swept: &mut Swept) -> Result<()> {
    loop {
        let grant = ServiceGrant::for_uploads(service, "its time was over");
        let expire = move |tx: &mut data::Tx<'_>| sweeping::expire_one(tx, &grant);
        match service
            .write("expire_upload", Durability::Soft, expire)
            .await?
        {
            None => return Ok(()),
            Some(done) => swept.uploads = swept.uploads.saturating_add(u64::from(done)),
        }
    }
}

/// Pending objects that no extent uses, and that this process is not writing: it is the only one of its directory.
async fn strays(service: &Service, swept: &mut Swept) -> Result<()> {
    let mut after = After::nothing();
    loop {
        let from = after.clone();
        let find = move |tx: &mut data::Tx<'_>| sweeping::strays(tx, &from);
        let found = service.read("stray_objects", find).await?;
        let Some(last) = found.last() else {
            return Ok(());
        };
        after = After::from(last);
        let left = left_alone(service, found);
        if left.is_empty() {
            continue;
        }
        let grant = ServiceGrant::for_uploads(service, "it was never finished");
        let doom = move |tx: &mut data::Tx<'_>| sweeping::doom_strays(tx, &grant, &left);
        let doomed = service.write("doom_strays", Durability::Soft, doom).await?;
        swept.unfinished = swept.unfinished.saturating_add(doomed);
    }
}

fn left_alone(service: &Service, rows: Vec<ObjectRow>) -> Vec<String> {
    let written =
        |name: &str| ObjectName::parse(name).is_ok_and(|name| service.running().is_written(name));
    rows.into_iter()
        .map(|row| row.name)
        .filter(|name| !written(name))
        .collect()
}

async fn doomed(service: &Service, swept: &mut Swept) -> Result<()> {
    let mut after = After::nothing();
    loop {
        let (from, now) = (after.clone(), service.now());
        let find = move |tx: &mut data::Tx<'_>| sweeping::due(tx, now, &from);
        let found = service.read("due_objects", find).await?;
        let Some(last) = found.last() else {
            return Ok(());
        };
        // One that cannot be removed does not stop the others.
        after = After::from(last);
        let names: Vec<String> = found.into_iter().map(|row| row.name).collect();
        let (removed, failed) = remove_files(service, &names).await;
        swept.failed = swept.failed.saturating_add(failed);
        swept.objects = swept
            .objects
            .saturating_add(forget(service, "its time had come", removed).await?);
    }
}

async fn orphans(service: &Service, swept: &mut Swept) -> Result<()> {
    let mut listing = service.objects().list();
    loop {
        let names = listing.next(LISTED).await.map_err(storage_error)?;
        if names.is_empty() {
            return Ok(());
        }
        // A row is made before its file, and this looks after the file was seen: a file without a row is nobody's.
        let names: Vec<String> = names
            .into_iter()
            .filter(|name| !service.running().is_written(*name))
            .map(|name| name.to_string())
            .collect();
        let find = move |tx: &mut data::Tx<'_>| sweeping::without_row(tx, &names);
        let found = service.read("objects_without_row", find).await?;
        if found.is_empty() {
            continue;
        }
        let (removed, failed) = remove_files(service, &found).await;
        swept.failed = swept.failed.saturating_add(failed);
        swept.orphans = swept.orphans.saturating_add(removed.len() as u64);
        let grant = ServiceGrant::for_uploads(service, "no row knew its file");
        let note = move |tx: &mut data::Tx<'_>| sweeping::removed(tx, &grant, &removed);
        service
            .write("removed_orphans", Durability::Soft, note)
            .await?;
    }
}

/// Removes doomed objects whose time has come, file and row. What fails is left for the sweep.
pub(crate) async fn remove(service: &Service, why: &str, names: &[String]) {
    if names.is_empty() {
        return;
    }
    let (removed, failed) = remove_files(service, names).await;
    if let Err(error) = forget(service, why, removed).await {
        tracing::warn!(%error, failed, "removed objects are left for the sweep");
    }
}

/// Those whose files are gone, and how many are not. A file that was not there is gone.
async fn remove_files(service: &Service, names: &[String]) -> (Vec<String>, u64) {
    let mut failed = BTreeSet::new();
    for name in names {
        // A row whose name is none never had a file.
        let Ok(object) = ObjectName::parse(name) else {
            continue;
        };
        if let Err(error) = service.objects().remove(object).await {
            tracing::warn!(%error, %object, "an object's file could not be removed");
            failed.insert(name.clone());
        }
    }
    let count = failed.len() as u64;
    (
        names
            .iter()
            .filter(|name| !failed.contains(*name))
            .cloned()
            .collect(),
        count,
    )
}

async fn forget(service: &Service, why: &str, names: Vec<String>) -> Result<u64> {
    if names.is_empty() {
        return Ok(0);
    }
    let grant = ServiceGrant::for_uploads(service, why);
    let forget = move |tx: &mut data::Tx<'_>| sweeping::forget(tx, &grant, &names);
    service
        .write("forget_objects", Durability::Soft, forget)
        .await
}

#[cfg(test)]
mod tests;
