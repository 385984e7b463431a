//! Manifests: each is one image of a repository, with what it refers to.
use crate::{Result, Row, Tx};

crate::statements! {
    INSERT = "INSERT INTO manifests (repository, digest, media_type, size, image_size, depth, subject, artifact_type, config_media_type, annotations, pushed_at, key_id, material, wrapped, sealed)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    GET = "SELECT digest, media_type, size, image_size, depth, subject, artifact_type, config_media_type, annotations, pushed_at, keep_until FROM manifests WHERE repository = $1 AND digest = $2";
    SEALED = "SELECT key_id, material, wrapped, sealed FROM manifests WHERE repository = $1 AND digest = $2";
    PAGE = "SELECT digest, media_type, size, image_size, depth, subject, artifact_type, config_media_type, annotations, pushed_at, keep_until FROM manifests
            WHERE repository = $1 AND digest > $2 ORDER BY digest LIMIT $3";
    ANY = "SELECT digest FROM manifests WHERE repository = $1 LIMIT 1";
    DELETE = "DELETE FROM manifests WHERE repository = $1 AND digest = $2";
    ADD_UNTAGGED = "INSERT INTO untagged (repository, digest) VALUES ($1, $2)";
    DELETE_UNTAGGED = "DELETE FROM untagged WHERE repository = $1 AND digest = $2";
    ADD_LINK = "INSERT INTO manifest_links (repository, manifest, position, digest) VALUES ($1, $2, $3, $4)";
    LINKS = "SELECT digest FROM manifest_links WHERE repository = $1 AND manifest = $2 ORDER BY position";
    DELETE_LINKS = "DELETE FROM manifest_links WHERE repository = $1 AND manifest = $2";
    ADD_CHILD = "INSERT INTO manifest_children (repository, parent, position, child) VALUES ($1, $2, $3, $4)";
    CHILDREN = "SELECT child FROM manifest_children WHERE repository = $1 AND parent = $2 ORDER BY position";
    DELETE_CHILDREN = "DELETE FROM manifest_children WHERE repository = $1 AND parent = $2";
    PARENTS = "SELECT DISTINCT parent FROM manifest_children WHERE repository = $1 AND child = $2 ORDER BY parent LIMIT 100";
    A_PARENT = "SELECT parent FROM manifest_children WHERE repository = $1 ORDER BY parent LIMIT 1";
    LINK = "SELECT links.blob, blobs.size, blobs.media_type FROM links JOIN blobs ON blobs.id = links.blob
            WHERE links.repository = $1 AND links.digest = $2 AND links.deleted_at IS NULL";
    REFERRERS = "SELECT digest, media_type, size, artifact_type, config_media_type,
                 CASE WHEN LENGTH(annotations) <= 4096 THEN annotations END, CAST(COALESCE(LENGTH(annotations), 0) AS BIGINT) FROM manifests
                 WHERE repository = $1 AND subject = $2 AND digest > $3 ORDER BY digest LIMIT $4";
    REFERRERS_OF_TYPE = "SELECT digest, media_type, size, artifact_type, config_media_type,
                 CASE WHEN LENGTH(annotations) <= 4096 THEN annotations END, CAST(COALESCE(LENGTH(annotations), 0) AS BIGINT) FROM manifests
                 WHERE repository = $1 AND subject = $2 AND COALESCE(artifact_type, config_media_type) = $5 AND digest > $3 ORDER BY digest LIMIT $4";
    ANNOTATIONS = "SELECT annotations FROM manifests WHERE repository = $1 AND digest = $2";
    NAME_MEDIA_TYPE = "UPDATE blobs SET media_type = $2 WHERE id = $1 AND media_type IS NULL";
    TRASH_LINKS = "UPDATE links SET trash_until = CASE WHEN trash_until > $3 THEN trash_until ELSE $3 END,
                   keep_until = CASE WHEN keep_until < $4 THEN $4 ELSE keep_until END,
                   due_at = CASE WHEN keep_until < $4 THEN $4 ELSE keep_until END
                   WHERE repository = $1 AND digest IN (SELECT digest FROM manifest_links WHERE repository = $1 AND manifest = $2)";
}

/// A row of `manifests` without its sealed bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestRow {
    pub digest: String,
    pub media_type: String,
    /// Bytes of the manifest itself.
    pub size: i64,
    /// Bytes of layers and config; of an index, those of its largest member.
    pub image_size: i64,
    /// 0 of an image; of an index one more than of its deepest member.
    pub depth: i64,
    pub subject: Option<String>,
    pub artifact_type: Option<String>,
    pub config_media_type: Option<String>,
    /// Annotations as a JSON object.
    pub annotations: Option<String>,
    /// Microseconds since 1970.
    pub pushed_at: i64,
    /// When the collector looks whether anything refers to it; none: nobody asks. Not inserted: see [`crate::orphans`].
    pub keep_until: Option<i64>,
}

