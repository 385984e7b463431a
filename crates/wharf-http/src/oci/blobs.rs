//! `/v2/{name}/blobs/{digest}`
use futures_util::StreamExt;
use http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, HeaderValue, IF_RANGE, RANGE};
use http::{HeaderMap, Method, StatusCode};
use wharf_registry::layers;
use wharf_wire::ids::RepositoryName;
use wharf_wire::oci::Digest;

use super::{Call, Stop, answer};
use crate::edge::{Answer, BoxError, Payload, empty};

/// What part of a blob is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// From `first` to `last`, inclusive, or to the end.
    From(u64, Option<u64>),
    /// The last so many bytes.
    Last(u64),
}

pub(super) async fn serve(
    call: Call<'_>,
    name: &RepositoryName,
    digest: &Digest,
) -> Result<Answer, Stop> {
    if call.method == Method::HEAD {
        head(call, name, digest).await
    } else {
        get(call, name, digest).await
    }
}

async fn head(call: Call<'_>, name: &RepositoryName, digest: &Digest) -> Result<Answer, Stop> {
    let layer = layers::stat(&call.ctx, name, digest).await?;
    let mut answer = empty(StatusCode::OK);
    let headers = answer.headers_mut();
    answer::describe_content(headers, digest, layer.media_type.as_deref());
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    answer::set(headers, CONTENT_LENGTH, &layer.size.to_string());
    Ok(answer)
}

/// The bytes themselves (deviation `blob-200`: ECR redirects).
async fn get(call: Call<'_>, name: &RepositoryName, digest: &Digest) -> Result<Answer, Stop> {
    let range = match part(&call.headers, digest) {
        None => None,
        Some(Part::From(first, last)) => Some((first, last)),
        Some(Part::Last(count)) => {
            let size = layers::stat(&call.ctx, name, digest).await?.size;
            // An empty suffix, and any suffix of an empty blob, lies outside and is refused as such.
            let first = if count == 0 {
                size
            } else {
                size.saturating_sub(count)
            };
            Some((first, None))
        }
    };
    let download = layers::open(&call.ctx, name, digest, range).await?;
    let length = (download.end + 1).saturating_sub(download.start);
    let status = match range {
        Some(_) => StatusCode::PARTIAL_CONTENT,
        None => StatusCode::OK,
    };
    let mut answer = empty(status);
    let headers = answer.headers_mut();
    answer::describe_content(headers, digest, download.media_type.as_deref());
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if range.is_some() {
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

/// Reads `Range`. Several ranges, and what is malformed, ask for everything, as RFC 9110 allows.
fn part(headers: &HeaderMap, digest: &Digest) -> Option<Part> {
    if let Some(tag) = headers.get(IF_RANGE)
        && tag.to_str().ok() != Some(&format!("\"{digest}\""))
    {
        return None;
    }
    let text = headers.get(RANGE)?.to_str().ok()?;
    let (first, last) = text.strip_prefix("bytes=")?.trim().split_once('-')?;
    let number = |text: &str| -> Option<u64> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    match (first, last) {
        ("", last) => Some(Part::Last(number(last)?)),
        (first, "") => Some(Part::From(number(first)?, None)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Part::From(first, Some(last)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(range: &'static str) -> Option<Part> {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, HeaderValue::from_static(range));
        part(&headers, &Digest::of(b""))
    }

    #[test]
    fn one_range_is_served_and_everything_else_means_all() {
        assert_eq!(asked("bytes=0-0"), Some(Part::From(0, Some(0))));
        assert_eq!(asked("bytes=7-"), Some(Part::From(7, None)));
        assert_eq!(asked("bytes=-5"), Some(Part::Last(5)));
        for all in [
            "bytes=5-4",
            "bytes=0-1,5-6",
            "bytes=-",
            "bytes=a-b",
            "items=0-1",
            "bytes=0",
        ] {
            assert_eq!(asked(all), None, "{all}");
        }
    }

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
