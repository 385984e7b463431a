//! Judges what a request presents.

use aws_lc_rs::constant_time::verify_slices_are_equal;

use super::canonical::{self, Canonical, Parameter};
use super::error::excerpt;
use super::key::SigningKey;
use super::parse::single_header;
use super::time::{MICROS_PER_SECOND, Micros};
use super::{Form, Presented, SKEW_SECONDS, SigError, SignedRequest, amz_date};

const TERMINATOR: &str = "aws4_request";
pub(super) const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

impl Presented {
    /// Checks that the credential is scoped to this service, a Region of ours, and the request's own day.
    ///
    /// # Errors
    /// [`SigError::Scope`] with a sentence for each part that is not.
    pub fn check_scope(
        &self,
        service: &str,
        is_region: impl FnOnce(&str) -> bool,
    ) -> Result<(), SigError> {
        let mut sentences = Vec::new();
        if !is_region(&self.scope.region) {
            let region = excerpt(&self.scope.region);
            sentences.push(format!(
                "Credential should be scoped to a valid Region, not '{region}'."
            ));
        }
        if self.scope.service != service {
            sentences.push(format!(
                "Credential should be scoped to correct service: '{service}'."
            ));
        }
        self.check_rest_of_scope(sentences)
    }

    fn check_rest_of_scope(&self, mut sentences: Vec<String>) -> Result<(), SigError> {
        if self.scope.terminator != TERMINATOR {
            let terminator = excerpt(&self.scope.terminator);
            sentences.push(format!(
                "Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{terminator}'."
            ));
        }
        let (time, day) = (&self.time_text, self.time_text.get(..8).unwrap_or_default());
        if self.scope.date != day {
            let date = excerpt(&self.scope.date);
            sentences.push(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
                 '{date}' != '{day}', from '{time}'."
            ));
        }
        if sentences.is_empty() {
            Ok(())
        } else {
            Err(SigError::Scope {
                sentences: sentences.join(" "),
            })
        }
    }

    /// Checks that the request is neither too old nor from the future. `received_at` is wall time.
    ///
    /// The header form is valid for 15 minutes around its time, the query form from 15 minutes before its time
    /// to as long after it as it says.
    ///
    /// # Errors
    /// [`SigError::Expired`] and [`SigError::NotYetCurrent`].
    pub fn check_time(&self, received_at: Micros) -> Result<(), SigError> {
        let past_seconds = match self.form {
            Form::Header => SKEW_SECONDS,
            Form::Query { expires_seconds } => i64::from(expires_seconds),
        };
        let now = || amz_date(received_at);
        let earliest = received_at.saturating_sub(past_seconds * MICROS_PER_SECOND);
        let latest = received_at.saturating_add(SKEW_SECONDS * MICROS_PER_SECOND);
        if self.time < earliest {
            let (time, limit) = (self.time_text.clone(), amz_date(earliest));
            return Err(SigError::Expired {
                time,
                limit,
                now: now(),
                width: width(past_seconds),
            });
        }
        if self.time > latest {
            let (time, limit) = (self.time_text.clone(), amz_date(latest));
            return Err(SigError::NotYetCurrent {
                time,
                limit,
                now: now(),
                width: width(SKEW_SECONDS),
            });
        }
        Ok(())
    }
}

fn width(seconds: i64) -> String {
    if seconds % 60 == 0 {
        format!("{} min.", seconds / 60)
    } else {
        format!("{seconds} sec.")
    }
}

