//! The writer: takes what waits, runs it in one transaction, commits, then answers.
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::MOST_IN_GROUP;
use super::checkpoint::Wake;
use crate::changes::Changes;
use crate::queue::Queue;
use crate::store::Counters;
use crate::work::{Verdict, Work};
use crate::{Durability, Error, Result, Tx};

type Writes = Queue<(Durability, Box<dyn Work>)>;

/// The one thread that writes.
#[derive(Debug)]
pub(super) struct Writer {
    tx: Tx,
    queue: Arc<Writes>,
    counters: Arc<Counters>,
    changes: Arc<Changes>,
    checkpoints: Wake,
    /// What `PRAGMA synchronous` is set to.
    synchronous: Durability,
    /// Why nothing is written any more.
    refusing: Option<String>,
}

/// Lets no caller wait for a thread that is gone.
struct Abandon(Arc<Writes>);

impl Drop for Abandon {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

impl Writer {
    pub(super) fn new(
        tx: Tx,
        queue: Arc<Writes>,
        counters: Arc<Counters>,
        changes: Arc<Changes>,
        checkpoints: Wake,
    ) -> Self {
        Self {
            tx,
            queue,
            counters,
            changes,
            checkpoints,
            synchronous: Durability::Hard,
            refusing: None,
        }
    }

    /// Runs until the queue is closed and empty.
    pub(super) fn run(mut self) {
        let abandon = Abandon(Arc::clone(&self.queue));
        while let Some(works) = self.queue.pop(MOST_IN_GROUP) {
            let (soft, hard): (Vec<_>, Vec<_>) = works
                .into_iter()
                .partition(|(durability, _)| *durability == Durability::Soft);
            self.group(
                Durability::Soft,
                soft.into_iter().map(|(_, work)| work).collect(),
            );
            self.group(
                Durability::Hard,
                hard.into_iter().map(|(_, work)| work).collect(),
            );
            let pages = self.tx.take_pages();
            self.checkpoints.written(pages);
            if self.checkpoints.take_reset() {
                self.reset_log();
            }
        }
        drop(abandon);
    }

    /// Runs closures of one kind in one transaction, or one by one if `SQLite` will not have it.
    fn group(&mut self, durability: Durability, works: Vec<Box<dyn Work>>) {
        if works.is_empty() {
            return;
        }
        if let Some(reason) = &self.refusing {
            return refuse(works, &Error::Refused(reason.clone()));
        }
        if let Err(error) = self.set_synchronous(durability) {
            return refuse(works, &error);
        }
        let taken_back = self.transaction(durability, works);
        self.counters
            .reruns
            .fetch_add(taken_back.len() as u64, Ordering::Relaxed);
        for work in taken_back {
            match &self.refusing {
                Some(reason) => work.refuse(Error::Refused(reason.clone())),
                // Alone, nobody else's work is lost with it.
                None => drop(self.transaction(durability, vec![work])),
            }
        }
    }

    fn set_synchronous(&mut self, durability: Durability) -> Result<()> {
        if self.synchronous != durability {
            self.tx.batch(match durability {
                Durability::Soft => "PRAGMA synchronous = NORMAL",
                Durability::Hard => "PRAGMA synchronous = FULL",
            })?;
            self.synchronous = durability;
        }
        Ok(())
    }

