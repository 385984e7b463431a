//! Tags: names that point to a manifest of the same repository. What changes them keeps `untagged`, too: an image is there
//! as long as no tag points to it.
use crate::{Result, Tx};

crate::statements! {
    GET = "SELECT digest FROM tags WHERE repository = $1 AND tag = $2";
    INSERT = "INSERT INTO tags (repository, tag, digest, updated_at) VALUES ($1, $2, $3, $4)";
    MOVE = "UPDATE tags SET digest = $3, updated_at = $4 WHERE repository = $1 AND tag = $2";
    DELETE = "DELETE FROM tags WHERE repository = $1 AND tag = $2";
    PAGE = "SELECT tag FROM tags WHERE repository = $1 AND tag > $2 ORDER BY tag LIMIT $3";
    OF_DIGEST = "SELECT tag FROM tags WHERE repository = $1 AND digest = $2 ORDER BY tag LIMIT 1000";
    JOIN = "DELETE FROM untagged WHERE repository = $1 AND digest = $2";
    LEAVE = "INSERT INTO untagged (repository, digest) SELECT repository, digest FROM tags WHERE repository = $1 AND tag = $2
             AND NOT EXISTS (SELECT 1 FROM tags AS other WHERE other.repository = $1 AND other.digest = tags.digest AND other.tag <> $2)";
}

/// The digest a tag points to.
///
/// # Errors
/// Those of the database.
pub fn get(tx: &mut Tx, repository: i64, tag: &str) -> Result<Option<String>> {
    tx.row(&GET, &[&repository, &tag])?
        .map(|row| row.get(0))
        .transpose()
}

/// Makes a tag.
///
/// # Errors
/// `Unique` when the tag exists; `ForeignKey` when there is no such image.
pub fn insert(tx: &mut Tx, repository: i64, tag: &str, digest: &str, now: i64) -> Result<()> {
    tx.run(&INSERT, &[&repository, &tag, &digest, &now])?;
    tx.run(&JOIN, &[&repository, &digest])?;
    Ok(())
}

/// Points an existing tag to another digest.
///
/// # Errors
/// Those of the database.
pub fn move_to(tx: &mut Tx, repository: i64, tag: &str, digest: &str, now: i64) -> Result<()> {
    tx.run(&LEAVE, &[&repository, &tag])?;
    tx.run(&MOVE, &[&repository, &tag, &digest, &now])?;
    tx.run(&JOIN, &[&repository, &digest])?;
    Ok(())
}

/// Removes a tag.
///
/// # Errors
/// Those of the database.
pub fn delete(tx: &mut Tx, repository: i64, tag: &str) -> Result<()> {
    tx.run(&LEAVE, &[&repository, &tag])?;
    tx.run(&DELETE, &[&repository, &tag])?;
    Ok(())
}

/// Up to `limit` tags that sort after `after`, in byte order.
///
/// # Errors
/// Those of the database.
pub fn page(tx: &mut Tx, repository: i64, after: &str, limit: i64) -> Result<Vec<String>> {
    tx.rows(&PAGE, &[&repository, &after, &limit])?
        .iter()
        .map(|row| row.get(0))
        .collect()
}

/// The tags of one image: at most 1,000, ECR's limit.
///
/// # Errors
/// Those of the database.
pub fn of_digest(tx: &mut Tx, repository: i64, digest: &str) -> Result<Vec<String>> {
    tx.rows(&OF_DIGEST, &[&repository, &digest])?
        .iter()
        .map(|row| row.get(0))
        .collect()
}
