//! Events: one append-only row for every change of state, read in order of `seq`.
//!
//! `seq` is given in the order of commits, so that a reader that asks for what comes after the last one it
//! saw never misses a row: on `SQLite` by the writer as it inserts, on `PostgreSQL` by [`stamp`] afterwards.
use crate::{Micros, Result, Row, Tx};

crate::statements! {
    INSERT = "INSERT INTO events (id, seq, at, account, region, kind, repository, subject, principal, request_id, details, digest)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    AFTER = "SELECT seq, id, at, account, region, kind, repository, subject, principal, request_id, details, digest
             FROM events WHERE seq > $1 ORDER BY seq LIMIT $2";
    NEXT_REPOSITORY = "SELECT MIN(repository) FROM events WHERE digest = $1 AND repository > $2";
    OF_DIGEST = "SELECT COALESCE(seq, 0), id, at, account, region, kind, repository, subject, principal, request_id, details, digest
                 FROM events WHERE digest = $1 AND repository = $2 ORDER BY at DESC LIMIT $3";
    OF_DIGEST_ALONE = "SELECT COALESCE(seq, 0), id, at, account, region, kind, repository, subject, principal, request_id, details, digest
                       FROM events WHERE digest = $1 AND repository IS NULL ORDER BY at DESC LIMIT $2";
    LAST_SEQ = "SELECT MAX(seq) FROM events";
    UNSTAMPED = "SELECT id FROM events WHERE seq IS NULL ORDER BY id LIMIT $1";
    STAMP = "UPDATE events SET seq = $2 WHERE id = $1 AND seq IS NULL";
}

/// A row of `events`, without its `seq`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// A UUID of version 7.
    pub id: String,
    /// Domain time, microseconds since 1970.
    pub at: Micros,
    /// The account of what changed.
    pub account: String,
    /// The region of what changed.
    pub region: String,
    /// What happened, like `image.pushed`.
    pub kind: String,
    /// The surrogate id of the repository, if it is about one.
    pub repository: Option<i64>,
    /// What changed, in words of its kind: a name, a digest.
    pub subject: String,
    /// Who changed it.
    pub principal: String,
    /// The request that did.
    pub request_id: String,
    /// A JSON document.
    pub details: String,
    /// The content it is about, if it is about one.
    pub digest: Option<String>,
}

/// A row of `events` with its place in the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequenced {
    /// The place, from 1; may have gaps.
    pub seq: i64,
    /// The event.
    pub event: EventRow,
}

fn from_row(row: &Row) -> Result<Sequenced> {
    let event = EventRow {
        id: row.get(1)?,
        at: row.get(2)?,
        account: row.get(3)?,
        region: row.get(4)?,
        kind: row.get(5)?,
        repository: row.get(6)?,
        subject: row.get(7)?,
        principal: row.get(8)?,
        request_id: row.get(9)?,
        details: row.get(10)?,
        digest: row.get(11)?,
    };
    Ok(Sequenced {
        seq: row.get(0)?,
        event,
    })
}

/// Appends an event, in the transaction that makes the change.
///
/// # Errors
/// `Unique` when the id is taken.
pub fn insert(tx: &mut Tx, row: &EventRow) -> Result<()> {
    let seq = tx.next_event_seq();
    tx.run(
        &INSERT,
        &[
            &row.id,
            &seq,
            &row.at,
            &row.account,
            &row.region,
            &row.kind,
            &row.repository,
            &row.subject,
            &row.principal,
            &row.request_id,
            &row.details,
            &row.digest,
        ],
    )?;
    Ok(())
}

/// Up to `limit` events after `seq`, in order of `seq`.
///
/// # Errors
/// Those of the database.
pub fn after(tx: &mut Tx, seq: i64, limit: i64) -> Result<Vec<Sequenced>> {
    tx.rows(&AFTER, &[&seq, &limit])?
        .iter()
        .map(from_row)
        .collect()
}

/// The next repository after `after`, by surrogate id, that an event about this digest is of.
///
/// # Errors
/// Those of the database.
pub fn next_repository(tx: &mut Tx, digest: &str, after: i64) -> Result<Option<i64>> {
    let next = tx
        .row(&NEXT_REPOSITORY, &[&digest, &after])?
        .map(|row| row.get::<Option<i64>>(0))
        .transpose()?;
    Ok(next.flatten())
}

/// The last events about a digest in a repository, or in none; up to `limit`, the newest in front.
///
/// # Errors
/// Those of the database.
pub fn of_digest(
    tx: &mut Tx,
    digest: &str,
    repository: Option<i64>,
    limit: i64,
) -> Result<Vec<EventRow>> {
    let rows = match repository {
        Some(repository) => tx.rows(&OF_DIGEST, &[&digest, &repository, &limit])?,
        None => tx.rows(&OF_DIGEST_ALONE, &[&digest, &limit])?,
    };
    rows.iter()
        .map(|row| from_row(row).map(|row| row.event))
        .collect()
}

/// The newest `seq`; 0 if there is none.
///
/// # Errors
/// Those of the database.
pub fn last_seq(tx: &mut Tx) -> Result<i64> {
    let last = tx
        .row(&LAST_SEQ, &[])?
        .map(|row| row.get::<Option<i64>>(0))
        .transpose()?;
    Ok(last.flatten().unwrap_or(0))
}

/// Gives up to `limit` events that have none their `seq`, in order of id; how many it gave.
///
/// One sequencer calls it over and over; of two at the same time, one is run again by the store. On `SQLite`
/// there is nothing to do.
///
/// # Errors
/// Those of the database.
pub fn stamp(tx: &mut Tx, limit: i64) -> Result<u64> {
    let mut seq = last_seq(tx)?;
    let mut stamped = 0;
    for row in tx.rows(&UNSTAMPED, &[&limit])? {
        seq += 1;
        stamped += tx.run(&STAMP, &[&row.get::<String>(0)?, &seq])?;
    }
    Ok(stamped)
}
