//! What only `SQLite` does: groups, failing commits, migrations.
use std::path::Path;
use std::sync::mpsc;

use rusqlite::{StatementStatus, ffi};
use tempfile::TempDir;

use super::{check_version, open_connection};
use crate::migrate::{MIGRATIONS, Migration};
use crate::registry_keys::RegistryKeyRow;
use crate::{
    Database, Durability, Error, MODULES, Options, Result, Store, Tx, accounts, events,
    registry_keys, versions,
};

fn open(directory: &TempDir) -> Store {
    Store::open_sqlite(&directory.path().join("wharf.db"), Options::new(1))
        .expect("the store opens")
}

fn directory() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

#[expect(
    clippy::disallowed_methods,
    reason = "each test awaits what it spawns, or ends with it"
)]
fn spawn<T: Send + 'static>(
    task: impl Future<Output = T> + Send + 'static,
) -> tokio::task::JoinHandle<T> {
    tokio::spawn(task)
}

/// Holds the writer in a closure until the sender is dropped or used.
fn hold(store: &Store) -> mpsc::Sender<()> {
    let (release, held) = mpsc::channel::<()>();
    let (started, running) = mpsc::channel();
    let store = store.clone();
    spawn(async move {
        let wait = move |_: &mut Tx| {
            started.send(()).ok();
            held.recv().ok();
            Ok::<(), Error>(())
        };
        store.write("hold", Durability::Hard, wait).await
    });
    tokio::task::block_in_place(|| running.recv()).expect("the writer runs");
    release
}

async fn until_waiting(store: &Store, count: usize) {
    while store.waiting() < count {
        tokio::task::yield_now().await;
    }
}

type Answer = tokio::task::JoinHandle<Result<i64>>;

fn bump(store: &Store, kind: &'static str, durability: Durability) -> Answer {
    let store = store.clone();
    spawn(async move {
        store
            .write("bump", durability, move |tx| versions::bump(tx, "a", kind))
            .await
    })
}

