//! Pieces that several answers of the registry protocol share.
use bytes::Bytes;
use http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH, LOCATION,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, Response, StatusCode};
use wharf_registry::{Ctx, deviations};
use wharf_wire::oci::Digest;

use crate::edge::{Answer, Payload, empty};

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

/// A path of this registry as its clients are sent to it: relative so that it works behind any proxy (deviation
/// `relative-location`), or with the registry's own name.
pub(super) fn place(ctx: &Ctx, path: &str) -> String {
    if ctx.deviates(deviations::RELATIVE_LOCATION) {
        path.to_owned()
    } else {
        let url = ctx.endpoint.registry_url(&ctx.account, &ctx.region);
        format!("{url}{path}")
    }
}

/// `Location`.
pub(super) fn set_location(headers: &mut HeaderMap, ctx: &Ctx, path: &str) {
    set(headers, LOCATION, &place(ctx, path));
}

/// Whether the client says that it has this content already. `headers`: the request's.
///
/// Source: RFC 9110, 13.1.2; an entity tag here is the digest, so that a weak comparison is as good as a strong one.
pub(super) fn has_already(headers: &HeaderMap, digest: &Digest) -> bool {
    headers.get_all(IF_NONE_MATCH).iter().any(|value| {
        let listed = value.to_str().unwrap_or("").split(',').map(str::trim);
        listed
            .map(|tag| tag.strip_prefix("W/").unwrap_or(tag))
            .any(|tag| tag == "*" || tag.trim_matches('"') == digest.as_str())
    })
}

/// 304 when the client has this content already.
pub(super) fn not_modified(
    headers: &HeaderMap,
    digest: &Digest,
    media_type: Option<&str>,
) -> Option<Answer> {
    has_already(headers, digest).then(|| {
        let mut answer = empty(StatusCode::NOT_MODIFIED);
        describe_content(answer.headers_mut(), digest, media_type);
        answer
    })
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
    fn only_content_that_the_client_names_is_not_sent_again() {
        let digest = Digest::of(b"x");
        let asked = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, HeaderValue::from_str(value).unwrap());
            not_modified(&headers, &digest, None)
        };
        for has in [
            format!("\"{digest}\""),
            format!("\"a\", W/\"{digest}\""),
            "*".to_owned(),
        ] {
            let answer = asked(&has).unwrap();
            assert_eq!(answer.status(), 304);
            assert_eq!(answer.headers()["etag"], format!("\"{digest}\"").as_str());
        }
        for has_not in ["\"sha256:ab\"", "", "\"*\"x"] {
            assert!(asked(has_not).is_none(), "{has_not}");
        }
        assert!(not_modified(&HeaderMap::new(), &digest, None).is_none());
    }

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
