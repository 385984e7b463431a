//! Repositories under grants: make, find, list, tag, delete.
use serde_json::json;
use wharf_meta::repositories::{self as rows, RepositoryRow};
use wharf_meta::{jobs, manifests, trash};
use wharf_wire::ids::{AccountId, Region, RepositoryName};

use super::{Tx, events};
use crate::action::{
    CreateRepository, DeleteRepository, DescribeRepositories, PutImageTagMutability, ReadsTags,
    TagResource, UntagResource,
};
use crate::mutability::TagMutability;
use crate::{Error, Grant, Result, ids};

/// ECR's limit of tags on one resource.
pub(crate) const MAX_TAGS: usize = 50;
const MICROS_PER_DAY: i64 = 86_400_000_000;

/// What CreateRepository decides beside the name.
#[derive(Clone, Debug)]
pub(crate) struct NewRepository {
    pub(crate) name: RepositoryName,
    pub(crate) tag_mutability: TagMutability,
    pub(crate) scan_on_push: bool,
}

/// For the gate alone: the row a request names, looked up after the decision.
pub(crate) fn find(
    tx: &mut Tx<'_>,
    account: &AccountId,
    region: &Region,
    name: &RepositoryName,
) -> Result<Option<RepositoryRow>> {
    Ok(rows::by_name(
        tx.meta,
        account.as_str(),
        region.as_str(),
        name.as_str(),
    )?)
}

/// Makes a repository, unless the name is taken.
pub(crate) fn create(
    tx: &mut Tx<'_>,
    grant: &Grant<CreateRepository>,
    new: &NewRepository,
) -> Result<RepositoryRow> {
    if find(tx, grant.account(), grant.region(), &new.name)?.is_some() {
        return Err(Error::RepositoryAlreadyExists {
            name: new.name.to_string(),
            registry: grant.account().to_string(),
        });
    }
    let row = RepositoryRow {
        id: ids::surrogate_id(grant.now())?,
        account: grant.account().to_string(),
        region: grant.region().to_string(),
        name: new.name.to_string(),
        created_at: grant.now(),
        tag_mutability: new.tag_mutability.mode().as_str().to_owned(),
        mutability_filters: new.tag_mutability.stored_filters()?,
        scan_on_push: new.scan_on_push,
        encryption_type: "AES256".to_owned(),
        kms_key: None,
        policy: None,
    };
    rows::insert(tx.meta, &row)?;
    let details = json!({
        "tagMutability": row.tag_mutability, "exclusionFilters": new.tag_mutability.filters(),
        "encryption": row.encryption_type,
    });
    events::record(
        tx,
        grant,
        "repository-created",
        Some(row.id),
        &row.name,
        &details,
    )?;
    Ok(row)
}

/// Replaces the mode of tag mutability and its filters. Tags stay as they are; saying the same again changes nothing.
pub(crate) fn set_tag_mutability(
    tx: &mut Tx<'_>,
    grant: &Grant<PutImageTagMutability>,
    new: &TagMutability,
) -> Result<()> {
    let repository = grant.repository()?;
    let old = TagMutability::of(repository)?;
    if old == *new {
        return Ok(());
    }
    let (mode, filters) = (new.mode().as_str(), new.stored_filters()?);
    rows::set_mutability(tx.meta, repository.id, mode, filters.as_deref())?;
    let told = |mutability: &TagMutability| {
        json!({
            "tagMutability": mutability.mode().as_str(),
            "exclusionFilters": mutability.filters(),
        })
    };
    let details = json!({ "from": told(&old), "to": told(new) });
    events::record(
        tx,
        grant,
        "tag-mutability-changed",
        Some(repository.id),
        &repository.name,
        &details,
    )
}

/// One page of repositories, in order of name.
pub(crate) fn page(
    tx: &mut Tx<'_>,
    grant: &Grant<DescribeRepositories>,
    after: &str,
    limit: i64,
) -> Result<Vec<RepositoryRow>> {
    Ok(rows::page(
        tx.meta,
        grant.account().as_str(),
        grant.region().as_str(),
        after,
        limit,
    )?)
}

