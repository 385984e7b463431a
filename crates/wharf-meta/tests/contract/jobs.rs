use wharf_meta::jobs::{self, JobRow, Lease, NewJob};
use wharf_meta::{Error, Store};

use super::rows::{is_unique, read, write};

pub static CASES: &[crate::Case] = &cases![
    a_job_is_there_with_the_change_or_not_at_all,
    jobs_are_leased_in_the_order_they_are_due,
    an_ended_lease_is_taken_over_and_the_old_worker_is_fenced,
    a_failed_job_waits_and_keeps_its_progress,
    a_rescheduled_job_starts_afresh,
    a_completed_job_is_gone,
    a_job_is_taken_from_whoever_holds_it,
    a_cancelled_job_fences_its_worker_off,
    the_summary_counts_by_kind,
];

fn job(id: i64, kind: &str, next_run: i64) -> NewJob {
    NewJob {
        id,
        kind: kind.to_owned(),
        payload: r#"{"repository":1}"#.to_owned(),
        next_run,
        created_at: 1,
    }
}

async fn enqueue(store: &Store, row: NewJob) {
    write(store, move |tx| jobs::enqueue(tx, &row))
        .await
        .unwrap();
}

/// Leases for 10 of wall time.
async fn lease(store: &Store, owner: &'static str, now: i64, wall: i64) -> Option<JobRow> {
    write(store, move |tx| {
        jobs::lease(
            tx,
            Lease {
                owner,
                now,
                wall,
                until: wall + 10,
            },
        )
    })
    .await
    .unwrap()
}

async fn a_job_is_taken_from_whoever_holds_it(store: &Store) {
    enqueue(store, job(1, "collect", 50)).await;
    let take = |owner: &'static str| write(store, move |tx| jobs::take(tx, 1, owner, 90));
    let first = take("a").await.unwrap().unwrap();
    let second = take("b").await.unwrap().unwrap();
    assert_eq!((first.fence, second.fence), (1, 2));
    assert_eq!(
        write(store, |tx| jobs::progress(tx, 1, 1, "", 99)).await,
        Err(Error::Fenced { job: 1 })
    );
    assert_eq!(
        write(store, |tx| jobs::progress(tx, 1, 2, "", 99)).await,
        Ok(())
    );
    assert_eq!(
        write(store, |tx| jobs::take(tx, 2, "a", 90)).await,
        Ok(None)
    );
}

async fn a_cancelled_job_fences_its_worker_off(store: &Store) {
    enqueue(store, job(1, "empty", 0)).await;
    let leased = lease(store, "a", 0, 0).await.unwrap();
    assert_eq!(write(store, |tx| jobs::cancel(tx, 1)).await, Ok(true));
    assert_eq!(write(store, |tx| jobs::cancel(tx, 1)).await, Ok(false));
    let fence = leased.fence;
    assert_eq!(
        write(store, move |tx| jobs::check(tx, 1, fence)).await,
        Err(Error::Fenced { job: 1 })
    );
}

async fn a_job_is_there_with_the_change_or_not_at_all(store: &Store) {
    let refused: Result<(), Error> = write(store, |tx| {
        jobs::enqueue(tx, &job(1, "empty", 0))?;
        Err(Error::Closed)
    })
    .await;
    assert_eq!(refused, Err(Error::Closed));
    assert_eq!(read(store, |tx| jobs::by_id(tx, 1)).await, Ok(None));
    enqueue(store, job(1, "empty", 5)).await;
    let found = read(store, |tx| jobs::by_id(tx, 1)).await.unwrap().unwrap();
    let expected = JobRow {
        id: 1,
        kind: "empty".to_owned(),
        payload: r#"{"repository":1}"#.to_owned(),
        progress: String::new(),
        attempts: 0,
        last_error: None,
        next_run: 5,
        fence: 0,
        created_at: 1,
    };
    assert_eq!(found, expected);
    assert!(is_unique(
        &write(store, |tx| jobs::enqueue(tx, &job(1, "other", 0))).await
    ));
}

async fn jobs_are_leased_in_the_order_they_are_due(store: &Store) {
    enqueue(store, job(1, "k", 30)).await;
    enqueue(store, job(2, "k", 20)).await;
    enqueue(store, job(3, "k", 10)).await;
    assert_eq!(lease(store, "w", 9, 1_000).await, None, "none is due");
    assert_eq!(lease(store, "w", 25, 1_000).await.unwrap().id, 3);
    assert_eq!(lease(store, "w", 25, 1_000).await.unwrap().id, 2);
    assert_eq!(
        lease(store, "w", 25, 1_000).await,
        None,
        "the third is not due, the others are held"
    );
}

