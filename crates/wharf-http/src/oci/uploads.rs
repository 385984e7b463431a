//! `/v2/{name}/blobs/uploads/` and the uploads under it.
use futures_util::StreamExt;
use http::header::{CONTENT_RANGE, HeaderName, RANGE};
use http::{HeaderMap, Method, StatusCode};
use wharf_registry::{Body, Error, uploads};
use wharf_wire::ids::{RepositoryName, UploadId};
use wharf_wire::oci::Digest;

use super::{Call, Stop, answer};
use crate::app::stream_error;
use crate::edge::{Answer, RequestBody, empty};
use crate::error::oci::received_range;
use crate::limits::LAYER_BYTES;

const UPLOAD_ID: HeaderName = HeaderName::from_static("docker-upload-uuid");

/// First and last byte of a chunk, inclusive.
type ChunkRange = Option<(u64, u64)>;

/// `POST`: begins an upload; with `digest` it is complete at once. `mount` is answered like a plain one (deviation
/// `mount-later`).
pub(super) async fn start(call: Call<'_>, name: &RepositoryName) -> Result<Answer, Stop> {
    let Call {
        ctx, query, body, ..
    } = call;
    if let Some(digest) = &query.digest {
        let digest = digest_of(digest)?;
        let length = body.announced();
        let stored = uploads::monolithic(&ctx, name, digest, length, stream(body)).await?;
        return Ok(created(name, &stored));
    }
    let id = uploads::start(&ctx, name).await?;
    Ok(standing(StatusCode::ACCEPTED, name, &id, 0))
}

/// `GET`, `PATCH`, `PUT` and `DELETE` of one upload.
pub(super) async fn serve(
    call: Call<'_>,
    name: &RepositoryName,
    id: &UploadId,
) -> Result<Answer, Stop> {
    if call.method == Method::PATCH {
        let range = chunk_range(&call.headers)?;
        let length = call.body.announced();
        let received =
            uploads::append(&call.ctx, name, id, range, length, stream(call.body)).await?;
        // Deviation `patch-202`.
        Ok(standing(StatusCode::ACCEPTED, name, id, received))
    } else if call.method == Method::PUT {
        complete(call, name, id).await
    } else if call.method == Method::DELETE {
        uploads::cancel(&call.ctx, name, id).await?;
        Ok(empty(StatusCode::NO_CONTENT))
    } else {
        let received = uploads::status(&call.ctx, name, id).await?;
        Ok(standing(StatusCode::NO_CONTENT, name, id, received))
    }
}

async fn complete(call: Call<'_>, name: &RepositoryName, id: &UploadId) -> Result<Answer, Stop> {
    let Call {
        ctx,
        query,
        headers,
        body,
        ..
    } = call;
    let digest = digest_of(query.digest.as_deref().unwrap_or(""))?;
    let range = chunk_range(&headers)?;
    let length = body.announced();
    let last = (!body.is_empty()).then(|| stream(body));
    let stored = uploads::complete(&ctx, name, id, range, length, last, digest).await?;
    Ok(created(name, &stored))
}

/// The request's bytes as the registry takes them.
fn stream(body: RequestBody) -> Body {
    let body = body.bounded(LAYER_BYTES);
    Box::pin(body.map(|piece| piece.map_err(stream_error)))
}

fn digest_of(text: &str) -> Result<Digest, Error> {
    Digest::parse(text).map_err(|_invalid| Error::DigestInvalid)
}

/// `Content-Range: {first}-{last}`, inclusive; docker and OCI leave out the unit, some clients send it.
fn chunk_range(headers: &HeaderMap) -> Result<ChunkRange, Error> {
    let Some(value) = headers.get(CONTENT_RANGE) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or("");
    let parsed = || {
        let text = text.strip_prefix("bytes ").unwrap_or(text);
        let range = text.split_once('/').map_or(text, |(range, _total)| range);
        let (first, last) = range.split_once('-')?;
        let (first, last) = (number(first)?, number(last)?);
        (first <= last).then_some((first, last))
    };
    parsed().map(Some).ok_or_else(|| Error::SizeInvalid {
        reason: "The Content-Range header is not of the form `first-last`".to_owned(),
    })
}

fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// Where the upload stands and how to go on.
fn standing(status: StatusCode, name: &RepositoryName, id: &UploadId, received: u64) -> Answer {
    let mut answer = empty(status);
    let headers = answer.headers_mut();
    answer::set_location(headers, &format!("/v2/{name}/blobs/uploads/{id}"));
    answer::set(headers, RANGE, &received_range(received));
    answer::set(headers, UPLOAD_ID, id.as_str());
    answer
}

fn created(name: &RepositoryName, digest: &Digest) -> Answer {
    let mut answer = empty(StatusCode::CREATED);
    let headers = answer.headers_mut();
    answer::set_location(headers, &format!("/v2/{name}/blobs/{digest}"));
    answer::set_digest(headers, digest);
    answer
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn range(text: &str) -> Result<ChunkRange, Error> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_RANGE, HeaderValue::from_str(text).unwrap());
        chunk_range(&headers)
    }

    #[test]
    fn chunk_ranges_are_inclusive_and_strict() {
        assert_eq!(chunk_range(&HeaderMap::new()), Ok(None));
        assert_eq!(range("0-0"), Ok(Some((0, 0))));
        assert_eq!(range("bytes 10-19/20"), Ok(Some((10, 19))));
        for bad in [
            "",
            "-",
            "5-4",
            "0",
            "a-b",
            "0-18446744073709551616",
            "+0-1",
            "0 - 1",
            "bytes=0-1",
        ] {
            assert!(range(bad).is_err(), "{bad}");
        }
    }
}
