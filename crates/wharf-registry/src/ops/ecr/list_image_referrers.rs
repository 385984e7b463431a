//! `ListImageReferrers`: the manifests of a repository that name an image as their subject, in order of their digest.
use std::collections::BTreeMap;

use wharf_wire::ecr::{
    ArtifactStatus, ArtifactStatusFilter, ImageReferrer, ListImageReferrersRequest as Request,
    ListImageReferrersResponse as Response,
};

use super::convert;
use crate::action::BatchGetImage;
use crate::authorize::Resource;
use crate::referrers::{self, Query, Referrer};
use crate::{Ctx, Error, Result, page};

/// The operation's name in tokens.
const OPERATION: &str = "ListImageReferrers";
/// Referrers of a page when `maxResults` is absent.
const DEFAULT_PAGE: i64 = 20;

pub(super) async fn list_image_referrers(ctx: &Ctx, request: Request) -> Result<Response> {
    let name = convert::name(&request.repository_name)?;
    let account = ctx.registry(request.registry_id.as_deref())?;
    let subject = request.subject_id.image_digest;
    if !convert::digest_is_well_formed(&subject) {
        let reason = "must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'";
        return Err(Error::invalid("subjectId.imageDigest", reason));
    }
    let filter = request.filter.unwrap_or_default();
    let status = filter
        .artifact_status
        .unwrap_or(ArtifactStatusFilter::Active);
    let mut artifact_types = filter.artifact_types.unwrap_or_default();
    artifact_types.sort_unstable();
    artifact_types.dedup();
    let about = serde_json::json!([
        account.as_str(),
        name.as_str(),
        subject,
        artifact_types,
        status.as_str()
    ]);
    let about = page::fingerprint(&about.to_string());
    let after = match request.next_token.as_deref() {
        Some(token) => page::read(token, OPERATION, &about)?
            .pop()
            .unwrap_or_default(),
        None => String::new(),
    };
    let resource = Resource::Repository { account, name };
    // None is archived: that is not built. Who may not list them is not told even this.
    if matches!(
        status,
        ArtifactStatusFilter::Archived | ArtifactStatusFilter::Activating
    ) {
        ctx.read::<BatchGetImage, _, _>("list_no_referrers", resource, |_tx, _grant| Ok(()))
            .await?;
        return Ok(Response {
            referrers: Some(Vec::new()),
            next_token: None,
        });
    }
    let query = Query {
        resource,
        subject,
        artifact_types,
        after,
        size: request.max_results.unwrap_or(DEFAULT_PAGE),
    };
    let found = referrers::page(ctx, query).await?;
    let next = found.next.as_deref();
    Ok(Response {
        next_token: next.map(|last| page::token(OPERATION, &about, &[last])),
        referrers: Some(found.referrers.into_iter().map(referrer).collect()),
    })
}

fn referrer(referrer: Referrer) -> ImageReferrer {
    // A manifest whose annotations are not all text is not taken.
    let text = |(key, value): (String, serde_json::Value)| {
        value.as_str().map(|value| (key, value.to_owned()))
    };
    ImageReferrer {
        digest: referrer.digest,
        media_type: referrer.media_type,
        artifact_type: referrer.artifact_type,
        size: referrer.size,
        annotations: referrer
            .annotations
            .map(|map| map.into_iter().filter_map(text).collect::<BTreeMap<_, _>>()),
        artifact_status: Some(ArtifactStatus::Active),
    }
}
