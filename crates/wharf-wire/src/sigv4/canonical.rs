//! The canonical request: one text for all the ways in which a request may travel.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

use super::{SigError, SignedRequest};

/// Everything but RFC 3986's unreserved characters is encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// The same, in a path.
const ENCODED_IN_PATH: &AsciiSet = &ENCODED.remove(b'/');

/// A parameter of the query, decoded. A plus is a plus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameter {
    pub(super) name: Vec<u8>,
    pub(super) value: Vec<u8>,
}

/// The parameters of a raw query, in its order. Nothing between two `&` is no parameter.
pub(super) fn parameters(query: &str) -> Vec<Parameter> {
    let decode = |text| percent_decode_str(text).collect();
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| Parameter {
            name: decode(name),
            value: decode(value),
        })
        .collect()
}

/// Encoded and sorted by name, then value; without the parameters that `leave_out` names.
pub(super) fn query(parameters: &[Parameter], leave_out: &[&[u8]]) -> String {
    let mut pairs: Vec<(String, String)> = parameters
        .iter()
        .filter(|parameter| !leave_out.contains(&parameter.name.as_slice()))
        .map(|parameter| (encode(&parameter.name), encode(&parameter.value)))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

/// Percent-encodes all but the unreserved characters, with upper-case digits.
pub(super) fn encode(bytes: &[u8]) -> String {
    percent_encode(bytes, ENCODED).to_string()
}

/// The canonical forms of a path: one, or two where signers disagree.
///
/// S3 takes the path as it is, decoded and encoded once. All others remove dot segments and repeated slashes from
/// the encoded path and encode it once more. Behind a final dot segment RFC 3986 leaves a slash, and botocore
/// does not; both name the same resource.
pub(super) fn paths(path: &str, service: &str) -> Vec<String> {
    if service == "s3" {
        let decoded: Vec<u8> = percent_decode_str(path).collect();
        return vec![percent_encode(&decoded, ENCODED_IN_PATH).to_string()];
    }
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            other => segments.push(other),
        }
    }
    let bare = percent_encode(
        format!("/{}", segments.join("/")).as_bytes(),
        ENCODED_IN_PATH,
    )
    .to_string();
    let last = path.rsplit('/').next().unwrap_or_default();
    match last {
        _ if segments.is_empty() => vec![bare],
        "" => vec![bare + "/"],
        "." | ".." => vec![format!("{bare}/"), bare],
        _ => vec![bare],
    }
}

/// The values that a `host` header may have been signed with: as sent, and as most signers write it.
pub(super) fn hosts(request: &SignedRequest<'_>) -> Vec<String> {
    let Some(value) = request.values("host").next() else {
        return Vec::new();
    };
    let sent = String::from_utf8_lossy(&folded(value)).into_owned();
    let lower = sent.to_ascii_lowercase();
    // Without TLS in sight, either scheme's default port may have been left out.
    let plain = lower
        .strip_suffix(":443")
        .or_else(|| lower.strip_suffix(":80"))
        .unwrap_or(&lower)
        .to_owned();
    let mut hosts = vec![sent];
    for other in [lower.clone(), plain] {
        if !hosts.contains(&other) {
            hosts.push(other);
        }
    }
    hosts
}

/// The block of canonical headers.
///
/// # Errors
/// `Mismatch` if a signed header is not there.
pub(super) fn headers(
    request: &SignedRequest<'_>,
    signed: &[impl AsRef<str>],
    host: Option<&str>,
) -> Result<Vec<u8>, SigError> {
    let mut block = Vec::new();
    for name in signed.iter().map(AsRef::as_ref) {
        block.extend_from_slice(name.as_bytes());
        block.push(b':');
        // HTTP/2's name for the same thing.
        let is_host = matches!(name, "host" | ":authority");
        let mut values = request
            .values(if is_host { "host" } else { name })
            .peekable();
        if values.peek().is_none() {
            return Err(SigError::Mismatch);
        }
        match host.filter(|_| is_host) {
            Some(host) => block.extend_from_slice(host.as_bytes()),
            None => {
                block.extend_from_slice(&values.map(folded).collect::<Vec<_>>().join(&b","[..]));
            }
        }
        block.push(b'\n');
    }
    Ok(block)
}

