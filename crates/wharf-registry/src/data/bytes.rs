//! Bytes under grants: uploads, the layers they become, and the objects that hold them.
pub(crate) mod layers;
pub(crate) mod mounting;
pub(crate) mod sweeping;
pub(crate) mod uploads;

use wharf_meta::repositories::RepositoryRow;
use wharf_meta::uploads::ExtentPlace;
use wharf_meta::{blobs, extents, objects};

use super::Tx;
use crate::{Error, Micros, Result, ids};

/// How long an answer "exists" is held to, and an upload that nobody goes on with.
pub(crate) const DAY: Micros = 86_400_000_000;

/// How long the bytes stay of what was given up while somebody may be reading it.
pub(crate) const LINGER: Micros = 2 * 3_600_000_000;

/// What a data key is bound to when it is wrapped for a repository. By surrogate id: it holds also when the repository
/// is deleted, and another that gets its name does not get its keys.
pub(crate) fn key_context(repository: &RepositoryRow) -> String {
    key_context_of(&repository.region, &repository.account, repository.id)
}

fn key_context_of(region: &str, account: &str, repository: i64) -> String {
    format!("arn:aws:ecr:{region}:{account}:repository-id/{repository}")
}

/// The bytes of an extent that lie in its row. Who has a place was granted the whole.
pub(crate) fn sealed(tx: &mut Tx<'_>, place: &ExtentPlace) -> Result<Vec<u8>> {
    extents::sealed(tx.meta, place.extent)?.ok_or_else(|| {
        Error::internal(format!(
            "extent {} was removed while it was read",
            place.extent
        ))
    })
}

/// Forgets a pending object whose file is gone or was never made.
pub(crate) fn discard(tx: &mut Tx<'_>, name: &str) -> Result<()> {
    objects::discard(tx.meta, name)?;
    Ok(())
}

/// Whole numbers as columns hold them.
pub(crate) fn column(number: u64) -> Result<i64> {
    i64::try_from(number).map_err(Error::internal)
}

/// And as everything else counts.
pub(crate) fn count(column: i64) -> Result<u64> {
    u64::try_from(column).map_err(Error::internal)
}

fn free_extent_id(tx: &mut Tx<'_>, now: Micros) -> Result<i64> {
    free_id(now, |id| Ok(extents::exists(tx.meta, id)?))
}

fn free_blob_id(tx: &mut Tx<'_>, now: Micros) -> Result<i64> {
    free_id(now, |id| Ok(blobs::exists(tx.meta, id)?))
}

/// A surrogate id that no row has: two of one microsecond may draw the same.
fn free_id(now: Micros, mut taken: impl FnMut(i64) -> Result<bool>) -> Result<i64> {
    for _ in 0..16 {
        let id = ids::surrogate_id(now)?;
        if !taken(id)? {
            return Ok(id);
        }
    }
    Err(Error::internal("sixteen ids in a row were taken"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_is_taken_is_drawn_again() {
        let mut asked = 0;
        let id = free_id(1_000, |_| {
            asked += 1;
            Ok(asked < 4)
        });
        assert!(id.is_ok());
        assert_eq!(asked, 4);
        assert!(free_id(1_000, |_| Ok(true)).is_err());
    }
}
