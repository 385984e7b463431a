//! Jobs: slow work as rows, leased by workers with a fencing number that each of their writes checks.
//!
//! `next_run` is domain time, which a test may move; `lease_until` is wall time, since a lease bounds how
//! long a worker may be silent.
use crate::{Error, Micros, Result, Row, Tx};

crate::statements! {
    INSERT = "INSERT INTO jobs (id, kind, payload, progress, attempts, next_run, lease_until, fence, created_at)
              VALUES ($1, $2, $3, '', 0, $4, 0, 0, $5)";
    LEASE = "UPDATE jobs SET lease_owner = $3, lease_until = $4, fence = fence + 1, attempts = attempts + 1
             WHERE id = (SELECT id FROM jobs WHERE next_run <= $1 AND lease_until <= $2 ORDER BY next_run, id LIMIT 1)
             RETURNING id, kind, payload, progress, attempts, last_error, next_run, fence, created_at";
    CHECK = "SELECT fence FROM jobs WHERE id = $1 AND fence = $2 AND lease_owner IS NOT NULL";
    PROGRESS = "UPDATE jobs SET progress = $3, lease_until = $4
                WHERE id = $1 AND fence = $2 AND lease_owner IS NOT NULL";
    COMPLETE = "DELETE FROM jobs WHERE id = $1 AND fence = $2 AND lease_owner IS NOT NULL";
    FAIL = "UPDATE jobs SET last_error = $3, next_run = $4, lease_owner = NULL, lease_until = 0
            WHERE id = $1 AND fence = $2 AND lease_owner IS NOT NULL";
    RESCHEDULE = "UPDATE jobs SET progress = $3, next_run = $4, attempts = 0, last_error = NULL,
                  lease_owner = NULL, lease_until = 0
                  WHERE id = $1 AND fence = $2 AND lease_owner IS NOT NULL";
    TAKE = "UPDATE jobs SET lease_owner = $2, lease_until = $3, fence = fence + 1, attempts = attempts + 1 WHERE id = $1
            RETURNING id, kind, payload, progress, attempts, last_error, next_run, fence, created_at";
    CANCEL = "DELETE FROM jobs WHERE id = $1";
    BY_ID = "SELECT id, kind, payload, progress, attempts, last_error, next_run, fence, created_at
             FROM jobs WHERE id = $1";
    OF_KIND = "SELECT id, kind, payload, progress, attempts, last_error, next_run, fence, created_at
               FROM jobs WHERE kind = $1 ORDER BY next_run, id LIMIT $2";
    SUMMARY = "SELECT kind, CAST(COUNT(*) AS BIGINT), MIN(next_run) FROM jobs GROUP BY kind ORDER BY kind LIMIT 1000";
}

/// The wait after a first failure; it doubles with each further one.
const FIRST_WAIT: Micros = 1_000_000;

/// The longest wait after a failure: an hour.
const LONGEST_WAIT: Micros = 3_600_000_000;

/// A job to be enqueued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// A surrogate id.
    pub id: i64,
    /// Which worker takes it.
    pub kind: String,
    /// A JSON document for the worker.
    pub payload: String,
    /// Domain time from which on it is due.
    pub next_run: Micros,
    /// Domain time.
    pub created_at: Micros,
}

/// A row of `jobs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    /// Its surrogate id.
    pub id: i64,
    /// Which worker takes it.
    pub kind: String,
    /// A JSON document for the worker.
    pub payload: String,
    /// How far it is, in the worker's own words; empty at first.
    pub progress: String,
    /// How often it was leased since it was enqueued or last rescheduled, this time included.
    pub attempts: i64,
    /// The text of the last failure.
    pub last_error: Option<String>,
    /// Domain time from which on it is due.
    pub next_run: Micros,
    /// The number of its last lease.
    pub fence: i64,
    /// Domain time.
    pub created_at: Micros,
}

/// Who asks for a job, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Lease<'a> {
    /// A name of the worker, unique to it.
    pub owner: &'a str,
    /// Domain time: jobs due by then.
    pub now: Micros,
    /// Wall time: leases that ended by then are free.
    pub wall: Micros,
    /// Wall time until which the worker has it.
    pub until: Micros,
}

/// How many jobs of a kind there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindSummary {
    /// The kind.
    pub kind: String,
    /// How many.
    pub count: i64,
    /// When the first of them is due, domain time.
    pub first_run: Micros,
}

fn from_row(row: &Row) -> Result<JobRow> {
    Ok(JobRow {
        id: row.get(0)?,
        kind: row.get(1)?,
        payload: row.get(2)?,
        progress: row.get(3)?,
        attempts: row.get(4)?,
        last_error: row.get(5)?,
        next_run: row.get(6)?,
        fence: row.get(7)?,
        created_at: row.get(8)?,
    })
}

/// Enqueues a job, in the transaction that makes it necessary.
///
/// # Errors
/// `Unique` when the id is taken.
pub fn enqueue(tx: &mut Tx, job: &NewJob) -> Result<()> {
    tx.run(
        &INSERT,
        &[
            &job.id,
            &job.kind,
            &job.payload,
            &job.next_run,
            &job.created_at,
        ],
    )?;
    Ok(())
}

