//! Pages of images, for lists: in order of digest, all of them, the tagged or the untagged ones. No page costs more than its
//! own rows, however many images do not belong to it.
use crate::{Micros, Result, Row, Tx};

/// What a list tells of an image. Annotations and bytes, which may be long, stay in the row.
macro_rules! columns {
    ($from:literal) => {
        concat!(
            "SELECT manifests.digest, manifests.media_type, manifests.image_size, manifests.subject, manifests.artifact_type, \
             manifests.config_media_type, manifests.pushed_at, \
             (SELECT MAX(usage.last_at) FROM usage WHERE usage.repository = manifests.repository AND usage.subject = manifests.digest) ",
            $from
        )
    };
}

crate::statements! {
    ONE = columns!("FROM manifests WHERE manifests.repository = $1 AND manifests.digest = $2");
    ALL = columns!("FROM manifests WHERE manifests.repository = $1 AND manifests.digest > $2 ORDER BY manifests.digest LIMIT $3");
    UNTAGGED = columns!("FROM untagged JOIN manifests ON manifests.repository = untagged.repository AND manifests.digest = untagged.digest
                         WHERE untagged.repository = $1 AND untagged.digest > $2 ORDER BY untagged.digest LIMIT $3");
    // From one digest of `tags` to the next larger one: an image may have a thousand tags.
    TAGGED = concat!(
        "WITH RECURSIVE tagged (digest, number) AS (
             SELECT MIN(tags.digest), CAST(1 AS BIGINT) FROM tags WHERE tags.repository = $1 AND tags.digest > $2
             UNION ALL
             SELECT (SELECT MIN(tags.digest) FROM tags WHERE tags.repository = $1 AND tags.digest > tagged.digest), tagged.number + 1
             FROM tagged WHERE tagged.digest IS NOT NULL AND tagged.number < $3) ",
        columns!("FROM tagged JOIN manifests ON manifests.repository = $1 AND manifests.digest = tagged.digest ORDER BY tagged.digest")
    );
    ALL_ENTRIES = "SELECT manifests.digest, tags.tag FROM manifests
                   LEFT JOIN tags ON tags.repository = manifests.repository AND tags.digest = manifests.digest
                   WHERE manifests.repository = $1 AND manifests.digest >= $2
                   AND (manifests.digest > $2 OR tags.tag > $3)
                   ORDER BY manifests.digest, tags.tag LIMIT $4";
    TAGGED_ENTRIES = "SELECT digest, tag FROM tags WHERE repository = $1 AND digest >= $2 AND (digest > $2 OR tag > $3)
                      ORDER BY digest, tag LIMIT $4";
    UNTAGGED_ENTRIES = "SELECT digest FROM untagged WHERE repository = $1 AND digest > $2 ORDER BY digest LIMIT $3";
    TAGS = "SELECT digest, tag FROM tags WHERE repository = $1 AND digest >= $2 AND (digest > $2 OR tag > $3) AND digest <= $4
            ORDER BY digest, tag LIMIT $5";
}

/// Which images a list is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    All,
    /// Those with a tag at least.
    Tagged,
    Untagged,
}

/// What a list tells of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedImage {
    pub digest: String,
    pub media_type: String,
    /// Bytes of layers and config; of an index, those of its largest member.
    pub image_size: i64,
    pub subject: Option<String>,
    pub artifact_type: Option<String>,
    pub config_media_type: Option<String>,
    /// Microseconds since 1970.
    pub pushed_at: Micros,
    /// The last use that is written down, microseconds since 1970.
    pub last_pull: Option<Micros>,
}

fn from_row(row: &Row) -> Result<ListedImage> {
    Ok(ListedImage {
        digest: row.get(0)?,
        media_type: row.get(1)?,
        image_size: row.get(2)?,
        subject: row.get(3)?,
        artifact_type: row.get(4)?,
        config_media_type: row.get(5)?,
        pushed_at: row.get(6)?,
        last_pull: row.get(7)?,
    })
}

/// The image of that digest, if the repository holds it.
///
/// # Errors
/// Those of the database.
pub fn image(tx: &mut Tx, repository: i64, digest: &str) -> Result<Option<ListedImage>> {
    tx.row(&ONE, &[&repository, &digest])?
        .as_ref()
        .map(from_row)
        .transpose()
}

/// Up to `limit` images whose digest sorts after `after`, in order of digest.
///
/// # Errors
/// Those of the database.
pub fn images(
    tx: &mut Tx,
    repository: i64,
    which: Which,
    after: &str,
    limit: i64,
) -> Result<Vec<ListedImage>> {
    let statement = match which {
        Which::All => &ALL,
        Which::Tagged => &TAGGED,
        Which::Untagged => &UNTAGGED,
    };
    tx.rows(statement, &[&repository, &after, &limit])?
        .iter()
        .map(from_row)
        .collect()
}

/// Up to `limit` pairs of (digest, tag) after the given pair; an untagged image is one pair without tag.
///
/// # Errors
/// Those of the database.
pub fn entries(
    tx: &mut Tx,
    repository: i64,
    which: Which,
    (digest, tag): (&str, &str),
    limit: i64,
) -> Result<Vec<(String, Option<String>)>> {
    let rows = match which {
        Which::All => tx.rows(&ALL_ENTRIES, &[&repository, &digest, &tag, &limit])?,
        Which::Tagged => tx.rows(&TAGGED_ENTRIES, &[&repository, &digest, &tag, &limit])?,
        Which::Untagged => {
            let rows = tx.rows(&UNTAGGED_ENTRIES, &[&repository, &digest, &limit])?;
            return rows.iter().map(|row| Ok((row.get(0)?, None))).collect();
        }
    };
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

/// Up to `limit` pairs of (digest, tag) after the given pair and up to the digest `last`.
///
/// # Errors
/// Those of the database.
pub fn tags(
    tx: &mut Tx,
    repository: i64,
    (digest, tag): (&str, &str),
    last: &str,
    limit: i64,
) -> Result<Vec<(String, String)>> {
    tx.rows(&TAGS, &[&repository, &digest, &tag, &last, &limit])?
        .iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}
