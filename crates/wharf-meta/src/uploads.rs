//! Uploads: layers that are not complete, with the extents received so far.
use crate::{Micros, Result, Row, Tx};

crate::statements! {
    INSERT = "INSERT INTO uploads (id, repository, principal, digest_algorithm, received, extents, key_id, material, wrapped, created_at, expires_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    GET = "SELECT id, repository, principal, digest_algorithm, received, extents, key_id, material, wrapped, created_at, expires_at
           FROM uploads WHERE id = $1";
    ADVANCE = "UPDATE uploads SET received = received + $3, extents = extents + 1, expires_at = $4 WHERE id = $1 AND received = $2";
    ABANDON = "UPDATE uploads SET expires_at = 0 WHERE id = $1";
    EXPIRED = "SELECT uploads.id, uploads.repository, repositories.account, repositories.region, uploads.received
               FROM uploads LEFT JOIN repositories ON repositories.id = uploads.repository
               WHERE uploads.expires_at <= $1 ORDER BY uploads.expires_at LIMIT $2";
    DELETE = "DELETE FROM uploads WHERE id = $1";
    ADD_EXTENT = "INSERT INTO upload_extents (upload, first_byte, extent, size) VALUES ($1, $2, $3, $4)";
    EXTENTS = "SELECT upload_extents.first_byte, upload_extents.size, upload_extents.extent, extents.object
               FROM upload_extents JOIN extents ON extents.id = upload_extents.extent
               WHERE upload_extents.upload = $1 AND upload_extents.first_byte >= $2 ORDER BY upload_extents.first_byte LIMIT $3";
    COUNT_OBJECTS = "SELECT CAST(COUNT(extents.object) AS BIGINT)
                     FROM upload_extents JOIN extents ON extents.id = upload_extents.extent WHERE upload_extents.upload = $1";
    STEP_BACK = "UPDATE uploads SET received = $2, extents = extents - 1 WHERE id = $1 AND received = $3";
    DELETE_EXTENT = "DELETE FROM upload_extents WHERE upload = $1 AND first_byte = $2 AND extent = $3";
    DELETE_EXTENTS = "DELETE FROM upload_extents WHERE upload = $1 AND first_byte <= $2";
}

/// A row of `uploads`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadRow {
    /// A UUID in lower case.
    pub id: String,
    /// Surrogate id of the repository.
    pub repository: i64,
    /// The unique id of who began it: nobody else may go on with it.
    pub principal: String,
    /// The algorithm of the digest, if the client has announced it.
    pub digest_algorithm: Option<String>,
    /// Plain bytes received, all of them in finished extents.
    pub received: i64,
    /// How many extents there are.
    pub extents: i64,
    /// Which key wraps: the registry's own, or a KMS key's ARN.
    pub key_id: String,
    /// Which generation of that key.
    pub material: i64,
    /// The upload's data key, wrapped; it becomes the blob's.
    pub wrapped: Vec<u8>,
    /// Microseconds since 1970.
    pub created_at: Micros,
    /// When the upload is given up, microseconds since 1970; 0 when it was abandoned.
    pub expires_at: Micros,
}

/// An upload whose time is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpiredUpload {
    /// The upload's id.
    pub id: String,
    /// Surrogate id of the repository, which may be deleted.
    pub repository: i64,
    /// Its account and region, unless it is deleted.
    pub place: Option<(String, String)>,
    /// Plain bytes received.
    pub received: i64,
}

/// One extent of an upload, or of a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtentPlace {
    /// The first of its bytes, in the whole.
    pub first_byte: i64,
    /// Plain bytes.
    pub size: i64,
    /// The extent's id.
    pub extent: i64,
    /// The object that holds the bytes; else they lie in the extent's row.
    pub object: Option<String>,
}

impl ExtentPlace {
    pub(crate) fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            first_byte: row.get(0)?,
            size: row.get(1)?,
            extent: row.get(2)?,
            object: row.get(3)?,
        })
    }
}

/// Inserts an upload.
///
/// # Errors
/// `Unique` when the id is taken.
pub fn insert(tx: &mut Tx, row: &UploadRow) -> Result<()> {
    tx.run(
        &INSERT,
        &[
            &row.id,
            &row.repository,
            &row.principal,
            &row.digest_algorithm,
            &row.received,
            &row.extents,
            &row.key_id,
            &row.material,
            &row.wrapped,
            &row.created_at,
            &row.expires_at,
        ],
    )?;
    Ok(())
}

