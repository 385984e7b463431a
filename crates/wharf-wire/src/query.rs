//! The query protocol of IAM and STS: form parameters in, XML (or JSON, where asked for) out.
//!
//! A request is read along the table of its shapes, and every constraint that does not hold is told.
//! **Source:** AWS STS API reference, "Making query requests"; the answers observed.

mod decode;
#[cfg(test)]
mod decode_tests;
mod render;
#[cfg(test)]
mod render_tests;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};

use crate::awsjson::Shape;

pub use decode::{DecodeError, decode};
pub use render::{Answer, render, render_json};

/// Most parameters of one request.
const MAX_PARAMETERS: usize = 2_000;

/// What the services of this protocol differ in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// The XML namespace of its answers.
    pub namespace: &'static str,
    /// The version of its API, as in the parameter `Version`.
    pub version: &'static str,
    /// Whether texts about constraints repeat the value that breaks them.
    pub echoes: bool,
}

/// A request.
pub trait Input: DeserializeOwned {
    /// What the operation answers; `()` for those that answer nothing.
    type Output: Serialize + Send + 'static;

    /// The operation's name.
    const ACTION: &'static str;

    /// The service that has the operation.
    const SERVICE: &'static Service;

    /// The table that parameters must keep to.
    fn shape() -> &'static Shape;
}

#[cfg(test)]
pub(crate) type Decoder = (&'static str, fn(&Params) -> Result<(), DecodeError>);

/// A point in time as this protocol writes it: `2026-01-02T03:04:05Z`; in JSON, seconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    seconds: i64,
}

impl Timestamp {
    /// What it is called before the writer of XML, which then writes no plain number.
    const NAME: &'static str = "$wharf_wire::query::Timestamp";

    /// From seconds since 1970.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self { seconds }
    }

    /// From microseconds since 1970; fractions of a second are cut off.
    pub const fn from_micros(micros: i64) -> Self {
        Self::from_seconds(micros.div_euclid(1_000_000))
    }

    /// Seconds since 1970.
    pub const fn seconds(self) -> i64 {
        self.seconds
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(Self::NAME, &self.seconds)
    }
}

/// The parameters of a request by name, decoded.
#[derive(Clone, PartialEq, Eq)]
pub struct Params {
    values: BTreeMap<String, String>,
}

/// Why parameters cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidParams {
    /// There are too many.
    #[error("the request has more than 2000 parameters")]
    TooMany,
    /// A `%` without two hexadecimal digits behind it.
    #[error("the parameters have an incomplete percent-encoding")]
    Escape,
    /// A name or value that is not text.
    #[error("the parameters are not valid UTF-8")]
    NotUtf8,
    /// One name with two values, of which none is meant more than the other.
    #[error("the request has a parameter twice")]
    Twice,
}

impl Params {
    /// Reads `name=value&…`, as in a form's body or behind the `?` of a URL; the caller bounds the length.
    ///
    /// A name without `=` has the empty value; empty parts between two `&` are skipped; `+` is a space.
    /// # Errors
    /// `InvalidParams`, see there.
    pub fn parse(form: &[u8]) -> Result<Self, InvalidParams> {
        let mut values = BTreeMap::new();
        for part in form
            .split(|byte| *byte == b'&')
            .filter(|part| !part.is_empty())
        {
            if values.len() == MAX_PARAMETERS {
                return Err(InvalidParams::TooMany);
            }
            let mut halves = part.splitn(2, |byte| *byte == b'=');
            let name = unescape(halves.next().unwrap_or_default())?;
            let value = unescape(halves.next().unwrap_or_default())?;
            if values.insert(name, value).is_some() {
                return Err(InvalidParams::Twice);
            }
        }
        Ok(Self { values })
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// The names that begin with `prefix`, without it, sorted.
    fn below(&self, prefix: &str) -> impl Iterator<Item = &str> {
        let from = (Bound::Included(prefix), Bound::Unbounded);
        self.values
            .range::<str, _>(from)
            .map_while(move |(name, _)| name.strip_prefix(prefix))
    }
}

/// Names only: values can be tokens and signatures.
impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

fn unescape(text: &[u8]) -> Result<String, InvalidParams> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => match (hex_digit(rest.next()), hex_digit(rest.next())) {
                (Some(high), Some(low)) => high << 4 | low,
                _ => return Err(InvalidParams::Escape),
            },
            byte => *byte,
        });
    }
    String::from_utf8(bytes).map_err(|_bytes| InvalidParams::NotUtf8)
}

fn hex_digit(byte: Option<&u8>) -> Option<u8> {
    match byte? {
        digit @ b'0'..=b'9' => Some(digit - b'0'),
        digit @ b'a'..=b'f' => Some(digit - b'a' + 10),
        digit @ b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// What RFC 3986 keeps as it is: letters, digits and these.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// A policy document as answers of IAM carry it: all but RFC 3986's unreserved characters as `%XX`.
pub fn percent_encode_document(document: &str) -> String {
    utf8_percent_encode(document, RESERVED).to_string()
}

/// The XML document of a refusal, in the `namespace` of the service (STS's where the service is not known).
///
/// A `status` of 500 and above is the server's fault, any other the sender's.
pub fn render_error(
    namespace: &str,
    status: u16,
    code: &str,
    message: &str,
    request_id: &str,
) -> String {
    let fault = if status >= 500 { "Receiver" } else { "Sender" };
    let error = [("Type", fault), ("Code", code), ("Message", message)]
        .map(|(name, text)| element(name, &escape(text)))
        .concat();
    let error = element("Error", &error);
    let id = element("RequestId", &escape(request_id));
    format!("<ErrorResponse xmlns=\"{namespace}\">{error}{id}</ErrorResponse>")
}

pub(crate) fn element(name: &str, inner: &str) -> String {
    format!("<{name}>{inner}</{name}>")
}

/// Text as XML content. Characters that XML 1.0 cannot carry at all become U+FFFD.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            // Readers turn a bare one into a line feed.
            '\r' => escaped.push_str("&#xD;"),
            '\t' | '\n' => escaped.push(character),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(character),
        }
    }
    escaped
}
