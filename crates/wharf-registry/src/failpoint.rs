//! Named points at which a test may stop the process. Always compiled, so that the tested binary is the shipped one.
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Every failpoint by name: arming another is refused.
pub(crate) const NAMES: &[&str] = &[
    "before-extent-file",
    "after-extent-file",
    "before-extent-row",
    "after-extent-row",
    "before-blob-sync",
    "after-blob-sync",
    "after-dir-sync",
    "after-blob-commit",
    "before-manifest-commit",
    "after-manifest-commit",
    "before-delete-commit",
    "after-delete-commit",
    "collect-before-commit",
    "collect-after-commit",
    "undelete-before-commit",
    "undelete-after-commit",
    "before-mount-commit",
    "after-mount-commit",
    "before-layer-delete-commit",
    "after-layer-delete-commit",
];

/// Which failpoints are armed, and after how many more passes they strike.
#[derive(Debug, Default)]
pub struct Failpoints {
    any: AtomicBool,
    armed: Mutex<BTreeMap<&'static str, u64>>,
}

impl Failpoints {
    /// Arms `name` to end the process at its `after`-th next pass (0: the next one). False: no such name.
    pub fn arm(&self, name: &str, after: u64) -> bool {
        let Some(name) = NAMES.iter().find(|known| **known == name) else {
            return false;
        };
        if let Ok(mut armed) = self.armed.lock() {
            armed.insert(name, after);
            self.any.store(true, Ordering::Release);
        }
        true
    }

    /// Ends the process, as `kill -9` would, if `name` is armed and its count has run out.
    pub fn pass(&self, name: &'static str) {
        if !self.any.load(Ordering::Acquire) {
            return;
        }
        let Ok(mut armed) = self.armed.lock() else {
            return;
        };
        match armed.get_mut(name) {
            Some(0) => std::process::abort(),
            Some(left) => *left -= 1,
            None => {}
        }
    }
}