/// The upload of that id.
///
/// # Errors
/// Those of the database.
pub fn get(tx: &mut Tx, id: &str) -> Result<Option<UploadRow>> {
    let row = tx.row(&GET, &[&id])?;
    row.map(|row| {
        Ok(UploadRow {
            id: row.get(0)?,
            repository: row.get(1)?,
            principal: row.get(2)?,
            digest_algorithm: row.get(3)?,
            received: row.get(4)?,
            extents: row.get(5)?,
            key_id: row.get(6)?,
            material: row.get(7)?,
            wrapped: row.get(8)?,
            created_at: row.get(9)?,
            expires_at: row.get(10)?,
        })
    })
    .transpose()
}

/// Appends an extent, if the upload stands at its first byte. False: it does not, and nothing was changed.
///
/// # Errors
/// `ForeignKey` when there is no such extent.
pub fn add_extent(
    tx: &mut Tx,
    upload: &str,
    place: &ExtentPlace,
    expires_at: Micros,
) -> Result<bool> {
    if tx.run(
        &ADVANCE,
        &[&upload, &place.first_byte, &place.size, &expires_at],
    )? == 0
    {
        return Ok(false);
    }
    tx.run(
        &ADD_EXTENT,
        &[&upload, &place.first_byte, &place.extent, &place.size],
    )?;
    Ok(true)
}

/// Up to `limit` extents that begin at `from` or later, in order.
///
/// # Errors
/// Those of the database.
pub fn extents(tx: &mut Tx, upload: &str, from: i64, limit: i64) -> Result<Vec<ExtentPlace>> {
    tx.rows(&EXTENTS, &[&upload, &from, &limit])?
        .iter()
        .map(ExtentPlace::from_row)
        .collect()
}

/// How many of an upload's extents lie in objects.
///
/// # Errors
/// Those of the database.
pub fn count_objects(tx: &mut Tx, upload: &str) -> Result<i64> {
    tx.row(&COUNT_OBJECTS, &[&upload])?
        .map_or(Ok(0), |row| row.get(0))
}

/// Lets go of the extents that begin at `to` or earlier; their rows stay. How many.
///
/// # Errors
/// Those of the database.
pub fn release_extents(tx: &mut Tx, upload: &str, to: i64) -> Result<u64> {
    tx.run(&DELETE_EXTENTS, &[&upload, &to])
}

/// Lets go of an upload's last extent; its row stays. False: it is not the last, and nothing was changed.
///
/// # Errors
/// Those of the database.
pub fn step_back(tx: &mut Tx, upload: &str, last: &ExtentPlace) -> Result<bool> {
    let end = last.first_byte.saturating_add(last.size);
    if tx.run(&STEP_BACK, &[&upload, &last.first_byte, &end])? == 0 {
        return Ok(false);
    }
    tx.run(&DELETE_EXTENT, &[&upload, &last.first_byte, &last.extent])?;
    Ok(true)
}

/// Ends an upload for its client; the sweep takes it apart.
///
/// # Errors
/// Those of the database.
pub fn abandon(tx: &mut Tx, id: &str) -> Result<bool> {
    Ok(tx.run(&ABANDON, &[&id])? > 0)
}

/// Up to `limit` uploads whose time is over at `now`.
///
/// # Errors
/// Those of the database.
pub fn expired(tx: &mut Tx, now: Micros, limit: i64) -> Result<Vec<ExpiredUpload>> {
    let rows = tx.rows(&EXPIRED, &[&now, &limit])?;
    rows.iter()
        .map(|row| {
            let place = row
                .get::<Option<String>>(2)?
                .zip(row.get::<Option<String>>(3)?);
            Ok(ExpiredUpload {
                id: row.get(0)?,
                repository: row.get(1)?,
                place,
                received: row.get(4)?,
            })
        })
        .collect()
}

/// Removes an upload that has no extents any more.
///
/// # Errors
/// `ForeignKey` when it has.
pub fn delete(tx: &mut Tx, id: &str) -> Result<()> {
    tx.run(&DELETE, &[&id])?;
    Ok(())
}
