//! Blobs: content by digest, the repositories that may serve it (links), and its data key as each of them holds it.
use crate::uploads::ExtentPlace;
use crate::{Micros, Result, Tx};

crate::statements! {
    INSERT = "INSERT INTO blobs (id, account, region, encryption, digest, size, media_type, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    FIND = "SELECT id, account, region, encryption, digest, size, media_type, created_at FROM blobs
            WHERE account = $1 AND region = $2 AND encryption = $3 AND digest = $4";
    EXISTS = "SELECT id FROM blobs WHERE id = $1";
    ADOPT_EXTENTS = "INSERT INTO blob_extents (blob, position, extent, first_byte, size)
                     SELECT CAST($1 AS BIGINT), ROW_NUMBER() OVER (ORDER BY first_byte) - 1, extent, first_byte, size
                     FROM upload_extents WHERE upload = $2";
    EXTENTS = "SELECT blob_extents.first_byte, blob_extents.size, blob_extents.extent, extents.object
               FROM blob_extents JOIN extents ON extents.id = blob_extents.extent
               WHERE blob_extents.blob = $1 AND blob_extents.first_byte + blob_extents.size > $2 AND blob_extents.first_byte < $3
               ORDER BY blob_extents.position LIMIT $4";
    RELEASE_EXTENTS = "DELETE FROM blob_extents WHERE blob = $1 AND first_byte <= $2";
    UNREADABLE = "SELECT objects.name FROM blob_extents JOIN extents ON extents.id = blob_extents.extent
                  JOIN objects ON objects.name = extents.object WHERE blob_extents.blob = $1 AND objects.state <> 'live' LIMIT 1";
    LINK = "INSERT INTO links (repository, digest, blob, keep_until, due_at, created_at) VALUES ($1, $2, $3, $4, $4, $5)
            ON CONFLICT (repository, digest) DO UPDATE SET blob = excluded.blob, deleted_at = NULL,
            keep_until = CASE WHEN links.keep_until < excluded.keep_until THEN excluded.keep_until ELSE links.keep_until END";
    FIND_LINK = "SELECT links.blob, links.keep_until, links.trash_until, blobs.size, blobs.media_type
                 FROM links JOIN blobs ON blobs.id = links.blob
                 WHERE links.repository = $1 AND links.digest = $2 AND links.deleted_at IS NULL";
    DELETE_LINK = "UPDATE links SET deleted_at = $3, keep_until = $3, due_at = $3 WHERE repository = $1 AND digest = $2 AND deleted_at IS NULL";
    KEEP = "UPDATE links SET keep_until = $3 WHERE repository = $1 AND digest = $2 AND keep_until < $3";
    HELD = "SELECT manifest FROM manifest_links WHERE repository = $1 AND digest = $2 LIMIT 1";
    PUT_KEY = "INSERT INTO blob_keys (repository, blob, key_id, material, wrapped) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (repository, blob) DO UPDATE SET key_id = excluded.key_id, material = excluded.material, wrapped = excluded.wrapped";
    KEY = "SELECT repository, blob, key_id, material, wrapped FROM blob_keys WHERE repository = $1 AND blob = $2";
    KEYS = "SELECT repository, blob, key_id, material, wrapped FROM blob_keys WHERE blob = $1 AND repository > $2 ORDER BY repository LIMIT $3";
    GIVE_UP = "UPDATE blobs SET digest = $2, doomed_at = $3 WHERE id = $1 AND doomed_at IS NULL";
    GIVEN_UP = "SELECT id, account, region, digest, size FROM blobs WHERE doomed_at <= $1 ORDER BY doomed_at, id LIMIT $2";
    FIRST_GIVEN_UP = "SELECT MIN(doomed_at) FROM blobs WHERE doomed_at IS NOT NULL";
    DELETE_KEYS = "DELETE FROM blob_keys WHERE blob = $1";
    DELETE = "DELETE FROM blobs WHERE id = $1 AND doomed_at IS NOT NULL";
    OBJECT_STATES = "SELECT objects.state, CAST(COUNT(*) AS BIGINT) FROM blob_extents JOIN extents ON extents.id = blob_extents.extent
                     JOIN objects ON objects.name = extents.object WHERE blob_extents.blob = $1 GROUP BY objects.state ORDER BY objects.state";
    ADD_ALIAS = "INSERT INTO digest_aliases (repository, alias, digest) VALUES ($1, $2, $3) ON CONFLICT (repository, alias) DO NOTHING";
    ALIAS = "SELECT digest FROM digest_aliases WHERE repository = $1 AND alias = $2";
    UNDELETE_LINK = "UPDATE links SET deleted_at = NULL WHERE repository = $1 AND digest = $2 AND deleted_at IS NOT NULL";
}

