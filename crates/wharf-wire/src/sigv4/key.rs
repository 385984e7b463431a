//! Key derivation and the signature itself.

use aws_lc_rs::{digest, hmac};
use zeroize::Zeroizing;

use super::{ALGORITHM, Scope};

impl Scope {
    /// `date/region/service/terminator`.
    pub(super) fn text(&self) -> String {
        let Self {
            date,
            region,
            service,
            terminator,
        } = self;
        format!("{date}/{region}/{service}/{terminator}")
    }
}

/// The key of one day, Region and service.
pub(super) struct SigningKey(hmac::Key);

impl SigningKey {
    pub(super) fn derive(secret: &str, scope: &Scope) -> Self {
        let mut key = Zeroizing::new(Vec::with_capacity(4 + secret.len()));
        key.extend_from_slice(b"AWS4");
        key.extend_from_slice(secret.as_bytes());
        for part in [
            &scope.date,
            &scope.region,
            &scope.service,
            &scope.terminator,
        ] {
            key = Zeroizing::new(
                hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes())
                    .as_ref()
                    .to_vec(),
            );
        }
        Self(hmac::Key::new(hmac::HMAC_SHA256, &key))
    }

    /// The signature of a canonical request: 64 lower-case hex digits.
    pub(super) fn signature(&self, time_text: &str, scope: &Scope, canonical: &[u8]) -> String {
        let scope = scope.text();
        let text = format!(
            "{ALGORITHM}\n{time_text}\n{scope}\n{}",
            sha256_hex(canonical)
        );
        hex::encode(hmac::sign(&self.0, text.as_bytes()))
    }
}

pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signing_key_is_the_documented_one() {
        let scope = Scope {
            date: "20150830".to_owned(),
            region: "us-east-1".to_owned(),
            service: "iam".to_owned(),
            terminator: "aws4_request".to_owned(),
        };
        let key = SigningKey::derive("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", &scope);
        // A key shows itself only by what it signs: compare with the documented key's signature.
        let documented =
            hex::decode("c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9")
                .unwrap();
        let documented = SigningKey(hmac::Key::new(hmac::HMAC_SHA256, &documented));
        assert_eq!(
            key.signature("t", &scope, b"x"),
            documented.signature("t", &scope, b"x")
        );
    }
}
