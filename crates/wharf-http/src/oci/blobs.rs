//! `/v2/{name}/blobs/{digest}`, and the bytes behind a layer's URL.
use futures_util::StreamExt;
use http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, HeaderValue, IF_RANGE, LOCATION, RANGE,
};
use http::{HeaderMap, Method, StatusCode};
use wharf_registry::{Ctx, Error, deviations, layers};
use wharf_wire::ids::RepositoryName;
use wharf_wire::oci::Digest;
use wharf_wire::oci::range::Part;

use super::{Call, Stop, answer};
use crate::edge::{Answer, BoxError, Payload, empty};

pub(super) async fn serve(
    call: Call<'_>,
    name: &RepositoryName,
    digest: &Digest,
) -> Result<Answer, Stop> {
    if call.method == Method::HEAD {
        head(call, name, digest).await
    } else if call.method == Method::DELETE {
        layers::delete(&call.ctx, name, digest).await?;
        Ok(empty(StatusCode::ACCEPTED))
    } else if call.ctx.deviates(deviations::BLOB_200) {
        Ok(download(&call.ctx, &call.headers, name, digest).await?)
    } else {
        // `Range` and the like are for where the client is sent.
        let made = layers::url::of_layer(&call.ctx, name, digest).await?;
        let mut answer = empty(StatusCode::TEMPORARY_REDIRECT);
        answer::set(answer.headers_mut(), LOCATION, &made.url);
        Ok(answer)
    }
}

async fn head(call: Call<'_>, name: &RepositoryName, digest: &Digest) -> Result<Answer, Stop> {
    let layer = layers::stat(&call.ctx, name, digest).await?;
    let media_type = layer.media_type.as_deref();
    Ok(header(&call.headers, digest, media_type, layer.size))
}

/// The answer to HEAD of a layer by its URL; authorized as a download.
///
/// # Errors
/// Those of [`layers::open`].
pub(crate) async fn describe(
    ctx: &Ctx,
    headers: &HeaderMap,
    name: &RepositoryName,
    digest: &Digest,
) -> Result<Answer, Error> {
    let download = layers::open(ctx, name, digest, None).await?;
    let media_type = download.media_type.as_deref();
    Ok(header(headers, digest, media_type, download.size))
}

/// What HEAD says. `asked`: the request's headers.
fn header(asked: &HeaderMap, digest: &Digest, media_type: Option<&str>, size: u64) -> Answer {
    if let Some(answer) = answer::not_modified(asked, digest, media_type) {
        return answer;
    }
    let mut answer = empty(StatusCode::OK);
    let headers = answer.headers_mut();
    answer::describe_content(headers, digest, media_type);
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    answer::set(headers, CONTENT_LENGTH, &size.to_string());
    answer
}

/// The bytes themselves, or the part that `asked`, the request's headers, wants.
///
/// # Errors
/// Those of [`layers::open`].
pub(crate) async fn download(
    ctx: &Ctx,
    asked: &HeaderMap,
    name: &RepositoryName,
    digest: &Digest,
) -> Result<Answer, Error> {
    let part = part(asked, digest);
    let download = layers::open(ctx, name, digest, part).await?;
    let media_type = download.media_type.as_deref();
    if let Some(answer) = answer::not_modified(asked, digest, media_type) {
        return Ok(answer);
    }
    let length = (download.end + 1).saturating_sub(download.start);
    let status = match part {
        Some(_) => StatusCode::PARTIAL_CONTENT,
        None => StatusCode::OK,
    };
    let mut answer = empty(status);
    let headers = answer.headers_mut();
    answer::describe_content(headers, digest, media_type);
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if part.is_some() {
        let range = format!(
            "bytes {}-{}/{}",
            download.start, download.end, download.size
        );
        answer::set(headers, CONTENT_RANGE, &range);
    }
    let pieces = download
        .body
        .map(|piece| piece.map_err(|error| Box::new(error) as BoxError));
    *answer.body_mut() = Payload::Stream {
        pieces: Box::pin(pieces),
        left: length,
    };
    Ok(answer)
}

/// Reads `Range`, unless `If-Range` means other content, or the client has all of it (RFC 9110, 13.2.2: 304, not 416).
fn part(headers: &HeaderMap, digest: &Digest) -> Option<Part> {
    if answer::has_already(headers, digest) {
        return None;
    }
    if let Some(tag) = headers.get(IF_RANGE)
        && tag.to_str().ok() != Some(&format!("\"{digest}\""))
    {
        return None;
    }
    Part::parse(headers.get(RANGE)?.to_str().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_other_content_asks_for_all() {
        let digest = Digest::of(b"x");
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, HeaderValue::from_static("bytes=0-1"));
        headers.insert(IF_RANGE, HeaderValue::from_static("\"sha256:other\""));
        assert_eq!(part(&headers, &digest), None);
        let tag = HeaderValue::from_str(&format!("\"{digest}\"")).unwrap();
        headers.insert(IF_RANGE, tag);
        assert_eq!(part(&headers, &digest), Some(Part::From(0, Some(1))));
    }
}
