//! The digests by which content is known: sha256 is the identity, others are aliases within a repository.
use wharf_meta::{blobs, links};

use super::Tx;
use crate::Result;

/// The sha256 digest of what a repository knows by this one: itself when it is one already.
pub(crate) fn identity(tx: &mut Tx<'_>, repository: i64, digest: &str) -> Result<Option<String>> {
    if is_identity(digest) {
        return Ok(Some(digest.to_owned()));
    }
    Ok(blobs::alias(tx.meta, repository, digest)?)
}

/// Gives content, by its sha256 digest, the name that a client used, if that is another one.
pub(crate) fn remember(
    tx: &mut Tx<'_>,
    repository: i64,
    used: Option<&str>,
    digest: &str,
) -> Result<()> {
    match used {
        Some(alias) if !is_identity(alias) => {
            Ok(blobs::add_alias(tx.meta, repository, alias, digest)?)
        }
        _ => Ok(()),
    }
}

/// Every digest that means the same content as this one; this one first.
pub(crate) fn synonyms(tx: &mut Tx<'_>, repository: i64, digest: &str) -> Result<Vec<String>> {
    let mut all = vec![digest.to_owned()];
    if let Some(identity) = identity(tx, repository, digest)? {
        all.extend(links::aliases(tx.meta, repository, &identity)?);
        all.push(identity);
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

fn is_identity(digest: &str) -> bool {
    digest.starts_with("sha256:")
}
