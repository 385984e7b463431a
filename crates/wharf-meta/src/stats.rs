//! What is stored, added up: each statement reads a bounded number of rows and goes on after a key, so that a walk over
//! everything is many short reads.
use crate::{Micros, Result, Row, Tx};

crate::statements! {
    IMAGES = "SELECT MAX(page.digest), CAST(COUNT(*) AS BIGINT), CAST(COALESCE(SUM(page.size), 0) AS BIGINT),
              CAST(COALESCE(SUM(CASE WHEN EXISTS (SELECT 1 FROM tags WHERE tags.repository = $1 AND tags.digest = page.digest) THEN 0 ELSE 1 END), 0) AS BIGINT)
              FROM (SELECT digest, size FROM manifests WHERE repository = $1 AND digest > $2 ORDER BY digest LIMIT $3) AS page";
    TAGS = "SELECT MAX(page.tag), CAST(COUNT(*) AS BIGINT)
            FROM (SELECT tag FROM tags WHERE repository = $1 AND tag > $2 ORDER BY tag LIMIT $3) AS page";
    // A link counts as held when a manifest names it, as the collector decides.
    LINKS = "SELECT links.digest, links.blob, blobs.size, links.keep_until, links.trash_until,
             CASE WHEN EXISTS (SELECT 1 FROM manifest_links WHERE manifest_links.repository = links.repository AND manifest_links.digest = links.digest) THEN 1 ELSE 0 END,
             CASE WHEN EXISTS (SELECT 1 FROM links AS other WHERE other.blob = links.blob AND other.repository <> links.repository) THEN 1 ELSE 0 END
             FROM links JOIN blobs ON blobs.id = links.blob
             WHERE links.repository = $1 AND links.digest > $2 ORDER BY links.digest LIMIT $3";
    LINKS_BY_BLOB = "SELECT links.blob, links.repository, blobs.size, links.keep_until, links.trash_until,
                     CASE WHEN EXISTS (SELECT 1 FROM manifest_links WHERE manifest_links.repository = links.repository AND manifest_links.digest = links.digest) THEN 1 ELSE 0 END,
                     CASE WHEN blobs.account = $3 AND blobs.region = $4 THEN 1 ELSE 0 END
                     FROM links JOIN blobs ON blobs.id = links.blob
                     WHERE (links.blob, links.repository) > ($1, $2) ORDER BY links.blob, links.repository LIMIT $5";
    GIVEN_UP = "SELECT doomed_at, id, size, CASE WHEN account = $3 AND region = $4 THEN 1 ELSE 0 END FROM blobs
                WHERE doomed_at IS NOT NULL AND (doomed_at, id) > ($1, $2) ORDER BY doomed_at, id LIMIT $5";
    UPLOADS = "SELECT expires_at, id, repository, received FROM uploads
               WHERE (expires_at, id) > ($1, $2) ORDER BY expires_at, id LIMIT $3";
}

/// Images of a page, added up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Images {
    /// The last digest of the page; none: there was nothing left.
    pub last: Option<String>,
    pub count: i64,
    /// Bytes of their manifests.
    pub bytes: i64,
    /// Those without a tag.
    pub untagged: i64,
}

/// A link, and what decides whether its blob stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The blob's id.
    pub blob: i64,
    /// Plain bytes.
    pub size: i64,
    /// Whether a manifest of the repository names it.
    pub held: bool,
    /// If none does, the link goes then, microseconds since 1970.
    pub until: Micros,
}

fn link(row: &Row) -> Result<Link> {
    let (keep, trash): (Micros, Option<Micros>) = (row.get(3)?, row.get(4)?);
    Ok(Link {
        blob: row.get(1)?,
        size: row.get(2)?,
        held: row.get::<i64>(5)? != 0,
        until: keep.max(trash.unwrap_or(Micros::MIN)),
    })
}

