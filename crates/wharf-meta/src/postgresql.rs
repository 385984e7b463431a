//! The `PostgreSQL` back end: a fixed set of threads, each with a connection, at SERIALIZABLE.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::migrate::{Migration, migrate};
use crate::queue::Queue;
use crate::store::Counters;
use crate::threads::Threads;
use crate::tx;
use crate::work::{Verdict, Work};
use crate::{Durability, Error, Options, Result, Tx};

mod session;

pub(crate) use session::Session;

/// How often a closure is run again because another transaction was in the way.
const MOST_RERUNS: u32 = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Read,
    Write(Durability),
}

type Works = Queue<(Mode, Box<dyn Work>)>;

/// A `PostgreSQL` database with the threads that talk to it.
#[derive(Debug)]
pub(crate) struct Engine {
    works: Arc<Works>,
    counters: Arc<Counters>,
    threads: Threads,
}

impl Engine {
    pub(crate) fn open(url: &str, options: Options, migrations: &[Migration]) -> Result<Self> {
        let config: ::postgres::Config = url
            .parse()
            .map_err(|error| Error::Unsuitable(format!("the connection string: {error}")))?;
        // The client runs a runtime of its own, which a thread of the caller's runtime does not allow.
        std::thread::scope(|scope| {
            let prepared = scope.spawn(|| prepare(&config, options, migrations)).join();
            prepared
                .unwrap_or_else(|payload| Err(Error::panicked("open_postgres", payload.as_ref())))
        })?;
        let works = Arc::new(Queue::new(options.queue));
        let counters = Arc::new(Counters::default());
        let threads = Threads::default();
        let connections = options.connections.max(1);
        let left = Arc::new(AtomicUsize::new(connections));
        for number in 0..connections {
            let worker = Worker {
                config: config.clone(),
                works: Arc::clone(&works),
                counters: Arc::clone(&counters),
                number: number as u64,
                tx: None,
                left: Arc::clone(&left),
            };
            threads.spawn(&format!("meta-postgres-{number}"), move || worker.run())?;
        }
        Ok(Self {
            works,
            counters,
            threads,
        })
    }

    pub(crate) async fn read(&self, work: Box<dyn Work>) {
        self.push(Mode::Read, work).await;
    }

    pub(crate) async fn write(&self, durability: Durability, work: Box<dyn Work>) {
        self.push(Mode::Write(durability), work).await;
    }

    async fn push(&self, mode: Mode, work: Box<dyn Work>) {
        if let Err((_, work)) = self.works.push((mode, work)).await {
            work.refuse(Error::Closed);
        }
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) fn waiting(&self) -> usize {
        self.works.len()
    }

    pub(crate) async fn close(&self) {
        self.works.close();
        self.threads.ended().await;
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.works.close();
    }
}

/// Checks that the database sorts as `SQLite` does, and brings its schema up to date.
fn prepare(config: &::postgres::Config, options: Options, migrations: &[Migration]) -> Result<()> {
    let mut tx = Tx::new(tx::Session::PostgreSql(Box::new(Session::connect(config)?)));
    let settings = tx.ad_hoc(
        "SELECT CAST(datcollate AS TEXT), CAST(pg_encoding_to_char(encoding) AS TEXT)
         FROM pg_catalog.pg_database WHERE datname = current_database()",
    )?;
    for row in settings {
        let (collation, encoding): (String, String) = (row.get(0)?, row.get(1)?);
        if !matches!(collation.as_str(), "C" | "POSIX") {
            let text = format!(
                "the PostgreSQL database has collation `{collation}`; names sort by bytes only under `C`"
            );
            return Err(Error::Unsuitable(text));
        }
        if encoding != "UTF8" {
            return Err(Error::Unsuitable(format!(
                "the PostgreSQL database has encoding `{encoding}`, not `UTF8`"
            )));
        }
    }
    migrate(&mut tx, migrations, options.now, |_, found| {
        tracing::warn!(
            found,
            "the schema is brought forward; the backup of PostgreSQL is its operator's"
        );
        Ok(())
    })
}

/// One thread with its connection.
#[derive(Debug)]
struct Worker {
    config: ::postgres::Config,
    works: Arc<Works>,
    counters: Arc<Counters>,
    number: u64,
    tx: Option<Tx>,
    /// How many workers there still are.
    left: Arc<AtomicUsize>,
}

/// What one run of a closure came to.
enum Attempt {
    /// The closure's answer stands, and what it wrote.
    Committed,
    /// The closure's answer stands, and nothing that it wrote.
    Discarded,
    /// An error of the store stands in its place.
    Refuse(Error),
    /// Another transaction was in the way.
    Again(Error),
}

