//! Out of the trash again: images with their members and tags, and repositories.
use std::collections::{BTreeSet, VecDeque};

use serde::Deserialize;
use serde_json::{Value, json};
use wharf_meta::repositories::{self, RepositoryRow};
use wharf_meta::trash::{self as rows, TrashedManifest};
use wharf_meta::{blobs, jobs, links, manifests, orphans, tags};

use super::events::{self, ServiceGrant};
use super::trash::{Document, REPOSITORY_DELETED, tags_of};
use super::{Tx, aliases, bytes::column};
use crate::{Error, Micros, Result, ids};

/// Rows that bringing one image back may make: an index may have many members.
const ROWS: usize = 5_000;
/// Rows of the trash looked at to find a tag.
const LOOKED_AT: usize = 10_000;
/// The kind of job that brings the images of a repository back.
pub(crate) const JOB: &str = "restore-repository";

/// Which image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Digest(String),
    Tag(String),
}

/// What came back.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Undeleted {
    /// Digests: the image that was asked for, then members that came with it. Empty: a repository, whose images follow.
    pub images: Vec<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Tags that stay with another image.
    pub tags_left_out: Vec<String>,
}

/// What is wrong with what was asked, in words for the operator.
fn refused(reason: impl Into<String>) -> Error {
    Error::InvalidParameters {
        reason: reason.into(),
    }
}

/// Brings an image back from the trash, or changes nothing.
pub(crate) fn image(
    tx: &mut Tx<'_>,
    grant: &ServiceGrant,
    name: &str,
    which: &Which,
    without_tags: bool,
) -> Result<Undeleted> {
    let repository = repositories::by_name(tx.meta, &grant.account, &grant.region, name)?
        .ok_or_else(|| {
            refused(format!(
                "there is no repository {name}: if it was deleted, undelete it first"
            ))
        })?;
    let digest = match which {
        Which::Digest(digest) => {
            aliases::identity(tx, repository.id, digest)?.unwrap_or_else(|| digest.clone())
        }
        Which::Tag(tag) => tagged(tx, &repository, tag, grant.now)?,
    };
    if orphans::there(tx.meta, repository.id, &digest)? {
        return Err(refused(format!(
            "{name}@{digest} exists: it is not deleted"
        )));
    }
    let plan = plan(tx, repository.id, &digest, grant.now)?;
    let mut done = Undeleted::default();
    if let Some(first) = plan.first().filter(|_| !without_tags) {
        for tag in tags_of(&first.row)? {
            match tags::get(tx.meta, repository.id, &tag)? {
                None => done.tags.push(tag),
                Some(other) => {
                    return Err(refused(format!(
                        "tag {tag} now points to {other}: move it away, or undelete --without-tags"
                    )));
                }
            }
        }
    }
    restore(tx, repository.id, &plan)?;
    for tag in &done.tags {
        tags::insert(tx.meta, repository.id, tag, &digest, grant.now)?;
    }
    done.images = plan.into_iter().map(|found| found.row.digest).collect();
    record(tx, grant, &repository, &done)?;
    Ok(done)
}

/// The image that had a tag when it was deleted: of several, the last deleted.
fn tagged(tx: &mut Tx<'_>, repository: &RepositoryRow, tag: &str, now: Micros) -> Result<String> {
    let mut after = rows::After::before(repository.id);
    let mut newest: Option<TrashedManifest> = None;
    let mut looked_at = 0;
    loop {
        let page = rows::page(tx.meta, &after, 500)?;
        let here: Vec<_> = page
            .into_iter()
            .filter(|row| row.repository == repository.id)
            .collect();
        let Some(last) = here.last() else { break };
        after = rows::After::from(last);
        looked_at += here.len();
        for row in here {
            if row.until > now
                && tags_of(&row)?.iter().any(|had| had == tag)
                && newest
                    .as_ref()
                    .is_none_or(|newest| newest.deleted_at < row.deleted_at)
            {
                newest = Some(row);
            }
        }
        if looked_at >= LOOKED_AT {
            return Err(refused(format!(
                "the trash of {} holds too many images to look for a tag: name the digest",
                repository.name
            )));
        }
    }
    newest.map(|row| row.digest).ok_or_else(|| {
        refused(format!(
            "no image with tag {tag} of {} is in the trash",
            repository.name
        ))
    })
}

/// A manifest in the trash with its document.
struct Found {
    row: TrashedManifest,
    document: Document,
}

