//! Checkpoints on a thread of their own, so that no writer waits for the database file's flush.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rusqlite::Connection;

/// Pages written, by the estimate of [`crate::Tx`], between two checkpoints: about 4 MiB.
const PAGES_BETWEEN: u64 = 1_000;

/// A WAL of so many pages, 64 MiB, has not been reset for too long.
const PAGES_TOO_MANY: i64 = 16_384;

/// Moves pages from the WAL into the database file whenever it is woken.
#[derive(Debug)]
pub(super) struct Checkpointer {
    connection: Connection,
    wake: Receiver<()>,
    reset: Arc<AtomicBool>,
}

/// The writer's end.
#[derive(Debug)]
pub(super) struct Wake {
    sender: SyncSender<()>,
    reset: Arc<AtomicBool>,
    pages: u64,
}

impl Checkpointer {
    pub(super) fn new(connection: Connection) -> (Self, Wake) {
        let (sender, wake) = sync_channel(1);
        let reset = Arc::new(AtomicBool::new(false));
        let end = Wake {
            sender,
            reset: Arc::clone(&reset),
            pages: 0,
        };
        (
            Self {
                connection,
                wake,
                reset,
            },
            end,
        )
    }

    /// Runs until the writer's end is dropped.
    pub(super) fn run(self) {
        while self.wake.recv().is_ok() {
            // PASSIVE waits for nobody. Its row: busy, pages in the WAL, pages moved.
            let moved = self
                .connection
                .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
                    Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
                });
            match moved {
                Ok((pages, _)) if pages > PAGES_TOO_MANY => {
                    self.reset.store(true, Ordering::Relaxed);
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, "a checkpoint failed; the log grows until one succeeds");
                }
            }
        }
    }
}

impl Wake {
    /// Notes pages written, and wakes the checkpointer if they are many.
    pub(super) fn written(&mut self, pages: u64) {
        self.pages += pages;
        if self.pages >= PAGES_BETWEEN {
            self.pages = 0;
            if self.sender.try_send(()).is_err() {
                tracing::debug!("the checkpointer has been woken already, or is gone");
            }
        }
    }

    /// Whether the log should be reset by the writer: a passive checkpoint never catches up with steady writes.
    pub(super) fn take_reset(&self) -> bool {
        self.reset.load(Ordering::Relaxed) && self.reset.swap(false, Ordering::Relaxed)
    }
}
