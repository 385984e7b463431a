//! SigV4 against an independent signer: botocore signs random requests; each must be accepted as it is, and
//! refused after a change of any one bit that the signature covers.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop with a message; clippy takes only functions with #[test] for tests"
)]

use std::collections::HashSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use aws_lc_rs::digest::{SHA256, digest};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde::{Deserialize, Serialize};
use wharf_wire::sigv4::{self, Form, Micros, SecurityToken, SigError, SignedRequest};

const CASES: usize = 480;
/// In so many cases every bit is flipped, in the others a sample.
const EXHAUSTIVE_CASES: usize = 40;
const SAMPLE: usize = 150;
/// 2026-01-15T12:00:00Z
const NOON: Micros = 1_768_478_400_000_000;

/// What the signer is told.
#[derive(Debug, Clone, Serialize)]
struct Case {
    form: &'static str,
    method: &'static str,
    url: String,
    params: Vec<(String, String)>,
    headers: Vec<(&'static str, String)>,
    body: String,
    access_key_id: &'static str,
    secret: String,
    token: Option<String>,
    region: &'static str,
    service: &'static str,
    time: &'static str,
    expires: u32,
}

/// What goes over the wire.
#[derive(Debug, Deserialize)]
struct Signed {
    path: String,
    query: String,
    headers: Vec<(String, String)>,
}

/// Its name in lower case, and its value.
type Header = (String, Vec<u8>);

/// A signed request in bytes that can be damaged.
#[derive(Debug, Clone, PartialEq)]
struct Wire {
    method: Vec<u8>,
    path: Vec<u8>,
    query: Vec<u8>,
    headers: Vec<Header>,
    body: Vec<u8>,
}

/// Why a request did not pass, as a server would find out.
#[derive(Debug, PartialEq)]
enum Refused {
    Signature(SigError),
    /// The signature may be right, for a key that has another secret.
    OtherKey,
    /// No request that HTTP can carry.
    Unreadable,
}

impl Wire {
    fn check(&self, case: &Case) -> Result<(), Refused> {
        let text = |bytes| std::str::from_utf8(bytes).map_err(|_not_text| Refused::Unreadable);
        let body_sha256 = hex::encode(digest(&SHA256, &self.body));
        let headers: Vec<(&str, &[u8])> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()))
            .collect();
        let request = SignedRequest {
            method: text(&self.method)?,
            path: text(&self.path)?,
            query: text(&self.query)?,
            headers: &headers,
            body_sha256: Some(&body_sha256),
        };
        let presented = sigv4::parse(&request).map_err(Refused::Signature)?;
        presented
            .check_scope(case.service, |region| region == case.region)
            .map_err(Refused::Signature)?;
        if presented.access_key_id != case.access_key_id {
            return Err(Refused::OtherKey);
        }
        sigv4::verify(&presented, &request, &case.secret, NOON).map_err(Refused::Signature)?;
        assert_eq!(presented.time, NOON);
        assert_eq!(presented.form == Form::Header, case.form == "header");
        assert_eq!(
            presented.security_token.as_ref().map(SecurityToken::expose),
            case.token.as_deref()
        );
        Ok(())
    }

    /// All bytes that the signature covers or is made of, each as a place to damage.
    fn covered(&self, case: &Case) -> Vec<&[u8]> {
        let mut covered: Vec<&[u8]> = vec![&self.method, &self.path, &self.query];
        // Presigned for S3, a body is not covered.
        if case.form != "s3-query" {
            covered.push(&self.body);
        }
        let signed = self
            .headers
            .iter()
            .filter(|(name, _)| !UNSIGNED.contains(&name.as_str()));
        covered.extend(signed.map(|(_, value)| value.as_slice()));
        covered
    }

    /// The request with one bit flipped in the covered byte `at`, counted through all of them.
    fn flipped(&self, case: &Case, mut at: usize, bit: u32) -> Self {
        let mut damaged = self.clone();
        let Wire {
            method,
            path,
            query,
            headers,
            body,
        } = &mut damaged;
        let mut covered: Vec<&mut Vec<u8>> = vec![method, path, query];
        if case.form != "s3-query" {
            covered.push(body);
        }
        let signed = headers
            .iter_mut()
            .filter(|(name, _)| !UNSIGNED.contains(&name.as_str()));
        covered.extend(signed.map(|(_, value)| value));
        for bytes in covered {
            if at < bytes.len() {
                bytes[at] ^= 1 << bit;
                return damaged;
            }
            at -= bytes.len();
        }
        panic!("no such byte");
    }

    /// Whether two requests differ only in spelling, by the rules of SigV4.
    fn means_the_same(&self, other: &Self, case: &Case) -> bool {
        let same_header = |((name, a), (_, b)): (&Header, &Header)| {
            let same_words = words(a) == words(b);
            same_words || (name == "host" && a.eq_ignore_ascii_case(b))
        };
        self.method == other.method
            && self.body == other.body
            && resource(&self.path, case) == resource(&other.path, case)
            && pairs(&self.query) == pairs(&other.query)
            && self.headers.iter().zip(&other.headers).all(same_header)
    }
}