/// The image, and the members of it that are not there: all from the trash, and all of whose layers are there.
fn plan(tx: &mut Tx<'_>, repository: i64, digest: &str, now: Micros) -> Result<Vec<Found>> {
    let mut plan = Vec::new();
    let mut size = 0;
    let mut seen = BTreeSet::new();
    let mut waiting = VecDeque::from([digest.to_owned()]);
    while let Some(next) = waiting.pop_front() {
        if orphans::there(tx.meta, repository, &next)? || !seen.insert(next.clone()) {
            continue;
        }
        let Some(row) = rows::manifest(tx.meta, repository, &next, now)? else {
            return Err(refused(if next == digest {
                format!("{digest} is not in the trash")
            } else {
                format!("its member {next} is neither there nor in the trash")
            }));
        };
        let document = Document::of(tx, &row)?;
        for link in &document.links {
            // One that a client deleted was kept for this.
            if links::get(tx.meta, repository, link)?.is_none() {
                return Err(refused(format!("its layer {link} is gone")));
            }
        }
        size += 2 + document.links.len() + document.children.len();
        if size > ROWS {
            return Err(refused(format!(
                "{digest} has too many members to come back at once: undelete some of them first"
            )));
        }
        waiting.extend(document.children.iter().cloned());
        plan.push(Found { row, document });
    }
    Ok(plan)
}

/// Makes the rows of images anew, and takes them out of the trash. Their links serve again, and stay for the trash as long
/// as before: something else there may need them.
fn restore(tx: &mut Tx<'_>, repository: i64, plan: &[Found]) -> Result<()> {
    for found in plan {
        let digest = found.row.digest.as_str();
        let (row, sealed) = found.document.manifest(digest)?;
        manifests::insert(tx.meta, repository, &row, &sealed)?;
        for (position, link) in (0_i64..).zip(&found.document.links) {
            blobs::undelete_link(tx.meta, repository, link)?;
            manifests::add_link(tx.meta, repository, digest, position, link)?;
        }
    }
    // Members before what holds them: by now all are there.
    for found in plan {
        for (position, child) in (0_i64..).zip(&found.document.children) {
            manifests::add_child(tx.meta, repository, &found.row.digest, position, child)?;
        }
        rows::drop_manifest(tx.meta, repository, &found.row.digest, found.row.deleted_at)?;
    }
    Ok(())
}

fn record(
    tx: &mut Tx<'_>,
    grant: &ServiceGrant,
    repository: &RepositoryRow,
    done: &Undeleted,
) -> Result<()> {
    let mut first = done.tags.clone();
    let mut left_out = done.tags_left_out.clone();
    for digest in &done.images {
        let details = json!({
            "digest": digest, "tags": std::mem::take(&mut first),
            "tagsLeftOut": std::mem::take(&mut left_out), "reason": grant.reason,
        });
        let subject = format!("{}@{digest}", repository.name);
        events::record(
            tx,
            grant,
            "image-undeleted",
            Some(repository.id),
            &subject,
            &details,
        )?;
    }
    Ok(())
}

/// What DeleteRepository wrote of a repository.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    job: i64,
    created_at: Micros,
    tag_mutability: String,
    mutability_filters: Option<String>,
    scan_on_push: bool,
    encryption_type: String,
    kms_key: Option<String>,
    tags: Vec<(String, String)>,
}

/// Brings back the repository that was deleted last under a name: the name works at once, its images follow by a job.
pub(crate) fn repository(tx: &mut Tx<'_>, grant: &ServiceGrant, name: &str) -> Result<Undeleted> {
    let (account, region) = (&grant.account, &grant.region);
    if repositories::by_name(tx.meta, account, region, name)?.is_some() {
        return Err(refused(format!(
            "repository {name} exists: name an image of it"
        )));
    }
    let newest = rows::repositories_named(tx.meta, account, region, name, 1)?.pop();
    let Some(trashed) = newest.filter(|row| row.until > grant.now) else {
        return Err(refused(format!("no repository {name} is in the trash")));
    };
    let settings: Settings = serde_json::from_str(&trashed.document).map_err(Error::internal)?;
    let row = RepositoryRow {
        id: trashed.id,
        account: trashed.account,
        region: trashed.region,
        name: trashed.name,
        created_at: settings.created_at,
        tag_mutability: settings.tag_mutability,
        mutability_filters: settings.mutability_filters,
        scan_on_push: settings.scan_on_push,
        encryption_type: settings.encryption_type,
        kms_key: settings.kms_key,
        policy: None,
    };
    repositories::insert(tx.meta, &row)?;
    for (key, value) in &settings.tags {
        repositories::put_tag(tx.meta, row.id, key, value)?;
    }
    rows::drop_repository(tx.meta, row.id)?;
    // The job that empties it may have got half way: a worker that runs it is fenced off.
    jobs::cancel(tx.meta, settings.job)?;
    let job = jobs::NewJob {
        id: ids::surrogate_id(grant.now)?,
        kind: JOB.to_owned(),
        payload: json!({ "repository": row.id, "reason": grant.reason }).to_string(),
        next_run: grant.now,
        created_at: grant.now,
    };
    jobs::enqueue(tx.meta, &job)?;
    let details = json!({ "reason": grant.reason });
    events::record(
        tx,
        grant,
        "repository-undeleted",
        Some(row.id),
        &row.name,
        &details,
    )?;
    Ok(Undeleted::default())
}

