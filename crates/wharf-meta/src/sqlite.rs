//! The `SQLite` back end: one writer thread that commits in groups, a few reader threads, a checkpointer.
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::changes::Changes;
use crate::migrate::{Migration, migrate};
use crate::queue::Queue;
use crate::store::Counters;
use crate::threads::Threads;
use crate::tx;
use crate::work::{Verdict, Work};
use crate::{Durability, Error, Options, Result, Tx};

mod checkpoint;
mod session;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use session::Session;

/// The oldest `SQLite` without the defect that could corrupt a WAL when it is reset.
const OLDEST_SQLITE: i32 = 3_051_003;

/// Memory for the writer's pages, in KiB. A group that changes more of them writes some to the log and reads them back
/// before it commits; a push changes about twenty.
const WRITER_CACHE_KIB: usize = 24 * 1024;

/// How many closures the writer takes at once.
const MOST_IN_GROUP: usize = 256;

/// An open `SQLite` database with its threads.
#[derive(Debug)]
pub(crate) struct Engine {
    writes: Arc<Queue<(Durability, Box<dyn Work>)>>,
    reads: Arc<Queue<Box<dyn Work>>>,
    counters: Arc<Counters>,
    changes: Arc<Changes>,
    threads: Threads,
}

impl Engine {
    pub(crate) fn open(path: &Path, options: Options, migrations: &[Migration]) -> Result<Self> {
        check_version(rusqlite::version_number())?;
        let mut tx = Tx::new(tx::Session::Sqlite(Session::new(open_writer(path)?)));
        migrate(&mut tx, migrations, options.now, |tx, found| {
            back_up(tx, path, found, options.now)
        })?;
        let last_seq = tx.ad_hoc_integer("SELECT MAX(seq) FROM events")?;
        tx.set_event_seq(Some(last_seq + 1));

        let counters = Arc::new(Counters::default());
        let changes = Arc::new(Changes::new());
        let writes = Arc::new(Queue::new(options.queue));
        let reads = Arc::new(Queue::new(options.queue));
        let threads = Threads::default();
        let (checkpointer, wake) = checkpoint::Checkpointer::new(open_connection(path)?);
        threads.spawn("meta-checkpoint", move || checkpointer.run())?;
        for number in 0..options.readers.max(1) {
            let connection = open_connection(path)?;
            connection
                .execute_batch("PRAGMA query_only = ON")
                .map_err(|error| session::open_error(&error))?;
            let tx = Tx::new(tx::Session::Sqlite(Session::new(connection)));
            let (queue, counters) = (Arc::clone(&reads), Arc::clone(&counters));
            threads.spawn(&format!("meta-reader-{number}"), move || {
                run_reader(tx, &queue, &counters);
            })?;
        }
        let thread = writer::Writer::new(
            tx,
            Arc::clone(&writes),
            Arc::clone(&counters),
            Arc::clone(&changes),
            wake,
        );
        threads.spawn("meta-writer", move || thread.run())?;
        Ok(Self {
            writes,
            reads,
            counters,
            changes,
            threads,
        })
    }

    pub(crate) async fn read(&self, work: Box<dyn Work>) {
        if let Err(work) = self.reads.push(work).await {
            work.refuse(Error::Closed);
        }
    }

    pub(crate) async fn write(&self, durability: Durability, work: Box<dyn Work>) {
        if let Err((_, work)) = self.writes.push((durability, work)).await {
            work.refuse(Error::Closed);
        }
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) fn changes(&self) -> &Changes {
        &self.changes
    }

    pub(crate) fn waiting(&self) -> usize {
        self.writes.len()
    }

    pub(crate) async fn close(&self) {
        self.writes.close();
        self.reads.close();
        self.threads.ended().await;
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.writes.close();
        self.reads.close();
    }
}

fn check_version(version: i32) -> Result<()> {
    if version < OLDEST_SQLITE {
        let text = format!(
            "SQLite {version} is linked in, but {OLDEST_SQLITE} is the oldest that is safe"
        );
        return Err(Error::Unsuitable(text));
    }
    Ok(())
}

fn open_writer(path: &Path) -> Result<Connection> {
    let connection = open_connection(path)?;
    // The page size is settled by the first write, so WAL mode comes first. Checkpoints have their own thread.
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864")
        .map_err(|error| session::open_error(&error))?;
    connection
        .execute_batch(&format!("PRAGMA cache_size = -{WRITER_CACHE_KIB}"))
        .map_err(|error| session::open_error(&error))?;
    let mode: String = connection
        .query_row("PRAGMA journal_mode", [], |row| row.get(0))
        .map_err(|error| session::open_error(&error))?;
    if mode != "wal" {
        return Err(Error::Unsuitable(format!(
            "SQLite would not use a WAL but `{mode}`"
        )));
    }
    Ok(connection)
}

fn open_connection(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path).map_err(|error| session::open_error(&error))?;
    connection
        .busy_timeout(std::time::Duration::from_secs(5))
        .map_err(|error| session::open_error(&error))?;
    // Else each SAVEPOINT copies the pages it changes into a file, which costs more than the log. In memory they are given
    // back when it is released, so they are those of one closure.
    connection
        .execute_batch(
            "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY",
        )
        .map_err(|error| session::open_error(&error))?;
    // A plan is made once, from the text alone. Else a statement that might use a partial index is prepared anew for each
    // value bound to it, which took a quarter of the writer's time.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(|error| session::open_error(&error))?;
    connection.set_prepared_statement_cache_capacity(256);
    Ok(connection)
}

/// Copies the database beside itself and makes sure the copy is on disk.
fn back_up(tx: &mut Tx, path: &Path, found: i64, now: i64) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".schema-{found}-{now}.backup"));
    let copy: PathBuf = path.with_file_name(name);
    let text = copy
        .to_str()
        .ok_or_else(|| Error::Unsuitable(format!("`{}` is not UTF-8", copy.display())))?;
    tx.batch(&format!("VACUUM INTO '{}'", text.replace('\'', "''")))?;
    let sync = |path: &Path| std::fs::File::open(path).and_then(|file| file.sync_all());
    let directory = copy
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("."));
    sync(&copy)
        .and_then(|()| sync(directory))
        .map_err(|error| Error::Io(format!("backup `{}`: {error}", copy.display())))
}

fn run_reader(mut tx: Tx, queue: &Queue<Box<dyn Work>>, counters: &Counters) {
    while let Some(works) = queue.pop(1) {
        for work in works {
            read(&mut tx, work, counters);
        }
    }
}

fn read(tx: &mut Tx, mut work: Box<dyn Work>, counters: &Counters) {
    if let Err(error) = tx.control("BEGIN DEFERRED") {
        return work.refuse(error);
    }
    let verdict = work.run(tx);
    if tx.is_open()
        && let Err(error) = tx.control("ROLLBACK")
    {
        tracing::error!(name = work.name(), %error, "a read could not be ended");
    }
    if verdict == Verdict::Failed {
        tracing::debug!(name = work.name(), failure = ?tx.failure(), "a read failed");
    }
    counters.reads.fetch_add(1, Ordering::Relaxed);
    work.answer();
}