/// The resource tags of the granted repository, in order of key.
pub(crate) fn tags<A: ReadsTags>(
    tx: &mut Tx<'_>,
    grant: &Grant<A>,
) -> Result<Vec<(String, String)>> {
    Ok(rows::tags(tx.meta, grant.repository()?.id)?)
}

/// Adds or overwrites resource tags: all of them or, past fifty, none.
pub(crate) fn put_tags(
    tx: &mut Tx<'_>,
    grant: &Grant<TagResource>,
    put: &[(String, String)],
) -> Result<()> {
    let repository = grant.repository()?;
    put_tags_on(tx, grant, repository, put)
}

/// Resource tags of a repository made in the same transaction: the grant was given before it existed.
pub(crate) fn put_tags_on(
    tx: &mut Tx<'_>,
    grant: &Grant<TagResource>,
    repository: &RepositoryRow,
    put: &[(String, String)],
) -> Result<()> {
    if put.is_empty() {
        return Ok(());
    }
    let mut keys: Vec<String> = rows::tags(tx.meta, repository.id)?
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    keys.extend(put.iter().map(|(key, _)| key.clone()));
    keys.sort();
    keys.dedup();
    if keys.len() > MAX_TAGS {
        return Err(Error::TooManyTags {
            name: repository.name.clone(),
            registry: repository.account.clone(),
        });
    }
    for (key, value) in put {
        rows::put_tag(tx.meta, repository.id, key, value)?;
    }
    let details = json!({ "keys": put.iter().map(|(key, _)| key).collect::<Vec<_>>() });
    events::record(
        tx,
        grant,
        "repository-tagged",
        Some(repository.id),
        &repository.name,
        &details,
    )
}

/// Removes resource tags; keys that are not there are passed over.
pub(crate) fn delete_tags(
    tx: &mut Tx<'_>,
    grant: &Grant<UntagResource>,
    keys: &[String],
) -> Result<()> {
    let repository = grant.repository()?;
    let mut gone = Vec::new();
    for key in keys {
        if rows::delete_tag(tx.meta, repository.id, key)? {
            gone.push(key);
        }
    }
    if gone.is_empty() {
        return Ok(());
    }
    events::record(
        tx,
        grant,
        "repository-untagged",
        Some(repository.id),
        &repository.name,
        &json!({ "keys": gone }),
    )
}

/// Moves the repository to the trash; its images follow by a job. The name is free at once.
pub(crate) fn delete(
    tx: &mut Tx<'_>,
    grant: &Grant<DeleteRepository>,
    force: bool,
    trash_days: u32,
) -> Result<()> {
    let repository = grant.repository()?;
    let holds_images = manifests::any(tx.meta, repository.id)?;
    if holds_images && !force {
        return Err(Error::RepositoryNotEmpty {
            name: repository.name.clone(),
            registry: repository.account.clone(),
        });
    }
    let until = grant.now() + i64::from(trash_days) * MICROS_PER_DAY;
    let job = ids::surrogate_id(grant.now())?;
    let document = json!({
        "job": job,
        "createdAt": repository.created_at,
        "tagMutability": repository.tag_mutability,
        "mutabilityFilters": repository.mutability_filters,
        "scanOnPush": repository.scan_on_push,
        "encryptionType": repository.encryption_type,
        "kmsKey": repository.kms_key,
        "tags": tags(tx, grant)?,
    });
    trash::put_repository(
        tx.meta,
        &trash::TrashedRepository {
            id: repository.id,
            account: repository.account.clone(),
            region: repository.region.clone(),
            name: repository.name.clone(),
            document: document.to_string(),
            deleted_at: grant.now(),
            until,
        },
    )?;
    rows::delete(tx.meta, repository.id)?;
    let payload = json!({
        "repository": repository.id, "account": repository.account, "region": repository.region,
        "name": repository.name, "until": until, "requestId": grant.request().request_id,
    });
    let job = jobs::NewJob {
        id: job,
        kind: "empty-repository".to_owned(),
        payload: payload.to_string(),
        next_run: grant.now(),
        created_at: grant.now(),
    };
    jobs::enqueue(tx.meta, &job)?;
    let details = json!({ "force": force, "heldImages": holds_images, "trashUntil": until });
    events::record(
        tx,
        grant,
        "repository-deleted",
        Some(repository.id),
        &repository.name,
        &details,
    )
}
