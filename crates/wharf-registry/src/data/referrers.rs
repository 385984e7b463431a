//! Referrers under grants: manifests that name another as their subject.
use wharf_meta::manifests::{self, ReferrerRow};

use super::{Tx, aliases};
use crate::action::BatchGetImage;
use crate::{Grant, Result};

/// Up to `limit` referrers of a digest, by whatever algorithm each names it, after the digest `after`, in order of their
/// own digest: those of these artifact types, or of any if none is named. The subject need not be there.
pub(crate) fn page(
    tx: &mut Tx<'_>,
    grant: &Grant<BatchGetImage>,
    subject: &str,
    artifact_types: &[String],
    (after, limit): (&str, i64),
) -> Result<Vec<ReferrerRow>> {
    let repository = grant.repository()?.id;
    let mut rows = Vec::new();
    for subject in aliases::synonyms(tx, repository, subject)? {
        let mut add = |kind| {
            manifests::referrers(tx.meta, repository, &subject, kind, (after, limit))
                .map(|some| rows.extend(some))
        };
        if artifact_types.is_empty() {
            add(None)?;
        }
        // No manifest's type holds a NUL, and the store takes none.
        for kind in artifact_types.iter().filter(|kind| !kind.contains('\0')) {
            add(Some(kind))?;
        }
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
