//! AWS API requests signed rightly or, in one respect each, wrongly.

use wharf_wire::oci::Digest;
use wharf_wire::sigv4::{self, SignedRequest, Signer};

use super::{REGION, Server};

/// A request to sign.
pub(crate) struct Unsigned<'a> {
    pub(crate) method: &'a str,
    /// Path and perhaps a query.
    pub(crate) target: &'a str,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: &'a [u8],
    /// The signing name.
    pub(crate) service: &'a str,
}

/// A request's target and headers, ready to be sent.
pub(crate) type Signed = (String, Vec<(String, String)>);

const HOUR: i64 = 3_600_000_000;

/// Signs in the named way; `right` is the only one that must be accepted.
pub(crate) fn sign(server: &Server, how: &str, request: Unsigned<'_>) -> Signed {
    let credentials = server.credentials();
    let mut signer = Signer {
        access_key_id: &credentials.access_key_id,
        secret: &credentials.secret,
        region: REGION,
        service: request.service,
    };
    let mut at = now();
    let mut body = request.body.to_vec();
    let mut query_form = None;
    match how {
        "right" => {}
        "none" => {
            return (request.target.to_owned(), request.headers);
        }
        "wrong-secret" => signer.secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "unknown-key" => signer.access_key_id = "AKIAIOSFODNN7EXAMPLE",
        "an-hour-ago" => at -= HOUR,
        "in-an-hour" => at += HOUR,
        "other-region" => signer.region = "moon-north-1",
        "other-service" => signer.service = "s3",
        "other-body" => body.push(b' '),
        "presigned" => query_form = Some(60),
        "presigned-expired" => {
            at -= HOUR;
            query_form = Some(60);
        }
        "presigned-wrong-secret" => {
            signer.secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
            query_form = Some(60);
        }
        "presigned-for-a-month" => query_form = Some(2_592_000),
        other => panic!("there is no way to sign called {other}"),
    }
    let mut headers = request.headers;
    headers.push(("host".to_owned(), server.authority().to_owned()));
    if query_form.is_none() {
        headers.push(("x-amz-date".to_owned(), sigv4::amz_date(at)));
    }
    let (path, query) = request
        .target
        .split_once('?')
        .unwrap_or((request.target, ""));
    let hash = Digest::of(&body);
    let lent: Vec<(&str, &[u8])> = headers
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_bytes()))
        .collect();
    let asked = SignedRequest {
        method: request.method,
        path,
        query,
        headers: &lent,
        body_sha256: Some(hash.hex()),
    };
    if let Some(seconds) = query_form {
        let query = sigv4::presign(&asked, &signer, at, seconds, None).expect("a signature");
        return (format!("{path}?{query}"), headers);
    }
    let authorization = sigv4::sign(&asked, &signer, at).expect("a signature");
    headers.push(("authorization".to_owned(), authorization));
    (request.target.to_owned(), headers)
}

/// Microseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "a client's own clock")]
fn now() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}