/// Headers that botocore does not sign.
const UNSIGNED: &[&str] = &[
    "expect",
    "transfer-encoding",
    "user-agent",
    "x-amzn-trace-id",
];

fn words(value: &[u8]) -> Vec<&[u8]> {
    value
        .split(|byte| byte.is_ascii_whitespace() || *byte == 0x0b)
        .filter(|word| !word.is_empty())
        .collect()
}

/// What a path names: for S3 its decoded bytes, else its segments without dots.
fn resource(path: &[u8], case: &Case) -> Vec<Vec<u8>> {
    if case.service == "s3" {
        return vec![decoded(path)];
    }
    let mut segments: Vec<Vec<u8>> = Vec::new();
    for segment in path.split(|byte| *byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." => drop(segments.pop()),
            other => segments.push(other.to_vec()),
        }
    }
    segments
}

fn pairs(query: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut pairs: Vec<_> = query
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let middle = pair
                .iter()
                .position(|byte| *byte == b'=')
                .unwrap_or(pair.len());
            (
                decoded(&pair[..middle]),
                decoded(pair.get(middle + 1..).unwrap_or_default()),
            )
        })
        .collect();
    pairs.sort();
    pairs
}

fn decoded(bytes: &[u8]) -> Vec<u8> {
    percent_encoding::percent_decode(bytes).collect()
}

/// One way to spell a text between slashes.
fn segment() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zA-Z0-9._~-]{1,6}",
        2 => "[a-zA-Z0-9._~!$&'()*+,;=:@-]{0,6}",
        2 => r"\PC{1,3}".prop_map(|text| percent_encode(&text)),
        1 => select(vec!["", ".", "..", "%2F", "%2e%2e", "%25", "%", "%zz", "a%20b"]).prop_map(str::to_owned),
    ]
}

/// As S3 clients do: all but unreserved characters encoded, and a slash never.
fn encoded_segment() -> impl Strategy<Value = String> {
    r"[a-z .+!*'()~\PC]{0,5}".prop_map(|text| percent_encode(&text.replace('/', "")))
}