    /// Runs closures in one transaction, commits and answers.
    ///
    /// Returns those that have to run again: `SQLite` took back their effects because another's failed.
    fn transaction(
        &mut self,
        durability: Durability,
        works: Vec<Box<dyn Work>>,
    ) -> Vec<Box<dyn Work>> {
        if let Err(error) = self.tx.control("BEGIN IMMEDIATE") {
            refuse(works, &error);
            return Vec::new();
        }
        let first_seq = self.tx.event_seq();
        let mut ran = Vec::with_capacity(works.len());
        let (mut kept, mut rolled_back) = (0, 0);
        let mut works = works.into_iter();
        while let Some(mut work) = works.next() {
            match self.savepoint(work.as_mut()) {
                Ok(Verdict::Keep) => kept += 1,
                Ok(Verdict::Discard | Verdict::Failed) if self.tx.is_open() => rolled_back += 1,
                Ok(_) => {
                    // The closure's error is the cause, so it has its answer; the others never failed.
                    self.tx.set_event_seq(first_seq);
                    self.counters.rolled_back.fetch_add(1, Ordering::Relaxed);
                    work.answer();
                    ran.extend(works);
                    return ran;
                }
                Err(error) => {
                    self.tx.set_event_seq(first_seq);
                    self.counters.rolled_back.fetch_add(1, Ordering::Relaxed);
                    self.roll_back();
                    work.refuse(error);
                    ran.extend(works);
                    return ran;
                }
            }
            ran.push(work);
        }
        let committed = self.tx.control("COMMIT");
        // INVARIANT: before the answers, so that nobody who was answered is told the state before. Failed or taken
        // back, too: forgetting too much does no harm.
        self.changes.publish(self.tx.take_touched());
        match committed {
            Ok(()) => {
                self.counters.committed(durability, kept);
                self.counters
                    .rolled_back
                    .fetch_add(rolled_back, Ordering::Relaxed);
                // INVARIANT: nothing is answered before the COMMIT that it rests on, refusals included:
                // they may rest on what an earlier closure of the group wrote.
                ran.into_iter().for_each(Work::answer);
            }
            Err(error) => {
                self.tx.set_event_seq(first_seq);
                self.commit_failed(ran, error);
            }
        }
        Vec::new()
    }

    /// Runs one closure and takes back what it wrote if it does not agree.
    fn savepoint(&mut self, work: &mut dyn Work) -> Result<Verdict> {
        self.tx.control("SAVEPOINT closure")?;
        let seq = self.tx.event_seq();
        let verdict = work.run(&mut self.tx);
        if !self.tx.is_open() {
            return match verdict {
                Verdict::Keep => Err(Error::Io("SQLite rolled the transaction back".to_owned())),
                Verdict::Discard | Verdict::Failed => Ok(Verdict::Failed),
            };
        }
        if verdict != Verdict::Keep {
            self.tx.set_event_seq(seq);
            self.tx.control("ROLLBACK TO closure")?;
        }
        self.tx.control("RELEASE closure")?;
        Ok(verdict)
    }

    fn commit_failed(&mut self, works: Vec<Box<dyn Work>>, error: Error) {
        self.counters
            .rolled_back
            .fetch_add(works.len() as u64, Ordering::Relaxed);
        self.roll_back();
        let error = match error {
            // Nothing was written, and the place that was missing may be there again.
            Error::Full | Error::Serialization { .. } => error,
            other => {
                // After a failed flush nobody knows what is on disk: the pages may count as clean without
                // being there. So it is not tried again, and only a new process, which reads the log
                // from disk, goes on.
                let reason = other.to_string();
                tracing::error!(error = %other, "a commit failed; no write is taken until the process starts anew");
                self.refusing = Some(reason.clone());
                Error::Io(reason)
            }
        };
        refuse(works, &error);
    }

    fn roll_back(&mut self) {
        if self.tx.is_open()
            && let Err(error) = self.tx.control("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back; no write is taken until the process starts anew");
            self.refusing = Some(error.to_string());
        }
    }

    /// Starts the log anew, waiting only a moment for readers that still look at its end.
    fn reset_log(&mut self) {
        let reset = self
            .tx
            .batch("PRAGMA busy_timeout = 50")
            .and_then(|()| self.tx.ad_hoc("PRAGMA wal_checkpoint(RESTART)"))
            .and_then(|_| self.tx.batch("PRAGMA busy_timeout = 5000"));
        if let Err(error) = reset {
            tracing::warn!(%error, "the log could not be reset; it grows until it can");
        }
    }
}

fn refuse(works: Vec<Box<dyn Work>>, error: &Error) {
    for work in works {
        work.refuse(error.clone());
    }
}
