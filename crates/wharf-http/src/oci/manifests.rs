//! `/v2/{name}/manifests/{reference}`
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, Method, StatusCode};
use wharf_registry::{Error, images};
use wharf_wire::ids::RepositoryName;
use wharf_wire::oci::Reference;

use super::{Call, Stop, answer};
use crate::app::body_error;
use crate::edge::{Answer, Payload, empty};
use crate::limits::MANIFEST_BYTES;

const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");

pub(super) async fn serve(
    call: Call<'_>,
    name: RepositoryName,
    reference: Reference,
) -> Result<Answer, Stop> {
    if call.method == Method::PUT {
        put(call, &name, reference).await
    } else if call.method == Method::DELETE {
        images::delete(&call.ctx, &name, &reference).await?;
        Ok(empty(StatusCode::ACCEPTED))
    } else {
        get(call, &name, &reference).await
    }
}

async fn get(call: Call<'_>, name: &RepositoryName, reference: &Reference) -> Result<Answer, Stop> {
    let pulls = call.method == Method::GET;
    let content = images::get(&call.ctx, name, reference, pulls).await?;
    let mut answer = empty(StatusCode::OK);
    let headers = answer.headers_mut();
    answer::describe_content(headers, &content.digest, Some(&content.media_type));
    if pulls {
        *answer.body_mut() = Payload::Whole(content.bytes.clone());
    } else {
        answer::set(headers, CONTENT_LENGTH, &content.bytes.len().to_string());
    }
    Ok(answer)
}

async fn put(call: Call<'_>, name: &RepositoryName, reference: Reference) -> Result<Answer, Stop> {
    let Call {
        app,
        ctx,
        headers,
        body,
        ..
    } = call;
    let media_type = media_type(&headers);
    let too_large = || Error::BodyTooLarge {
        limit: u64::try_from(MANIFEST_BYTES).unwrap_or(u64::MAX),
    };
    // Refused by its announced length alone: nothing is read, nothing buffered.
    if body.announced() > u64::try_from(MANIFEST_BYTES).ok() {
        return Err(too_large().into());
    }
    let held = app
        .bodies
        .collect(body, MANIFEST_BYTES)
        .await
        .map_err(|fault| body_error(fault, MANIFEST_BYTES))?;
    let path = format!("/v2/{name}/manifests/{reference}");
    let put = images::Put::by_reference(reference, held.bytes.clone(), media_type);
    let stored = images::put(&ctx, ctx.account.clone(), name, put).await?;
    let mut answer = empty(StatusCode::CREATED);
    let headers = answer.headers_mut();
    answer::set_location(headers, &path);
    answer::set_digest(headers, &stored.digest);
    if let Some(subject) = &stored.subject {
        answer::set(headers, SUBJECT, subject.as_str());
    }
    Ok(answer)
}

/// The announced media type without its parameters.
fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let bare = value.split(';').next().unwrap_or(value).trim();
    (!bare.is_empty()).then(|| bare.to_owned())
}
