//! Bodies that are held whole in memory: waiting replaces growing.
//!
//! Two lanes, so that no crowd of layer parts holds up a small call. In the small one a body is counted as its bytes
//! arrive: what is only announced keeps nothing from others. In the large one a body has room for all of it before more
//! than its first piece is read, so that nobody who holds room waits for more; who then sends nothing while others wait
//! is given up.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

use crate::edge::{BodyFault, RequestBody};
use crate::limits::SMALL_BODY_BYTES;

/// How long a whole body may take: less than a request may, so that the client hears why.
const BODY_TIME: Duration = Duration::from_secs(50);

/// How long a small body waits for room: two halves that wait for each other must end.
const SMALL_WAIT: Duration = Duration::from_secs(10);

/// How long a large body waits for its turn. Every turn ends, by `BODY_TIME` if by nothing else.
const LARGE_WAIT: Duration = Duration::from_secs(40);

/// While others wait, one part in `PARTS` of a large body must come in each `STALL`: slower it would not be in time.
const STALL: Duration = Duration::from_secs(5);
const PARTS: usize = 10;

/// Room that a large body's buffer is given at least, of which only what is written to is in memory. It never grows, so it
/// is not copied; and the C library gives allocations beyond 32 MiB a mapping of their own that goes with them, while
/// those of a few MiB, coming and going by the dozen, leave holes that were measured at half as much again.
const OWN_MAPPING: usize = 33 << 20;

/// The small lane has one part in so many of the whole.
const SMALL_SHARE: usize = 8;

/// Bytes of bodies held in memory at once.
#[derive(Debug)]
pub(crate) struct ByteBudget {
    small: Lane,
    large: Lane,
}

impl ByteBudget {
    pub(crate) fn new(bytes: usize) -> Self {
        let small = bytes / SMALL_SHARE;
        Self {
            small: Lane::new(small),
            large: Lane::new(bytes.saturating_sub(small)),
        }
    }

    /// Collects a body, and counts its bytes for as long as they are held.
    ///
    /// # Errors
    /// Those of the body; `TimedOut` also for one that does not come while others wait, and `NoRoom`.
    pub(crate) async fn collect(&self, body: RequestBody, limit: usize) -> Result<Held, BodyFault> {
        let bound = u64::try_from(limit).unwrap_or(u64::MAX);
        if body.announced().is_some_and(|announced| announced > bound) {
            return Err(BodyFault::TooLarge);
        }
        let claim = body
            .announced()
            .and_then(|announced| usize::try_from(announced).ok())
            .unwrap_or(limit);
        let body = body.bounded(bound);
        let collected = async {
            if claim <= SMALL_BODY_BYTES {
                collect_small(&self.small, body).await
            } else {
                collect_large(&self.large, body, claim).await
            }
        };
        let in_time = timeout(BODY_TIME, collected).await;
        in_time.unwrap_or(Err(BodyFault::TimedOut))
    }
}

async fn collect_small(lane: &Lane, mut body: RequestBody) -> Result<Held, BodyFault> {
    let (mut bytes, mut held) = (BytesMut::new(), None);
    while let Some(piece) = body.next().await.transpose()? {
        bytes.extend_from_slice(&piece);
        lane.grow(&mut held, bytes.len()).await?;
    }
    Ok(Held {
        bytes: bytes.freeze(),
        permit: held,
    })
}

async fn collect_large(
    lane: &Lane,
    mut body: RequestBody,
    claim: usize,
) -> Result<Held, BodyFault> {
    // Who only announces a body does not get a turn.
    let first = body.next().await.transpose()?.unwrap_or_default();
    let permit = lane.take(claim, LARGE_WAIT).await?;
    let mut bytes = BytesMut::with_capacity(claim.max(first.len()).max(OWN_MAPPING));
    bytes.extend_from_slice(&first);
    drop(first);
    let mut pace = Pace::new(claim, bytes.len());
    loop {
        match timeout_at(pace.until, body.next()).await {
            Ok(Some(piece)) => bytes.extend_from_slice(&piece?),
            Ok(None) => break,
            Err(_elapsed) => pace.look(bytes.len(), lane.is_waited_for())?,
        }
    }
    Ok(Held {
        bytes: bytes.freeze(),
        permit: Some(permit),
    })
}

