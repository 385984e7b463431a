//! Pieces that several answers of the registry protocol share.
use bytes::Bytes;
use http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, Response, StatusCode};
use wharf_wire::oci::Digest;

use crate::edge::{Answer, Payload};

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// What is served in the place of a media type that a browser might act on.
const PLAIN_BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// An answer of our own JSON.
pub(super) fn json(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Payload::Whole(body.into()));
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// Sets a header whose value was checked by its type; a value that is none is left out.
pub(super) fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// `Docker-Content-Digest`.
pub(super) fn set_digest(headers: &mut HeaderMap, digest: &Digest) {
    set(headers, CONTENT_DIGEST, digest.as_str());
}

/// `Location`, relative so that it works behind any proxy (deviation `relative-location`).
pub(super) fn set_location(headers: &mut HeaderMap, path: &str) {
    set(headers, LOCATION, path);
}

/// What every answer with a client's bytes carries: type, digest, and what keeps a browser from acting on them.
pub(super) fn describe_content(headers: &mut HeaderMap, digest: &Digest, media_type: Option<&str>) {
    headers.insert(CONTENT_TYPE, content_type(media_type));
    set_digest(headers, digest);
    set(headers, ETAG, &format!("\"{digest}\""));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("sandbox; default-src 'none'"),
    );
}

/// The client's own type if it is one that no browser renders, else plain bytes.
fn content_type(media_type: Option<&str>) -> HeaderValue {
    let vendors = media_type.filter(|text| {
        let text = text.to_ascii_lowercase();
        text.starts_with("application/vnd.") && !text.contains("html") && !text.ends_with("xml")
    });
    vendors
        .and_then(|text| HeaderValue::from_str(text).ok())
        .unwrap_or(PLAIN_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_never_served_as_something_a_browser_runs() {
        let config = "application/vnd.oci.image.config.v1+json";
        assert_eq!(content_type(Some(config)), config);
        for hostile in [
            "text/html",
            "application/xhtml+xml",
            "image/svg+xml",
            "application/vnd.x+xml",
            "APPLICATION/VND.WAP.XHTML",
            "application/vnd.a\nset-cookie: x",
            "application/javascript",
        ] {
            assert_eq!(content_type(Some(hostile)), PLAIN_BYTES, "{hostile}");
        }
        assert_eq!(content_type(None), PLAIN_BYTES);
    }
}
