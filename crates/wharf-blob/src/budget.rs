//! The bytes that may be in flight in the whole process: whoever wants more waits, and nothing grows.
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Error, Result};

/// The least budget: below it a few transfers would only wait for each other.
const LEAST: usize = 8 << 20;
/// The most bytes of one share: so much even a user's part of the least budget has.
const MOST: usize = LEAST / 2;
/// Bytes of one permit: a semaphore counts in 32 bits.
const UNIT: usize = 1 << 10;
/// Users' parts after which those that are not in use are forgotten.
const USERS: usize = 256;

/// A bound of bytes in memory, shared by everything that holds bodies. A clone is the same budget.
#[derive(Clone, Debug)]
pub struct Budget {
    whole: Arc<Whole>,
    /// Of a user's part, what bounds it alone.
    part: Option<Arc<Semaphore>>,
}

#[derive(Debug)]
struct Whole {
    units: Arc<Semaphore>,
    /// Units that one user may hold.
    each: usize,
    parts: Mutex<HashMap<String, Weak<Semaphore>>>,
}

/// Bytes taken from a [`Budget`], given back when dropped.
#[derive(Debug)]
pub struct Share {
    _part: Option<OwnedSemaphorePermit>,
    _whole: OwnedSemaphorePermit,
}

impl Budget {
    /// A budget of so many bytes; less than 8 MiB counts as 8 MiB.
    pub fn new(bytes: usize) -> Self {
        let units = (bytes.max(LEAST) / UNIT).min(Semaphore::MAX_PERMITS);
        Self {
            whole: Arc::new(Whole {
                units: Arc::new(Semaphore::new(units)),
                each: units / 2,
                parts: Mutex::default(),
            }),
            part: None,
        }
    }

    /// The part of one user, at most half of the whole: whose transfers all stand still holds up no other's.
    #[must_use]
    pub fn part_of(&self, user: &str) -> Self {
        let mut parts = self
            .whole
            .parts
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let known = parts.get(user).and_then(Weak::upgrade);
        let part = known.unwrap_or_else(|| {
            if parts.len() >= USERS {
                parts.retain(|_, part| part.strong_count() > 0);
            }
            let part = Arc::new(Semaphore::new(self.whole.each));
            parts.insert(user.to_owned(), Arc::downgrade(&part));
            part
        });
        Self {
            whole: Arc::clone(&self.whole),
            part: Some(part),
        }
    }

    /// Takes `bytes`, waiting until they are there. Who waits must hold no other share: two that wait for each other's
    /// would wait for ever.
    ///
    /// # Errors
    /// `GivenUp` for more than 4 MiB.
    pub async fn take(&self, bytes: usize) -> Result<Share> {
        let units = units(bytes)?;
        let closed = |_closed| Error::GivenUp;
        // A user's own part first: who waits for it keeps nothing from others.
        let part = match &self.part {
            Some(part) => Some(
                Arc::clone(part)
                    .acquire_many_owned(units)
                    .await
                    .map_err(closed)?,
            ),
            None => None,
        };
        let whole = Arc::clone(&self.whole.units)
            .acquire_many_owned(units)
            .await;
        Ok(Share {
            _part: part,
            _whole: whole.map_err(closed)?,
        })
    }

    /// Takes `bytes` if they are there now.
    pub fn try_take(&self, bytes: usize) -> Option<Share> {
        let units = units(bytes).ok()?;
        let part = match &self.part {
            Some(part) => Some(Arc::clone(part).try_acquire_many_owned(units).ok()?),
            None => None,
        };
        Some(Share {
            _part: part,
            _whole: Arc::clone(&self.whole.units)
                .try_acquire_many_owned(units)
                .ok()?,
        })
    }

    /// Bytes that nobody holds.
    pub fn left(&self) -> usize {
        self.whole.units.available_permits().saturating_mul(UNIT)
    }
}

fn units(bytes: usize) -> Result<u32> {
    if bytes > MOST {
        return Err(Error::GivenUp);
    }
    u32::try_from(bytes.div_ceil(UNIT)).map_err(|_too_many| Error::GivenUp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_taken_is_missing_until_it_is_dropped() {
        let budget = Budget::new(0);
        assert_eq!(budget.left(), LEAST);
        let shares = [
            budget.take(MOST).await.unwrap(),
            budget.take(MOST).await.unwrap(),
        ];
        assert_eq!(budget.left(), 0);
        assert!(budget.try_take(1).is_none());
        drop(shares);
        assert!(budget.try_take(1).is_some());
        assert!(
            budget.take(MOST + 1).await.is_err(),
            "nobody waits for what can never be"
        );
    }

    #[tokio::test]
    async fn a_user_holds_at_most_half_and_keeps_nothing_from_others_while_it_waits() {
        let budget = Budget::new(0);
        let (one, two) = (budget.part_of("one"), budget.part_of("two"));
        let held = one.take(MOST).await.unwrap();
        let mut waiting = Box::pin(one.take(1));
        assert!(futures_poll(&mut waiting).is_none());
        assert!(
            budget.part_of("one").try_take(1).is_none(),
            "one part, however often it is asked for"
        );
        let others = two.take(MOST).await.unwrap();
        assert_eq!(budget.left(), 0);
        drop(held);
        assert!(futures_poll(&mut waiting).is_some());
        drop((others, waiting));
        assert_eq!(budget.left(), LEAST);
    }

    /// Polls once.
    fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::Pin::new(future).poll(&mut cx) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        }
    }

    #[test]
    fn parts_that_nobody_uses_are_forgotten() {
        let budget = Budget::new(0);
        let kept = budget.part_of("kept");
        let share = budget.part_of("held").try_take(1).unwrap();
        for user in 0..3 * USERS {
            drop(budget.part_of(&user.to_string()));
        }
        assert!(budget.whole.parts.lock().unwrap().len() <= USERS + 1);
        let known = |user: &str, part: &Budget| {
            Arc::ptr_eq(
                budget.part_of(user).part.as_ref().unwrap(),
                part.part.as_ref().unwrap(),
            )
        };
        assert!(known("kept", &kept));
        assert_eq!(
            budget.part_of("held").part.unwrap().available_permits(),
            LEAST / UNIT / 2 - 1
        );
        drop(share);
    }
}