fn percent_encode(text: &str) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    text.bytes()
        .map(|byte| {
            if is_plain(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

fn parameter_text() -> impl Strategy<Value = String> {
    prop_oneof![
        r"[a-zA-Z0-9._~ /+=&%?:*'()-]{0,8}",
        r"\PC{0,4}",
        Just("a".to_owned()),
        Just("a-b".to_owned())
    ]
}

/// Without the white space of Unicode: botocore folds that too, and no client sends it.
fn header_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9 \t\"',;=/.-]{0,12}",
        " {0,2}[a-z\"]{1,3} {2,3}[a-z\"]{1,3} {0,2}",
        r"[ \t\PC]{0,6}".prop_filter("white space of Unicode", |text| {
            text.chars()
                .all(|char| !char.is_whitespace() || matches!(char, ' ' | '\t'))
        }),
    ]
}

fn headers() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let names = vec![
        "Content-Type",
        "X-Amz-Target",
        "X-Amz-Meta-One",
        "X-Amz-Meta-One",
        "X-Custom",
        "x-custom",
        "Accept",
        "Accept-Encoding",
        "Z-Last",
        "User-Agent",
        "Expect",
        "X-Amzn-Trace-Id",
    ];
    // The once-only ones are added by name.
    let once = ["content-type", "x-amz-target"];
    prop::collection::vec((select(names), header_text()), 0..6).prop_map(move |headers| {
        let mut seen = Vec::new();
        headers
            .into_iter()
            .filter(|(name, _)| {
                let lower = name.to_ascii_lowercase();
                let again = once.contains(&lower.as_str()) && seen.contains(&lower);
                seen.push(lower);
                !again
            })
            .collect()
    })
}

prop_compose! {
    fn case()(
        (form, service) in select(vec![
            ("header", "ecr"), ("header", "sts"), ("header", "ecr"), ("query", "sts"), ("query", "ecr"), ("s3-query", "s3"),
        ]),
        method in select(vec!["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"]),
        host in select(vec![
            "https://api.ecr.us-east-1.amazonaws.com", "http://127.0.0.1:4640", "http://localhost:80", "https://h:443",
            "http://[::1]:4640", "https://h:80",
        ]),
        segments in prop::collection::vec(segment(), 0..5),
        encoded in prop::collection::vec(encoded_segment(), 0..4),
        params in prop::collection::vec((parameter_text(), parameter_text()), 0..6),
        mut headers in headers(),
        body in prop::collection::vec(any::<u8>(), 0..40),
        (uses_date, declares_hash) in (prop::bool::weighted(0.2), prop::bool::weighted(0.2)),
        secret in "[a-zA-Z0-9/+]{40}",
        token in prop::option::weighted(0.3, "[a-zA-Z0-9/+=]{1,60}"),
        region in select(vec!["us-east-1", "ap-southeast-7"]),
        expires in 1_u32..=604_800,
    ) -> Case {
        let path = if form == "s3-query" { encoded.join("/") } else { segments.join("/") };
        // The query signer moves a body into the query, if it is a form.
        let body = if form == "header" { body } else { Vec::new() };
        if form == "header" && uses_date {
            headers.push(("Date", "to be replaced".to_owned()));
        }
        if form == "header" && declares_hash {
            headers.push(("X-Amz-Content-SHA256", hex::encode(digest(&SHA256, &body))));
        }
        Case {
            form, method, headers, secret, token, region, service, expires,
            url: format!("{host}/{path}"),
            // A nameless parameter is dropped by the client or means nothing.
            params: params.into_iter().filter(|(name, _)| !name.is_empty()).collect(),
            body: hex::encode(body),
            access_key_id: "AKIAIOSFODNN7EXAMPLE",
            time: "20260115T120000Z",
        }
    }
}

fn cases() -> Vec<Case> {
    let mut runner = TestRunner::deterministic();
    (0..CASES)
        .map(|_| case().new_tree(&mut runner).unwrap().current())
        .collect()
}

fn sign_with_botocore(cases: &[Case]) -> Vec<Wire> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sigv4_botocore.py");
    let mut python = Command::new("python3")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is needed, with botocore: run ./test");
    let mut input = python.stdin.take().unwrap();
    let lines: String = cases
        .iter()
        .map(|case| serde_json::to_string(case).unwrap() + "\n")
        .collect();
    // The pipe holds less than all cases, so the answers are read while the questions are written.
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = python.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "the signer failed; is botocore installed? run ./test"
    );
    writer.join().unwrap().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let signed: Vec<Signed> = output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(signed.len(), cases.len());
    signed
        .into_iter()
        .zip(cases)
        .map(|(signed, case)| Wire {
            method: case.method.into(),
            path: signed.path.into(),
            query: signed.query.into(),
            headers: signed
                .headers
                .into_iter()
                .map(|(name, value)| (name, hex::decode(value).unwrap()))
                .collect(),
            body: hex::decode(&case.body).unwrap(),
        })
        .collect()
}