/// The manifest's bytes, sealed, with the data key that opens them, wrapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedManifest {
    /// Which key wraps: the registry's own, or a KMS key's ARN.
    pub key_id: String,
    /// Which generation of that key.
    pub material: i64,
    pub wrapped: Vec<u8>,
    pub sealed: Vec<u8>,
}

/// A blob that a repository links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedBlob {
    pub blob: i64,
    pub size: i64,
    pub media_type: Option<String>,
}

fn from_row(row: &Row) -> Result<ManifestRow> {
    Ok(ManifestRow {
        digest: row.get(0)?,
        media_type: row.get(1)?,
        size: row.get(2)?,
        image_size: row.get(3)?,
        depth: row.get(4)?,
        subject: row.get(5)?,
        artifact_type: row.get(6)?,
        config_media_type: row.get(7)?,
        annotations: row.get(8)?,
        pushed_at: row.get(9)?,
        keep_until: row.get(10)?,
    })
}

/// Inserts a manifest, which has no tag yet.
///
/// # Errors
/// `Unique` when the repository holds that digest.
pub fn insert(
    tx: &mut Tx,
    repository: i64,
    row: &ManifestRow,
    sealed: &SealedManifest,
) -> Result<()> {
    tx.run(
        &INSERT,
        &[
            &repository,
            &row.digest,
            &row.media_type,
            &row.size,
            &row.image_size,
            &row.depth,
            &row.subject,
            &row.artifact_type,
            &row.config_media_type,
            &row.annotations,
            &row.pushed_at,
            &sealed.key_id,
            &sealed.material,
            &sealed.wrapped,
            &sealed.sealed,
        ],
    )?;
    tx.run(&ADD_UNTAGGED, &[&repository, &row.digest])?;
    Ok(())
}

/// The manifest of that digest, if the repository holds it.
///
/// # Errors
/// Those of the database.
pub fn get(tx: &mut Tx, repository: i64, digest: &str) -> Result<Option<ManifestRow>> {
    tx.row(&GET, &[&repository, &digest])?
        .as_ref()
        .map(from_row)
        .transpose()
}

/// The sealed bytes of a manifest.
///
/// # Errors
/// Those of the database.
pub fn sealed(tx: &mut Tx, repository: i64, digest: &str) -> Result<Option<SealedManifest>> {
    let row = tx.row(&SEALED, &[&repository, &digest])?;
    row.map(|row| {
        Ok(SealedManifest {
            key_id: row.get(0)?,
            material: row.get(1)?,
            wrapped: row.get(2)?,
            sealed: row.get(3)?,
        })
    })
    .transpose()
}

/// Up to `limit` manifests whose digest sorts after `after`, in order of digest.
///
/// # Errors
/// Those of the database.
pub fn page(tx: &mut Tx, repository: i64, after: &str, limit: i64) -> Result<Vec<ManifestRow>> {
    tx.rows(&PAGE, &[&repository, &after, &limit])?
        .iter()
        .map(from_row)
        .collect()
}

/// Whether the repository holds any manifest.
///
/// # Errors
/// Those of the database.
pub fn any(tx: &mut Tx, repository: i64) -> Result<bool> {
    Ok(tx.row(&ANY, &[&repository])?.is_some())
}

/// Removes a manifest with its rows of links and children. Its tags must be gone, and no index may hold it.
///
/// # Errors
/// `ForeignKey` while a tag or an index holds it.
pub fn delete(tx: &mut Tx, repository: i64, digest: &str) -> Result<()> {
    tx.run(&DELETE_LINKS, &[&repository, &digest])?;
    tx.run(&DELETE_CHILDREN, &[&repository, &digest])?;
    tx.run(&DELETE_UNTAGGED, &[&repository, &digest])?;
    tx.run(&DELETE, &[&repository, &digest])?;
    Ok(())
}

/// Notes that a manifest refers to a linked blob.
///
/// # Errors
/// `ForeignKey` when the repository does not link the blob.
pub fn add_link(
    tx: &mut Tx,
    repository: i64,
    manifest: &str,
    position: i64,
    digest: &str,
) -> Result<()> {
    tx.run(&ADD_LINK, &[&repository, &manifest, &position, &digest])?;
    Ok(())
}

/// The digests of the blobs that a manifest refers to, config first.
///
/// # Errors
/// Those of the database.
pub fn links(tx: &mut Tx, repository: i64, manifest: &str) -> Result<Vec<String>> {
    tx.rows(&LINKS, &[&repository, &manifest])?
        .iter()
        .map(|row| row.get(0))
        .collect()
}

