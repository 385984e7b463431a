//! What the lists of the registry protocol share: `n`, `last`, `Link`, and how the body is sent.
use std::fmt::Write;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, LINK};
use http::{HeaderMap, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use wharf_registry::{Ctx, Error, MAX_PAGE, deviations};

use super::answer;
use crate::edge::Answer;

/// What a query's value may have without being encoded.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/')
    .remove(b':');

/// Reads `n`: clamped to 1,000 as the OCI text allows (deviation `tags-json`), or refused above it as ECR does. What is no
/// number is refused with the text that a number too large gets.
pub(super) fn page_size(ctx: &Ctx, n: Option<&str>) -> Result<Option<i64>, Error> {
    let clamps = ctx.deviates(deviations::TAGS_JSON);
    n.map(|text| read(text, clamps)).transpose()
}

fn read(text: &str, clamps: bool) -> Result<i64, Error> {
    if text.parse::<i64>().is_ok_and(i64::is_negative) {
        let reason = "Member must have value greater than or equal to 0";
        return Err(Error::invalid("maxResults", reason));
    }
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| text.parse::<i64>().unwrap_or(i64::MAX));
    number
        .map(|n| if clamps { n.min(MAX_PAGE) } else { n })
        .filter(|n| *n <= MAX_PAGE)
        .ok_or_else(|| {
            Error::invalid(
                "maxResults",
                "Member must have value less than or equal to 1000",
            )
        })
}

/// A list of names as a body: JSON, or the plain text that ECR calls it.
pub(super) fn names(ctx: &Ctx, body: impl Into<Bytes>) -> Answer {
    let mut answer = answer::json(StatusCode::OK, body);
    if !ctx.deviates(deviations::TAGS_JSON) {
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        answer.headers_mut().insert(CONTENT_TYPE, plain);
    }
    answer
}

/// `Link` to the next page: `last` is where it begins, `also` what the request asked for besides.
pub(super) fn set_next(
    headers: &mut HeaderMap,
    ctx: &Ctx,
    path: &str,
    last: &str,
    also: &[(&str, Option<&str>)],
) {
    let last = utf8_percent_encode(last, VALUE);
    let mut link = format!("<{}?last={last}", answer::place(ctx, path));
    for (name, value) in also {
        if let Some(value) = value {
            // Writing to a String cannot fail.
            write!(link, "&{name}={}", utf8_percent_encode(value, VALUE)).unwrap_or_default();
        }
    }
    link.push_str(">; rel=\"next\"");
    answer::set(headers, LINK, &link);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gigantic_n_is_clamped_or_refused_with_ecrs_text() {
        for clamps in [false, true] {
            assert_eq!(read("0", clamps), Ok(0));
            assert_eq!(read("1000", clamps), Ok(1_000));
            assert_eq!(
                read("-1", clamps).unwrap_err().message(),
                "Invalid parameter at 'maxResults' failed to satisfy constraint: \
                 'Member must have value greater than or equal to 0'"
            );
        }
        for large in ["1001", "1000000000000", "99999999999999999999999"] {
            assert_eq!(read(large, true), Ok(1_000), "{large}");
            assert_eq!(
                read(large, false).unwrap_err().message(),
                "Invalid parameter at 'maxResults' failed to satisfy constraint: \
                 'Member must have value less than or equal to 1000'",
                "{large}"
            );
        }
        for bad in ["", "x", "1e3", "+1"] {
            assert!(
                read(bad, true).is_err() && read(bad, false).is_err(),
                "{bad}"
            );
        }
    }
}
