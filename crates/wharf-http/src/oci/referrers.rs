//! `GET /v2/{name}/referrers/{digest}`
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::{Map, Value};
use wharf_registry::Error;
use wharf_registry::referrers::{self, Referrer};
use wharf_wire::ids::RepositoryName;
use wharf_wire::oci::{Digest, media_type};

use super::{Call, Stop, answer, listing};
use crate::edge::Answer;

const FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");

/// An image index, made for the answer alone: it is no manifest of the repository.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    schema_version: u8,
    media_type: &'static str,
    manifests: Vec<Descriptor>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    size: i64,
    digest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Map<String, Value>>,
}

impl From<Referrer> for Descriptor {
    fn from(referrer: Referrer) -> Self {
        Self {
            media_type: referrer.media_type,
            size: referrer.size,
            digest: referrer.digest,
            artifact_type: referrer.artifact_type,
            annotations: referrer.annotations,
        }
    }
}

/// Lists the manifests that name a digest as their subject, perhaps of one artifact type only.
pub(super) async fn list(
    call: Call<'_>,
    name: &RepositoryName,
    digest: &Digest,
) -> Result<Answer, Stop> {
    let (ctx, query) = (&call.ctx, &call.query);
    let n = listing::page_size(ctx, query.n.as_deref())?;
    let wanted = query
        .artifact_type
        .as_deref()
        .filter(|wanted| !wanted.is_empty());
    let page = referrers::list(ctx, name, digest, wanted, n, query.last.as_deref()).await?;
    let index = Index {
        schema_version: 2,
        media_type: media_type::OCI_INDEX,
        manifests: page.referrers.into_iter().map(Descriptor::from).collect(),
    };
    let body = serde_json::to_vec(&index).map_err(Error::internal)?;
    let mut answer = answer::json(StatusCode::OK, body);
    let headers = answer.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static(media_type::OCI_INDEX),
    );
    if wanted.is_some() {
        headers.insert(FILTERS_APPLIED, HeaderValue::from_static("artifactType"));
    }
    if let Some(next) = page.next {
        let path = format!("/v2/{name}/referrers/{digest}");
        let also = [("n", query.n.as_deref()), ("artifactType", wanted)];
        listing::set_next(headers, ctx, &path, &next, &also);
    }
    Ok(answer)
}