/// Trimmed, with every run of white space made one space.
fn folded(value: &[u8]) -> Vec<u8> {
    let words = value.split(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c));
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(&b" "[..])
}

/// The parts of a canonical request, each in canonical form.
pub(super) struct Canonical<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) headers: &'a [u8],
    pub(super) signed_headers: &'a str,
    pub(super) payload: &'a str,
}

impl Canonical<'_> {
    /// The canonical request, not necessarily UTF-8.
    pub(super) fn text(&self) -> Vec<u8> {
        let Self {
            method,
            path,
            query,
            headers,
            signed_headers,
            payload,
        } = self;
        let head = format!("{method}\n{path}\n{query}\n");
        let tail = format!("\n{signed_headers}\n{payload}");
        [head.as_bytes(), headers, tail.as_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical_query(raw: &str) -> String {
        query(&parameters(raw), &[b"X-Amz-Signature"])
    }

    #[test]
    fn paths_are_normalized_and_encoded_once_more() {
        for (path, canonical) in [
            ("", "/"),
            ("/", "/"),
            ("//", "/"),
            ("/a", "/a"),
            ("/a/", "/a/"),
            ("//a//b//", "/a/b/"),
            ("/./a/../b", "/b"),
            ("/../..", "/"),
            ("/a%20b", "/a%2520b"),
            ("/%2e%2e/a", "/%252e%252e/a"),
            ("/a b~é", "/a%20b~%C3%A9"),
            ("/$ENV/*", "/%24ENV/%2A"),
        ] {
            assert_eq!(paths(path, "ecr"), [canonical], "{path}");
        }
        assert_eq!(paths("/a/.", "ecr"), ["/a/", "/a"]);
        assert_eq!(paths("/a/b/..", "ecr"), ["/a/", "/a"]);
        assert_eq!(paths("/a/..", "ecr"), ["/"]);
    }

    #[test]
    fn paths_of_s3_are_left_as_they_are() {
        for (path, canonical) in [
            ("/a%20b", "/a%20b"),
            ("/a//../b/", "/a//../b/"),
            ("/%7e+", "/~%2B"),
            ("/%c3%a9", "/%C3%A9"),
        ] {
            assert_eq!(paths(path, "s3"), [canonical], "{path}");
        }
    }

    #[test]
    fn queries_are_sorted_by_pair_and_encoded_anew() {
        for (raw, canonical) in [
            ("", ""),
            ("&&", ""),
            ("acl", "acl="),
            ("b=2&a=1", "a=1&b=2"),
            ("a=2&a=1&a=10", "a=1&a=10&a=2"),
            ("a-b=1&a=2", "a=2&a-b=1"),
            ("a=b=c", "a=b%3Dc"),
            ("a=b+c", "a=b%2Bc"),
            ("a=%c3%a9&%61b=~", "a=%C3%A9&ab=~"),
            ("a=%zz", "a=%25zz"),
            ("X-Amz-Signature=x&X%2DAmz-Signature=y&a", "a="),
        ] {
            assert_eq!(canonical_query(raw), canonical, "{raw}");
        }
    }

    #[test]
    fn header_values_are_trimmed_collapsed_and_joined() {
        let request = SignedRequest {
            method: "GET",
            path: "/",
            query: "",
            headers: &[
                ("b", b"  \"a   b\"\t c "),
                ("a", b"2"),
                ("host", b"Example.COM:443"),
                ("a", b""),
                ("a", b" 1 "),
                ("c", "\u{e9}\u{a0}".as_bytes()),
            ],
            body_sha256: None,
        };
        let block = headers(&request, &["a", "b", "c", "host"], Some("h")).unwrap();
        assert_eq!(
            String::from_utf8(block).unwrap(),
            "a:2,,1\nb:\"a b\" c\nc:\u{e9}\u{a0}\nhost:h\n"
        );
        assert_eq!(headers(&request, &["d"], None), Err(SigError::Mismatch));
        assert_eq!(
            hosts(&request),
            ["Example.COM:443", "example.com:443", "example.com"]
        );
    }
}
