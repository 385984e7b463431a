//! `/v2/{name}/manifests/{reference}`
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use wharf_registry::{Ctx, Error, deviations, images};
use wharf_wire::ids::{ImageTag, RepositoryName};
use wharf_wire::oci::Reference;

use super::{Call, Stop, answer};
use crate::app::body_error;
use crate::edge::{Answer, Payload, empty};
use crate::limits::MANIFEST_BYTES;

const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
const TAG: HeaderName = HeaderName::from_static("oci-tag");

/// Tags of one push beside the one in its path.
const MAX_TAGS: usize = 100;

pub(super) async fn serve(
    call: Call<'_>,
    name: RepositoryName,
    reference: Reference,
) -> Result<Answer, Stop> {
    if call.method == Method::PUT {
        Box::pin(put(call, &name, reference)).await
    } else if call.method == Method::DELETE {
        Box::pin(images::delete(&call.ctx, &name, &reference)).await?;
        Ok(empty(StatusCode::ACCEPTED))
    } else {
        get(call, &name, &reference).await
    }
}

async fn get(call: Call<'_>, name: &RepositoryName, reference: &Reference) -> Result<Answer, Stop> {
    let pulls = call.method == Method::GET;
    let accepts = accepts(&call.headers);
    let content = images::get(&call.ctx, name, reference, &accepts, pulls).await?;
    // By the digest that the client uses, which need not be the one that the registry goes by.
    let digest = match reference {
        Reference::Digest(digest) => digest,
        Reference::Tag(_) => &content.digest,
    };
    let media_type = Some(content.media_type.as_str());
    if let Some(answer) = answer::not_modified(&call.headers, digest, media_type) {
        return Ok(answer);
    }
    let mut answer = empty(StatusCode::OK);
    let headers = answer.headers_mut();
    answer::describe_content(headers, digest, media_type);
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
        query,
        body,
        ..
    } = call;
    let media_type = media_type(&headers);
    let tags = further_tags(&ctx, &query.tags)?;
    let too_large = || Error::BodyTooLarge {
        limit: u64::try_from(MANIFEST_BYTES).unwrap_or(u64::MAX),
    };
    // Refused by its announced length alone: nothing is read, nothing buffered.
    if body.announced() > u64::try_from(MANIFEST_BYTES).ok() {
        return Err(too_large().into());
    }
    let held = app
        .bodies
        .collect(ctx.source, body, MANIFEST_BYTES)
        .await
        .map_err(|fault| body_error(fault, MANIFEST_BYTES))?;
    let path = format!("/v2/{name}/manifests/{reference}");
    let named = match &reference {
        Reference::Digest(digest) => Some(digest.clone()),
        Reference::Tag(_) => None,
    };
    let put = images::Put::by_reference(reference, tags.clone(), held.bytes.clone(), media_type);
    let stored = images::put(&ctx, ctx.account.clone(), name, put).await?;
    let mut answer = empty(StatusCode::CREATED);
    let headers = answer.headers_mut();
    answer::set_location(headers, &ctx, &path);
    answer::set_digest(headers, named.as_ref().unwrap_or(&stored.digest));
    for tag in &tags {
        if let Ok(tag) = HeaderValue::from_str(tag.as_str()) {
            headers.append(TAG, tag);
        }
    }
    if let Some(subject) = &stored.subject {
        answer::set(headers, SUBJECT, subject.as_str());
    }
    Ok(answer)
}

/// The media types that the client takes, without their parameters: the first hundred.
fn accepts(headers: &HeaderMap) -> Vec<&str> {
    let values = headers.get_all(ACCEPT).iter();
    let listed = values.flat_map(|value| value.to_str().unwrap_or("").split(','));
    listed
        .map(|text| text.split_once(';').unwrap_or((text, "")))
        .filter(|(_, parameters)| !is_refused(parameters))
        .map(|(media_type, _)| media_type.trim())
        .filter(|text| !text.is_empty())
        .take(100)
        .collect()
}

/// Whether the parameters of an accepted media type say that it is not: a weight of nothing (RFC 9110, 12.4.2).
fn is_refused(parameters: &str) -> bool {
    parameters.split(';').any(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let digits = value.trim().bytes();
        name.trim().eq_ignore_ascii_case("q")
            && value.trim().starts_with('0')
            && digits.clone().all(|byte| matches!(byte, b'0' | b'.'))
    })
}

/// The `tag` parameters (deviation `many-tags`), each once.
fn further_tags(ctx: &Ctx, given: &[String]) -> Result<Vec<ImageTag>, Error> {
    if !ctx.deviates(deviations::MANY_TAGS) {
        return Ok(Vec::new());
    }
    if given.len() > MAX_TAGS {
        let reason = format!("At most {MAX_TAGS} tags may be given");
        return Err(Error::invalid("imageTag", reason));
    }
    let mut tags: Vec<ImageTag> = Vec::with_capacity(given.len());
    for text in given {
        let tag =
            ImageTag::parse(text).map_err(|_invalid| Error::InvalidTag { tag: text.clone() })?;
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    Ok(tags)
}

/// The announced media type without its parameters.
fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let bare = value.split(';').next().unwrap_or(value).trim();
    (!bare.is_empty()).then(|| bare.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_gives_no_weight_it_does_not_take() {
        let mut headers = HeaderMap::new();
        let listed = "a/a;q=0, b/b; q=0.5, c/c;v=1;Q=0.000, d/d;q=1, e/e;q=0.001";
        headers.append(ACCEPT, HeaderValue::from_static(listed));
        headers.append(ACCEPT, HeaderValue::from_static("f/f"));
        assert_eq!(accepts(&headers), ["b/b", "d/d", "e/e", "f/f"]);
    }
}