#[test]
fn what_botocore_signs_is_accepted_and_refused_after_any_change_of_a_bit() {
    let cases = cases();
    let signed = sign_with_botocore(&cases);
    let (mut accepted, mut refused) = (0, 0);
    let mut runner = TestRunner::deterministic();
    for (index, (case, wire)) in cases.iter().zip(&signed).enumerate() {
        assert_eq!(wire.check(case), Ok(()), "{case:?} {wire:?}");
        accepted += 1;
        let bytes: usize = wire.covered(case).iter().map(|bytes| bytes.len()).sum();
        let all = (0..bytes).flat_map(|at| (0..8).map(move |bit| (at, bit)));
        let flips: Vec<(usize, u32)> = if index < EXHAUSTIVE_CASES {
            all.collect()
        } else {
            let some = prop::collection::vec((0..bytes, 0..8_u32), SAMPLE);
            some.new_tree(&mut runner).unwrap().current()
        };
        for (at, bit) in flips {
            let damaged = wire.flipped(case, at, bit);
            if !damaged.means_the_same(wire, case) {
                assert!(
                    damaged.check(case).is_err(),
                    "byte {at}, bit {bit}: {case:?} {damaged:?}"
                );
                refused += 1;
            }
        }
        let other = Case {
            secret: format!("{}x", case.secret),
            ..case.clone()
        };
        assert_eq!(
            wire.check(&other),
            Err(Refused::Signature(SigError::Mismatch))
        );
    }
    assert!(
        accepted >= 300 && refused >= 100 * accepted,
        "{accepted} accepted, {refused} refused"
    );
}

fn has_repetition(names: impl Iterator<Item = String>) -> bool {
    let mut seen = HashSet::new();
    names.into_iter().any(|name| !seen.insert(name))
}

#[test]
fn the_cases_cover_what_is_odd() {
    let cases = cases();
    let count = |what: fn(&Case) -> bool| cases.iter().filter(|case| what(case)).count();
    for (name, found) in [
        ("presigned", count(|case| case.form == "query")),
        ("S3", count(|case| case.form == "s3-query")),
        (
            "dot segments",
            count(|case| case.url.contains("/../") || case.url.contains("/./")),
        ),
        (
            "final dot segments",
            count(|case| case.url.ends_with("/..") || case.url.ends_with("/.")),
        ),
        (
            "repeated slashes",
            count(|case| case.url.matches("//").count() > 1),
        ),
        ("percent signs", count(|case| case.url.contains('%'))),
        (
            "unicode parameters",
            count(|case| {
                case.params
                    .iter()
                    .any(|(name, value)| !(name.is_ascii() && value.is_ascii()))
            }),
        ),
        (
            "repeated parameters",
            count(|case| has_repetition(case.params.iter().map(|(name, _)| name.clone()))),
        ),
        (
            "unicode headers",
            count(|case| case.headers.iter().any(|(_, value)| !value.is_ascii())),
        ),
        (
            "spaces in headers",
            count(|case| {
                case.headers
                    .iter()
                    .any(|(_, value)| value.trim().contains("  "))
            }),
        ),
        (
            "repeated headers",
            count(|case| has_repetition(case.headers.iter().map(|(name, _)| name.to_lowercase()))),
        ),
        ("tokens", count(|case| case.token.is_some())),
        (
            "dates",
            count(|case| case.headers.iter().any(|(name, _)| *name == "Date")),
        ),
        (
            "declared hashes",
            count(|case| {
                case.headers
                    .iter()
                    .any(|(name, _)| *name == "X-Amz-Content-SHA256")
            }),
        ),
    ] {
        assert!(found >= 10, "{name}: {found}");
    }
}
