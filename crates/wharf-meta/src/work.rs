//! One closure on its way through a store, with its answer.
use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;

use crate::{Error, Tx};

/// What is to become of what a closure wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The closure agreed.
    Keep,
    /// The closure refused; its answer is its own error.
    Discard,
    /// The database failed, whatever the closure says.
    Failed,
}

/// A closure without its types, so that those of many callers lie in one queue.
pub(crate) trait Work: Send {
    /// What the caller called it.
    fn name(&self) -> &'static str;

    /// Runs the closure, which may have run before, and keeps what it returned.
    fn run(&mut self, tx: &mut Tx) -> Verdict;

    /// Sends what the last run returned.
    fn answer(self: Box<Self>);

    /// Sends an error of the store in its place.
    fn refuse(self: Box<Self>, error: Error);
}

impl std::fmt::Debug for dyn Work {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Work").field(&self.name()).finish()
    }
}

struct Closure<T, E, F> {
    name: &'static str,
    run: F,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

/// Pairs a closure with the place where its answer arrives.
pub(crate) fn pair<T, E, F>(
    name: &'static str,
    run: F,
) -> (Box<dyn Work>, oneshot::Receiver<Result<T, E>>)
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
    F: FnMut(&mut Tx) -> Result<T, E> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    (
        Box::new(Closure {
            name,
            run,
            result: None,
            reply,
        }),
        answer,
    )
}

impl<T, E, F> Work for Closure<T, E, F>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
    F: FnMut(&mut Tx) -> Result<T, E> + Send + 'static,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn run(&mut self, tx: &mut Tx) -> Verdict {
        self.result = None;
        tx.begin_closure();
        // What the closure left behind in `tx` is rolled back, and its own state is dropped with it.
        let returned = catch_unwind(AssertUnwindSafe(|| (self.run)(tx)));
        let (result, verdict) = match (returned, tx.failure()) {
            (Err(payload), failure) => {
                let verdict = if failure.is_some() {
                    Verdict::Failed
                } else {
                    Verdict::Discard
                };
                (
                    Err(E::from(Error::panicked(self.name, payload.as_ref()))),
                    verdict,
                )
            }
            (Ok(Err(error)), Some(_)) => (Err(error), Verdict::Failed),
            (Ok(Ok(_)), Some(failure)) => (Err(E::from(failure.clone())), Verdict::Failed),
            (Ok(Err(error)), None) => (Err(error), Verdict::Discard),
            (Ok(Ok(value)), None) => (Ok(value), Verdict::Keep),
        };
        self.result = Some(result);
        verdict
    }

    fn answer(self: Box<Self>) {
        let Self { result, reply, .. } = *self;
        if let Some(result) = result {
            // A caller that went away does not want the answer.
            drop(reply.send(result));
        }
    }

    fn refuse(self: Box<Self>, error: Error) {
        drop(self.reply.send(Err(E::from(error))));
    }
}
