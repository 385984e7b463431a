//! How often each address was refused lately: bounds what strangers may try who need no credentials.
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

/// Places that addresses share by their hash: two in one place only share their bound.
const PLACES: usize = 4_096;

/// Most refusals of one address in a minute. A job that is set up wrongly tries a dozen times.
pub(crate) const MOST: u32 = 300;

/// Counts by address, in a fixed amount of memory.
#[derive(Debug)]
pub(crate) struct Refusals {
    hasher: RandomState,
    /// Each a minute since 1970 in the upper half, and what was counted in it.
    places: Box<[AtomicU64]>,
}

impl Refusals {
    pub(crate) fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            places: (0..PLACES).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Whether an address has had its share in the minute of `at`, in microseconds since 1970.
    pub(crate) fn is_over(&self, source: IpAddr, at: i64) -> bool {
        self.place(source).is_some_and(|place| {
            let (minute, count) = parts(place.load(Ordering::Relaxed));
            minute == minute_of(at) && count >= MOST
        })
    }

    /// Counts a refusal.
    pub(crate) fn count(&self, source: IpAddr, at: i64) {
        let minute = minute_of(at);
        let next = |held| {
            let (of, count) = parts(held);
            let count = if of == minute {
                count.saturating_add(1)
            } else {
                1
            };
            Some(u64::from(minute) << 32 | u64::from(count))
        };
        if let Some(place) = self.place(source) {
            place.update(Ordering::Relaxed, Ordering::Relaxed, |held| {
                next(held).unwrap_or(held)
            });
        }
    }

    fn place(&self, source: IpAddr) -> Option<&AtomicU64> {
        // Whoever has one address of IPv6 has all that begin as it does.
        let who = match source.to_canonical() {
            IpAddr::V4(address) => u64::from(address.to_bits()),
            IpAddr::V6(address) => u64::try_from(address.to_bits() >> 64).unwrap_or(u64::MAX),
        };
        let hash = self.hasher.hash_one((source.is_ipv4(), who));
        let at = usize::try_from(hash % PLACES as u64).ok()?;
        self.places.get(at)
    }
}

fn minute_of(at: i64) -> u32 {
    u32::try_from(at.div_euclid(60_000_000)).unwrap_or(0)
}

fn parts(held: u64) -> (u32, u32) {
    let count = held & u64::from(u32::MAX);
    let half = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
    (half(held >> 32), half(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: i64 = 1_795_591_920_000_000;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_has_its_share_of_refusals_a_minute() {
        let refusals = Refusals::new();
        let one = address("192.0.2.1");
        for _ in 0..MOST {
            assert!(!refusals.is_over(one, AT));
            refusals.count(one, AT);
        }
        assert!(refusals.is_over(one, AT));
        assert!(!refusals.is_over(one, AT + 60_000_000), "a minute later");
        refusals.count(one, AT + 60_000_000);
        assert!(!refusals.is_over(one, AT + 60_000_000));
    }

    #[test]
    fn a_network_of_ipv6_is_one_sender_and_others_are_not() {
        let refusals = Refusals::new();
        for at in 0..MOST {
            refusals.count(address(&format!("2001:db8:0:1::{at:x}")), AT);
        }
        assert!(refusals.is_over(address("2001:db8:0:1:ffff::1"), AT));
        let free = (2..100).filter(|at| {
            let other = address(&format!("2001:db8:0:{at:x}::1"));
            !refusals.is_over(other, AT)
        });
        assert!(free.count() > 90);
    }
}
