//! Background work: durable jobs, usage flushes, the sweep. Each loop ends when the service stops.
mod collect;
mod empty_repository;
mod empty_trash;
mod follow;
mod restore_repository;

use std::time::Duration;

use tokio::task::JoinHandle;
use wharf_meta::Durability;
use wharf_meta::jobs::{self as rows, JobRow};

use crate::collect::Collected;
use crate::data::{collecting, following, undeleting};
use crate::{Error, Micros, Result, Service, data, ids, sweep};

/// The kind of the one job that collects.
const COLLECT: &str = "collect";
/// Who leases: this process is the only one of its directory.
const OWNER: &str = "local";

/// How long a worker may hold a job without a sign of life, in microseconds of wall time.
const LEASE: i64 = 60_000_000;
const USAGE_EVERY: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_secs(30);
const SWEEP_EVERY: Duration = Duration::from_mins(10);

/// Starts the loops.
#[expect(
    clippy::disallowed_methods,
    reason = "the loops of the service live as long as it does; shutdown awaits them"
)]
pub(crate) fn start(service: &Service) -> Vec<JoinHandle<()>> {
    vec![
        tokio::spawn(every(service.clone(), USAGE_EVERY, async |service| {
            service.usage().flush(service.store()).await
        })),
        tokio::spawn(every(service.clone(), SWEEP_EVERY, async |service| {
            sweep::run_rows(service).await.map(|_swept| ())
        })),
        tokio::spawn(work(service.clone())),
    ]
}

/// Runs `action` now and then at each interval.
async fn every(service: Service, interval: Duration, action: impl AsyncFn(&Service) -> Result<()>) {
    let mut stopping = service.stopping();
    loop {
        if let Err(error) = action(&service).await {
            tracing::warn!(%error, "background work failed; it is tried again at its next turn");
        }
        tokio::select! {
            () = tokio::time::sleep(interval) => {}
            _ = stopping.changed() => return,
        }
    }
}

/// Takes due jobs one after another, then empties the trash of what is due.
async fn work(service: Service) {
    let mut stopping = service.stopping();
    loop {
        // Asked for before looking, so that a job enqueued meanwhile is not slept over.
        let woken = service.wake().notified();
        tokio::pin!(woken);
        woken.as_mut().enable();
        match run_due(&service).await {
            Ok(0) => {
                if let Err(error) = empty_trash::run(&service).await {
                    tracing::warn!(%error, "the trash was not emptied; it is tried again later");
                }
            }
            Ok(_) => continue,
            Err(error) => tracing::warn!(%error, "jobs could not be looked at"),
        }
        tokio::select! {
            () = woken => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stopping.changed() => return,
        }
        if *stopping.borrow() {
            return;
        }
    }
}

/// Leases and runs one due job; how many ran.
///
/// # Errors
/// `Unavailable` when the store refuses. A job's own failure is noted in its row and tried again later.
pub(crate) async fn run_due(service: &Service) -> Result<usize> {
    let (now, wall) = (service.now(), service.wall());
    // Looked at first: a lease is a wait for the disk, and mostly there is nothing to lease.
    let kinds = service.store().read("due_jobs", rows::summary).await?;
    let mut due = kinds.iter().filter(|kind| kind.first_run <= now);
    let Some(first) = due.next() else {
        return Ok(0);
    };
    let only_collect = first.kind == COLLECT && due.next().is_none();
    if only_collect && !is_collection_due(service, now).await? {
        return Ok(0);
    }
    let lease = move |tx: &mut wharf_meta::Tx| {
        let until = wall + LEASE;
        rows::lease(
            tx,
            rows::Lease {
                owner: OWNER,
                now,
                wall,
                until,
            },
        )
    };
    let leased = service
        .store()
        .write("lease_job", Durability::Hard, lease)
        .await?;
    let Some(job) = leased else { return Ok(0) };
    if job.kind == COLLECT {
        let _alone = service.running().collecting.lock().await;
        collect_leased(service, job).await?;
        return Ok(1);
    }
    let outcome = match job.kind.as_str() {
        "empty-repository" => empty_repository::run(service, &job).await,
        following::JOB => follow::run(service, &job).await,
        undeleting::JOB => restore_repository::run(service, &job).await,
        other => Err(Error::internal(format!("no job of kind {other} is known"))),
    };
    finish(service, job, outcome.map(|()| None)).await?;
    Ok(1)
}

