//! Referrers: the manifests that name another as their subject, as both planes list them.
use serde_json::{Map, Value};
use wharf_meta::manifests::ReferrerRow;
use wharf_wire::ids::RepositoryName;
use wharf_wire::oci::Digest;

use crate::action::BatchGetImage;
use crate::authorize::Resource;
use crate::{Ctx, Error, Result, data, page};

/// Bytes of annotations after which a page ends: an answer should stay within what a manifest may have.
const PAGE_BYTES: usize = 3 << 20;

/// A manifest that names another as its subject.
#[derive(Clone, Debug, PartialEq)]
pub struct Referrer {
    pub digest: String,
    pub media_type: String,
    /// Bytes of the manifest.
    pub size: i64,
    /// Its own, or the media type of its config.
    pub artifact_type: Option<String>,
    pub annotations: Option<Map<String, Value>>,
}

/// One page of referrers.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferrersPage {
    pub referrers: Vec<Referrer>,
    /// The digest after which the next page begins, if there may be one.
    pub next: Option<String>,
}

/// Which referrers.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) resource: Resource,
    /// The digest that they name, as they may write it. It need not be there.
    pub(crate) subject: String,
    /// Of these artifact types only; none: of any.
    pub(crate) artifact_types: Vec<String>,
    /// Of which digest the page before ended; empty: none.
    pub(crate) after: String,
    /// Of a page, at most [`page::MAX_PAGE`].
    pub(crate) size: i64,
}

/// Lists the referrers of a digest in order of their own, after `last`, at most `n` (1,000 when absent or more), perhaps of
/// one artifact type only. A page whose annotations are long may be shorter than `n` and not be the last.
///
/// # Errors
/// `RepositoryNotFound`; `InvalidParameter` for a `last` that is no digest. A subject that is not there has no fewer
/// referrers for it.
/// Source: OCI distribution, "Listing Referrers".
pub async fn list(
    ctx: &Ctx,
    name: &RepositoryName,
    subject: &Digest,
    artifact_type: Option<&str>,
    n: Option<i64>,
    last: Option<&str>,
) -> Result<ReferrersPage> {
    let after = match last {
        None | Some("") => String::new(),
        Some(last) => Digest::parse(last)
            .map_err(|_invalid| Error::invalid("nextToken", "Invalid nextToken"))?
            .to_string(),
    };
    let query = Query {
        resource: ctx.repository(name),
        subject: subject.to_string(),
        artifact_types: artifact_type.map(str::to_owned).into_iter().collect(),
        after,
        size: page::size(n),
    };
    page(ctx, query).await
}

/// One page of what both planes list.
///
/// # Errors
/// `RepositoryNotFound`.
pub(crate) async fn page(ctx: &Ctx, query: Query) -> Result<ReferrersPage> {
    let resource = query.resource.clone();
    ctx.read::<BatchGetImage, _, _>("list_referrers", resource, move |tx, grant| {
        let at = (query.after.as_str(), page::fetch(query.size));
        let mut rows = data::referrers::page(tx, grant, &query.subject, &query.artifact_types, at)?;
        let mut more = page::cut(&mut rows, query.size);
        let mut bytes = 0_usize;
        let mut referrers = Vec::with_capacity(rows.len());
        for row in rows {
            // Measured as they are sent: the row tells characters, which may be of several bytes each.
            let text = annotations_of(tx, grant, &row)?;
            bytes = bytes.saturating_add(text.as_ref().map_or(0, String::len));
            if bytes > PAGE_BYTES && !referrers.is_empty() {
                more = true;
                break;
            }
            referrers.push(referrer(row, text)?);
        }
        let last = referrers.last().filter(|_| more);
        let next = last.map(|last: &Referrer| last.digest.clone());
        Ok(ReferrersPage { referrers, next })
    })
    .await
}

/// Source: OCI distribution, "Listing Referrers": its own type, else the media type of its config.
fn artifact_type_of(row: &mut ReferrerRow) -> Option<String> {
    row.artifact_type.take().or(row.config_media_type.take())
}

/// The text of a referrer's annotations: what is long does not come with its row.
fn annotations_of(
    tx: &mut data::Tx<'_>,
    grant: &crate::Grant<BatchGetImage>,
    row: &ReferrerRow,
) -> Result<Option<String>> {
    match &row.annotations {
        None if row.annotations_length > 0 => data::referrers::annotations(tx, grant, &row.digest),
        short => Ok(short.clone()),
    }
}

fn referrer(mut row: ReferrerRow, annotations: Option<String>) -> Result<Referrer> {
    let annotations = annotations
        .map(|text| serde_json::from_str(&text).map_err(Error::internal))
        .transpose()?;
    let artifact_type = artifact_type_of(&mut row);
    Ok(Referrer {
        digest: row.digest,
        media_type: row.media_type,
        size: row.size,
        artifact_type,
        annotations,
    })
}
