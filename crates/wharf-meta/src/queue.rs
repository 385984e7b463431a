//! A bounded queue from tasks to threads: tasks wait without blocking, threads block.
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

/// Work on its way to a store's threads, at most as much as there is space for.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    ready: Condvar,
    space: Semaphore,
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<T>,
    closed: bool,
}

impl<T> Queue<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            state: Mutex::new(State {
                items: VecDeque::new(),
                closed: false,
            }),
            ready: Condvar::new(),
            space: Semaphore::new(capacity),
        }
    }

    /// Waits for space and adds an item; gives it back if the queue is closed.
    ///
    /// A caller that is dropped while it waits has added nothing; later, the item is the threads'.
    pub(crate) async fn push(&self, item: T) -> Result<(), T> {
        let Ok(permit) = self.space.acquire().await else {
            return Err(item);
        };
        let mut state = self.lock();
        if state.closed {
            return Err(item);
        }
        permit.forget();
        state.items.push_back(item);
        drop(state);
        self.ready.notify_one();
        Ok(())
    }

    /// Waits for items and takes up to `most` of them; nothing once the queue is closed and empty.
    pub(crate) fn pop(&self, most: usize) -> Option<Vec<T>> {
        let mut state = self.lock();
        while state.items.is_empty() {
            if state.closed {
                return None;
            }
            state = self
                .ready
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let count = state.items.len().min(most);
        let items: Vec<T> = state.items.drain(..count).collect();
        drop(state);
        self.space.add_permits(count);
        Some(items)
    }

    /// Takes no more items; those that are in are still worked on.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.space.close();
        self.ready.notify_all();
    }

    /// Takes no more items and drops those that are in: their callers learn that the store is closed.
    pub(crate) fn abandon(&self) {
        self.close();
        let items = std::mem::take(&mut self.lock().items);
        drop(items);
    }

    /// How many items wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().items.len()
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Nothing under this lock can leave the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_closed_queue_drains_and_takes_nothing_more() {
        let queue = Queue::new(4);
        assert_eq!(queue.push(1).await, Ok(()));
        assert_eq!(queue.push(2).await, Ok(()));
        assert_eq!(queue.push(3).await, Ok(()));
        queue.close();
        assert_eq!(queue.push(4).await, Err(4));
        assert_eq!(queue.pop(2), Some(vec![1, 2]));
        assert_eq!(queue.pop(2), Some(vec![3]));
        assert_eq!(queue.pop(2), None);
    }

    #[tokio::test]
    async fn a_full_queue_makes_the_next_wait() {
        let queue = Queue::new(1);
        assert_eq!(queue.push(1).await, Ok(()));
        let mut second = std::pin::pin!(queue.push(2));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(second.as_mut().poll(&mut context).is_pending());
        assert_eq!(queue.pop(8), Some(vec![1]));
        assert_eq!(second.await, Ok(()));
    }
}
