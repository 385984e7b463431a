//! `nextToken`: opaque to clients, bound to the operation and repository it was made for.
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::{Ctx, Error, Result, deviations};

/// Entries of a page when `maxResults` is absent.
pub(crate) const DEFAULT_PAGE: i64 = 100;

/// Where a page ends: the operation, what it was asked about, and the last keys answered.
pub(crate) fn token(operation: &str, about: &str, keys: &[&str]) -> String {
    let mut parts = vec![operation, about];
    parts.extend(keys);
    let text = parts.join("\n");
    URL_SAFE_NO_PAD.encode(format!("{}\n{text}", check(&text)))
}

/// The beginning of the text's hash: a token that was cut or altered by accident is no token. It proves nothing, and
/// need not: what a page shows is authorized anew.
fn check(text: &str) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    hex::encode(hash.as_ref().get(..4).unwrap_or_default())
}

/// A short form of what a token is bound to, when that may be long.
pub(crate) fn fingerprint(text: &str) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    hex::encode(hash.as_ref())
}

/// Reads a token made by [`token`] for the same operation and subject.
pub(crate) fn read(token: &str, operation: &str, about: &str) -> Result<Vec<String>> {
    let invalid = || Error::invalid("nextToken", "Invalid nextToken");
    if token.len() > 4_096 {
        return Err(invalid());
    }
    let text = URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(invalid)?;
    let (checked, text) = text.split_once('\n').ok_or_else(invalid)?;
    // No key holds a NUL, and the store takes none.
    if checked != check(text) || text.contains('\0') {
        return Err(invalid());
    }
    let mut parts = text.split('\n');
    if parts.next() != Some(operation) || parts.next() != Some(about) {
        return Err(invalid());
    }
    Ok(parts.map(str::to_owned).collect())
}

/// Where a list of names goes on: after a name, or, where ECR's way is followed (deviation `tags-json`), after an opaque
/// token made by [`next_name`]. `parse` tells whether a name can be one.
pub(crate) fn after_name(
    ctx: &Ctx,
    (operation, about): (&str, &str),
    last: Option<&str>,
    parse: impl Fn(&str) -> bool,
) -> Result<String> {
    match last {
        None | Some("") => Ok(String::new()),
        Some(token) if !ctx.deviates(deviations::TAGS_JSON) => {
            Ok(read(token, operation, about)?.pop().unwrap_or_default())
        }
        Some(name) if parse(name) => Ok(name.to_owned()),
        Some(_) => Err(Error::invalid("nextToken", "Invalid nextToken")),
    }
}

/// What a client gives back to have the names after this one.
pub(crate) fn next_name(ctx: &Ctx, (operation, about): (&str, &str), name: &str) -> String {
    if ctx.deviates(deviations::TAGS_JSON) {
        name.to_owned()
    } else {
        token(operation, about, &[name])
    }
}

/// The most entries of a page of the registry protocol's lists: ECR's limit of `maxResults`.
pub const MAX_PAGE: i64 = 1_000;

/// How many entries a page has when a client asks for `n`.
pub(crate) fn size(n: Option<i64>) -> i64 {
    n.unwrap_or(MAX_PAGE).clamp(0, MAX_PAGE)
}

/// The most rows one read may fetch: the store's own limit.
pub(crate) const MAX_ROWS: i64 = 1_000;

/// How many rows to fetch for a page: one more than it holds, to know whether another follows.
pub(crate) fn fetch(size: i64) -> i64 {
    size.saturating_add(1).min(MAX_ROWS)
}

/// Cuts rows fetched by [`fetch`]; whether more follow. A full page of the largest size always says so: the page after
/// it may be empty.
pub(crate) fn cut<T>(rows: &mut Vec<T>, size: i64) -> bool {
    let fetched = i64::try_from(rows.len()).unwrap_or(MAX_ROWS);
    rows.truncate(usize::try_from(size).unwrap_or(usize::MAX));
    fetched > size || fetched == MAX_ROWS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_only_for_its_operation_and_subject() {
        let made = token("ListImages", "7", &["sha256:ab", "v1"]);
        assert_eq!(read(&made, "ListImages", "7").unwrap(), ["sha256:ab", "v1"]);
        assert!(read(&made, "DescribeImages", "7").is_err());
        assert!(read(&made, "ListImages", "8").is_err());
        assert!(read("***", "ListImages", "7").is_err());
        let forged = token("ListImages", "7", &["sha256:\0"]);
        assert!(read(&forged, "ListImages", "7").is_err());
        assert!(read(&format!("{made}AA"), "ListImages", "7").is_err());
    }
}

/// What a list operation of IAM asks for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    operation: &'static str,
    about: String,
    /// Entries are wanted that sort after this key.
    pub(crate) after: String,
    limit: usize,
}

/// A page of a list of IAM.
#[derive(Clone, Debug)]
pub(crate) struct Page<T> {
    pub(crate) entries: Vec<T>,
    /// Where the next page begins, if there is more.
    pub(crate) marker: Option<String>,
}

impl<T> Page<T> {
    /// The same page of something else.
    pub(crate) fn map<U>(self, each: impl FnMut(T) -> U) -> Page<U> {
        Page {
            entries: self.entries.into_iter().map(each).collect(),
            marker: self.marker,
        }
    }
}

impl Asked {
    /// `Marker` and `MaxItems` of `operation`; `about`: what else was asked, for which alone the marker is good.
    ///
    /// # Errors
    /// `ValidationError` for a marker of another list. Source: iam.md 6.1.
    pub(crate) fn new(
        operation: &'static str,
        about: &str,
        marker: Option<&str>,
        max_items: Option<i64>,
    ) -> Result<Self> {
        let after = match marker {
            None | Some("") => String::new(),
            Some(marker) => read(marker, operation, about)
                .ok()
                .and_then(|mut keys| keys.pop())
                .ok_or_else(|| crate::QueryError::validation_error("Invalid Marker."))?,
        };
        let limit = usize::try_from(max_items.unwrap_or(DEFAULT_PAGE)).unwrap_or(1);
        Ok(Self {
            operation,
            about: about.to_owned(),
            after,
            limit: limit.clamp(1, 1_000),
        })
    }

    /// How many rows to read: one more than a page, to know whether it is the last, or all that one read gives.
    pub(crate) fn fetch(&self) -> i64 {
        i64::try_from(self.limit + 1).unwrap_or(1_000).min(1_000)
    }

    /// Cuts what was read to a page; `key`: what entries are sorted by.
    pub(crate) fn cut<T>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> String) -> Page<T> {
        let full = rows.len() > self.limit || rows.len() == 1_000;
        rows.truncate(self.limit.min(999));
        let last = rows.last().filter(|_| full).map(key);
        let marker = last.map(|key| token(self.operation, &self.about, &[&key]));
        Page {
            entries: rows,
            marker,
        }
    }

    /// Cuts a list that is whole and sorted by `key`.
    pub(crate) fn of_all<T>(&self, rows: Vec<T>, key: impl Fn(&T) -> String) -> Page<T> {
        let rest = rows.into_iter().filter(|row| key(row) > self.after);
        self.cut(rest.take(self.limit + 1).collect(), key)
    }
}
