//! Flushes of files: begun early, waited for late, and never believed after a failure.
use std::fs::File;
use std::sync::Arc;

use tokio::sync::watch;

use crate::work::Crew;
use crate::{Error, ObjectName, Result};

/// The flush of one object's bytes to disk, running or done. A clone waits for the same flush.
#[derive(Clone, Debug)]
pub struct Flush {
    name: ObjectName,
    state: watch::Receiver<State>,
}

#[derive(Clone, Debug)]
enum State {
    Running,
    Done,
    Failed(Arc<str>),
}

impl Flush {
    /// Begins to flush a file's bytes. It goes on also if nobody waits.
    pub(crate) fn start(name: ObjectName, file: File, crew: &Crew) -> Self {
        let (sender, state) = watch::channel(State::Running);
        let crew = crew.clone();
        let flush = async move {
            let flushed = crew
                .run(move || Ok(file.sync_data().map_err(|cause| cause.to_string())))
                .await;
            let outcome = match flushed {
                Ok(Ok(())) => State::Done,
                // INVARIANT: it is not tried again: the operating system may have marked lost pages as clean.
                Ok(Err(cause)) => State::Failed(cause.into()),
                Err(error) => State::Failed(error.to_string().into()),
            };
            sender.send_replace(outcome);
        };
        tokio::runtime::Handle::current().spawn(flush);
        Self { name, state }
    }

    /// The object.
    pub fn name(&self) -> ObjectName {
        self.name
    }

    /// Whether it ended, well or not.
    pub fn is_over(&self) -> bool {
        !matches!(*self.state.borrow(), State::Running)
    }

    /// Waits until the bytes are on disk.
    ///
    /// # Errors
    /// `Poisoned` when they may not be, now and each time it is asked.
    pub async fn wait(&self) -> Result<()> {
        let mut state = self.state.clone();
        let reached = state
            .wait_for(|state| !matches!(state, State::Running))
            .await;
        match reached.as_deref() {
            Ok(State::Done) => Ok(()),
            Ok(State::Failed(cause)) => Err(Error::Poisoned {
                name: self.name,
                cause: cause.to_string(),
            }),
            Ok(State::Running) | Err(_) => Err(Error::GivenUp),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_flush_that_failed_has_failed_for_everybody_and_for_ever() {
        let name = ObjectName::random(0).unwrap();
        // A device that cannot be flushed stands in for a disk that fails to.
        let flush = Flush::start(name, File::open("/dev/null").unwrap(), &Crew::new(1));
        let other = flush.clone();
        for _ in 0..2 {
            assert!(matches!(flush.wait().await, Err(Error::Poisoned { .. })));
            assert!(matches!(other.wait().await, Err(Error::Poisoned { .. })));
        }
    }
}
