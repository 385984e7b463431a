//! `GET /v2/{name}/tags/list`
use std::fmt::Write;

use http::StatusCode;
use http::header::LINK;
use serde::Serialize;
use wharf_registry::{Error, tags};
use wharf_wire::ids::RepositoryName;

use super::{Call, Stop, answer};
use crate::edge::Answer;

#[derive(Serialize)]
struct Body<'a> {
    name: &'a str,
    tags: &'a [String],
}

/// Lists tags by name (deviation `tags-json`).
pub(super) async fn list(call: Call<'_>, name: &RepositoryName) -> Result<Answer, Stop> {
    let n = call.query.n.as_deref().map(page_size).transpose()?;
    let page = tags::list(&call.ctx, name, n, call.query.last.as_deref()).await?;
    let body = Body {
        name: name.as_str(),
        tags: &page.tags,
    };
    let body = serde_json::to_vec(&body).map_err(Error::internal)?;
    let mut answer = answer::json(StatusCode::OK, body);
    if let Some(next) = page.next {
        let mut link = format!("</v2/{name}/tags/list?last={next}");
        if let Some(n) = n {
            // Writing to a String cannot fail.
            write!(link, "&n={n}").unwrap_or_default();
        }
        link.push_str(">; rel=\"next\"");
        answer::set(answer.headers_mut(), LINK, &link);
    }
    Ok(answer)
}

/// Reads `n`; what is no number is refused with the text that a number too large gets.
fn page_size(text: &str) -> Result<i64, Error> {
    if text.parse::<i64>().is_ok_and(i64::is_negative) {
        let reason = "Member must have value greater than or equal to 0";
        return Err(Error::invalid("maxResults", reason));
    }
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| text.parse::<i64>().unwrap_or(i64::MAX));
    number.filter(|n| *n <= tags::MAX_PAGE).ok_or_else(|| {
        Error::invalid(
            "maxResults",
            "Member must have value less than or equal to 1000",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gigantic_or_malformed_n_is_refused_with_ecrs_text() {
        assert_eq!(page_size("0"), Ok(0));
        assert_eq!(page_size("1000"), Ok(1_000));
        assert_eq!(
            page_size("-1").unwrap_err().message(),
            "Invalid parameter at 'maxResults' failed to satisfy constraint: \
             'Member must have value greater than or equal to 0'"
        );
        for bad in [
            "1001",
            "1000000000000",
            "99999999999999999999999",
            "",
            "x",
            "1e3",
            "+1",
        ] {
            assert_eq!(
                page_size(bad).unwrap_err().message(),
                "Invalid parameter at 'maxResults' failed to satisfy constraint: \
                 'Member must have value less than or equal to 1000'",
                "{bad}"
            );
        }
    }
}
