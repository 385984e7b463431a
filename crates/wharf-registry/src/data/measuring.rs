//! What is stored, added up page by page: each function reads a bounded number of rows, and tells where to go on.
use std::collections::BTreeMap;

use wharf_meta::stats::{self as rows, GivenUp, Images, RegistryLink, RepositoryLink, Upload};
use wharf_meta::trash::{self as trash_rows, After};
use wharf_meta::{repositories, trash};
use wharf_wire::ids::{AccountId, Region, RepositoryName};

use super::Tx;
use super::trash::Document;
use crate::{Error, Micros, Result};

/// Rows of a page whose sums the database makes.
const ADDED_UP: i64 = 1_000;
/// Links of a page: of each, its blob and up to three other rows are looked at.
const LINKS: i64 = 250;
/// Rows of the trash in a page: of each, the document is read.
const TRASHED: i64 = 100;

/// Up to a thousand repositories of a registry after a name: their ids and names.
pub(crate) fn repositories(
    tx: &mut Tx<'_>,
    (account, region): &(AccountId, Region),
    after: &str,
) -> Result<Vec<(i64, String)>> {
    let page = repositories::page(tx.meta, account.as_str(), region.as_str(), after, ADDED_UP)?;
    Ok(page.into_iter().map(|row| (row.id, row.name)).collect())
}

/// The id of a repository; refuses a name that there is not.
pub(crate) fn repository(
    tx: &mut Tx<'_>,
    (account, region): &(AccountId, Region),
    name: &RepositoryName,
) -> Result<i64> {
    let found = super::repositories::find(tx, account, region, name)?;
    found
        .map(|row| row.id)
        .ok_or_else(|| Error::InvalidParameters {
            reason: format!("there is no repository {name}"),
        })
}

pub(crate) fn images(tx: &mut Tx<'_>, repository: i64, after: &str) -> Result<Images> {
    Ok(rows::images(tx.meta, repository, after, ADDED_UP)?)
}

pub(crate) fn tags(tx: &mut Tx<'_>, repository: i64, after: &str) -> Result<(Option<String>, i64)> {
    Ok(rows::tags(tx.meta, repository, after, ADDED_UP)?)
}

pub(crate) fn links(tx: &mut Tx<'_>, repository: i64, after: &str) -> Result<Vec<RepositoryLink>> {
    Ok(rows::links(tx.meta, repository, after, LINKS)?)
}

pub(crate) fn links_by_blob(
    tx: &mut Tx<'_>,
    (account, region): &(AccountId, Region),
    after: (i64, i64),
) -> Result<Vec<RegistryLink>> {
    let registry = (account.as_str(), region.as_str());
    Ok(rows::links_by_blob(tx.meta, registry, after, LINKS)?)
}

pub(crate) fn given_up(
    tx: &mut Tx<'_>,
    (account, region): &(AccountId, Region),
    after: (Micros, i64),
) -> Result<Vec<GivenUp>> {
    let registry = (account.as_str(), region.as_str());
    Ok(rows::given_up(tx.meta, registry, after, ADDED_UP)?)
}

/// Unfinished uploads after a time and an id, and which of their repositories are of the registry.
pub(crate) fn uploads(
    tx: &mut Tx<'_>,
    registry: &(AccountId, Region),
    (at, id): (Micros, &str),
) -> Result<Vec<(Upload, bool)>> {
    let page = rows::uploads(tx.meta, (at, id), LINKS)?;
    let mut known = BTreeMap::new();
    let with_place = page.into_iter().map(|upload| {
        let ours = is_ours(tx, registry, upload.repository, &mut known)?;
        Ok((upload, ours))
    });
    with_place.collect()
}

/// An image in the trash.
#[derive(Clone, Debug)]
pub(crate) struct Trashed {
    pub(crate) repository: i64,
    /// Bytes of its manifest.
    pub(crate) bytes: i64,
    /// When it goes.
    pub(crate) until: Micros,
    /// Whether its repository, deleted or not, is of the registry.
    pub(crate) ours: bool,
}

/// Images in the trash after a place in its order, and the place to go on after; none: that was all.
pub(crate) fn trashed(
    tx: &mut Tx<'_>,
    registry: &(AccountId, Region),
    after: &After,
) -> Result<(Vec<Trashed>, Option<After>)> {
    let page = trash_rows::page(tx.meta, after, TRASHED)?;
    let mut known = BTreeMap::new();
    let mut found = Vec::with_capacity(page.len());
    for row in &page {
        found.push(Trashed {
            repository: row.repository,
            bytes: Document::of(tx, row)?.size(),
            until: row.until,
            ours: is_ours(tx, registry, row.repository, &mut known)?,
        });
    }
    Ok((found, page.last().map(After::from)))
}

/// Whether a repository, deleted or not, is of the registry.
fn is_ours(
    tx: &mut Tx<'_>,
    (account, region): &(AccountId, Region),
    repository: i64,
    known: &mut BTreeMap<i64, bool>,
) -> Result<bool> {
    if let Some(ours) = known.get(&repository) {
        return Ok(*ours);
    }
    let place = match repositories::by_id(tx.meta, repository)? {
        Some(row) => Some((row.account, row.region)),
        None => trash::repository(tx.meta, repository)?.map(|row| (row.account, row.region)),
    };
    let ours = place.is_some_and(|place| {
        (place.0.as_str(), place.1.as_str()) == (account.as_str(), region.as_str())
    });
    known.insert(repository, ours);
    Ok(ours)
}