/// Empties the trash of what has lain there for its time.
#[cfg(test)]
pub(crate) async fn empty_trash(service: &Service) -> Result<()> {
    empty_trash::run(service).await
}

async fn is_collection_due(service: &Service, now: Micros) -> Result<bool> {
    let look = move |tx: &mut data::Tx<'_>| collecting::is_due(tx, now);
    service.read("collection_due", look).await
}

async fn collect_leased(service: &Service, job: JobRow) -> Result<Collected> {
    let outcome = collect::run(service, &job).await;
    let collected = outcome.clone().map(|(collected, _)| collected);
    finish(service, job, outcome.map(|(_, next)| Some(next))).await?;
    collected
}

/// Makes the job that collects, unless it is there.
pub(crate) async fn ensure_collect(service: &Service) -> Result<()> {
    let find = |tx: &mut wharf_meta::Tx| rows::of_kind(tx, COLLECT, 1);
    if !service.store().read("collect_job", find).await?.is_empty() {
        return Ok(());
    }
    let job = rows::NewJob {
        id: ids::surrogate_id(service.now())?,
        kind: COLLECT.to_owned(),
        payload: "{}".to_owned(),
        next_run: service.now(),
        created_at: service.now(),
    };
    let enqueue = move |tx: &mut wharf_meta::Tx| {
        if rows::of_kind(tx, COLLECT, 1)?.is_empty() {
            rows::enqueue(tx, &job)?;
        }
        wharf_meta::Result::Ok(())
    };
    let store = service.store();
    Ok(store
        .write("enqueue_collect", Durability::Hard, enqueue)
        .await?)
}

/// Collects now, whether or not the job is due.
pub(crate) async fn collect_now(service: &Service) -> Result<Collected> {
    let _alone = service.running().collecting.lock().await;
    if !is_collection_due(service, service.now()).await? {
        return Ok(Collected::default());
    }
    ensure_collect(service).await?;
    let until = service.wall() + LEASE;
    // Whoever leased it and has not begun waits for the lock, and finds itself fenced off.
    let take = move |tx: &mut wharf_meta::Tx| match rows::of_kind(tx, COLLECT, 1)?.pop() {
        Some(job) => rows::take(tx, job.id, OWNER, until),
        None => Ok(None),
    };
    let store = service.store();
    match store.write("take_collect", Durability::Hard, take).await? {
        Some(job) => collect_leased(service, job).await,
        None => Err(Error::internal("the job that collects is gone")),
    }
}

/// One transaction of a job, which holds it for as long again, or is refused if another has taken it.
async fn step<T: Send + 'static>(
    service: &Service,
    job: &JobRow,
    name: &'static str,
    progress: &'static str,
    mut run: impl FnMut(&mut data::Tx<'_>) -> Result<T> + Send + 'static,
) -> Result<T> {
    let (id, fence, until) = (job.id, job.fence, service.wall() + LEASE);
    let write = move |tx: &mut wharf_meta::Tx| -> Result<T> {
        rows::progress(tx, id, fence, progress, until)?;
        run(&mut data::Tx::new(tx))
    };
    service.store().write(name, Durability::Hard, write).await
}

/// Gives a job back: done, to be run again at a time, or failed. One that another has taken, or that is not wanted any
/// more, is not this worker's to give back.
async fn finish(service: &Service, job: JobRow, outcome: Result<Option<Micros>>) -> Result<()> {
    let now = service.now();
    let write = move |tx: &mut wharf_meta::Tx| match &outcome {
        Ok(None) => rows::complete(tx, job.id, job.fence),
        Ok(Some(next)) => rows::reschedule(tx, job.id, job.fence, "", *next),
        Err(error) => {
            let next = rows::next_run_after_failure(now, job.attempts);
            rows::fail(tx, job.id, job.fence, &error.to_string(), next)
        }
    };
    let store = service.store();
    match store.write("finish_job", Durability::Hard, write).await {
        Err(wharf_meta::Error::Fenced { job }) => {
            tracing::debug!(job, "the job is another's, or not wanted any more");
            Ok(())
        }
        other => Ok(other?),
    }
}