/// Brings back some images that went with their repository: about `limit` rows. True: none is left.
pub(crate) fn restore_some(
    tx: &mut Tx<'_>,
    reason: &str,
    now: Micros,
    repository: i64,
    limit: i64,
) -> Result<bool> {
    let Some(repository) = repositories::by_id(tx.meta, repository)? else {
        // Deleted again: they stay where they are.
        return Ok(true);
    };
    let grant = ServiceGrant {
        job: "undelete",
        reason: reason.to_owned(),
        account: repository.account.clone(),
        region: repository.region.clone(),
        now,
    };
    let mut left = limit;
    while left > 0 {
        let Some(row) = rows::of_reason(tx.meta, repository.id, REPOSITORY_DELETED, 1)?.pop()
        else {
            return Ok(true);
        };
        left -= restore_one(tx, &grant, &repository, &row)?;
    }
    Ok(false)
}

/// Brings one image back with what it needs: about how many rows. What was pushed meanwhile wins.
fn restore_one(
    tx: &mut Tx<'_>,
    grant: &ServiceGrant,
    repository: &RepositoryRow,
    row: &TrashedManifest,
) -> Result<i64> {
    let plan = if orphans::there(tx.meta, repository.id, &row.digest)? {
        rows::drop_manifest(tx.meta, repository.id, &row.digest, row.deleted_at)?;
        Vec::new()
    } else {
        match plan(tx, repository.id, &row.digest, grant.now) {
            Ok(plan) => plan,
            Err(Error::InvalidParameters { reason }) => {
                let reason =
                    format!("{REPOSITORY_DELETED}; it did not come back with it: {reason}");
                rows::set_reason(tx.meta, row, &reason)?;
                return Ok(1);
            }
            Err(error) => return Err(error),
        }
    };
    restore(tx, repository.id, &plan)?;
    // One that exists again gets back the tags that are free.
    let trashed: Vec<&TrashedManifest> = if plan.is_empty() {
        vec![row]
    } else {
        plan.iter().map(|found| &found.row).collect()
    };
    let mut rows_made = column(plan.len() as u64)?;
    for trashed in trashed {
        if trashed.reason != REPOSITORY_DELETED {
            continue;
        }
        let mut done = Undeleted {
            images: vec![trashed.digest.clone()],
            ..Undeleted::default()
        };
        for tag in tags_of(trashed)? {
            if tags::get(tx.meta, repository.id, &tag)?.is_none() {
                tags::insert(tx.meta, repository.id, &tag, &trashed.digest, grant.now)?;
                done.tags.push(tag);
            } else {
                done.tags_left_out.push(tag);
            }
        }
        rows_made += column((done.tags.len() + 1) as u64)?;
        record(tx, grant, repository, &done)?;
    }
    for found in &plan {
        let rows = found.document.links.len() + found.document.children.len();
        rows_made += column(rows as u64)?;
    }
    Ok(rows_made.max(1))
}

/// What lies in the trash of a registry, for a list: repositories, then images.
pub(crate) fn list(
    tx: &mut Tx<'_>,
    account: &str,
    region: &str,
    after: &rows::After,
    limit: i64,
) -> Result<(Vec<Value>, Option<rows::After>)> {
    let page = rows::page(tx.meta, after, limit)?;
    let full = i64::try_from(page.len()).is_ok_and(|len| len >= limit);
    let next = page.last().filter(|_| full).map(rows::After::from);
    let mut values = Vec::new();
    for row in page {
        let Some((of, at, name, deleted)) = super::trash::name_of(tx, row.repository)? else {
            continue;
        };
        if of == account && at == region {
            values.push(json!({
                "repository": name, "repositoryDeleted": deleted, "digest": row.digest,
                "tags": super::trash::tags_value(&row), "reason": row.reason,
                "deletedAt": row.deleted_at, "until": row.until,
            }));
        }
    }
    Ok((values, next))
}
