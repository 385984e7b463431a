//! `/v2/{name}/blobs/uploads/` and the uploads under it.
use futures_util::StreamExt;
use http::header::{CONTENT_RANGE, HeaderName, RANGE};
use http::{HeaderMap, Method, StatusCode};
use wharf_registry::{Body, Ctx, Error, deviations, mount, uploads};
use wharf_wire::ids::{RepositoryName, UploadId};
use wharf_wire::oci::{Algorithm, Digest, range};

use super::{Call, Stop, answer};
use crate::app::stream_error;
use crate::edge::{Answer, RequestBody, empty};
use crate::error::oci::received_range;
use crate::limits::LAYER_BYTES;

const UPLOAD_ID: HeaderName = HeaderName::from_static("docker-upload-uuid");

/// First and last byte of a chunk, inclusive.
type ChunkRange = Option<(u64, u64)>;

/// `POST`: begins an upload; with `digest` it is complete at once, with `mount` and `from` too if the layer is there.
pub(super) async fn start(call: Call<'_>, name: &RepositoryName) -> Result<Answer, Stop> {
    let Call {
        ctx, query, body, ..
    } = call;
    if let Some(mount) = &query.mount {
        let digest = digest_of(mount)?;
        // From what can be no repository nothing can be mounted: it is answered like any that has not the layer.
        let from = query.from.as_deref().map(RepositoryName::parse);
        if let Some(Ok(from)) = from
            && mount::mount(&ctx, name, &digest, &from).await?
        {
            return Ok(created(&ctx, name, &digest));
        }
    }
    if let Some(digest) = &query.digest {
        let digest = digest_of(digest)?;
        let length = body.announced();
        let stored = uploads::monolithic(&ctx, name, digest, length, stream(body)).await?;
        return Ok(created(&ctx, name, &stored));
    }
    let algorithm = announced_algorithm(query.digest_algorithm.as_deref())?;
    let id = uploads::start(&ctx, name, algorithm).await?;
    Ok(standing(StatusCode::ACCEPTED, &ctx, (name, &id), 0))
}

/// `digest-algorithm`: what the client will name the layer by, so that it need not be read again for it.
fn announced_algorithm(text: Option<&str>) -> Result<Option<Algorithm>, Error> {
    match text {
        None | Some("") => Ok(None),
        Some("sha256") => Ok(Some(Algorithm::Sha256)),
        Some("sha512") => Ok(Some(Algorithm::Sha512)),
        Some(_) => Err(Error::DigestInvalid),
    }
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
        let status = if call.ctx.deviates(deviations::PATCH_202) {
            StatusCode::ACCEPTED
        } else {
            StatusCode::CREATED
        };
        let told = uploads::told(&call.ctx, name, id, received).await?;
        Ok(standing(status, &call.ctx, (name, id), told))
    } else if call.method == Method::PUT {
        complete(call, name, id).await
    } else if call.method == Method::DELETE {
        uploads::cancel(&call.ctx, name, id).await?;
        Ok(empty(StatusCode::NO_CONTENT))
    } else {
        let received = uploads::status(&call.ctx, name, id).await?;
        Ok(standing(
            StatusCode::NO_CONTENT,
            &call.ctx,
            (name, id),
            received,
        ))
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
    Ok(created(&ctx, name, &stored))
}

/// The request's bytes as the registry takes them.
fn stream(body: RequestBody) -> Body {
    let body = body.bounded(LAYER_BYTES);
    Box::pin(body.map(|piece| piece.map_err(stream_error)))
}

fn digest_of(text: &str) -> Result<Digest, Error> {
    Digest::parse(text).map_err(|_invalid| Error::DigestInvalid)
}

/// Where `Content-Range` says that the chunk lies, if it says so.
fn chunk_range(headers: &HeaderMap) -> Result<ChunkRange, Error> {
    let Some(value) = headers.get(CONTENT_RANGE) else {
        return Ok(None);
    };
    let range = range::chunk(value.to_str().unwrap_or(""));
    range.map(Some).ok_or_else(|| Error::SizeInvalid {
        reason: "The Content-Range header is not of the form `first-last`".to_owned(),
    })
}

/// Where the upload stands and how to go on.
fn standing(
    status: StatusCode,
    ctx: &Ctx,
    (name, id): (&RepositoryName, &UploadId),
    received: u64,
) -> Answer {
    let mut answer = empty(status);
    let headers = answer.headers_mut();
    answer::set_location(headers, ctx, &format!("/v2/{name}/blobs/uploads/{id}"));
    answer::set(headers, RANGE, &received_range(received));
    answer::set(headers, UPLOAD_ID, id.as_str());
    answer
}

fn created(ctx: &Ctx, name: &RepositoryName, digest: &Digest) -> Answer {
    let mut answer = empty(StatusCode::CREATED);
    let headers = answer.headers_mut();
    answer::set_location(headers, ctx, &format!("/v2/{name}/blobs/{digest}"));
    answer::set_digest(headers, digest);
    answer
}
