//! Signs requests: for the tests, the bench, and presigned URLs of our own.

use super::canonical::{self, Canonical, encode};
use super::key::SigningKey;
use super::time::{Micros, amz_date};
use super::verify::UNSIGNED_PAYLOAD;
use super::{ALGORITHM, Scope, SigError, SignedRequest};

/// Headers that proxies and clients change on the way, and that no SDK signs.
const UNSIGNED: &[&str] = &[
    "authorization",
    "connection",
    "expect",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
];
/// SHA-256 of nothing.
const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Who signs, and for what.
#[derive(Clone, Copy)]
pub struct Signer<'a> {
    /// The access key's id.
    pub access_key_id: &'a str,
    /// The access key's secret.
    pub secret: &'a str,
    /// The Region's name.
    pub region: &'a str,
    /// The service's signing name.
    pub service: &'a str,
}

impl std::fmt::Debug for Signer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// When a signature is made and what it is good for.
struct Moment {
    time_text: String,
    scope: Scope,
}

impl Signer<'_> {
    fn moment(&self, at: Micros) -> Moment {
        let time_text = amz_date(at);
        let scope = Scope {
            date: time_text.get(..8).unwrap_or_default().to_owned(),
            region: self.region.to_owned(),
            service: self.service.to_owned(),
            terminator: "aws4_request".to_owned(),
        };
        Moment { time_text, scope }
    }
}

/// Signs a request: returns the value of its `Authorization` header.
///
/// The request's headers must hold `host`, and `x-amz-date` with [`amz_date`]`(at)`; all are signed but those that
/// change on the way. `body_sha256: None` stands for no body.
///
/// # Errors
/// `HostNotSigned` if there is no `host` header.
pub fn sign(
    request: &SignedRequest<'_>,
    signer: &Signer<'_>,
    at: Micros,
) -> Result<String, SigError> {
    let moment = signer.moment(at);
    let names = signed_headers(request)?;
    let declared = request
        .values("x-amz-content-sha256")
        .next()
        .and_then(|value| std::str::from_utf8(value).ok());
    let payload = declared.or(request.body_sha256).unwrap_or(EMPTY_SHA256);
    let signature = signature(request, signer, &moment, &names, payload)?;
    let (id, scope, names) = (signer.access_key_id, moment.scope.text(), names.join(";"));
    Ok(format!(
        "{ALGORITHM} Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}"
    ))
}

/// Presigns a request: returns its whole query. `security_token` goes into it signed.
///
/// The request's headers must hold `host`; `query` is what stands before the parameters of the signature.
///
/// # Errors
/// `HostNotSigned` if there is no `host` header.
pub fn presign(
    request: &SignedRequest<'_>,
    signer: &Signer<'_>,
    at: Micros,
    expires_seconds: u32,
    security_token: Option<&str>,
) -> Result<String, SigError> {
    let moment = signer.moment(at);
    let names = signed_headers(request)?;
    let signed_headers = names.join(";");
    let credential = format!("{}/{}", signer.access_key_id, moment.scope.text());
    let expires = expires_seconds.to_string();
    let mut added = vec![
        ("X-Amz-Algorithm", ALGORITHM),
        ("X-Amz-Credential", &credential),
        ("X-Amz-Date", &moment.time_text),
        ("X-Amz-Expires", &expires),
        ("X-Amz-SignedHeaders", &signed_headers),
    ];
    added.extend(security_token.map(|token| ("X-Amz-Security-Token", token)));
    let given = Some(request.query.to_owned()).filter(|query| !query.is_empty());
    let added = added
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value.as_bytes())));
    let query = given.into_iter().chain(added).collect::<Vec<_>>().join("&");
    let payload = if signer.service == "s3" {
        UNSIGNED_PAYLOAD
    } else {
        request.body_sha256.unwrap_or(EMPTY_SHA256)
    };
    let presigned = SignedRequest {
        query: &query,
        ..*request
    };
    let signature = signature(&presigned, signer, &moment, &names, payload)?;
    Ok(format!("{query}&X-Amz-Signature={signature}"))
}

fn signed_headers<'a>(request: &SignedRequest<'a>) -> Result<Vec<&'a str>, SigError> {
    let mut names: Vec<&str> = request
        .headers
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| !UNSIGNED.contains(name))
        .collect();
    names.sort_unstable();
    names.dedup();
    if names.contains(&"host") {
        Ok(names)
    } else {
        Err(SigError::HostNotSigned)
    }
}

fn signature(
    request: &SignedRequest<'_>,
    signer: &Signer<'_>,
    moment: &Moment,
    names: &[&str],
    payload: &str,
) -> Result<String, SigError> {
    let paths = canonical::paths(request.path, signer.service);
    let canonical = Canonical {
        method: request.method,
        path: paths.first().map_or("/", String::as_str),
        query: &canonical::query(&canonical::parameters(request.query), &[]),
        headers: &canonical::headers(request, names, None)?,
        signed_headers: &names.join(";"),
        payload,
    }
    .text();
    let Moment { time_text, scope } = moment;
    Ok(SigningKey::derive(signer.secret, scope).signature(time_text, scope, &canonical))
}