/// The members of an index, in their order.
///
/// # Errors
/// Those of the database.
pub fn children(tx: &mut Tx, repository: i64, parent: &str) -> Result<Vec<String>> {
    tx.rows(&CHILDREN, &[&repository, &parent])?
        .iter()
        .map(|row| row.get(0))
        .collect()
}

/// Notes that an index has a member.
///
/// # Errors
/// `ForeignKey` when the member is not an image of the repository.
pub fn add_child(
    tx: &mut Tx,
    repository: i64,
    parent: &str,
    position: i64,
    child: &str,
) -> Result<()> {
    tx.run(&ADD_CHILD, &[&repository, &parent, &position, &child])?;
    Ok(())
}

/// The indexes of the repository that hold this manifest: the first 100.
///
/// # Errors
/// Those of the database.
pub fn parents(tx: &mut Tx, repository: i64, child: &str) -> Result<Vec<String>> {
    tx.rows(&PARENTS, &[&repository, &child])?
        .iter()
        .map(|row| row.get(0))
        .collect()
}

/// Some index of the repository that still has members, for the job that empties a deleted repository.
///
/// # Errors
/// Those of the database.
pub fn a_parent(tx: &mut Tx, repository: i64) -> Result<Option<String>> {
    tx.row(&A_PARENT, &[&repository])?
        .map(|row| row.get(0))
        .transpose()
}

/// The linked blob of that digest, if the repository links it.
///
/// # Errors
/// Those of the database.
pub fn linked_blob(tx: &mut Tx, repository: i64, digest: &str) -> Result<Option<LinkedBlob>> {
    let row = tx.row(&LINK, &[&repository, &digest])?;
    row.map(|row| {
        Ok(LinkedBlob {
            blob: row.get(0)?,
            size: row.get(1)?,
            media_type: row.get(2)?,
        })
    })
    .transpose()
}

/// A manifest that names another as its subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferrerRow {
    pub digest: String,
    pub media_type: String,
    /// Bytes of the manifest itself.
    pub size: i64,
    pub artifact_type: Option<String>,
    pub config_media_type: Option<String>,
    /// Annotations as a JSON object, if they are short: see [`annotations`].
    pub annotations: Option<String>,
    /// Characters of the annotations, short or long; 0 when there are none.
    pub annotations_length: i64,
}

/// The annotations of a manifest, as a JSON object.
///
/// # Errors
/// Those of the database.
pub fn annotations(tx: &mut Tx, repository: i64, digest: &str) -> Result<Option<String>> {
    tx.row(&ANNOTATIONS, &[&repository, &digest])?
        .map_or(Ok(None), |row| row.get(0))
}

/// Up to `limit` manifests whose subject is written exactly so, after the digest `after`, in order of digest; of one
/// artifact type (its own, else that of its config), or of any.
///
/// # Errors
/// Those of the database.
pub fn referrers(
    tx: &mut Tx,
    repository: i64,
    subject: &str,
    artifact_type: Option<&str>,
    (after, limit): (&str, i64),
) -> Result<Vec<ReferrerRow>> {
    let rows = match artifact_type {
        None => tx.rows(&REFERRERS, &[&repository, &subject, &after, &limit])?,
        Some(kind) => tx.rows(
            &REFERRERS_OF_TYPE,
            &[&repository, &subject, &after, &limit, &kind],
        )?,
    };
    rows.iter()
        .map(|row| {
            Ok(ReferrerRow {
                digest: row.get(0)?,
                media_type: row.get(1)?,
                size: row.get(2)?,
                artifact_type: row.get(3)?,
                config_media_type: row.get(4)?,
                annotations: row.get(5)?,
                annotations_length: row.get(6)?,
            })
        })
        .collect()
}

/// Gives a blob the media type of the first manifest that names it.
///
/// # Errors
/// Those of the database.
pub fn name_media_type(tx: &mut Tx, blob: i64, media_type: &str) -> Result<()> {
    tx.run(&NAME_MEDIA_TYPE, &[&blob, &media_type])?;
    Ok(())
}

/// Keeps the blobs of a manifest that goes to the trash until `until`, and at least until `keep`: while the manifest held
/// them, answers that they exist were not noted. The collector looks at them then.
///
/// # Errors
/// Those of the database.
pub fn trash_links(
    tx: &mut Tx,
    repository: i64,
    manifest: &str,
    until: i64,
    keep: i64,
) -> Result<()> {
    tx.run(&TRASH_LINKS, &[&repository, &manifest, &until, &keep])?;
    Ok(())
}
