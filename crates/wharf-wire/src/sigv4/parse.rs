//! Reads what a request presents, header or query, and refuses what is incomplete.

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use super::canonical::{Parameter, parameters};
use super::error::{Echo, excerpt};
use super::time::{Micros, parse_basic, parse_rfc1123};
use super::{
    ALGORITHM, Form, MAX_EXPIRES_SECONDS, MAX_HEADER_BYTES, MAX_HEADERS, MAX_PARAMETERS,
    MAX_PATH_BYTES, MAX_QUERY_BYTES, Presented, Scope, SecurityToken, SigError, SignedRequest,
    amz_date,
};

/// Longest access key id, in bytes.
const MAX_ACCESS_KEY_ID_BYTES: usize = 128;

/// Reads the authentication information of a request. Nothing is proven by it.
///
/// # Errors
/// [`SigError`] of the families `MissingAuthenticationToken` and `IncompleteSignature`, and `UnsignedHeaders`.
pub fn parse(request: &SignedRequest<'_>) -> Result<Presented, SigError> {
    check_sizes(request)?;
    let parameters = parameters(request.query);
    // Only one is signed and only one is obeyed, and they need not be the same.
    single_header(request, "host")?;
    let authorization = single_header(request, "authorization")?;
    let is_presigned = parameters.iter().any(|parameter| {
        [
            &b"X-Amz-Algorithm"[..],
            b"X-Amz-Credential",
            b"X-Amz-Signature",
        ]
        .contains(&parameter.name.as_slice())
    });
    let presented = match (authorization, is_presigned) {
        (None, false) => return Err(SigError::Missing),
        (Some(_), true) => return Err(SigError::BothForms),
        (Some(header), false) => from_header(request, header)?,
        (None, true) => from_query(request, &parameters)?,
    };
    check_signed_headers(request, &presented.signed_headers)?;
    Ok(presented)
}

fn check_sizes(request: &SignedRequest<'_>) -> Result<(), SigError> {
    let header_bytes: usize = request
        .headers
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    for (part, size, limit) in [
        ("path, in bytes,", request.path.len(), MAX_PATH_BYTES),
        ("query, in bytes,", request.query.len(), MAX_QUERY_BYTES),
        ("number of headers", request.headers.len(), MAX_HEADERS),
        ("headers, in bytes,", header_bytes, MAX_HEADER_BYTES),
        (
            "number of parameters",
            request.query.split('&').count(),
            MAX_PARAMETERS,
        ),
    ] {
        if size > limit {
            return Err(SigError::TooLarge { part, limit });
        }
    }
    Ok(())
}

/// The value of a header that may occur once.
pub(super) fn single_header<'a>(
    request: &SignedRequest<'a>,
    name: &'static str,
) -> Result<Option<&'a [u8]>, SigError> {
    let mut values = request.values(name);
    let first = values.next();
    if values.next().is_some() {
        Err(SigError::Repeated { name })
    } else {
        Ok(first)
    }
}

/// The parts of an `Authorization` header.
#[derive(Default)]
struct Parts<'a> {
    credential: Option<&'a str>,
    signed_headers: Option<&'a str>,
    signature: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn read(text: &'a str, header_hash: &str) -> Result<Self, SigError> {
        let mut parts = Self::default();
        for part in text.split(',').map(str::trim) {
            let Some((name, value)) = part.split_once('=') else {
                return Err(SigError::MalformedPart {
                    header_hash: header_hash.to_owned(),
                });
            };
            let place = match name {
                "Credential" => &mut parts.credential,
                "SignedHeaders" => &mut parts.signed_headers,
                "Signature" => &mut parts.signature,
                _ => {
                    return Err(SigError::UnexpectedPart {
                        header_hash: header_hash.to_owned(),
                    });
                }
            };
            if place.replace(value).is_some() {
                return Err(SigError::UnexpectedPart {
                    header_hash: header_hash.to_owned(),
                });
            }
        }
        Ok(parts)
    }
}

fn from_header(request: &SignedRequest<'_>, header: &[u8]) -> Result<Presented, SigError> {
    let header_hash = STANDARD.encode(digest::digest(&digest::SHA256, header));
    let text = std::str::from_utf8(header)
        .map_err(|_not_text| SigError::MalformedPart {
            header_hash: header_hash.clone(),
        })?
        .trim();
    let (algorithm, rest) = text.split_once([' ', '\t']).unwrap_or((text, ""));
    if algorithm != ALGORITHM {
        return Err(unsupported_algorithm(algorithm));
    }
    let rest = rest.trim();
    let parts = if rest.is_empty() {
        Parts::default()
    } else {
        Parts::read(rest, &header_hash)?
    };
    let date = match single_header(request, "x-amz-date")? {
        Some(date) => Some((date, parse_basic as fn(&str) -> Option<Micros>)),
        None => single_header(request, "date")?.map(|date| (date, parse_either as _)),
    };
    let (Some(credential), Some(signature), Some(signed_headers), Some(date)) = (
        parts.credential,
        parts.signature,
        parts.signed_headers,
        date,
    ) else {
        return Err(missing_parts(&parts, date.is_none(), header_hash));
    };
    let (access_key_id, scope) =
        split_credential(credential).ok_or_else(|| SigError::Credential {
            value: Echo(excerpt(credential)),
        })?;
    let (date, parse) = date;
    let date = String::from_utf8_lossy(date);
    let time = parse(date.trim()).ok_or_else(|| SigError::BadDate {
        value: excerpt(&date),
    })?;
    Ok(Presented {
        form: Form::Header,
        access_key_id,
        scope,
        time,
        security_token: single_header(request, "x-amz-security-token")?.map(token),
        time_text: amz_date(time),
        signed_headers: signed_headers.split(';').map(str::to_owned).collect(),
        signature: signature.to_owned(),
    })
}

