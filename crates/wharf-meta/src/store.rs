//! The store: where closures go in and answers come out.
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::changes::Changes;
use crate::{Database, Error, Micros, Result, Tx, postgresql, sqlite, work};

/// What a write survives once it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Durability {
    /// The end of the process, but perhaps not a loss of power: upload sessions, extents, `keep_until`, usage.
    Soft,
    /// A loss of power too.
    Hard,
}

/// How a store is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Threads that read, of `SQLite`: 2 to 4.
    pub readers: usize,
    /// Connections, of `PostgreSQL`, each with a thread that reads and writes.
    pub connections: usize,
    /// How many closures may wait before callers do.
    pub queue: usize,
    /// The time to note when a schema is applied.
    pub now: Micros,
}

impl Options {
    /// As many readers as there are processors, but 2 to 4; 8 connections; 1,024 waiting closures.
    pub fn new(now: Micros) -> Self {
        let readers =
            std::thread::available_parallelism().map_or(2, |count| count.get().clamp(2, 4));
        Self {
            readers,
            connections: 8,
            queue: 1_024,
            now,
        }
    }
}

/// What a store has done since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Commits {
    /// Hard writes whose closure agreed and which are committed.
    pub hard_closures: u64,
    /// Soft writes whose closure agreed and which are committed.
    pub soft_closures: u64,
    /// Commits with a flush to disk.
    pub hard_commits: u64,
    /// Commits without one.
    pub soft_commits: u64,
    /// Writes that were rolled back: the closure refused, panicked, or the database failed.
    pub rolled_back: u64,
    /// Closures that were run again.
    pub reruns: u64,
    /// Reads.
    pub reads: u64,
}

/// The counters behind [`Commits`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) hard_closures: AtomicU64,
    pub(crate) soft_closures: AtomicU64,
    pub(crate) hard_commits: AtomicU64,
    pub(crate) soft_commits: AtomicU64,
    pub(crate) rolled_back: AtomicU64,
    pub(crate) reruns: AtomicU64,
    pub(crate) reads: AtomicU64,
}

impl Counters {
    pub(crate) fn committed(&self, durability: Durability, closures: u64) {
        let (of_closures, of_commits) = match durability {
            Durability::Soft => (&self.soft_closures, &self.soft_commits),
            Durability::Hard => (&self.hard_closures, &self.hard_commits),
        };
        of_closures.fetch_add(closures, Ordering::Relaxed);
        of_commits.fetch_add(1, Ordering::Relaxed);
    }

    /// Of either durability: nothing was written.
    pub(crate) fn discarded(&self, _: Durability) {
        self.rolled_back.fetch_add(1, Ordering::Relaxed);
    }
}

/// The metadata of a registry, on `SQLite` or `PostgreSQL`. A clone is another handle of the same store.
#[derive(Clone, Debug)]
pub struct Store {
    engine: Arc<Engine>,
}

#[derive(Debug)]
enum Engine {
    Sqlite(sqlite::Engine),
    PostgreSql(postgresql::Engine),
}

impl Store {
    /// Opens a `SQLite` database, making it if need be, and starts its threads. Blocks.
    ///
    /// # Errors
    /// `Newer` if a newer program wrote it; `Unsuitable` if the linked `SQLite` is too old; `Io`, `Full`.
    pub fn open_sqlite(path: &Path, options: Options) -> Result<Self> {
        let engine = sqlite::Engine::open(path, options, crate::migrate::MIGRATIONS)?;
        Ok(Self {
            engine: Arc::new(Engine::Sqlite(engine)),
        })
    }

    /// Connects to a `PostgreSQL` database, makes or migrates its tables, and starts its threads. Blocks.
    ///
    /// `url` is a connection string (`host=… user=… dbname=…`) or a `postgresql://` address. The tables
    /// are those of the connection's current schema. `PostgreSQL` cannot be copied from here: whoever
    /// operates it makes the backup before a newer program is started.
    ///
    /// # Errors
    /// `Newer`; `Unsuitable` if its collation is not `C` or its encoding not UTF-8; `Io`.
    pub fn open_postgres(url: &str, options: Options) -> Result<Self> {
        let engine = postgresql::Engine::open(url, options, crate::migrate::MIGRATIONS)?;
        Ok(Self {
            engine: Arc::new(Engine::PostgreSql(engine)),
        })
    }

