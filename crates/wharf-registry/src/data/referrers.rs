//! Referrers under grants: manifests that name another as their subject.
use wharf_meta::manifests::{self, ReferrerRow};

use super::{Tx, aliases};
use crate::action::BatchGetImage;
use crate::{Grant, Result};

/// Up to `limit` referrers of a digest, by whatever algorithm each names it, after the digest `after`, in order of their
/// own digest. The subject need not be there.
pub(crate) fn page(
    tx: &mut Tx<'_>,
    grant: &Grant<BatchGetImage>,
    subject: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<ReferrerRow>> {
    let repository = grant.repository()?.id;
    let mut rows = Vec::new();
    for subject in aliases::synonyms(tx, repository, subject)? {
        rows.extend(manifests::referrers(
            tx.meta, repository, &subject, after, limit,
        )?);
    }
    rows.sort_unstable_by(|one, other| one.digest.cmp(&other.digest));
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(rows)
}

/// The annotations of a referrer, if they are too long to come with the page.
pub(crate) fn annotations(
    tx: &mut Tx<'_>,
    grant: &Grant<BatchGetImage>,
    digest: &str,
) -> Result<Option<String>> {
    Ok(manifests::annotations(
        tx.meta,
        grant.repository()?.id,
        digest,
    )?)
}