fn missing_parts(parts: &Parts<'_>, no_date: bool, header_hash: String) -> SigError {
    let sentences = [
        (
            parts.credential.is_none(),
            "Authorization header requires 'Credential' parameter.",
        ),
        (
            parts.signature.is_none(),
            "Authorization header requires 'Signature' parameter.",
        ),
        (
            parts.signed_headers.is_none(),
            "Authorization header requires 'SignedHeaders' parameter.",
        ),
        (
            no_date,
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
        ),
    ];
    let sentences: Vec<&str> = sentences
        .iter()
        .filter(|(is_missing, _)| *is_missing)
        .map(|(_, sentence)| *sentence)
        .collect();
    SigError::MissingParts {
        sentences: sentences.join(" "),
        header_hash,
    }
}

fn from_query(
    request: &SignedRequest<'_>,
    parameters: &[Parameter],
) -> Result<Presented, SigError> {
    let required = |name| single_parameter(parameters, name)?.ok_or(SigError::QueryIncomplete);
    let algorithm = required("X-Amz-Algorithm")?;
    if algorithm != ALGORITHM {
        return Err(unsupported_algorithm(algorithm));
    }
    let credential = required("X-Amz-Credential")?;
    let date = required("X-Amz-Date")?;
    let expires = required("X-Amz-Expires")?;
    let signed_headers = required("X-Amz-SignedHeaders")?;
    let signature = required("X-Amz-Signature")?;
    let (access_key_id, scope) = split_credential(credential).ok_or(SigError::QueryCredential)?;
    let time = parse_basic(date).ok_or_else(|| SigError::BadDate {
        value: excerpt(date),
    })?;
    let security_token = match single_parameter(parameters, "X-Amz-Security-Token")? {
        Some(text) => Some(token(text.as_bytes())),
        None => single_header(request, "x-amz-security-token")?.map(token),
    };
    Ok(Presented {
        form: Form::Query {
            expires_seconds: parse_expires(expires)?,
        },
        access_key_id,
        scope,
        time,
        security_token,
        time_text: amz_date(time),
        signed_headers: signed_headers.split(';').map(str::to_owned).collect(),
        signature: signature.to_owned(),
    })
}

/// The value of a parameter that may occur once. One that is not text counts as missing.
fn single_parameter<'a>(
    parameters: &'a [Parameter],
    name: &'static str,
) -> Result<Option<&'a str>, SigError> {
    let mut values = parameters
        .iter()
        .filter(|parameter| parameter.name == name.as_bytes());
    let first = values.next();
    if values.next().is_some() {
        return Err(SigError::Repeated { name });
    }
    Ok(first.and_then(|parameter| std::str::from_utf8(&parameter.value).ok()))
}

fn parse_expires(text: &str) -> Result<u32, SigError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SigError::ExpiresMalformed);
    }
    // Digits only, so what does not fit is too long.
    match text.parse::<u32>() {
        Ok(0) => Err(SigError::ExpiresMalformed),
        Ok(seconds) if seconds <= MAX_EXPIRES_SECONDS => Ok(seconds),
        Ok(_) | Err(_) => Err(SigError::ExpiresTooLong),
    }
}

/// Five parts, split from the right: an access key id with a slash is no access key id.
fn split_credential(text: &str) -> Option<(String, Scope)> {
    let mut parts = text.rsplitn(5, '/').map(str::to_owned);
    let (terminator, service, region, date) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let access_key_id = parts.next()?;
    let is_key_id = (1..=MAX_ACCESS_KEY_ID_BYTES).contains(&access_key_id.len())
        && !access_key_id.contains('/');
    is_key_id.then_some((
        access_key_id,
        Scope {
            date,
            region,
            service,
            terminator,
        },
    ))
}

/// `Date` may be in either form.
fn parse_either(text: &str) -> Option<Micros> {
    parse_basic(text).or_else(|| parse_rfc1123(text))
}

fn token(value: &[u8]) -> SecurityToken {
    SecurityToken(Zeroizing::new(
        String::from_utf8_lossy(value).trim().to_owned(),
    ))
}

fn check_signed_headers(request: &SignedRequest<'_>, signed: &[String]) -> Result<(), SigError> {
    let is_name =
        |name: &String| !name.is_empty() && !name.bytes().any(|byte| byte.is_ascii_uppercase());
    if !signed.iter().all(is_name) || !signed.is_sorted_by(|a, b| a < b) {
        return Err(SigError::SignedHeadersNotCanonical);
    }
    let is_signed = |name: &str| signed.iter().any(|its| its == name);
    if !is_signed("host") && !is_signed(":authority") {
        return Err(SigError::HostNotSigned);
    }
    let unsigned: Vec<&str> = request
        .headers
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| name.starts_with("x-amz-") && !is_signed(name))
        .collect();
    if unsigned.is_empty() {
        Ok(())
    } else {
        Err(SigError::UnsignedHeaders {
            names: excerpt(&unsigned.join(", ")),
        })
    }
}

/// Repeats the name only if it can be one: a header may begin with a secret.
fn unsupported_algorithm(name: &str) -> SigError {
    let is_name = name.len() <= 40
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    SigError::UnsupportedAlgorithm {
        algorithm: if is_name {
            name.to_owned()
        } else {
            "…".to_owned()
        },
    }
}
