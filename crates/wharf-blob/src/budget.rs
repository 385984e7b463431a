//! The bytes that may be in flight in the whole process: whoever wants more waits, and nothing grows.
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Error, Result};

/// The least budget: below it a few transfers would only wait for each other.
const LEAST: usize = 8 << 20;
/// Bytes of one permit: a semaphore counts in 32 bits.
const UNIT: usize = 1 << 10;

/// A bound of bytes in memory, shared by everything that holds bodies. A clone is the same budget.
#[derive(Clone, Debug)]
pub struct Budget {
    units: Arc<Semaphore>,
}

/// Bytes taken from a [`Budget`], given back when dropped.
#[derive(Debug)]
pub struct Share {
    _permit: OwnedSemaphorePermit,
}

impl Budget {
    /// A budget of so many bytes; less than 8 MiB counts as 8 MiB.
    pub fn new(bytes: usize) -> Self {
        Self {
            units: Arc::new(Semaphore::new(
                (bytes.max(LEAST) / UNIT).min(Semaphore::MAX_PERMITS),
            )),
        }
    }

    /// Takes `bytes`, waiting until they are there. Who waits must hold no other share: two that wait for each other's
    /// would wait for ever.
    ///
    /// # Errors
    /// `GivenUp` for more bytes than can be asked for.
    pub async fn take(&self, bytes: usize) -> Result<Share> {
        let permit = Arc::clone(&self.units)
            .acquire_many_owned(units(bytes)?)
            .await;
        Ok(Share {
            _permit: permit.map_err(|_closed| Error::GivenUp)?,
        })
    }

    /// Takes `bytes` if they are there now.
    pub fn try_take(&self, bytes: usize) -> Option<Share> {
        let permit = Arc::clone(&self.units)
            .try_acquire_many_owned(units(bytes).ok()?)
            .ok()?;
        Some(Share { _permit: permit })
    }

    /// Bytes that nobody holds.
    pub fn left(&self) -> usize {
        self.units.available_permits().saturating_mul(UNIT)
    }
}

fn units(bytes: usize) -> Result<u32> {
    if bytes > LEAST {
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
        let share = budget.take(LEAST).await.unwrap();
        assert_eq!(budget.left(), 0);
        assert!(budget.try_take(1).is_none());
        drop(share);
        assert!(budget.try_take(1).is_some());
        assert!(
            budget.take(LEAST + 1).await.is_err(),
            "nobody waits for what can never be"
        );
    }
}