/// Leases the job that has been due longest and that nobody holds, if there is one.
///
/// Of two workers at the same time, each gets another job. Its `fence` goes with every later call.
///
/// # Errors
/// Those of the database.
pub fn lease(tx: &mut Tx, lease: Lease<'_>) -> Result<Option<JobRow>> {
    tx.row(
        &LEASE,
        &[&lease.now, &lease.wall, &lease.owner, &lease.until],
    )?
    .as_ref()
    .map(from_row)
    .transpose()
}

/// Leases a job whoever holds it, and whether or not it is due: its last worker is fenced off. None: there is no such job.
///
/// # Errors
/// Those of the database.
pub fn take(tx: &mut Tx, id: i64, owner: &str, until: Micros) -> Result<Option<JobRow>> {
    tx.row(&TAKE, &[&id, &owner, &until])?
        .as_ref()
        .map(from_row)
        .transpose()
}

/// Removes a job that is not wanted any more; a worker that holds it is fenced off.
///
/// # Errors
/// Those of the database.
pub fn cancel(tx: &mut Tx, id: i64) -> Result<bool> {
    Ok(tx.run(&CANCEL, &[&id])? > 0)
}

/// Checks that the worker still holds the job, in the transaction of whatever it writes.
///
/// # Errors
/// `Fenced` if it does not: the transaction must not go on.
pub fn check(tx: &mut Tx, id: i64, fence: i64) -> Result<()> {
    held(id, u64::from(tx.row(&CHECK, &[&id, &fence])?.is_some()))
}

/// Notes how far the worker is and holds the job until `until`, wall time.
///
/// # Errors
/// `Fenced` if the worker does not hold the job any more.
pub fn progress(tx: &mut Tx, id: i64, fence: i64, progress: &str, until: Micros) -> Result<()> {
    held(id, tx.run(&PROGRESS, &[&id, &fence, &progress, &until])?)
}

/// Removes a job that is done.
///
/// # Errors
/// `Fenced` if the worker does not hold the job any more.
pub fn complete(tx: &mut Tx, id: i64, fence: i64) -> Result<()> {
    held(id, tx.run(&COMPLETE, &[&id, &fence])?)
}

/// Gives back a job that failed; it is due again at `next_run`, which [`next_run_after_failure`] tells.
///
/// # Errors
/// `Fenced` if the worker does not hold the job any more.
pub fn fail(tx: &mut Tx, id: i64, fence: i64, error: &str, next_run: Micros) -> Result<()> {
    held(id, tx.run(&FAIL, &[&id, &fence, &error, &next_run])?)
}

/// Gives back a job that has more to do at `next_run`, domain time; its failures are forgotten.
///
/// # Errors
/// `Fenced` if the worker does not hold the job any more.
pub fn reschedule(
    tx: &mut Tx,
    id: i64,
    fence: i64,
    progress: &str,
    next_run: Micros,
) -> Result<()> {
    held(
        id,
        tx.run(&RESCHEDULE, &[&id, &fence, &progress, &next_run])?,
    )
}

/// The job of that id, if it exists.
///
/// # Errors
/// Those of the database.
pub fn by_id(tx: &mut Tx, id: i64) -> Result<Option<JobRow>> {
    tx.row(&BY_ID, &[&id])?.as_ref().map(from_row).transpose()
}

/// Up to `limit` jobs of a kind, those due first in front.
///
/// # Errors
/// Those of the database.
pub fn of_kind(tx: &mut Tx, kind: &str, limit: i64) -> Result<Vec<JobRow>> {
    tx.rows(&OF_KIND, &[&kind, &limit])?
        .iter()
        .map(from_row)
        .collect()
}

/// How many jobs of each kind there are, for metrics.
///
/// # Errors
/// Those of the database.
pub fn summary(tx: &mut Tx) -> Result<Vec<KindSummary>> {
    let rows = tx.rows(&SUMMARY, &[])?;
    rows.iter()
        .map(|row| {
            Ok(KindSummary {
                kind: row.get(0)?,
                count: row.get(1)?,
                first_run: row.get(2)?,
            })
        })
        .collect()
}

/// When a job that has now failed for the `attempts`th time is due again: 1 s later, then 2 s, up to 1 h.
pub fn next_run_after_failure(now: Micros, attempts: i64) -> Micros {
    let doublings = u32::try_from(attempts.saturating_sub(1).clamp(0, 12)).unwrap_or(12);
    now.saturating_add((FIRST_WAIT << doublings).min(LONGEST_WAIT))
}

fn held(job: i64, rows: u64) -> Result<()> {
    if rows == 0 {
        Err(Error::Fenced { job })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_after_failures_doubles_up_to_an_hour() {
        let waits: Vec<i64> = [1, 2, 3, 12, 13, 1_000]
            .map(|attempts| next_run_after_failure(0, attempts))
            .to_vec();
        assert_eq!(
            waits,
            [
                1_000_000,
                2_000_000,
                4_000_000,
                2_048_000_000,
                3_600_000_000,
                3_600_000_000
            ]
        );
        assert_eq!(next_run_after_failure(7, 0), 1_000_007);
    }
}