async fn version(store: &Store, kind: &'static str) -> i64 {
    store
        .read("version", move |tx| versions::get(tx, "a", kind))
        .await
        .expect("a read")
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_waiting_writes_are_two_commits_one_soft_and_one_hard() {
    let directory = directory();
    let store = open(&directory);
    let release = hold(&store);
    let mut answers = Vec::new();
    for number in 0..200 {
        let durability = if number % 2 == 0 {
            Durability::Soft
        } else {
            Durability::Hard
        };
        answers.push(bump(&store, "k", durability));
    }
    until_waiting(&store, 200).await;
    let before = store.commits();
    drop(release);
    for answer in answers {
        answer.await.expect("no panic").expect("a commit");
    }
    let after = store.commits();
    assert_eq!(after.soft_commits, before.soft_commits + 1);
    assert_eq!(after.soft_closures, before.soft_closures + 100);
    assert_eq!(
        after.hard_commits,
        before.hard_commits + 2,
        "the one that was held, and the group"
    );
    assert_eq!(after.hard_closures, before.hard_closures + 101);
    assert_eq!(version(&store, "k").await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_at_commit_is_answered_to_all_and_the_store_goes_on() {
    let directory = directory();
    let store = open(&directory);
    let release = hold(&store);
    let first = bump(&store, "k", Durability::Hard);
    let failing = fail_commit(&store, ffi::SQLITE_FULL);
    until_waiting(&store, 2).await;
    drop(release);
    assert_eq!(first.await.expect("no panic"), Err(Error::Full));
    assert_eq!(failing.await.expect("no panic"), Err(Error::Full));
    assert_eq!(version(&store, "k").await, 0, "nothing was written");
    assert_eq!(
        bump(&store, "k", Durability::Hard).await.expect("no panic"),
        Ok(1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_flush_is_not_tried_again_and_stops_all_writes_until_the_store_is_opened_anew() {
    let directory = directory();
    let store = open(&directory);
    let release = hold(&store);
    let first = bump(&store, "k", Durability::Hard);
    let failing = fail_commit(&store, ffi::SQLITE_IOERR_FSYNC);
    until_waiting(&store, 2).await;
    drop(release);
    assert!(matches!(first.await.expect("no panic"), Err(Error::Io(_))));
    assert!(matches!(
        failing.await.expect("no panic"),
        Err(Error::Io(_))
    ));
    assert_eq!(store.commits().reruns, 0);
    let later = bump(&store, "k", Durability::Soft).await.expect("no panic");
    assert!(matches!(later, Err(Error::Refused(_))), "{later:?}");
    assert_eq!(version(&store, "k").await, 0, "reads go on");
    store.close().await;
    let store = open(&directory);
    assert_eq!(
        bump(&store, "k", Durability::Hard).await.expect("no panic"),
        Ok(1)
    );
}

fn fail_commit(store: &Store, code: std::ffi::c_int) -> Answer {
    let store = store.clone();
    spawn(async move {
        let arm = move |tx: &mut Tx| {
            if let Some(session) = tx.sqlite() {
                session.fail_next_commit = Some(code);
            }
            versions::bump(tx, "a", "failing")
        };
        store.write("fail_commit", Durability::Hard, arm).await
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn when_sqlite_rolls_a_group_back_the_others_are_run_again() {
    let directory = directory();
    let store = open(&directory);
    let release = hold(&store);
    let before = bump(&store, "k", Durability::Hard);
    until_waiting(&store, 1).await;
    let culprit = {
        let store = store.clone();
        spawn(async move {
            let roll_back = |tx: &mut Tx| {
                // What SQLite does by itself after some errors.
                tx.control("ROLLBACK")?;
                Err::<(), _>(Error::Full)
            };
            store.write("culprit", Durability::Hard, roll_back).await
        })
    };
    until_waiting(&store, 2).await;
    let after = bump(&store, "k", Durability::Hard);
    until_waiting(&store, 3).await;
    drop(release);
    assert_eq!(culprit.await.expect("no panic"), Err(Error::Full));
    assert_eq!(before.await.expect("no panic"), Ok(1));
    assert_eq!(after.await.expect("no panic"), Ok(2));
    let commits = store.commits();
    assert_eq!((commits.reruns, commits.rolled_back), (2, 1));
    assert_eq!(version(&store, "k").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_may_not_grow_answers_full_and_takes_what_fits_later() {
    let directory = directory();
    let store = open(&directory);
    let limit = |pages: &'static str| {
        let store = store.clone();
        async move {
            store
                .write("limit", Durability::Hard, move |tx| {
                    tx.ad_hoc(pages).map(drop)
                })
                .await
        }
    };
    limit("PRAGMA max_page_count = 1").await.expect("the limit");
    let big = "x".repeat(1 << 20);
    let insert = move |tx: &mut Tx| {
        accounts::insert(
            tx,
            &accounts::AccountRow {
                account: "1".into(),
                name: big.clone(),
                created_at: 0,
                alias: None,
            },
        )
    };
    let refused = store.write("big", Durability::Hard, insert.clone()).await;
    assert_eq!(refused, Err(Error::Full));
    assert_eq!(
        bump(&store, "k", Durability::Hard).await.expect("no panic"),
        Ok(1),
        "what needs no page still works"
    );
    limit("PRAGMA max_page_count = 1000000")
        .await
        .expect("the limit");
    assert_eq!(store.write("big", Durability::Hard, insert).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_numbered_without_gaps_over_refusals_and_openings() {
    let directory = directory();
    let insert = |id: &'static str, refuse: bool| {
        move |tx: &mut Tx| {
            events::insert(tx, &event(id))?;
            if refuse { Err(Error::Closed) } else { Ok(()) }
        }
    };
    let store = open(&directory);
    assert_eq!(
        store
            .write("one", Durability::Hard, insert("1", false))
            .await,
        Ok(())
    );
    assert_eq!(
        store
            .write("two", Durability::Hard, insert("2", true))
            .await,
        Err(Error::Closed)
    );
    store.close().await;
    let store = open(&directory);
    assert_eq!(
        store
            .write("three", Durability::Hard, insert("3", false))
            .await,
        Ok(())
    );
    let read = store
        .read("after", |tx| events::after(tx, 0, 10))
        .await
        .expect("a read");
    let read: Vec<(i64, &str)> = read
        .iter()
        .map(|row| (row.seq, row.event.id.as_str()))
        .collect();
    assert_eq!(read, [(1, "1"), (2, "3")]);
}

fn event(id: &str) -> events::EventRow {
    events::EventRow {
        id: id.to_owned(),
        at: 0,
        account: "a".to_owned(),
        region: "r".to_owned(),
        kind: "k".to_owned(),
        repository: None,
        subject: "s".to_owned(),
        principal: "p".to_owned(),
        request_id: "q".to_owned(),
        digest: None,
        details: "{}".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_reader_does_not_stop_writes_or_checkpoints() {
    let directory = directory();
    let store = open(&directory);
    let (release, held) = mpsc::channel::<()>();
    let (started, running) = mpsc::channel();
    let reader = {
        let store = store.clone();
        spawn(async move {
            let look = move |tx: &mut Tx| {
                let before = versions::get(tx, "a", "k")?;
                started.send(()).ok();
                held.recv().ok();
                Ok::<_, Error>((before, versions::get(tx, "a", "k")?))
            };
            store.read("long", look).await
        })
    };
    tokio::task::block_in_place(|| running.recv()).expect("the reader runs");
    for material in 1..=20 {
        write_mebibyte(&store, material).await;
        assert_eq!(
            bump(&store, "k", Durability::Hard).await.expect("no panic"),
            Ok(material)
        );
    }
    drop(release);
    assert_eq!(
        reader.await.expect("no panic"),
        Ok((0, 0)),
        "one read sees one state"
    );
    assert_eq!(version(&store, "k").await, 20);
    store.close().await;
    let size = std::fs::metadata(directory.path().join("wharf.db"))
        .expect("the file")
        .len();
    assert!(
        size > 20 << 20,
        "closing moves the log into the database: {size}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_a_reader_made_long_is_reset_once_the_reader_is_gone() {
    let directory = directory();
    let store = open(&directory);
    let log = directory.path().join("wharf.db-wal");
    let length = || std::fs::metadata(&log).expect("the log").len();
    let (release, held) = mpsc::channel::<()>();
    let (started, running) = mpsc::channel();
    let look = move |tx: &mut Tx| {
        let version = versions::get(tx, "a", "k")?;
        started.send(()).ok();
        held.recv().ok();
        Ok::<_, Error>(version)
    };
    let reader = {
        let store = store.clone();
        spawn(async move { store.read("long", look).await })
    };
    tokio::task::block_in_place(|| running.recv()).expect("the reader runs");
    let mut material = 0;
    while length() < 70 << 20 {
        material += 1;
        write_mebibyte(&store, material).await;
    }
    drop(release);
    assert_eq!(reader.await.expect("no panic"), Ok(0));
    // Ends only when the log was reset, which cuts it to 64 MiB.
    while length() > 64 << 20 {
        material += 1;
        write_mebibyte(&store, material).await;
    }
}

async fn write_mebibyte(store: &Store, material: i64) {
    let row = RegistryKeyRow {
        account: "a".to_owned(),
        region: "r".to_owned(),
        material,
        wrapped: vec![7_u8; 1 << 20],
        created_at: 0,
    };
    let written = store
        .write("mebibyte", Durability::Hard, move |tx| {
            registry_keys::insert(tx, &row)
        })
        .await;
    assert_eq!(written, Ok(()));
}

#[test]
fn the_linked_sqlite_is_new_enough_and_an_older_one_is_refused() {
    assert_eq!(check_version(rusqlite::version_number()), Ok(()));
    assert!(matches!(
        check_version(3_051_002),
        Err(Error::Unsuitable(_))
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_schema_is_backed_up_and_migrated_and_a_newer_one_refused() {
    const NEXT: &[Migration] = &[
        MIGRATION_ONE,
        Migration {
            version: 2,
            sql: "CREATE TABLE next (a BIGINT NOT NULL PRIMARY KEY); INSERT INTO next VALUES (5);",
        },
    ];
    let directory = directory();
    let store = open(&directory);
    assert_eq!(
        bump(&store, "k", Durability::Hard).await.expect("no panic"),
        Ok(1)
    );
    store.close().await;
    drop(store);

    let path = directory.path().join("wharf.db");
    let store = Store::open_sqlite_with(&path, Options::new(2), NEXT).expect("it migrates");
    let counts = store.table_counts().await.expect("counts");
    assert_eq!(
        (counts.get("next"), counts.get("versions")),
        (Some(&1), Some(&1))
    );
    assert_eq!(counts.get("schema_version"), Some(&2));
    store.close().await;
    drop(store);

    let refused = Store::open_sqlite(&path, Options::new(3)).map(drop);
    assert_eq!(refused, Err(Error::Newer { found: 2, known: 1 }));

    let backup = Store::open_sqlite(
        &path.with_file_name("wharf.db.schema-1-2.backup"),
        Options::new(4),
    );
    assert_eq!(
        version(&backup.expect("the backup is a store"), "k").await,
        1
    );
}

const MIGRATION_ONE: Migration = Migration {
    version: 1,
    sql: include_str!("../../schema/0001_first.sql"),
};

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_fails_leaves_the_old_schema() {
    const BROKEN: &[Migration] = &[
        MIGRATION_ONE,
        Migration {
            version: 2,
            sql: "CREATE TABLE next (a BIGINT NOT NULL PRIMARY KEY); SELECT * FROM nowhere;",
        },
    ];
    let directory = directory();
    let path = directory.path().join("wharf.db");
    drop(open(&directory));
    assert!(matches!(
        Store::open_sqlite_with(&path, Options::new(2), BROKEN).map(drop),
        Err(Error::Other(_))
    ));
    let counts = open(&directory).table_counts().await.expect("counts");
    assert_eq!(
        (counts.get("next"), counts.get("schema_version")),
        (None, Some(&1))
    );
}

#[test]
fn the_steps_of_the_schema_are_in_order() {
    let versions: Vec<i64> = MIGRATIONS
        .iter()
        .map(|migration| migration.version)
        .collect();
    assert_eq!(
        versions,
        (1..=i64::try_from(versions.len()).expect("few")).collect::<Vec<_>>()
    );
}

#[test]
fn a_path_that_cannot_be_opened_is_an_io_error() {
    let opened = Store::open_sqlite(Path::new("/nowhere/at/all.db"), Options::new(0)).map(drop);
    assert!(matches!(opened, Err(Error::Io(_))), "{opened:?}");
}

#[test]
fn a_statement_is_prepared_once_whatever_is_bound_to_it() {
    let directory = directory();
    drop(open(&directory));
    let connection = open_connection(&directory.path().join("wharf.db")).expect("a connection");
    connection.execute_batch("BEGIN").expect("a transaction");
    let again = MODULES
        .iter()
        .flat_map(|(_, statements)| statements.iter())
        .filter(|statement| {
            let text = statement.text(Database::Sqlite);
            let mut prepared = connection.prepare(text).expect("a statement");
            for value in [1, 7, 1_000] {
                for parameter in 1..=prepared.parameter_count() {
                    prepared
                        .raw_bind_parameter(parameter, value)
                        .expect("a parameter");
                }
                // A number is no right value for each of them: what counts is that it was run.
                drop(prepared.raw_query().next().map(drop));
            }
            prepared.get_status(StatementStatus::RePrepare) > 0
        });
    let again: Vec<&str> = again.map(|statement| statement.name()).collect();
    assert!(again.is_empty(), "prepared anew: {again:#?}");
}
