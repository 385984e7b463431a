//! Work that blocks: on threads of the blocking pool, only so many at once.
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

use crate::{Error, Result};

/// How many pieces of one kind of work run at the same time: more would only take turns.
#[derive(Clone, Debug)]
pub(crate) struct Crew {
    places: Arc<Semaphore>,
}

impl Crew {
    /// So many at once.
    pub(crate) fn new(places: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
        }
    }

    /// A few for each processor: some of them wait for the disk.
    pub(crate) fn per_processor() -> Self {
        let processors = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self::new(processors.saturating_mul(4).max(8))
    }

    /// Runs `work` on a thread that may block. Once begun it runs to its end, also if nobody waits for it.
    pub(crate) async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T> + Send + 'static,
    {
        done(self.start(work).await?).await
    }

    /// Begins `work` once there is a place for it.
    pub(crate) async fn start<T, F>(&self, work: F) -> Result<JoinHandle<Result<T>>>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T> + Send + 'static,
    {
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(|_closed| Error::GivenUp)?;
        Ok(begin(place, work))
    }
}

fn begin<T, F>(place: OwnedSemaphorePermit, work: F) -> JoinHandle<Result<T>>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T> + Send + 'static,
{
    tokio::task::spawn_blocking(move || {
        let done = work();
        drop(place);
        done
    })
}

/// Waits for work that was begun.
pub(crate) async fn done<T>(work: JoinHandle<Result<T>>) -> Result<T> {
    work.await.map_err(|_panicked| Error::GivenUp)?
}