/// A row of `blobs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobRow {
    /// Surrogate id.
    pub id: i64,
    /// The account within which it is shared.
    pub account: String,
    /// The region within which it is shared.
    pub region: String,
    /// The encryption configuration within which it is shared: `AES256`, or a KMS key.
    pub encryption: String,
    /// `sha256:` and 64 hex digits.
    pub digest: String,
    /// Plain bytes.
    pub size: i64,
    /// The media type that the first manifest gave it.
    pub media_type: Option<String>,
    /// Microseconds since 1970.
    pub created_at: Micros,
}

/// A row of `links` with what it says of its blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The blob's id.
    pub blob: i64,
    /// Not collected before, microseconds since 1970.
    pub keep_until: Micros,
    /// Kept for the trash until, microseconds since 1970.
    pub trash_until: Option<Micros>,
    /// Plain bytes.
    pub size: i64,
    /// The media type that the first manifest gave it.
    pub media_type: Option<String>,
}

/// A row of `blob_keys`.
#[derive(Clone, PartialEq, Eq)]
pub struct BlobKeyRow {
    /// Surrogate id of the repository that may open the blob.
    pub repository: i64,
    /// The blob's id.
    pub blob: i64,
    /// Which key wraps: the registry's own, or a KMS key's ARN.
    pub key_id: String,
    /// Which generation of that key.
    pub material: i64,
    /// The blob's data key, wrapped.
    pub wrapped: Vec<u8>,
}

impl std::fmt::Debug for BlobKeyRow {
    /// Without the key, though it is wrapped.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("BlobKeyRow")
            .field("repository", &self.repository)
            .field("blob", &self.blob)
            .field("key_id", &self.key_id)
            .field("material", &self.material)
            .finish_non_exhaustive()
    }
}

fn key_from_row(row: &crate::Row) -> Result<BlobKeyRow> {
    Ok(BlobKeyRow {
        repository: row.get(0)?,
        blob: row.get(1)?,
        key_id: row.get(2)?,
        material: row.get(3)?,
        wrapped: row.get(4)?,
    })
}

/// Inserts a blob.
///
/// # Errors
/// `Unique` when its account, region and encryption have that digest, or the id is taken.
pub fn insert(tx: &mut Tx, row: &BlobRow) -> Result<()> {
    tx.run(
        &INSERT,
        &[
            &row.id,
            &row.account,
            &row.region,
            &row.encryption,
            &row.digest,
            &row.size,
            &row.media_type,
            &row.created_at,
        ],
    )?;
    Ok(())
}

/// The blob of that digest in an account, region and encryption configuration.
///
/// # Errors
/// Those of the database.
pub fn find(
    tx: &mut Tx,
    account: &str,
    region: &str,
    encryption: &str,
    digest: &str,
) -> Result<Option<BlobRow>> {
    let row = tx.row(&FIND, &[&account, &region, &encryption, &digest])?;
    row.map(|row| {
        Ok(BlobRow {
            id: row.get(0)?,
            account: row.get(1)?,
            region: row.get(2)?,
            encryption: row.get(3)?,
            digest: row.get(4)?,
            size: row.get(5)?,
            media_type: row.get(6)?,
            created_at: row.get(7)?,
        })
    })
    .transpose()
}

/// Whether a blob has that id.
///
/// # Errors
/// Those of the database.
pub fn exists(tx: &mut Tx, id: i64) -> Result<bool> {
    Ok(tx.row(&EXISTS, &[&id])?.is_some())
}

