//! Pulls and uses of access keys, added up in memory and written every few seconds: a crash loses at most that.
use std::collections::HashMap;
use std::sync::Mutex;

use wharf_meta::{Durability, Store, usage};

use crate::{Micros, Result};

/// Entries kept between two flushes.
const MAX_ENTRIES: usize = 100_000;
/// Rows of one transaction.
const AT_ONCE: usize = 1_000;
/// What stands for the repository where an access key was used: none has this id.
pub(crate) const KEY_USE: i64 = 0;
const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Who used what, when.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    account: String,
    repository: i64,
    subject: String,
    principal: String,
    day: i64,
}

/// Counts that are not written yet.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    entries: Mutex<HashMap<Key, (i64, Micros)>>,
}

impl Usage {
    /// Counts one use. Past `MAX_ENTRIES` distinct ones between two flushes, further ones are not counted.
    pub(crate) fn add(
        &self,
        account: &str,
        repository: i64,
        subject: &str,
        principal: &str,
        now: Micros,
    ) {
        let Ok(mut entries) = self.entries.lock() else {
            return;
        };
        let key = Key {
            account: account.to_owned(),
            repository,
            subject: subject.to_owned(),
            principal: principal.to_owned(),
            day: now.div_euclid(MICROS_PER_DAY),
        };
        if entries.len() >= MAX_ENTRIES && !entries.contains_key(&key) {
            return;
        }
        let entry = entries.entry(key).or_insert((0, now));
        entry.0 += 1;
        entry.1 = entry.1.max(now);
    }

    /// Writes the counts, softly.
    pub(crate) async fn flush(&self, store: &Store) -> Result<()> {
        let taken = match self.entries.lock() {
            Ok(mut entries) => std::mem::take(&mut *entries),
            Err(_) => return Ok(()),
        };
        let rows: Vec<usage::UsageRow> = taken
            .into_iter()
            .map(|(key, (uses, last_at))| usage::UsageRow {
                account: key.account,
                repository: key.repository,
                subject: key.subject,
                principal: key.principal,
                day: key.day,
                uses,
                last_at,
            })
            .collect();
        for some in rows.chunks(AT_ONCE) {
            let some = some.to_vec();
            let write =
                move |tx: &mut wharf_meta::Tx| some.iter().try_for_each(|row| usage::add(tx, row));
            store.write("flush_usage", Durability::Soft, write).await?;
        }
        Ok(())
    }
}
