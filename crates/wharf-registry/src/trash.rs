//! The trash, as the operator sees it: what lies there, bringing it back, and emptying it before its time.
use std::collections::BTreeSet;

use serde_json::Value;
use wharf_meta::Durability;
use wharf_meta::trash::After;
use wharf_wire::ids::{AccountId, ImageTag, Region, RepositoryName};
use wharf_wire::oci::Digest;

use crate::collect::Collected;
use crate::data::events::ServiceGrant;
pub use crate::data::purging::Purged;
use crate::data::purging::{self, Scope};
pub use crate::data::undeleting::Undeleted;
use crate::data::undeleting::{self, Which};
use crate::{Result, Service, collect, data, ids};

/// Rows of the trash that one list shows.
const LISTED: usize = 10_000;

/// A repository, existing or deleted, and whose it is.
#[derive(Clone, Debug)]
pub struct Named {
    pub account: AccountId,
    pub region: Region,
    pub name: RepositoryName,
}

/// What of a repository is to come back.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// The repository itself, with all images that went with it.
    Repository,
    Digest(Digest),
    /// The image that had this tag when it was deleted.
    Tag(ImageTag),
}

fn grant(service: &Service, job: &'static str, account: &str, region: &str) -> ServiceGrant {
    ServiceGrant {
        job,
        reason: format!("asked for by the operator ({})", ids::new_request_id()),
        account: account.to_owned(),
        region: region.to_owned(),
        now: service.now(),
    }
}

/// Brings back what was deleted: an image with its members and tags, or a repository, whose images follow.
///
/// # Errors
/// `InvalidParameters`, with the reason in words, when it is not in the trash, exists again, or a tag of it points
/// elsewhere (unless `without_tags`): nothing is changed then.
pub async fn undelete(
    service: &Service,
    named: &Named,
    wanted: &Wanted,
    without_tags: bool,
) -> Result<Undeleted> {
    let grant = grant(
        service,
        "undelete",
        named.account.as_str(),
        named.region.as_str(),
    );
    let name = named.name.to_string();
    let which = match wanted {
        Wanted::Repository => None,
        Wanted::Digest(digest) => Some(Which::Digest(digest.to_string())),
        Wanted::Tag(tag) => Some(Which::Tag(tag.to_string())),
    };
    let undelete = move |tx: &mut data::Tx<'_>| match &which {
        Some(which) => undeleting::image(tx, &grant, &name, which, without_tags),
        None => undeleting::repository(tx, &grant, &name),
    };
    service.failpoint("undelete-before-commit");
    let done = service
        .write("undelete", Durability::Hard, undelete)
        .await?;
    service.failpoint("undelete-after-commit");
    service.wake_jobs();
    Ok(done)
}

/// What lies in the trash of a registry: images, the first ten thousand, as JSON objects.
///
/// # Errors
/// `Unavailable` when the store refuses.
pub async fn list(service: &Service, account: &AccountId, region: &Region) -> Result<Vec<Value>> {
    let mut all = Vec::new();
    let mut after = Some(After::before(i64::MIN));
    while let Some(from) = after.filter(|_| all.len() < LISTED) {
        let (account, region) = (account.to_string(), region.to_string());
        let page = move |tx: &mut data::Tx<'_>| undeleting::list(tx, &account, &region, &from, 500);
        let (some, next) = service.read("trash_page", page).await?;
        all.extend(some);
        after = next;
    }
    Ok(all)
}

async fn scope_of(
    service: &Service,
    named: Option<&Named>,
    digest: Option<&Digest>,
) -> Result<Scope> {
    let Some(named) = named.cloned() else {
        return Ok(Scope::All);
    };
    let digest = digest.map(ToString::to_string);
    let find = move |tx: &mut data::Tx<'_>| {
        let place = (named.account.as_str(), named.region.as_str());
        purging::scope(tx, place, named.name.as_str(), digest.as_deref())
    };
    service.read("purge_scope", find).await
}

/// What [`purge`] would take.
///
/// # Errors
/// `InvalidParameters` when nothing of that name is known.
pub async fn would_purge(
    service: &Service,
    named: Option<&Named>,
    digest: Option<&Digest>,
) -> Result<Purged> {
    let scope = scope_of(service, named, digest).await?;
    let mut plan = Purged::default();
    let mut seen = BTreeSet::new();
    let mut after = None;
    loop {
        let (scope, from, known, so_far) = (scope.clone(), after, seen, plan.clone());
        let look = move |tx: &mut data::Tx<'_>| {
            let (mut seen, mut plan) = (known.clone(), so_far.clone());
            let next = purging::look(tx, &scope, from.as_ref(), &mut seen, &mut plan)?;
            Ok((next, seen, plan))
        };
        (after, seen, plan) = service.read("look_at_trash", look).await?;
        if after.is_none() {
            break;
        }
    }
    repositories(service, &scope, true, plan).await
}

/// Empties the trash at once: of everything, of a repository's images and the deleted repositories of its name, or of one
/// image. Then collects what nobody needs any more. Bytes that somebody may be reading stay two hours; layers that
/// somebody was told exist, a day.
///
/// # Errors
/// `InvalidParameters` when nothing of that name is known. What was purged before a failure is purged.
pub async fn purge(
    service: &Service,
    named: Option<&Named>,
    digest: Option<&Digest>,
) -> Result<(Purged, Collected)> {
    let scope = scope_of(service, named, digest).await?;
    let settings = service.settings();
    let grant = grant(
        service,
        "purge",
        settings.account.as_str(),
        settings.region.as_str(),
    );
    let mut done = Purged::default();
    let mut after = None;
    loop {
        let (scope, from, so_far, grant) = (scope.clone(), after, done.clone(), grant.clone());
        let purge = move |tx: &mut data::Tx<'_>| {
            let mut done = so_far.clone();
            let next = purging::images(tx, &grant, &scope, from.as_ref(), &mut done)?;
            Ok((next, done))
        };
        (after, done) = service
            .write("purge_images", Durability::Hard, purge)
            .await?;
        if after.is_none() {
            break;
        }
    }
    let done = repositories(service, &scope, false, done).await?;
    let collected = collect::run(service).await?;
    service.wake_jobs();
    Ok((done, collected))
}

/// Purges the deleted repositories of a scope, or only counts them.
async fn repositories(
    service: &Service,
    scope: &Scope,
    count_only: bool,
    mut done: Purged,
) -> Result<Purged> {
    let settings = service.settings();
    let grant = grant(
        service,
        "purge",
        settings.account.as_str(),
        settings.region.as_str(),
    );
    let mut after = Some(i64::MIN);
    while let Some(from) = after {
        let (scope, so_far, grant) = (scope.clone(), done, grant.clone());
        let purge = move |tx: &mut data::Tx<'_>| {
            let mut done = so_far.clone();
            let next = purging::repositories(tx, &grant, &scope, from, count_only, &mut done)?;
            Ok((next, done))
        };
        (after, done) = if count_only {
            service.read("look_at_trash", purge).await?
        } else {
            let durability = Durability::Hard;
            service
                .write("purge_repositories", durability, purge)
                .await?
        };
    }
    Ok(done)
}

#[cfg(test)]
mod tests;