/// Gives a blob all extents of an upload, in order; how many.
///
/// # Errors
/// `Unique` when the blob has extents.
pub fn adopt_extents(tx: &mut Tx, blob: i64, upload: &str) -> Result<u64> {
    tx.run(&ADOPT_EXTENTS, &[&blob, &upload])
}

/// Up to `limit` extents of a blob that hold bytes from `start` up to, not with, `end`; in order.
///
/// # Errors
/// Those of the database.
pub fn extents(
    tx: &mut Tx,
    blob: i64,
    start: i64,
    end: i64,
    limit: i64,
) -> Result<Vec<ExtentPlace>> {
    tx.rows(&EXTENTS, &[&blob, &start, &end, &limit])?
        .iter()
        .map(ExtentPlace::from_row)
        .collect()
}

/// Takes from a blob the extents that begin at `to` or earlier; their rows stay. How many.
///
/// # Errors
/// Those of the database.
pub fn release_extents(tx: &mut Tx, blob: i64, to: i64) -> Result<u64> {
    tx.run(&RELEASE_EXTENTS, &[&blob, &to])
}

/// An object of the blob that cannot be read, if there is one: the blob is to be taken for absent.
///
/// # Errors
/// Those of the database.
pub fn unreadable(tx: &mut Tx, blob: i64) -> Result<Option<String>> {
    tx.row(&UNREADABLE, &[&blob])?
        .map(|row| row.get(0))
        .transpose()
}

/// Links a blob to a repository, or keeps the link it has until `keep_until` at least.
///
/// # Errors
/// `ForeignKey` when there is no such blob.
pub fn link(
    tx: &mut Tx,
    repository: i64,
    digest: &str,
    blob: i64,
    keep_until: Micros,
    now: Micros,
) -> Result<()> {
    tx.run(&LINK, &[&repository, &digest, &blob, &keep_until, &now])?;
    Ok(())
}

/// A repository's link to a digest.
///
/// # Errors
/// Those of the database.
pub fn find_link(tx: &mut Tx, repository: i64, digest: &str) -> Result<Option<Link>> {
    let row = tx.row(&FIND_LINK, &[&repository, &digest])?;
    row.map(|row| {
        Ok(Link {
            blob: row.get(0)?,
            keep_until: row.get(1)?,
            trash_until: row.get(2)?,
            size: row.get(3)?,
            media_type: row.get(4)?,
        })
    })
    .transpose()
}

/// Makes a link serve nothing any more; what lies in the trash still has it. False: there is no such link.
///
/// # Errors
/// Those of the database.
pub fn delete_link(tx: &mut Tx, repository: i64, digest: &str, now: Micros) -> Result<bool> {
    Ok(tx.run(&DELETE_LINK, &[&repository, &digest, &now])? > 0)
}

/// Makes a deleted link serve again what comes back from the trash.
///
/// # Errors
/// Those of the database.
pub fn undelete_link(tx: &mut Tx, repository: i64, digest: &str) -> Result<()> {
    tx.run(&UNDELETE_LINK, &[&repository, &digest])?;
    Ok(())
}

/// Keeps a link until `until` at least.
///
/// # Errors
/// Those of the database.
pub fn keep(tx: &mut Tx, repository: i64, digest: &str, until: Micros) -> Result<()> {
    tx.run(&KEEP, &[&repository, &digest, &until])?;
    Ok(())
}

/// Whether a manifest of the repository holds the link, so that it is not collected.
///
/// # Errors
/// Those of the database.
pub fn is_held(tx: &mut Tx, repository: i64, digest: &str) -> Result<bool> {
    Ok(tx.row(&HELD, &[&repository, &digest])?.is_some())
}

/// Gives a repository its copy of a blob's data key.
///
/// # Errors
/// `ForeignKey` when there is no such blob.
pub fn put_key(tx: &mut Tx, row: &BlobKeyRow) -> Result<()> {
    tx.run(
        &PUT_KEY,
        &[
            &row.repository,
            &row.blob,
            &row.key_id,
            &row.material,
            &row.wrapped,
        ],
    )?;
    Ok(())
}