async fn an_ended_lease_is_taken_over_and_the_old_worker_is_fenced(store: &Store) {
    enqueue(store, job(1, "k", 0)).await;
    let old = lease(store, "old", 0, 100).await.unwrap();
    assert_eq!((old.fence, old.attempts), (1, 1));
    write(store, move |tx| jobs::progress(tx, 1, 1, "half", 115))
        .await
        .unwrap();
    assert_eq!(
        lease(store, "new", 0, 114).await,
        None,
        "the progress prolonged the lease"
    );
    assert_eq!(
        lease(store, "new", 1_000_000, 114).await,
        None,
        "moving domain time ends no lease"
    );
    let new = lease(store, "new", 0, 115).await.unwrap();
    assert_eq!(
        (new.fence, new.attempts, new.progress.as_str()),
        (2, 2, "half")
    );
    let fenced = Err(Error::Fenced { job: 1 });
    assert_eq!(write(store, |tx| jobs::check(tx, 1, 1)).await, fenced);
    assert_eq!(
        write(store, |tx| jobs::progress(tx, 1, 1, "x", 999)).await,
        fenced
    );
    assert_eq!(write(store, |tx| jobs::complete(tx, 1, 1)).await, fenced);
    assert_eq!(
        write(store, |tx| jobs::fail(tx, 1, 1, "x", 999)).await,
        fenced
    );
    assert_eq!(
        write(store, |tx| jobs::reschedule(tx, 1, 1, "x", 999)).await,
        fenced
    );
    assert_eq!(write(store, |tx| jobs::check(tx, 1, 2)).await, Ok(()));
    assert_eq!(
        read(store, |tx| jobs::by_id(tx, 1))
            .await
            .unwrap()
            .unwrap()
            .progress,
        "half"
    );
}

async fn a_failed_job_waits_and_keeps_its_progress(store: &Store) {
    enqueue(store, job(1, "k", 0)).await;
    lease(store, "w", 0, 100).await.unwrap();
    write(store, |tx| jobs::progress(tx, 1, 1, "half", 110))
        .await
        .unwrap();
    let next_run = jobs::next_run_after_failure(0, 1);
    write(store, move |tx| jobs::fail(tx, 1, 1, "no disk", next_run))
        .await
        .unwrap();
    assert_eq!(
        write(store, |tx| jobs::check(tx, 1, 1)).await,
        Err(Error::Fenced { job: 1 }),
        "it was given back"
    );
    assert_eq!(lease(store, "w", next_run - 1, 100).await, None);
    let again = lease(store, "w", next_run, 100).await.unwrap();
    assert_eq!((again.attempts, again.fence), (2, 2));
    assert_eq!(
        (again.progress.as_str(), again.last_error.as_deref()),
        ("half", Some("no disk"))
    );
}

async fn a_rescheduled_job_starts_afresh(store: &Store) {
    enqueue(store, job(1, "k", 0)).await;
    lease(store, "w", 0, 100).await.unwrap();
    write(store, |tx| jobs::fail(tx, 1, 1, "no disk", 1))
        .await
        .unwrap();
    lease(store, "w", 1, 100).await.unwrap();
    write(store, |tx| jobs::reschedule(tx, 1, 2, "next page", 50))
        .await
        .unwrap();
    assert_eq!(lease(store, "w", 49, 100).await, None);
    let again = lease(store, "w", 50, 100).await.unwrap();
    assert_eq!((again.attempts, again.fence), (1, 3));
    assert_eq!(
        (again.progress.as_str(), again.last_error),
        ("next page", None)
    );
}

async fn a_completed_job_is_gone(store: &Store) {
    enqueue(store, job(1, "k", 0)).await;
    lease(store, "w", 0, 100).await.unwrap();
    assert_eq!(write(store, |tx| jobs::complete(tx, 1, 1)).await, Ok(()));
    assert_eq!(read(store, |tx| jobs::by_id(tx, 1)).await, Ok(None));
}

async fn the_summary_counts_by_kind(store: &Store) {
    enqueue(store, job(1, "sweep", 7)).await;
    enqueue(store, job(2, "empty", 9)).await;
    enqueue(store, job(3, "empty", 8)).await;
    let summary = read(store, jobs::summary).await.unwrap();
    let summary: Vec<_> = summary
        .iter()
        .map(|kind| (kind.kind.as_str(), kind.count, kind.first_run))
        .collect();
    assert_eq!(summary, [("empty", 2, 8), ("sweep", 1, 7)]);
    let ids: Vec<i64> = read(store, |tx| jobs::of_kind(tx, "empty", 9))
        .await
        .unwrap()
        .iter()
        .map(|row| row.id)
        .collect();
    assert_eq!(ids, [3, 2]);
}