/// How fast a body comes.
#[derive(Debug)]
struct Pace {
    until: Instant,
    /// Bytes that must have come by then, if others wait.
    expected: usize,
    step: usize,
}

impl Pace {
    fn new(claim: usize, received: usize) -> Self {
        let step = claim / PARTS;
        Self {
            until: Instant::now() + STALL,
            expected: received.saturating_add(step),
            step,
        }
    }

    fn look(&mut self, received: usize, waited_for: bool) -> Result<(), BodyFault> {
        if waited_for && received < self.expected {
            return Err(BodyFault::TimedOut);
        }
        self.until = Instant::now() + STALL;
        self.expected = received.saturating_add(self.step);
        Ok(())
    }
}

/// A part of the budget.
#[derive(Debug)]
struct Lane {
    /// One permit for each KiB.
    free: Arc<Semaphore>,
    kib: u32,
    waiting: AtomicUsize,
}

/// Counted among those who wait until it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Lane {
    fn new(bytes: usize) -> Self {
        let kib = u32::try_from(bytes / 1024).unwrap_or(u32::MAX).max(1);
        Self {
            free: Arc::new(Semaphore::new(kib as usize)),
            kib,
            waiting: AtomicUsize::new(0),
        }
    }

    /// The permits for so many bytes: all of them for more than there are, so that such a body gets its turn, too.
    fn permits(&self, bytes: usize) -> u32 {
        u32::try_from(bytes.div_ceil(1024))
            .unwrap_or(u32::MAX)
            .min(self.kib)
    }

    fn is_waited_for(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// Takes room for so many bytes, first come, first served.
    async fn take(&self, bytes: usize, wait: Duration) -> Result<OwnedSemaphorePermit, BodyFault> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        let taken = Arc::clone(&self.free).acquire_many_owned(self.permits(bytes));
        match timeout(wait, taken).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(BodyFault::NoRoom),
        }
    }

    /// Holds as many KiB as a body has by now.
    async fn grow(
        &self,
        held: &mut Option<OwnedSemaphorePermit>,
        bytes: usize,
    ) -> Result<(), BodyFault> {
        let has = held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = self
            .permits(bytes)
            .saturating_sub(u32::try_from(has).unwrap_or(u32::MAX));
        if more == 0 {
            return Ok(());
        }
        let permit = self.take(more as usize * 1024, SMALL_WAIT).await?;
        match held {
            Some(held) => held.merge(permit),
            None => *held = Some(permit),
        }
        Ok(())
    }
}

/// A body in memory.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) bytes: Bytes,
    /// Counts the bytes for as long as it is kept.
    pub(crate) permit: Option<OwnedSemaphorePermit>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_larger_than_the_whole_budget_still_gets_its_turn_and_gives_it_back() {
        let lane = Lane::new(2048);
        let mut held = None;
        lane.grow(&mut held, 1).await.unwrap();
        lane.grow(&mut held, 1 << 30).await.unwrap();
        assert!(lane.free.try_acquire().is_err());
        drop(held);
        assert_eq!(lane.free.available_permits(), 2);
        let all = lane.take(1 << 30, LARGE_WAIT).await.unwrap();
        assert_eq!(all.num_permits(), 2);
    }

    #[tokio::test]
    async fn who_waits_too_long_is_told_so_and_waits_no_more() {
        let lane = Lane::new(2048);
        let all = lane.take(2048, LARGE_WAIT).await.unwrap();
        assert!(!lane.is_waited_for());
        let waits = lane.take(1, Duration::from_millis(1));
        assert_eq!(waits.await.unwrap_err(), BodyFault::NoRoom);
        assert!(!lane.is_waited_for());
        drop(all);
        assert!(lane.take(1, LARGE_WAIT).await.is_ok());
    }

    #[test]
    fn a_crowd_in_one_lane_leaves_the_other_free() {
        let budget = ByteBudget::new(128 << 20);
        assert_eq!((budget.small.kib, budget.large.kib), (16 << 10, 112 << 10));
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_given_up_only_while_others_wait() {
        let mut pace = Pace::new(1_000, 10);
        assert_eq!(pace.look(10, false), Ok(()));
        assert_eq!(pace.look(110, true), Ok(()));
        assert_eq!(pace.look(209, true), Err(BodyFault::TimedOut));
    }
}