/// Up to `limit` images of a repository whose digest sorts after `after`, added up.
///
/// # Errors
/// Those of the database.
pub fn images(tx: &mut Tx, repository: i64, after: &str, limit: i64) -> Result<Images> {
    let row = tx.row(&IMAGES, &[&repository, &after, &limit])?;
    row.map_or(Ok(Images::default()), |row| {
        Ok(Images {
            last: row.get(0)?,
            count: row.get(1)?,
            bytes: row.get(2)?,
            untagged: row.get(3)?,
        })
    })
}

/// How many of the next `limit` tags after `after` there are, and the last of them.
///
/// # Errors
/// Those of the database.
pub fn tags(
    tx: &mut Tx,
    repository: i64,
    after: &str,
    limit: i64,
) -> Result<(Option<String>, i64)> {
    let row = tx.row(&TAGS, &[&repository, &after, &limit])?;
    row.map_or(Ok((None, 0)), |row| Ok((row.get(0)?, row.get(1)?)))
}

/// A link of a repository: its digest, what decides on it, and whether another repository has the blob.
pub type RepositoryLink = (String, Link, bool);

/// Up to `limit` links of a repository whose digest sorts after `after`, in order of digest.
///
/// # Errors
/// Those of the database.
pub fn links(tx: &mut Tx, repository: i64, after: &str, limit: i64) -> Result<Vec<RepositoryLink>> {
    tx.rows(&LINKS, &[&repository, &after, &limit])?
        .iter()
        .map(|row| Ok((row.get(0)?, link(row)?, row.get::<i64>(6)? != 0)))
        .collect()
}

/// A link of whichever repository: the repository, what decides on it, and whether it is of the asked registry.
pub type RegistryLink = (i64, Link, bool);

/// Up to `limit` links after a blob and a repository, in order of blob, then repository; those of other registries, too.
///
/// # Errors
/// Those of the database.
pub fn links_by_blob(
    tx: &mut Tx,
    (account, region): (&str, &str),
    (blob, repository): (i64, i64),
    limit: i64,
) -> Result<Vec<RegistryLink>> {
    let params: [&dyn crate::ToValue; 5] = [&blob, &repository, &account, &region, &limit];
    tx.rows(&LINKS_BY_BLOB, &params)?
        .iter()
        .map(|row| {
            let (blob, repository): (i64, i64) = (row.get(0)?, row.get(1)?);
            let link = Link { blob, ..link(row)? };
            Ok((repository, link, row.get::<i64>(6)? != 0))
        })
        .collect()
}

/// A blob that lost its last link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenUp {
    /// When it was given up.
    pub at: Micros,
    pub blob: i64,
    /// Plain bytes.
    pub size: i64,
    /// Whether it is of the asked registry.
    pub ours: bool,
}

/// Up to `limit` blobs that lost their last link, after a time and an id, in that order.
///
/// # Errors
/// Those of the database.
pub fn given_up(
    tx: &mut Tx,
    (account, region): (&str, &str),
    (at, blob): (Micros, i64),
    limit: i64,
) -> Result<Vec<GivenUp>> {
    tx.rows(&GIVEN_UP, &[&at, &blob, &account, &region, &limit])?
        .iter()
        .map(|row| {
            Ok(GivenUp {
                at: row.get(0)?,
                blob: row.get(1)?,
                size: row.get(2)?,
                ours: row.get::<i64>(3)? != 0,
            })
        })
        .collect()
}

/// An unfinished upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// When it is given up; 0: it was.
    pub expires_at: Micros,
    pub id: String,
    /// Surrogate id of the repository, which may be deleted.
    pub repository: i64,
    /// Plain bytes.
    pub received: i64,
}

/// Up to `limit` unfinished uploads after a time and an id, in that order.
///
/// # Errors
/// Those of the database.
pub fn uploads(tx: &mut Tx, (at, id): (Micros, &str), limit: i64) -> Result<Vec<Upload>> {
    tx.rows(&UPLOADS, &[&at, &id, &limit])?
        .iter()
        .map(|row| {
            Ok(Upload {
                expires_at: row.get(0)?,
                id: row.get(1)?,
                repository: row.get(2)?,
                received: row.get(3)?,
            })
        })
        .collect()
}
