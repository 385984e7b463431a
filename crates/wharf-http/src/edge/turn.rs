//! Keeps a connection on its thread: what wakes itself while it is polled is polled again at once.
//!
//! hyper carries a body from the socket to the request's future, both of one task, and wakes that task for each piece.
//! Told of it, the runtime queues the task anew and wakes another thread to take it: for each piece of each upload.
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// Nobody polls; a wake goes to the runtime.
const IDLE: u8 = 0;
/// It is being polled; a wake is only noted.
const POLLED: u8 = 1;
/// Woken, whether polled or not: more wakes tell nothing new.
const WOKEN: u8 = 2;

/// Polls in one turn: after so many the runtime's other tasks have theirs.
const POLLS: usize = 32;

/// Polls one future, always the same.
#[derive(Debug)]
pub(crate) struct Turn {
    state: Arc<State>,
    waker: Waker,
}

#[derive(Debug)]
struct State {
    at: AtomicU8,
    runtime: AtomicWaker,
}

impl Wake for State {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.at.swap(WOKEN, Ordering::AcqRel) == IDLE {
            self.runtime.wake();
        }
    }
}

impl Turn {
    pub(crate) fn new() -> Self {
        let state = Arc::new(State {
            at: AtomicU8::new(IDLE),
            runtime: AtomicWaker::new(),
        });
        Self {
            waker: Waker::from(Arc::clone(&state)),
            state,
        }
    }

    /// Polls `future` until it waits for somebody else, or its turn is over.
    pub(crate) fn poll<F: Future>(
        &self,
        cx: &mut Context<'_>,
        mut future: Pin<&mut F>,
    ) -> Poll<F::Output> {
        self.state.runtime.register(cx.waker());
        for _ in 0..POLLS {
            self.state.at.store(POLLED, Ordering::Release);
            let polled = future.as_mut().poll(&mut Context::from_waker(&self.waker));
            if polled.is_ready() {
                return polled;
            }
            let rests =
                self.state
                    .at
                    .compare_exchange(POLLED, IDLE, Ordering::AcqRel, Ordering::Acquire);
            if rests.is_ok() {
                return Poll::Pending;
            }
            // Without a budget nothing gets on: what it asks for only wakes it.
            if !tokio::task::coop::has_budget_remaining() {
                break;
            }
        }
        // Still woken, so the state says: the next poll is due, and wakes before it are no news.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::pin::pin;
    use std::sync::atomic::AtomicUsize;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn counter() -> (Arc<Count>, Waker) {
        let count = Arc::new(Count::default());
        (Arc::clone(&count), Waker::from(count))
    }

    #[test]
    fn what_wakes_itself_is_polled_again_and_the_runtime_hears_nothing() {
        let (woken, waker) = counter();
        let mut left = 5;
        let mut future = pin!(poll_fn(|cx| {
            left -= 1;
            cx.waker().wake_by_ref();
            if left == 0 {
                Poll::Ready("done")
            } else {
                Poll::Pending
            }
        }));
        let polled = Turn::new().poll(&mut Context::from_waker(&waker), future.as_mut());
        assert_eq!(polled, Poll::Ready("done"));
        assert_eq!(woken.0.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_never_rests_gives_others_their_turn() {
        let (woken, waker) = counter();
        let mut polls = 0;
        let turn = Turn::new();
        for round in 1..=3 {
            let mut future = pin!(poll_fn(|cx| {
                polls += 1;
                cx.waker().wake_by_ref();
                Poll::<()>::Pending
            }));
            assert!(
                turn.poll(&mut Context::from_waker(&waker), future.as_mut())
                    .is_pending()
            );
            assert_eq!(woken.0.load(Ordering::Relaxed), round);
        }
        assert_eq!(polls, 3 * POLLS);
    }

    #[test]
    fn what_is_woken_while_it_rests_is_heard_once_until_it_is_polled() {
        let (woken, waker) = counter();
        let turn = Turn::new();
        let mut kept = None;
        for round in 1..=3 {
            let mut future = pin!(poll_fn(|cx| {
                kept = Some(cx.waker().clone());
                Poll::<()>::Pending
            }));
            assert!(
                turn.poll(&mut Context::from_waker(&waker), future.as_mut())
                    .is_pending()
            );
            assert_eq!(woken.0.load(Ordering::Relaxed), round - 1);
            let inner = kept.clone().unwrap();
            inner.wake_by_ref();
            inner.wake();
            assert_eq!(woken.0.load(Ordering::Relaxed), round);
        }
    }
}