/// The connection is gone, with nothing committed: another one is tried, if the server takes it.
fn lost(tx: &mut Tx, error: Error) -> Attempt {
    tx.postgresql().map(Session::give_up);
    match error {
        Error::Io(_) => Attempt::Again(error),
        other => Attempt::Refuse(other),
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // The last one lets no caller wait for threads that are gone.
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.works.abandon();
        }
    }
}

impl Worker {
    fn run(mut self) {
        while let Some(works) = self.works.pop(1) {
            for (mode, work) in works {
                self.serve(mode, work);
            }
        }
    }

    fn serve(&mut self, mode: Mode, mut work: Box<dyn Work>) {
        let mut reruns = 0;
        loop {
            let mut tx = match self.take_connected() {
                Ok(tx) => tx,
                Err(error) => return work.refuse(error),
            };
            let attempt = Self::attempt(&mut tx, mode, reruns, work.as_mut());
            self.tx = Some(tx);
            match attempt {
                Attempt::Committed => {
                    self.count(mode, |counters, durability| {
                        counters.committed(durability, 1);
                    });
                    return work.answer();
                }
                Attempt::Discarded => {
                    self.count(mode, Counters::discarded);
                    return work.answer();
                }
                Attempt::Refuse(error) => {
                    self.count(mode, Counters::discarded);
                    return work.refuse(error);
                }
                Attempt::Again(error) if reruns == MOST_RERUNS => {
                    self.count(mode, Counters::discarded);
                    return work.refuse(error);
                }
                Attempt::Again(_) => {
                    reruns += 1;
                    self.counters.reruns.fetch_add(1, Ordering::Relaxed);
                    self.step_aside(reruns);
                }
            }
        }
    }

    /// The transaction's connection, made anew if it was lost.
    fn take_connected(&mut self) -> Result<Tx> {
        match self.tx.take() {
            Some(tx) if tx.is_open() => Ok(tx),
            _ => Ok(Tx::new(tx::Session::PostgreSql(Box::new(
                Session::connect(&self.config)?,
            )))),
        }
    }

    /// Waits longer with each re-run, and not as long as the other workers do.
    fn step_aside(&self, reruns: u32) {
        let most = 1_u64 << reruns.min(6);
        let part = self
            .number
            .wrapping_mul(7)
            .wrapping_add(u64::from(reruns).wrapping_mul(3))
            % 8
            + 1;
        std::thread::sleep(Duration::from_micros(most * part * 250));
    }

    fn attempt(tx: &mut Tx, mode: Mode, reruns: u32, work: &mut dyn Work) -> Attempt {
        let begin = match mode {
            Mode::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Mode::Write(Durability::Hard) => "BEGIN ISOLATION LEVEL SERIALIZABLE",
            Mode::Write(Durability::Soft) => {
                "BEGIN ISOLATION LEVEL SERIALIZABLE; SET LOCAL synchronous_commit = off"
            }
        };
        if let Err(error) = tx.control(begin) {
            return lost(tx, error);
        }
        let verdict = work.run(tx);
        if verdict == Verdict::Keep {
            return commit(tx);
        }
        if let Err(error) = tx.control("ROLLBACK") {
            tracing::warn!(%error, "a transaction could not be rolled back; its connection is given up");
            tx.postgresql().map(Session::give_up);
        }
        match tx.failure() {
            Some(failure @ Error::Serialization { .. }) => Attempt::Again(failure.clone()),
            // Nothing was committed over a connection that broke before COMMIT.
            Some(failure @ Error::Io(_)) => lost(tx, failure.clone()),
            // A row that another transaction wrote or removed after this one looked: the second run
            // sees it, and the closure finds its own words for it.
            Some(failure @ (Error::Unique { .. } | Error::ForeignKey { .. })) if reruns == 0 => {
                Attempt::Again(failure.clone())
            }
            _ => Attempt::Discarded,
        }
    }

    fn count(&self, mode: Mode, of_write: impl FnOnce(&Counters, Durability)) {
        match mode {
            Mode::Read => {
                self.counters.reads.fetch_add(1, Ordering::Relaxed);
            }
            Mode::Write(durability) => of_write(&self.counters, durability),
        }
    }
}

fn commit(tx: &mut Tx) -> Attempt {
    match tx.control("COMMIT") {
        Ok(()) => Attempt::Committed,
        Err(error @ Error::Serialization { .. }) => Attempt::Again(error),
        Err(error) => {
            // Whether it is committed is not known if the connection broke: so it is not run again.
            tx.postgresql().map(Session::give_up);
            Attempt::Refuse(error)
        }
    }
}
