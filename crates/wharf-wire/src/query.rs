//! The query protocol of STS: form parameters in, XML (or JSON, where asked for) out.
//!
//! **Source:** AWS STS API reference, "Making query requests"; the answers observed.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value, json};

/// Most parameters of one request.
const MAX_PARAMETERS: usize = 2_000;

/// The XML namespace of STS, API version 2011-06-15.
const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

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
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
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
}

/// Names only: values can be tokens and signatures.
impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

fn decode(text: &[u8]) -> Result<String, InvalidParams> {
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

/// What an action answers: members with text, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    action: &'static str,
    members: Vec<(&'static str, String)>,
}

impl Answer {
    /// An answer without members.
    pub const fn new(action: &'static str) -> Self {
        Self {
            action,
            members: Vec::new(),
        }
    }

    /// The answer with one more member.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.members.push((name, value.into()));
        self
    }

    /// The XML document that every SDK reads. Without members there is no result element.
    pub fn xml(&self, request_id: &str) -> String {
        let action = self.action;
        let mut members = String::new();
        for (name, value) in &self.members {
            members.push_str(&element(name, &escape(value)));
        }
        let result = if members.is_empty() {
            String::new()
        } else {
            element(&format!("{action}Result"), &members)
        };
        let metadata = element(
            "ResponseMetadata",
            &element("RequestId", &escape(request_id)),
        );
        format!("<{action}Response xmlns=\"{NAMESPACE}\">{result}{metadata}</{action}Response>")
    }

    /// The same as JSON, for those who send `Accept: application/json`.
    pub fn json(&self, request_id: &str) -> String {
        let members: Map<String, Value> = self
            .members
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())))
            .collect();
        let mut response = Map::new();
        response.insert(format!("{}Result", self.action), Value::Object(members));
        response.insert(
            "ResponseMetadata".to_owned(),
            json!({ "RequestId": request_id }),
        );
        json!({ format!("{}Response", self.action): response }).to_string()
    }
}

/// The XML document of a refusal; a `status` of 500 and above is the server's fault, any other the sender's.
pub fn render_error(status: u16, code: &str, message: &str, request_id: &str) -> String {
    let fault = if status >= 500 { "Receiver" } else { "Sender" };
    let error = [("Type", fault), ("Code", code), ("Message", message)]
        .map(|(name, text)| element(name, &escape(text)))
        .concat();
    let error = element("Error", &error);
    let id = element("RequestId", &escape(request_id));
    format!("<ErrorResponse xmlns=\"{NAMESPACE}\">{error}{id}</ErrorResponse>")
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parameters_are_decoded_and_found_by_name() {
        let params =
            Params::parse(b"Action=GetCallerIdentity&&Version=2011-06-15&a%2Fb=%e2%82%AC+%2B&flag")
                .expect("valid");
        assert_eq!(params.get("Action"), Some("GetCallerIdentity"));
        assert_eq!(params.get("a/b"), Some("€ +"));
        assert_eq!(params.get("flag"), Some(""));
        assert_eq!(params.get("action"), None);
        assert_eq!(
            Params::parse(b"a=b=c").expect("valid").get("a"),
            Some("b=c")
        );
        assert_eq!(Params::parse(b"").expect("valid").get(""), None);
    }

    #[test]
    fn bad_parameters_are_refused() {
        for (form, error) in [
            (&b"a=%"[..], InvalidParams::Escape),
            (b"a=%4", InvalidParams::Escape),
            (b"a=%+1", InvalidParams::Escape),
            (b"%zz=1", InvalidParams::Escape),
            (b"a=%ff", InvalidParams::NotUtf8),
            (b"\xff=1", InvalidParams::NotUtf8),
            (b"Action=a&A%63tion=b", InvalidParams::Twice),
        ] {
            assert_eq!(Params::parse(form), Err(error), "{form:?}");
        }
    }

    #[test]
    fn two_thousand_parameters_are_read_and_one_more_is_refused() {
        let mut form: Vec<String> = (0..2_000).map(|number| format!("p{number}=x")).collect();
        assert!(Params::parse(form.join("&").as_bytes()).is_ok());
        form.push("more=x".to_owned());
        assert_eq!(
            Params::parse(form.join("&").as_bytes()),
            Err(InvalidParams::TooMany)
        );
    }

    #[test]
    fn debug_output_of_parameters_shows_no_value() {
        let params = Params::parse(b"X-Amz-Security-Token=secret").expect("valid");
        assert_eq!(format!("{params:?}"), r#"{"X-Amz-Security-Token"}"#);
    }

    #[test]
    fn an_answer_is_xml_in_the_order_given() {
        let answer = Answer::new("GetCallerIdentity")
            .with("Arn", "arn:a<&>")
            .with("Account", "1");
        assert_eq!(
            answer.xml("id"),
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
             <GetCallerIdentityResult><Arn>arn:a&lt;&amp;&gt;</Arn><Account>1</Account></GetCallerIdentityResult>\
             <ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
        );
        assert!(!Answer::new("X").xml("id").contains("Result>"));
    }

    #[test]
    fn an_answer_is_json_of_the_same_nesting() {
        let answer = Answer::new("GetCallerIdentity").with("Account", "1");
        assert_eq!(
            answer.json("id"),
            r#"{"GetCallerIdentityResponse":{"GetCallerIdentityResult":{"Account":"1"},"ResponseMetadata":{"RequestId":"id"}}}"#
        );
    }

    #[test]
    fn an_error_names_whose_fault_it_is() {
        assert_eq!(
            render_error(400, "InvalidAction", "Could not find 'x'", "id"),
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
             <Code>InvalidAction</Code><Message>Could not find &apos;x&apos;</Message></Error>\
             <RequestId>id</RequestId></ErrorResponse>"
        );
        assert!(render_error(500, "InternalFailure", "", "id").contains("<Type>Receiver</Type>"));
    }

    proptest! {
        #[test]
        fn parsing_never_panics(form in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _parsed = Params::parse(&form);
        }

        #[test]
        fn any_pair_reads_back_as_it_was_encoded(name in ".{0,20}", value in ".{0,20}") {
            let encode = |text: &str| {
                let escapes: Vec<String> = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
                escapes.concat()
            };
            let params = Params::parse(format!("{}={}", encode(&name), encode(&value)).as_bytes());
            let params = params.expect("valid");
            prop_assert_eq!(params.get(&name), Some(value.as_str()));
        }

        #[test]
        fn escaped_text_has_no_markup_and_no_control_character(text in any::<String>()) {
            let escaped = escape(&text);
            prop_assert!(!escaped.contains(['<', '>', '"', '\'', '\r', '\0', '\x1b']));
        }
    }
}
