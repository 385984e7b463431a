//! What is known of uploads in memory alone: hashes so far, flushes that run, objects being written.
//!
//! All of it can be lost: a hash is made anew from the extents, a flush is done again, and what was being written when
//! the process ended is what the sweep removes.
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wharf_blob::{Flush, ObjectName, RunningHash};

/// Uploads remembered at once; the one not used for the longest time makes room.
const UPLOADS: usize = 10_000;
/// Flushes remembered of one upload: older ones are done again when it is completed, for little if they are over.
const FLUSHES: usize = 64;

/// The memory of uploads.
#[derive(Debug, Default)]
pub(crate) struct Running {
    uploads: Mutex<Uploads>,
    writing: Arc<Mutex<HashSet<ObjectName>>>,
    /// One sweep at a time.
    pub(crate) sweeping: tokio::sync::Mutex<()>,
    /// One collection at a time.
    pub(crate) collecting: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Uploads {
    by_id: HashMap<String, Upload>,
    uses: u64,
}

#[derive(Debug)]
struct Upload {
    received: u64,
    hash: Option<RunningHash>,
    flushes: Vec<Flush>,
    used: u64,
}

/// An object that is being written, until this is dropped.
#[derive(Debug)]
pub(crate) struct Writing {
    name: ObjectName,
    writing: Arc<Mutex<HashSet<ObjectName>>>,
}

impl Drop for Writing {
    fn drop(&mut self) {
        lock(&self.writing).remove(&self.name);
    }
}

impl Running {
    /// The hash of an upload's first `received` bytes, if it is known.
    pub(crate) fn hash_at(&self, id: &str, received: u64) -> Option<RunningHash> {
        let mut uploads = lock(&self.uploads);
        let now = uploads.tick();
        let upload = uploads
            .by_id
            .get_mut(id)
            .filter(|upload| upload.received == received)?;
        upload.used = now;
        upload.hash.clone()
    }

    /// Notes where an upload stands, the hash up to there, and the flush of what came last.
    pub(crate) fn advance(
        &self,
        id: &str,
        received: u64,
        hash: Option<RunningHash>,
        flush: Option<Flush>,
    ) {
        let mut uploads = lock(&self.uploads);
        let used = uploads.tick();
        if uploads.by_id.len() >= UPLOADS && !uploads.by_id.contains_key(id) {
            uploads.make_room();
        }
        let upload = uploads
            .by_id
            .entry(id.to_owned())
            .or_insert_with(|| Upload {
                received: 0,
                hash: None,
                flushes: Vec::new(),
                used,
            });
        (upload.received, upload.hash, upload.used) = (received, hash, used);
        if upload.flushes.len() >= FLUSHES {
            upload.flushes.remove(0);
        }
        upload.flushes.extend(flush);
    }

    /// The flushes of an upload's objects that are remembered.
    pub(crate) fn flushes(&self, id: &str) -> Vec<Flush> {
        lock(&self.uploads)
            .by_id
            .get(id)
            .map(|upload| upload.flushes.clone())
            .unwrap_or_default()
    }

    /// Forgets an upload that is over.
    pub(crate) fn forget(&self, id: &str) {
        lock(&self.uploads).by_id.remove(id);
    }

    /// Notes that an object is being written: before its row is made.
    pub(crate) fn writing(&self, name: ObjectName) -> Writing {
        lock(&self.writing).insert(name);
        Writing {
            name,
            writing: Arc::clone(&self.writing),
        }
    }

    /// Whether this process is writing an object.
    pub(crate) fn is_written(&self, name: ObjectName) -> bool {
        lock(&self.writing).contains(&name)
    }
}

impl Uploads {
    fn tick(&mut self) -> u64 {
        self.uses = self.uses.wrapping_add(1);
        self.uses
    }

    fn make_room(&mut self) {
        let oldest = self
            .by_id
            .iter()
            .min_by_key(|(_, upload)| upload.used)
            .map(|(id, _)| id.clone());
        if let Some(oldest) = oldest {
            self.by_id.remove(&oldest);
        }
    }
}

/// Nothing in here is half done when a thread panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_had_back_only_where_the_upload_stands() {
        let running = Running::default();
        let mut hash = RunningHash::new();
        hash.update(b"abc");
        running.advance("one", 3, Some(hash.clone()), None);
        assert_eq!(
            running.hash_at("one", 3).map(RunningHash::finish),
            Some(hash.finish())
        );
        assert!(running.hash_at("one", 2).is_none());
        assert!(running.hash_at("other", 3).is_none());
        running.forget("one");
        assert!(running.hash_at("one", 3).is_none());
    }

    #[test]
    fn the_upload_not_used_for_the_longest_time_makes_room() {
        let running = Running::default();
        for id in 0..UPLOADS {
            running.advance(&id.to_string(), 1, Some(RunningHash::new()), None);
        }
        assert!(running.hash_at("0", 1).is_some());
        running.advance("new", 1, Some(RunningHash::new()), None);
        assert!(running.hash_at("0", 1).is_some(), "it was just used");
        assert!(running.hash_at("1", 1).is_none());
        assert!(running.hash_at("new", 1).is_some());
    }

    #[test]
    fn an_object_is_being_written_until_its_guard_is_dropped() {
        let running = Running::default();
        let name = ObjectName::random(0).unwrap();
        let writing = running.writing(name);
        assert!(running.is_written(name));
        drop(writing);
        assert!(!running.is_written(name));
    }
}
