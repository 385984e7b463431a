//! Events: one append-only row for every change of state, in the transaction that makes the change.
use serde_json::Value;
use wharf_meta::events::{self, EventRow};

use super::Tx;
use crate::action::Action;
use crate::{Grant, Micros, Result, ids};

/// On whose behalf something changes: a grant, or a named job of the service itself.
pub(crate) trait Author {
    fn account(&self) -> &str;
    fn region(&self) -> &str;
    fn principal(&self) -> &str;
    fn request_id(&self) -> &str;
    fn now(&self) -> Micros;
}

impl<A: Action> Author for Grant<A> {
    fn account(&self) -> &str {
        Grant::account(self).as_str()
    }
    fn region(&self) -> &str {
        Grant::region(self).as_str()
    }
    fn principal(&self) -> &str {
        &self.request().principal.arn
    }
    fn request_id(&self) -> &str {
        &self.request().request_id
    }
    fn now(&self) -> Micros {
        Grant::now(self)
    }
}

/// What background work carries in the place of a grant.
#[derive(Clone, Debug)]
pub struct ServiceGrant {
    /// Which job: `empty-repository`, `sweep`.
    pub(crate) job: &'static str,
    /// Why it acts, for the event.
    pub(crate) reason: String,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) now: Micros,
}

impl Author for ServiceGrant {
    fn account(&self) -> &str {
        &self.account
    }
    fn region(&self) -> &str {
        &self.region
    }
    fn principal(&self) -> &str {
        self.job
    }
    fn request_id(&self) -> &str {
        &self.reason
    }
    fn now(&self) -> Micros {
        self.now
    }
}

/// Appends an event about `subject` (a repository's name, an image as `name@digest` or `name:tag`, a blob). It is found by
/// the `digest` that `details` name, if they do.
pub(crate) fn record(
    tx: &mut Tx<'_>,
    author: &impl Author,
    kind: &str,
    repository: Option<i64>,
    subject: &str,
    details: &Value,
) -> Result<()> {
    let row = EventRow {
        id: ids::event_id(author.now()),
        at: author.now(),
        account: author.account().to_owned(),
        region: author.region().to_owned(),
        kind: kind.to_owned(),
        repository,
        subject: subject.to_owned(),
        principal: author.principal().to_owned(),
        request_id: author.request_id().to_owned(),
        details: details.to_string(),
        digest: details
            .get("digest")
            .and_then(Value::as_str)
            .map(str::to_owned),
    };
    events::insert(tx.meta, &row)?;
    Ok(())
}