/// A repository's copy of a blob's data key.
///
/// # Errors
/// Those of the database.
pub fn key(tx: &mut Tx, repository: i64, blob: i64) -> Result<Option<BlobKeyRow>> {
    tx.row(&KEY, &[&repository, &blob])?
        .as_ref()
        .map(key_from_row)
        .transpose()
}

/// Up to `limit` copies of a blob's data key, in order of repository, after that of `after`.
///
/// # Errors
/// Those of the database.
pub fn keys(tx: &mut Tx, blob: i64, after: i64, limit: i64) -> Result<Vec<BlobKeyRow>> {
    tx.rows(&KEYS, &[&blob, &after, &limit])?
        .iter()
        .map(key_from_row)
        .collect()
}

/// A blob that no repository links any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenUp {
    /// Surrogate id.
    pub id: i64,
    /// The account within which it was shared.
    pub account: String,
    /// The region within which it was shared.
    pub region: String,
    /// The digest that it had.
    pub digest: String,
    /// Plain bytes.
    pub size: i64,
}

fn gone(id: i64, digest: &str) -> String {
    format!("gone:{id}:{digest}")
}

/// Gives a blob up at `now`: nobody finds it by its digest any more, and a push of that digest makes another.
///
/// # Errors
/// Those of the database.
pub fn give_up(tx: &mut Tx, id: i64, digest: &str, now: Micros) -> Result<()> {
    tx.run(&GIVE_UP, &[&id, &gone(id, digest), &now])?;
    Ok(())
}

/// Up to `limit` blobs given up at `until` or earlier, the first in front.
///
/// # Errors
/// Those of the database.
pub fn given_up(tx: &mut Tx, until: Micros, limit: i64) -> Result<Vec<GivenUp>> {
    let rows = tx.rows(&GIVEN_UP, &[&until, &limit])?;
    rows.iter()
        .map(|row| {
            let (id, named): (i64, String) = (row.get(0)?, row.get(3)?);
            let digest = named.strip_prefix(&gone(id, "")).unwrap_or(&named);
            Ok(GivenUp {
                id,
                account: row.get(1)?,
                region: row.get(2)?,
                digest: digest.to_owned(),
                size: row.get(4)?,
            })
        })
        .collect()
}

/// When the first of the blobs was given up that are still there.
///
/// # Errors
/// Those of the database.
pub fn first_given_up(tx: &mut Tx) -> Result<Option<Micros>> {
    let first = tx
        .row(&FIRST_GIVEN_UP, &[])?
        .map(|row| row.get::<Option<i64>>(0))
        .transpose()?;
    Ok(first.flatten())
}

/// Removes a blob that was given up and has no extents any more, with what is left of its keys.
///
/// # Errors
/// `ForeignKey` when it has extents.
pub fn delete(tx: &mut Tx, id: i64) -> Result<bool> {
    tx.run(&DELETE_KEYS, &[&id])?;
    Ok(tx.run(&DELETE, &[&id])? > 0)
}

/// How many of a blob's objects are in which state.
///
/// # Errors
/// Those of the database.
pub fn object_states(tx: &mut Tx, blob: i64) -> Result<Vec<(String, i64)>> {
    tx.rows(&OBJECT_STATES, &[&blob])?
        .iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

/// Gives content a second digest in a repository. One that is known stays as it is.
///
/// # Errors
/// Those of the database.
pub fn add_alias(tx: &mut Tx, repository: i64, alias: &str, digest: &str) -> Result<()> {
    tx.run(&ADD_ALIAS, &[&repository, &alias, &digest])?;
    Ok(())
}

/// The sha256 digest of content that a repository knows by another.
///
/// # Errors
/// Those of the database.
pub fn alias(tx: &mut Tx, repository: i64, alias: &str) -> Result<Option<String>> {
    tx.row(&ALIAS, &[&repository, &alias])?
        .map(|row| row.get(0))
        .transpose()
}
