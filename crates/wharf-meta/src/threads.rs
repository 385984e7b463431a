//! The threads of a store, and waiting for their end.
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Semaphore;

use crate::{Error, Result};

/// Threads that end by themselves once their queue is closed and empty.
#[derive(Debug)]
pub(crate) struct Threads {
    started: AtomicU32,
    ended: Arc<Semaphore>,
}

impl Default for Threads {
    fn default() -> Self {
        Self {
            started: AtomicU32::new(0),
            ended: Arc::new(Semaphore::new(0)),
        }
    }
}

/// Counts a thread's end, also if it panics.
struct Ending(Arc<Semaphore>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}

impl Threads {
    /// Starts a thread.
    pub(crate) fn spawn(&self, name: &str, run: impl FnOnce() + Send + 'static) -> Result<()> {
        let ending = Ending(Arc::clone(&self.ended));
        let body = move || {
            // Dropped last, after all that the thread owns.
            let _ending = ending;
            run();
        };
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(body)
            .map_err(|error| Error::Io(format!("thread `{name}`: {error}")))?;
        self.started.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Waits until all have ended.
    pub(crate) async fn ended(&self) {
        // The semaphore is never closed; the permits go back for other callers.
        drop(
            self.ended
                .acquire_many(self.started.load(Ordering::Relaxed))
                .await,
        );
    }
}
