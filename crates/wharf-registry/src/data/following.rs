//! What follows an image that was removed: the members of an index and the manifests about a subject, if nothing else
//! refers to them. They are only marked; the collector looks at them a day later.
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use wharf_meta::jobs;
use wharf_meta::manifests::ManifestRow;
use wharf_meta::orphans as rows;

use super::bytes::DAY;
use super::events::Author;
use super::{Tx, aliases};
use crate::action::Action;
use crate::{Error, Grant, Micros, Result, ids};

/// Manifests marked in one transaction.
const AT_ONCE: usize = 400;
/// Answers that an image exists are noted at most once in this time.
const HOUR: Micros = 3_600_000_000;
/// The kind of job that marks what one transaction could not.
pub(crate) const JOB: &str = "follow";

/// What is left to be marked after an image was removed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rest {
    pub(crate) repository: i64,
    /// The image.
    pub(crate) of: String,
    members: Vec<String>,
    /// Digests by which manifests about it may name it; the last is looked for next.
    subjects: Vec<String>,
    /// The referrer marked last.
    referrers_after: String,
}

/// Marks what follows a removed image; what is too much for one transaction is left to a job.
pub(super) fn mark(
    tx: &mut Tx<'_>,
    author: &impl Author,
    repository: i64,
    of: &str,
    members: Vec<String>,
) -> Result<()> {
    let members: BTreeSet<String> = members.into_iter().collect();
    let mut rest = Rest {
        repository,
        of: of.to_owned(),
        members: members.into_iter().collect(),
        subjects: aliases::synonyms(tx, repository, of)?,
        referrers_after: String::new(),
    };
    if mark_some(tx, author.now(), &mut rest)? {
        return Ok(());
    }
    let job = jobs::NewJob {
        id: ids::surrogate_id(author.now())?,
        kind: JOB.to_owned(),
        payload: serde_json::to_string(&rest).map_err(Error::internal)?,
        next_run: author.now(),
        created_at: author.now(),
    };
    jobs::enqueue(tx.meta, &job)?;
    Ok(())
}

/// Marks some more of what follows a removed image. True: nothing is left.
pub(crate) fn mark_some(tx: &mut Tx<'_>, now: Micros, rest: &mut Rest) -> Result<bool> {
    let until = now.saturating_add(DAY);
    let some = rest.members.len().min(AT_ONCE);
    for member in rest.members.drain(..some) {
        rows::mark(tx.meta, rest.repository, &member, &rest.of, until)?;
    }
    // Pushed again meanwhile: what is about it stays.
    if rows::there(tx.meta, rest.repository, &rest.of)? {
        rest.subjects.clear();
    }
    let mut room = AT_ONCE - some;
    while let Some(subject) = rest.subjects.last() {
        if room == 0 {
            return Ok(false);
        }
        let limit = i64::try_from(room).map_err(Error::internal)?;
        let after = &rest.referrers_after;
        let referrers = rows::referrers(tx.meta, rest.repository, subject, after, limit)?;
        for referrer in &referrers {
            rows::mark(tx.meta, rest.repository, referrer, &rest.of, until)?;
        }
        rest.referrers_after = match referrers.last() {
            Some(last) if referrers.len() == room => last.clone(),
            _ => {
                rest.subjects.pop();
                String::new()
            }
        };
        room -= referrers.len();
    }
    Ok(rest.members.is_empty())
}

/// Whether the collector looks at an image so soon that an answer that it exists has to be noted.
pub(crate) fn is_ending(row: &ManifestRow, now: Micros) -> bool {
    row.keep_until
        .is_some_and(|until| until < now.saturating_add(DAY - HOUR))
}

/// Keeps an image of the granted repository for a day, if the collector is to look at it.
pub(crate) fn keep<A: Action>(tx: &mut Tx<'_>, grant: &Grant<A>, digest: &str) -> Result<()> {
    let until = grant.now().saturating_add(DAY);
    Ok(rows::keep(tx.meta, grant.repository()?.id, digest, until)?)
}
