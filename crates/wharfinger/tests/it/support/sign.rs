//! A second, small `SigV4` signer: what the server verifies is not made by its own code.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use wharf_wire::oci::Digest;

use super::REGION;

/// An access key.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) access_key_id: String,
    pub(crate) secret: String,
    /// What goes beside the key of a session.
    pub(crate) session_token: Option<String>,
}

impl Credentials {
    /// From what `wharfinger env` prints.
    pub(crate) fn from_exports(exports: &BTreeMap<String, String>) -> Self {
        let get = |name: &str| exports.get(name).cloned().unwrap_or_default();
        Self {
            access_key_id: get("AWS_ACCESS_KEY_ID"),
            secret: get("AWS_SECRET_ACCESS_KEY"),
            session_token: exports.get("AWS_SESSION_TOKEN").cloned(),
        }
    }
}

/// The headers of an ECR call, signed now.
pub(crate) fn sign_ecr(
    credentials: &Credentials,
    host: &str,
    operation: &str,
    body: &[u8],
) -> Vec<(String, String)> {
    let target = format!("AmazonEC2ContainerRegistry_V20150921.{operation}");
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", &target),
    ];
    sign(credentials, host, "ecr", &headers, body)
}

/// The headers of a call of the query protocol, a form of `iam` or `sts`, signed now.
pub(crate) fn sign_form(
    credentials: &Credentials,
    host: &str,
    service: &str,
    body: &[u8],
) -> Vec<(String, String)> {
    let form = "application/x-www-form-urlencoded; charset=utf-8";
    sign(credentials, host, service, &[("content-type", form)], body)
}

/// The headers of `POST /` to a service, with `Host`, the time and, of a session, its token, signed now.
#[expect(
    clippy::disallowed_methods,
    reason = "a signature carries the time of its making"
)]
fn sign(
    credentials: &Credentials,
    host: &str,
    service: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Vec<(String, String)> {
    let time = jiff::Timestamp::now()
        .strftime("%Y%m%dT%H%M%SZ")
        .to_string();
    let mut all = vec![("host", host), ("x-amz-date", time.as_str())];
    all.extend_from_slice(headers);
    if let Some(token) = &credentials.session_token {
        all.push(("x-amz-security-token", token));
    }
    all.sort_unstable();
    let authorization = authorization(credentials, &time, service, &all, body);
    all.push(("authorization", &authorization));
    all.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// The `Authorization` header of `POST /` with these headers, sorted by name.
fn authorization(
    credentials: &Credentials,
    time: &str,
    service: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> String {
    let names: Vec<&str> = headers.iter().map(|(k, _)| *k).collect();
    let names = names.join(";");
    let mut canonical = "POST\n/\n\n".to_owned();
    for (name, value) in headers {
        writeln!(canonical, "{name}:{value}").expect("a string");
    }
    write!(canonical, "\n{names}\n{}", hex::encode(sha256(body))).expect("a string");

    let (date, _) = time.split_at(8);
    let scope = format!("{date}/{REGION}/{service}/aws4_request");
    let hash = hex::encode(sha256(canonical.as_bytes()));
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{hash}");
    let mut key = format!("AWS4{}", credentials.secret).into_bytes();
    for part in scope.split('/') {
        key = hmac(&key, part.as_bytes()).to_vec();
    }
    let signature = hex::encode(hmac(&key, text.as_bytes()));
    format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
        credentials.access_key_id
    )
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hex::decode_to_slice(Digest::of(bytes).hex(), &mut hash).expect("hex");
    hash
}

/// HMAC-SHA256 for keys of at most 64 bytes.
fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let pad = |with: u8| {
        let mut block = [with; 64];
        for (b, k) in block.iter_mut().zip(key) {
            *b ^= k;
        }
        block.to_vec()
    };
    let inner = sha256(&[pad(0x36), text.to_vec()].concat());
    sha256(&[pad(0x5c), inner.to_vec()].concat())
}

#[test]
fn hmac_agrees_with_the_vector_of_rfc_4231() {
    let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(
        hex::encode(hmac(b"Jefe", b"what do ya want for nothing?")),
        expected
    );
}
