//! Domain time: wall time plus what a test has moved it by.
use std::sync::atomic::{AtomicI64, Ordering};

use crate::Micros;

/// The two clocks of design: `wall` for signatures and leases, `now` for everything a rule looks at.
#[derive(Debug)]
pub struct Clock {
    wall: fn() -> Micros,
    moved_by: AtomicI64,
}

impl Clock {
    pub(crate) fn new(wall: fn() -> Micros) -> Self {
        Self {
            wall,
            moved_by: AtomicI64::new(0),
        }
    }

    /// Wall time, microseconds since 1970.
    pub fn wall(&self) -> Micros {
        (self.wall)()
    }

    /// Domain time, microseconds since 1970.
    pub fn now(&self) -> Micros {
        self.wall()
            .saturating_add(self.moved_by.load(Ordering::Relaxed))
    }

    pub(crate) fn advance(&self, by: Micros) {
        self.moved_by.fetch_add(by, Ordering::Relaxed);
    }
}