    /// Runs a closure that only reads, in a transaction that sees one state of the database.
    ///
    /// A caller that is dropped after its closure was queued does not stop it.
    ///
    /// # Errors
    /// The closure's own, and those of the store as `E`.
    pub async fn read<T, E, F>(&self, name: &'static str, closure: F) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnMut(&mut Tx) -> std::result::Result<T, E> + Send + 'static,
    {
        let (work, answer) = work::pair(name, closure);
        match &*self.engine {
            Engine::Sqlite(engine) => engine.read(work).await,
            Engine::PostgreSql(engine) => engine.read(work).await,
        }
        answer
            .await
            .unwrap_or_else(|_closed| Err(E::from(Error::Closed)))
    }

    /// Runs a closure that writes, in one transaction, and answers once it is committed.
    ///
    /// The closure may run twice, so it changes nothing but rows. If it returns an error, nothing of what
    /// it wrote stays. A caller that is dropped after its closure was queued does not stop it.
    ///
    /// # Errors
    /// The closure's own, and those of the store as `E`.
    pub async fn write<T, E, F>(
        &self,
        name: &'static str,
        durability: Durability,
        closure: F,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnMut(&mut Tx) -> std::result::Result<T, E> + Send + 'static,
    {
        let (work, answer) = work::pair(name, closure);
        match &*self.engine {
            Engine::Sqlite(engine) => engine.write(durability, work).await,
            Engine::PostgreSql(engine) => engine.write(durability, work).await,
        }
        answer
            .await
            .unwrap_or_else(|_closed| Err(E::from(Error::Closed)))
    }

    /// What the store has done since it was opened.
    pub fn commits(&self) -> Commits {
        let counters = match &*self.engine {
            Engine::Sqlite(engine) => engine.counters(),
            Engine::PostgreSql(engine) => engine.counters(),
        };
        Commits {
            hard_closures: counters.hard_closures.load(Ordering::Relaxed),
            soft_closures: counters.soft_closures.load(Ordering::Relaxed),
            hard_commits: counters.hard_commits.load(Ordering::Relaxed),
            soft_commits: counters.soft_commits.load(Ordering::Relaxed),
            rolled_back: counters.rolled_back.load(Ordering::Relaxed),
            reruns: counters.reruns.load(Ordering::Relaxed),
            reads: counters.reads.load(Ordering::Relaxed),
        }
    }

    /// How many closures wait for a thread: writes on `SQLite`, all on `PostgreSQL`.
    pub fn waiting(&self) -> usize {
        match &*self.engine {
            Engine::Sqlite(engine) => engine.waiting(),
            Engine::PostgreSql(engine) => engine.waiting(),
        }
    }

    /// What changed when. Nothing on PostgreSQL, where other processes write too.
    pub fn changes(&self) -> Option<&Changes> {
        match &*self.engine {
            Engine::Sqlite(engine) => Some(engine.changes()),
            Engine::PostgreSql(_) => None,
        }
    }

    /// Which database this is.
    pub fn database(&self) -> Database {
        match &*self.engine {
            Engine::Sqlite(_) => Database::Sqlite,
            Engine::PostgreSql(_) => Database::PostgreSql,
        }
    }

    /// How many rows each table has, by name. Counts them all: for tests and the operator.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn table_counts(&self) -> Result<BTreeMap<String, i64>> {
        self.read("table_counts", Tx::table_counts).await
    }

    /// The version of the `SQLite` that is linked in, like `3.51.3`.
    pub fn sqlite_version() -> &'static str {
        rusqlite::version()
    }

    /// Takes no more closures, finishes those that wait, and ends the threads.
    pub async fn close(&self) {
        match &*self.engine {
            Engine::Sqlite(engine) => engine.close().await,
            Engine::PostgreSql(engine) => engine.close().await,
        }
    }

    #[cfg(test)]
    pub(crate) fn open_sqlite_with(
        path: &Path,
        options: Options,
        migrations: &[crate::migrate::Migration],
    ) -> Result<Self> {
        let engine = sqlite::Engine::open(path, options, migrations)?;
        Ok(Self {
            engine: Arc::new(Engine::Sqlite(engine)),
        })
    }
}
