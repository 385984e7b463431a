//! Refusals of those who did not prove who they are: counted, never written one by one.
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use super::record::bounded;

/// Pairs of address and reason that a minute tells apart.
pub(super) const MOST_PAIRS: usize = 1_024;

/// Reasons that are told of addresses beyond these.
const MOST_REASONS: usize = 64;

/// Longest reason, in bytes.
const REASON_BYTES: usize = 64;

/// What stands for the addresses, or the reasons, beyond the bound.
const OTHERS: &str = "others";

/// Microseconds of a minute.
const MINUTE: i64 = 60_000_000;

/// The refusals of one minute.
#[derive(Debug, Default)]
pub(super) struct Unknown {
    /// The minute that is counted, since 1970.
    minute: i64,
    pairs: HashMap<IpAddr, Vec<(String, u64)>>,
    size: usize,
    /// What is beyond the bound, by reason.
    beyond: Vec<(String, u64)>,
    /// Minutes that are over and not yet written: one at most.
    over: Vec<Count>,
}

/// How often it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Count {
    /// Where the minute begins, in microseconds since 1970.
    pub(super) minute: i64,
    /// An address, a /64, or `others`.
    pub(super) source: String,
    pub(super) reason: String,
    pub(super) times: u64,
}

impl Unknown {
    /// Counts one refusal. One that comes late is counted in the minute that runs.
    pub(super) fn count(&mut self, at: i64, source: IpAddr, reason: &str) {
        let minute = at.div_euclid(MINUTE);
        if minute > self.minute {
            self.turn(minute);
        }
        let reason = bounded(reason, REASON_BYTES);
        let source = network(source);
        if let Some(counts) = self.pairs.get_mut(&source)
            && let Some((_, count)) = counts.iter_mut().find(|(its, _)| *its == reason)
        {
            *count += 1;
        } else if self.size < MOST_PAIRS {
            self.size += 1;
            let counts = self.pairs.entry(source).or_default();
            counts.push((reason.into_owned(), 1));
        } else {
            let full = self.beyond.len() >= MOST_REASONS;
            let known = |name: &str| self.beyond.iter().position(|(its, _)| its == name);
            match known(&reason).or_else(|| full.then(|| known(OTHERS)).flatten()) {
                Some(at) => {
                    if let Some((_, count)) = self.beyond.get_mut(at) {
                        *count += 1;
                    }
                }
                None if full => self.beyond.push((OTHERS.to_owned(), 1)),
                None => self.beyond.push((reason.into_owned(), 1)),
            }
        }
    }

    /// Begins another minute. Of one that was not written in time only the sum is kept, by reason.
    fn turn(&mut self, minute: i64) {
        let ended = std::mem::replace(&mut self.minute, minute);
        let mut counts: Vec<Count> = Vec::with_capacity(self.size + self.beyond.len());
        let count = |source: &str, (reason, count)| Count {
            minute: ended * MINUTE,
            source: source.to_owned(),
            reason,
            times: count,
        };
        for (source, reasons) in self.pairs.drain() {
            let source = match source {
                IpAddr::V4(address) => address.to_string(),
                IpAddr::V6(network) => format!("{network}/64"),
            };
            counts.extend(reasons.into_iter().map(|it| count(&source, it)));
        }
        counts.extend(self.beyond.drain(..).map(|it| count(OTHERS, it)));
        counts.sort_unstable_by(|a, b| (&a.source, &a.reason).cmp(&(&b.source, &b.reason)));
        self.size = 0;
        if self.over.is_empty() {
            self.over = counts;
            return;
        }
        for it in counts {
            let same = |its: &Count| its.source == OTHERS && its.reason == it.reason;
            let last = self.over.len().saturating_sub(1);
            let at = self.over.iter().position(same);
            let at = at.or_else(|| (last >= 2 * MOST_PAIRS).then_some(last));
            match at.and_then(|at| self.over.get_mut(at)) {
                Some(sum) => sum.times += it.times,
                None => self.over.push(Count {
                    source: OTHERS.to_owned(),
                    ..it
                }),
            }
        }
    }

    /// What is over by now; with `all`, also what is not.
    pub(super) fn take(&mut self, now: i64, all: bool) -> Vec<Count> {
        let minute = now.div_euclid(MINUTE);
        if all || minute > self.minute {
            self.turn(minute.max(self.minute));
        }
        std::mem::take(&mut self.over)
    }
}

/// An address, of IPv6 its /64: one customer has that many.
fn network(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let bits = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(bits))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn four(n: u32) -> IpAddr {
        IpAddr::V4(n.into())
    }

    #[test]
    fn a_minute_is_told_once_it_is_over() {
        let mut unknown = Unknown::default();
        let six = |text: &str| IpAddr::V6(text.parse().unwrap());
        for _ in 0..3 {
            unknown.count(60_000_000, four(1), "Expired");
        }
        unknown.count(119_999_999, four(1), "Unknown");
        unknown.count(119_999_999, six("2001:db8::1"), "Expired");
        unknown.count(119_999_999, six("2001:db8::2"), "Expired");
        unknown.count(119_999_999, six("::ffff:0.0.0.1"), "Expired");
        assert_eq!(unknown.take(119_999_999, false), []);
        let told = unknown.take(120_000_000, false);
        let told: Vec<_> = told
            .iter()
            .map(|it| (it.minute, &*it.source, &*it.reason, it.times))
            .collect();
        assert_eq!(
            told,
            [
                (60_000_000, "0.0.0.1", "Expired", 4),
                (60_000_000, "0.0.0.1", "Unknown", 1),
                (60_000_000, "2001:db8::/64", "Expired", 2),
            ]
        );
        assert_eq!(unknown.take(180_000_000, true), []);
    }

    #[test]
    fn a_million_addresses_and_reasons_fill_no_more_than_the_bound_and_none_is_forgotten() {
        let mut unknown = Unknown::default();
        for minute in 1..=3 {
            for n in 0..1_000_000 {
                let reason = format!("{}{}", "r".repeat(200), n % 1_000);
                let reason = if n % 2 == 0 { "Unknown" } else { &reason };
                unknown.count(minute * MINUTE, four(n), reason);
            }
            assert!(unknown.size <= MOST_PAIRS && unknown.beyond.len() <= MOST_REASONS + 1);
        }
        let told = unknown.take(4 * MINUTE, true);
        assert!(
            told.len() <= 2 * MOST_PAIRS + MOST_REASONS + 1,
            "{}",
            told.len()
        );
        assert!(told.iter().all(|it| it.reason.len() <= REASON_BYTES));
        let sum: u64 = told.iter().map(|it| it.times).sum();
        assert_eq!(sum, 3_000_000);
    }
}
