//! Web identity tokens: JSON Web Tokens that an identity provider has signed.
//!
//! Nothing that a token says of itself chooses how it is judged: its header may name one of six algorithms, but the
//! provider's key decides which of them it is for, and keys or key addresses in the header are not looked at.
//!
//! Source: STS `AssumeRoleWithWebIdentity`; RFC 7515, 7519; `OpenID` Connect Core 2 and 3.1.3.7.
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::jwks::{Algorithm, KeySet};

mod claims;
mod error;
pub(crate) mod json;
#[cfg(test)]
pub(crate) mod tests;

pub use claims::Claims;
pub use error::TokenError;

/// Shortest and longest token, in characters.
pub const TOKEN_CHARS: std::ops::RangeInclusive<usize> = 4..=20_000;

/// How much clocks may differ, in seconds.
pub const CLOCK_SKEW_SECONDS: i64 = 300;

/// A well-formed token with the required claims, of which nothing is believed yet but who is to be asked.
#[derive(Clone)]
pub struct UnverifiedToken {
    issuer: String,
    /// `None` for one that is not allowed.
    algorithm: Option<Algorithm>,
    kid: Option<String>,
    payload: Map<String, Value>,
    signed: String,
    signature: Vec<u8>,
}

impl std::fmt::Debug for UnverifiedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The rest is a credential.
        f.debug_struct("UnverifiedToken")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

impl UnverifiedToken {
    /// Reads the compact form: three base64url parts, of which two are JSON objects that name no member twice.
    ///
    /// # Errors
    /// `NotAJwt`; `MissingClaim` for the first of `iss`, `sub`, `aud`, `iat`, `exp` that is absent; `ClaimType` if
    /// `iss` is no text; `NoProvider` if it does not begin with `https://`.
    pub fn parse(token: &str) -> Result<Self, TokenError> {
        if !TOKEN_CHARS.contains(&token.len()) {
            return Err(TokenError::NotAJwt);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::NotAJwt)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenError::NotAJwt)?;
        // A dot is no base64url: a fourth part is refused with the payload's.
        let decode = |part: &str| {
            let decoded = URL_SAFE_NO_PAD.decode(part);
            decoded.map_err(|_not_base64url| TokenError::NotAJwt)
        };
        let object = |part| json::object(&decode(part)?).ok_or(TokenError::NotAJwt);
        let (header, payload) = (object(header)?, object(payload)?);
        let signature = decode(signature)?;
        for name in ["iss", "sub", "aud", "iat", "exp"] {
            if payload.get(name).is_none_or(Value::is_null) {
                return Err(TokenError::MissingClaim(name));
            }
        }
        let issuer = payload.get("iss").and_then(Value::as_str);
        let issuer = issuer.ok_or(TokenError::ClaimType("iss"))?.to_owned();
        if !issuer.starts_with("https://") {
            return Err(TokenError::NoProvider { issuer });
        }
        let kid = match header.get("kid") {
            None => None,
            Some(Value::String(kid)) => Some(kid.clone()),
            Some(_) => return Err(TokenError::NotAJwt),
        };
        let algorithm = header.get("alg").and_then(Value::as_str);
        Ok(Self {
            issuer,
            // Whoever does not know an extension that is critical has to refuse; none is known here.
            algorithm: algorithm
                .filter(|_| !header.contains_key("crit"))
                .and_then(Algorithm::parse),
            kid,
            payload,
            signed: signed.to_owned(),
            signature,
        })
    }

    /// The claim `iss`, which begins with `https://`.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Checks what needs no key, before anybody is asked for one.
    ///
    /// # Errors
    /// `Algorithm`.
    pub fn check_header(&self) -> Result<(), TokenError> {
        self.algorithm.map(|_| ()).ok_or(TokenError::Algorithm)
    }

    /// Judges the token by its provider's keys and client ids at `now`, in seconds since 1970.
    ///
    /// # Errors
    /// In this order: `Algorithm`, `NoKey`, `Signature`, `Expired`, `NotYet`, `Audience`, `Subject`, `ClaimNames`, and
    /// `ClaimType` wherever a claim is looked at.
    pub fn verify(
        &self,
        keys: &KeySet,
        client_ids: &[String],
        now: i64,
    ) -> Result<Claims, TokenError> {
        let algorithm = self.algorithm.ok_or(TokenError::Algorithm)?;
        let key = keys.select(self.kid.as_deref(), algorithm)?;
        key.verify(algorithm, self.signed.as_bytes(), &self.signature)?;
        Claims::judge(&self.payload, client_ids, now)
    }

    /// Whether newer keys of the provider could change the verdict.
    pub fn may_have_newer_key(&self, error: &TokenError) -> bool {
        match error {
            TokenError::NoKey => true,
            // Without an id, a replaced key cannot be told from a wrong signature.
            TokenError::Signature => self.kid.is_none(),
            _ => false,
        }
    }
}
