//! Background work: durable jobs, usage flushes, the sweep. Each loop ends when the service stops.
mod empty_repository;
mod empty_trash;

use std::time::Duration;

use tokio::task::JoinHandle;
use wharf_meta::Durability;
use wharf_meta::jobs::{self as rows, JobRow};

use crate::{Error, Result, Service, sweep};

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
    if kinds.iter().all(|kind| kind.first_run > now) {
        return Ok(0);
    }
    let owner = "local";
    let leased = service
        .store()
        .write("lease_job", Durability::Hard, move |tx| {
            rows::lease(
                tx,
                rows::Lease {
                    owner,
                    now,
                    wall,
                    until: wall + LEASE,
                },
            )
        })
        .await?;
    let Some(job) = leased else { return Ok(0) };
    let outcome = match job.kind.as_str() {
        "empty-repository" => empty_repository::run(service, &job).await,
        other => Err(Error::internal(format!("no job of kind {other} is known"))),
    };
    finish(service, job, outcome).await?;
    Ok(1)
}

async fn finish(service: &Service, job: JobRow, outcome: Result<()>) -> Result<()> {
    let now = service.now();
    let write = move |tx: &mut wharf_meta::Tx| match &outcome {
        Ok(()) => rows::complete(tx, job.id, job.fence),
        Err(error) => {
            let next = rows::next_run_after_failure(now, job.attempts);
            rows::fail(tx, job.id, job.fence, &error.to_string(), next)
        }
    };
    Ok(service
        .store()
        .write("finish_job", Durability::Hard, write)
        .await?)
}
