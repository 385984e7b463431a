//! Bodies that are held whole in memory: waiting replaces growing.
//!
//! Two lanes, so that no crowd of layer parts holds up a small call. In the small one a body is counted as its bytes
//! arrive: what is only announced keeps nothing from others. In the large one a body has room for all of it before more
//! than its first piece is read, so that nobody who holds room waits for more; who then sends nothing while others wait
//! is given up.
//!
//! A body is read before its signature can be checked. So one address has at most half of each lane, whoever it says it
//! is, and the bodies of everyday calls are counted by nobody: there are no more of them than connections.
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
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

/// Up to so many bytes a body waits for nobody and is not counted.
const UNCOUNTED_BYTES: usize = 4 << 10;

/// Shares after which those that nobody uses are forgotten.
const SHARES: usize = 256;

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

    /// Collects a body that came from `source`, and counts its bytes for as long as they are held.
    ///
    /// # Errors
    /// Those of the body; `TimedOut` also for one that does not come while others wait, and `NoRoom`.
    pub(crate) async fn collect(
        &self,
        source: IpAddr,
        body: RequestBody,
        limit: usize,
    ) -> Result<Held, BodyFault> {
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
            if claim <= UNCOUNTED_BYTES {
                Ok(Held {
                    bytes: body.collect(limit).await?,
                    permit: None,
                })
            } else if claim <= SMALL_BODY_BYTES {
                collect_small(&self.small.part_of(source), body).await
            } else {
                collect_large(&self.large.part_of(source), body, claim).await
            }
        };
        let in_time = timeout(BODY_TIME, collected).await;
        in_time.unwrap_or(Err(BodyFault::TimedOut))
    }
}

async fn collect_small(part: &Part<'_>, mut body: RequestBody) -> Result<Held, BodyFault> {
    let (mut bytes, mut held) = (BytesMut::new(), None);
    while let Some(piece) = body.next().await.transpose()? {
        bytes.extend_from_slice(&piece);
        part.grow(&mut held, bytes.len()).await?;
    }
    Ok(Held {
        bytes: bytes.freeze(),
        permit: held,
    })
}

async fn collect_large(
    part: &Part<'_>,
    mut body: RequestBody,
    claim: usize,
) -> Result<Held, BodyFault> {
    // Who only announces a body does not get a turn.
    let first = body.next().await.transpose()?.unwrap_or_default();
    let permit = part.take(claim, LARGE_WAIT).await?;
    let mut bytes = BytesMut::with_capacity(claim.max(first.len()).max(OWN_MAPPING));
    bytes.extend_from_slice(&first);
    drop(first);
    let mut pace = Pace::new(claim, bytes.len());
    loop {
        match timeout_at(pace.until, body.next()).await {
            Ok(Some(piece)) => bytes.extend_from_slice(&piece?),
            Ok(None) => break,
            Err(_elapsed) => pace.look(bytes.len(), part.is_waited_for())?,
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

/// Room, and who waits for it.
#[derive(Debug)]
struct Room {
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

impl Room {
    fn new(kib: u32) -> Self {
        Self {
            free: Arc::new(Semaphore::new(kib as usize)),
            kib,
            waiting: AtomicUsize::new(0),
        }
    }

    fn is_waited_for(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// Takes room for so many KiB, first come, first served.
    async fn take(&self, kib: u32) -> Option<OwnedSemaphorePermit> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        Arc::clone(&self.free).acquire_many_owned(kib).await.ok()
    }
}

/// A part of the budget.
#[derive(Debug)]
struct Lane {
    whole: Room,
    shares: Mutex<HashMap<IpAddr, Weak<Room>>>,
}

impl Lane {
    fn new(bytes: usize) -> Self {
        Self {
            whole: Room::new(kib_of(bytes).max(1)),
            shares: Mutex::default(),
        }
    }

    /// What is bounded for one address: half of the lane.
    fn part_of(&self, source: IpAddr) -> Part<'_> {
        let source = network_of(source);
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        let known = shares.get(&source).and_then(Weak::upgrade);
        let share = known.unwrap_or_else(|| {
            if shares.len() >= SHARES {
                shares.retain(|_, share| share.strong_count() > 0);
            }
            let share = Arc::new(Room::new((self.whole.kib / 2).max(1)));
            shares.insert(source, Arc::downgrade(&share));
            share
        });
        Part { lane: self, share }
    }
}

/// The KiB that so many bytes need.
fn kib_of(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX)
}

/// What one sender may choose its addresses from: of IPv6, 64 bits.
fn network_of(source: IpAddr) -> IpAddr {
    match source {
        IpAddr::V4(_) => source,
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
    }
}

/// A lane as one address has it.
#[derive(Debug)]
struct Part<'a> {
    lane: &'a Lane,
    share: Arc<Room>,
}

impl Part<'_> {
    fn is_waited_for(&self) -> bool {
        self.lane.whole.is_waited_for() || self.share.is_waited_for()
    }

    async fn take(&self, bytes: usize, wait: Duration) -> Result<Permit, BodyFault> {
        self.take_beside(None, bytes, wait).await
    }

    /// Takes what a body of so many bytes needs beside what it has: never more than there is of share and whole.
    async fn take_beside(
        &self,
        held: Option<&Permit>,
        bytes: usize,
        wait: Duration,
    ) -> Result<Permit, BodyFault> {
        let kib = kib_of(bytes);
        let (of_share, of_whole) = held.map_or((0, 0), Permit::kib);
        let both = async {
            // The own share first: who waits for it keeps nothing from others.
            let share = kib.min(self.share.kib).saturating_sub(of_share);
            let share = self.share.take(share).await?;
            let whole = kib.min(self.lane.whole.kib).saturating_sub(of_whole);
            let whole = self.lane.whole.take(whole).await?;
            Some(Permit {
                share,
                whole,
                _room: Arc::clone(&self.share),
            })
        };
        timeout(wait, both)
            .await
            .ok()
            .flatten()
            .ok_or(BodyFault::NoRoom)
    }

    /// Holds as many KiB as a body has by now.
    async fn grow(&self, held: &mut Option<Permit>, bytes: usize) -> Result<(), BodyFault> {
        let (_, has) = held.as_ref().map_or((0, 0), Permit::kib);
        if kib_of(bytes).min(self.lane.whole.kib) <= has {
            return Ok(());
        }
        let permit = self.take_beside(held.as_ref(), bytes, SMALL_WAIT).await?;
        match held {
            Some(held) => held.merge(permit),
            None => *held = Some(permit),
        }
        Ok(())
    }
}