/// Checks a request against its key's secret. `received_at` is wall time.
///
/// Repeats the checks of time, day and terminator; Region and service are for [`Presented::check_scope`].
///
/// # Errors
/// [`SigError`] of the family `InvalidSignature`; `Repeated` if the declared payload hash occurs twice.
pub fn verify(
    presented: &Presented,
    request: &SignedRequest<'_>,
    secret: &str,
    received_at: Micros,
) -> Result<(), SigError> {
    presented.check_rest_of_scope(Vec::new())?;
    presented.check_time(received_at)?;
    let declared = single_header(request, "x-amz-content-sha256")?;
    let payload = payload(presented, request, declared)?;
    let key = SigningKey::derive(secret, &presented.scope);
    let mut is_right = false;
    for canonical in canonical_forms(presented, request, payload)? {
        let signature = key.signature(&presented.time_text, &presented.scope, &canonical);
        is_right |=
            verify_slices_are_equal(signature.as_bytes(), presented.signature.as_bytes()).is_ok();
    }
    if !is_right {
        return Err(SigError::Mismatch);
    }
    // Only now: a right signature over another body is the sender's mistake or a replay.
    let is_declared_hash = declared.is_some() && payload != UNSIGNED_PAYLOAD;
    if is_declared_hash && request.body_sha256 != Some(payload) {
        return Err(SigError::PayloadMismatch);
    }
    Ok(())
}

/// What stands in the canonical request for the body.
fn payload<'a>(
    presented: &Presented,
    request: &SignedRequest<'a>,
    declared: Option<&'a [u8]>,
) -> Result<&'a str, SigError> {
    let is_s3 = presented.scope.service == "s3";
    match (declared.map(<[u8]>::trim_ascii), presented.form) {
        (Some(text), _) if is_s3 && text == UNSIGNED_PAYLOAD.as_bytes() => Ok(UNSIGNED_PAYLOAD),
        (Some(hash), _) => std::str::from_utf8(hash)
            .ok()
            .filter(|hash| hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .ok_or(SigError::UnsupportedPayload),
        (None, Form::Query { .. }) if is_s3 => Ok(UNSIGNED_PAYLOAD),
        // Without a hash of the body there is nothing to compare with.
        (None, _) => request.body_sha256.ok_or(SigError::Mismatch),
    }
}

/// The canonical requests that a right signature may cover: one, or a few where signers differ in spelling
/// what is the same request. Each is as hard to forge as one alone.
fn canonical_forms(
    presented: &Presented,
    request: &SignedRequest<'_>,
    payload: &str,
) -> Result<Vec<Vec<u8>>, SigError> {
    let signed_headers = presented.signed_headers.join(";");
    let parameters = canonical::parameters(request.query);
    let queries = queries(presented, &parameters);
    let paths = canonical::paths(request.path, &presented.scope.service);
    let mut blocks = Vec::new();
    for host in canonical::hosts(request) {
        blocks.push(canonical::headers(
            request,
            &presented.signed_headers,
            Some(&host),
        )?);
    }
    if blocks.is_empty() {
        blocks.push(canonical::headers(
            request,
            &presented.signed_headers,
            None,
        )?);
    }
    let mut forms = Vec::with_capacity(blocks.len() * queries.len() * paths.len());
    for headers in &blocks {
        for query in &queries {
            for path in &paths {
                let method = request.method;
                forms.push(
                    Canonical {
                        method,
                        path,
                        query,
                        headers,
                        signed_headers: &signed_headers,
                        payload,
                    }
                    .text(),
                );
            }
        }
    }
    Ok(forms)
}

/// In the query form some services add the token after signing.
fn queries(presented: &Presented, parameters: &[Parameter]) -> Vec<String> {
    const SIGNATURE: &[u8] = b"X-Amz-Signature";
    const TOKEN: &[u8] = b"X-Amz-Security-Token";
    let is_presigned = matches!(presented.form, Form::Query { .. });
    let leave_out: &[&[u8]] = if is_presigned { &[SIGNATURE] } else { &[] };
    let mut queries = vec![canonical::query(parameters, leave_out)];
    if is_presigned && parameters.iter().any(|parameter| parameter.name == TOKEN) {
        queries.push(canonical::query(parameters, &[SIGNATURE, TOKEN]));
    }
    queries
}
