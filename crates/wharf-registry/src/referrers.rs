//! Referrers: the manifests that name another as their subject, as the registry protocol lists them.
use serde_json::{Map, Value};
use wharf_meta::manifests::ReferrerRow;
use wharf_wire::ids::RepositoryName;
use wharf_wire::oci::Digest;

use crate::action::BatchGetImage;
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

/// Lists the referrers of a digest in order of their own, after `last`, at most `n` (1,000 when absent or more). Those of
/// another artifact type than `artifact_type` are left out; a page may be shorter than `n` and not be the last.
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
    let limit = page::size(n);
    let after = match last {
        None | Some("") => String::new(),
        Some(last) => Digest::parse(last)
            .map_err(|_invalid| Error::invalid("nextToken", "Invalid nextToken"))?
            .to_string(),
    };
    let (subject, wanted) = (subject.to_string(), artifact_type.map(str::to_owned));
    ctx.read::<BatchGetImage, _, _>("list_referrers", ctx.repository(name), move |tx, grant| {
        let rows = data::referrers::page(tx, grant, &subject, &after, page::fetch(limit))?;
        let full = i64::try_from(rows.len()).unwrap_or(limit) >= page::MAX_ROWS;
        let mut page = ReferrersPage {
            referrers: Vec::new(),
            next: None,
        };
        let (mut bytes, mut seen) = (0_usize, 0_i64);
        let mut last_seen = None;
        for row in rows {
            if seen >= limit {
                page.next = last_seen;
                return Ok(page);
            }
            let digest = row.digest.clone();
            let kind = artifact_type_of(&row).map(str::to_owned);
            if wanted.is_none() || wanted == kind {
                // Measured as they are sent: the row tells characters, which may be of several bytes each.
                let text = annotations_of(tx, grant, &row)?;
                bytes = bytes.saturating_add(text.as_ref().map_or(0, String::len));
                if bytes > PAGE_BYTES && !page.referrers.is_empty() {
                    page.next = last_seen;
                    return Ok(page);
                }
                page.referrers.push(referrer(row, kind, text)?);
            }
            (seen, last_seen) = (seen + 1, Some(digest));
        }
        page.next = last_seen.filter(|_| full);
        Ok(page)
    })
    .await
}

/// Source: OCI distribution, "Listing Referrers": its own type, else the media type of its config.
fn artifact_type_of(row: &ReferrerRow) -> Option<&str> {
    row.artifact_type
        .as_deref()
        .or(row.config_media_type.as_deref())
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

fn referrer(
    row: ReferrerRow,
    artifact_type: Option<String>,
    annotations: Option<String>,
) -> Result<Referrer> {
    let annotations = annotations
        .map(|text| serde_json::from_str(&text).map_err(Error::internal))
        .transpose()?;
    Ok(Referrer {
        digest: row.digest,
        media_type: row.media_type,
        size: row.size,
        artifact_type,
        annotations,
    })
}