/// Room that is taken, until it is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    share: OwnedSemaphorePermit,
    whole: OwnedSemaphorePermit,
    /// The share is remembered for as long as some of it is taken.
    _room: Arc<Room>,
}

impl Permit {
    /// KiB of the share, and of the whole.
    fn kib(&self) -> (u32, u32) {
        let of = |permit: &OwnedSemaphorePermit| u32::try_from(permit.num_permits());
        (
            of(&self.share).unwrap_or(u32::MAX),
            of(&self.whole).unwrap_or(u32::MAX),
        )
    }

    fn merge(&mut self, other: Self) {
        self.share.merge(other.share);
        self.whole.merge(other.whole);
    }
}

/// A body in memory.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) bytes: Bytes,
    /// Counts the bytes for as long as it is kept.
    pub(crate) permit: Option<Permit>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const TWO: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[tokio::test]
    async fn a_body_larger_than_the_whole_budget_still_gets_its_turn_and_gives_it_back() {
        let lane = Lane::new(4096);
        let part = lane.part_of(ONE);
        let mut held = None;
        part.grow(&mut held, 1).await.unwrap();
        part.grow(&mut held, 1 << 30).await.unwrap();
        assert!(lane.whole.free.try_acquire().is_err());
        drop(held);
        let all = part.take(1 << 30, LARGE_WAIT).await.unwrap();
        assert_eq!(all.kib(), (2, 4));
        drop(all);
        assert_eq!(lane.whole.free.available_permits(), 4);
        assert_eq!(part.share.free.available_permits(), 2);
    }

    #[tokio::test]
    async fn who_waits_too_long_is_told_so_and_waits_no_more() {
        let lane = Lane::new(2048);
        let part = lane.part_of(ONE);
        let all = part.take(2048, LARGE_WAIT).await.unwrap();
        assert!(!part.is_waited_for());
        let waits = part.take(1, Duration::from_millis(1));
        assert_eq!(waits.await.unwrap_err(), BodyFault::NoRoom);
        assert!(!part.is_waited_for());
        drop(all);
        assert!(part.take(1, LARGE_WAIT).await.is_ok());
    }

    #[tokio::test]
    async fn one_address_leaves_the_others_half_of_a_lane() {
        let lane = Lane::new(8 << 10);
        let held = lane.part_of(ONE).take(4 << 10, LARGE_WAIT).await.unwrap();
        let more = lane.part_of(ONE).take(1, Duration::from_millis(1)).await;
        assert_eq!(more.unwrap_err(), BodyFault::NoRoom);
        let other = lane.part_of(TWO).take(4 << 10, LARGE_WAIT).await.unwrap();
        drop((held, other));
        assert_eq!(lane.whole.free.available_permits(), 8);
        for last in 0..2_000_u16 {
            drop(lane.part_of(IpAddr::from([
                10,
                0,
                last.to_be_bytes()[0],
                last.to_be_bytes()[1],
            ])));
        }
        assert!(lane.shares.lock().unwrap().len() <= SHARES);
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_are_one() {
        let network = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:2"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_ne!(network_of(ONE), network_of(TWO));
    }

    #[test]
    fn a_crowd_in_one_lane_leaves_the_other_free() {
        let budget = ByteBudget::new(128 << 20);
        let lanes = (budget.small.whole.kib, budget.large.whole.kib);
        assert_eq!(lanes, (16 << 10, 112 << 10));
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_given_up_only_while_others_wait() {
        let mut pace = Pace::new(1_000, 10);
        assert_eq!(pace.look(10, false), Ok(()));
        assert_eq!(pace.look(110, true), Ok(()));
        assert_eq!(pace.look(209, true), Err(BodyFault::TimedOut));
    }
}
