//! An answer of the registry, and what a test may demand of it.

use serde_json::Value;

use crate::check::{Check, fail, must, shortened, shortened_to};
use crate::content;
use crate::http::Raw;
use crate::url::Url;

/// An answer to the last of perhaps several requests: redirects are followed.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// `GET /v2/…`, for messages.
    what: String,
    url: Url,
    raw: Raw,
    /// The headers of the redirects before it.
    passed: Vec<Vec<(String, String)>>,
}

impl Answer {
    pub(crate) fn new(method: &str, url: &Url, raw: Raw) -> Self {
        Self {
            what: shortened_to(120, &format!("{method} {}", url.target())),
            url: url.clone(),
            raw,
            passed: Vec::new(),
        }
    }

    /// This answer, with the redirect that led to it.
    pub(crate) fn after(mut self, redirect: &Self) -> Self {
        self.passed.push(redirect.raw.headers.clone());
        self.passed.extend(redirect.passed.iter().cloned());
        self
    }

    pub(crate) fn status(&self) -> u16 {
        self.raw.status
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.raw.body
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.raw.body).into_owned()
    }

    /// The first header of this name, in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    /// All headers of this name, in lower case.
    pub(crate) fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.raw.headers.iter().filter(move |(k, _)| k == name);
        named.map(|(_, v)| v.as_str())
    }

    /// `Docker-Content-Digest`, which a redirect to some other storage carries in the redirect itself.
    pub(crate) fn digest(&self) -> Option<&str> {
        let passed = self.passed.iter().flatten();
        let mut all = self.raw.headers.iter().chain(passed);
        all.find(|(k, _)| k == "docker-content-digest")
            .map(|(_, v)| v.as_str())
    }

    /// What was asked and answered, in one line.
    pub(crate) fn told(&self) -> String {
        let body = match std::str::from_utf8(&self.raw.body) {
            Ok(text) => shortened(text.trim()),
            Err(_) => format!("{} bytes", self.raw.body.len()),
        };
        format!("{} to {}: {body}", self.raw.status, self.what)
    }

    /// Demands a status.
    pub(crate) fn expect(self, status: u16) -> Check<Self> {
        self.expect_one_of(&[status])
    }

    /// Demands one of some statuses.
    pub(crate) fn expect_one_of(self, statuses: &[u16]) -> Check<Self> {
        if statuses.contains(&self.raw.status) {
            return Ok(self);
        }
        let words: Vec<String> = statuses.iter().map(ToString::to_string).collect();
        let expected = format!("{} to {}", words.join(" or "), self.what);
        fail(expected, self.told())
    }

    /// Demands that the client is told of its mistake: a status of 400 to 499.
    pub(crate) fn expect_refusal(self) -> Check<Self> {
        if (400..500).contains(&self.raw.status) {
            return Ok(self);
        }
        fail(format!("4xx to {}", self.what), self.told())
    }

    /// Demands a header.
    pub(crate) fn must_have(&self, name: &str) -> Check<&str> {
        match self.header(name) {
            Some(value) if !value.is_empty() => Ok(value),
            _ => fail(format!("a header `{name}`"), self.told()),
        }
    }

    /// Demands a `Location`, and says where it leads.
    pub(crate) fn location(&self) -> Check<Url> {
        let location = self.must_have("location")?;
        self.url.join(location).or_else(|why| {
            let expected = "a Location that can be asked for";
            fail(expected, format!("{}: {why}", self.told()))
        })
    }

    /// Where `Link` says the next page is. `Ok(None)` without the header.
    pub(crate) fn next_page(&self) -> Check<Option<Url>> {
        let Some(link) = self.header("link") else {
            return Ok(None);
        };
        let expected = "a Link of the form `<URL>; rel=\"next\"` (RFC 5988)";
        let target = link
            .trim()
            .strip_prefix('<')
            .and_then(|l| l.split_once('>'));
        let Some((target, parameters)) = target else {
            return fail(expected, shortened(link));
        };
        let is_next = parameters.split([';', ',']).any(|p| {
            let p = p.trim().to_ascii_lowercase().replace(['"', ' '], "");
            p == "rel=next"
        });
        must(is_next, expected, shortened(link))?;
        let url = self.url.join(target);
        url.map(Some)
            .or_else(|why| fail(expected, format!("{}: {why}", shortened(link))))
    }

    /// Demands a body that is JSON.
    pub(crate) fn json(&self) -> Check<Value> {
        serde_json::from_slice(&self.raw.body)
            .or_else(|why| fail("a JSON body", format!("{}: {why}", self.told())))
    }

    /// The codes of an error body; none where it is no such body.
    pub(crate) fn codes(&self) -> Vec<String> {
        let body: Value = serde_json::from_slice(&self.raw.body).unwrap_or_default();
        let errors = body.get("errors").and_then(Value::as_array);
        errors
            .into_iter()
            .flatten()
            .filter_map(|e| Some(e.get("code")?.as_str()?.to_owned()))
            .collect()
    }

    /// Whether an error body has one of these codes.
    pub(crate) fn has_code(&self, codes: &[&str]) -> bool {
        self.codes().iter().any(|c| codes.contains(&c.as_str()))
    }

    /// Demands exactly these bytes.
    pub(crate) fn expect_body(self, bytes: &[u8]) -> Check<Self> {
        if self.raw.body == bytes {
            return Ok(self);
        }
        let expected = format!(
            "{} bytes, {}, to {}",
            bytes.len(),
            content::sha256(bytes),
            self.what
        );
        let digest = content::sha256(&self.raw.body);
        let seen = format!("{} bytes, {digest}; {}", self.raw.body.len(), self.told());
        fail(expected, seen)
    }
}
