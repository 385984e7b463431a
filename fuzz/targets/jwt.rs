//! Web identity tokens and key sets: nothing unsigned is believed, and of what is signed only what the rules allow.
//!
//! The input is taken as a whole token, as a key set, and as the payload of a token that is signed with a good key.
#![no_main]

use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use wharf_identity::{Claims, KeySet, MAX_KEYS, TOKEN_CHARS, TokenError, UnverifiedToken};

/// 2026-01-15T12:00:00Z
const NOW: i64 = 1_768_478_400;
const HEADER: &str = r#"{"alg":"ES256","kid":"k"}"#;

static PAIR: LazyLock<EcdsaKeyPair> =
    LazyLock::new(|| EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"));
static KEYS: LazyLock<KeySet> = LazyLock::new(|| {
    let (x, y) = PAIR.public_key().as_ref()[1..].split_at(32);
    let key = json!({"kty": "EC", "crv": "P-256", "kid": "k", "x": encode(x), "y": encode(y)});
    KeySet::parse(json!({"keys": [key]}).to_string().as_bytes()).expect("a set")
});

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn judge(token: &str) -> Result<Claims, TokenError> {
    let clients = ["sts.amazonaws.com".to_owned()];
    UnverifiedToken::parse(token)?.verify(&KEYS, &clients, NOW)
}

/// That what is believed keeps to the rules, as another reader of JSON sees it.
fn is_allowed(claims: &Claims, payload: &str) {
    let other: Value = serde_json::from_str(payload).expect("JSON for every reader");
    assert_eq!(other["iss"], claims.issuer);
    assert_eq!(other["sub"], claims.subject);
    assert_eq!(other["exp"], claims.expires);
    assert_eq!(other["iat"], claims.issued);
    assert!(claims.issuer.starts_with("https://"));
    assert!((6..=255).contains(&claims.subject.chars().count()));
    assert!(claims.expires > NOW - 300 && claims.issued <= NOW + 300);
    assert!(other["nbf"].is_null() || other["nbf"].as_i64().expect("a time") <= NOW + 300);
    assert_eq!(claims.audience, "sts.amazonaws.com");
    let mut names: Vec<String> = claims
        .scalars
        .iter()
        .map(|(n, _)| n.to_lowercase())
        .collect();
    names.sort();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all, "two claims for one condition key");
    assert!(
        !names
            .iter()
            .any(|name| ["aud", "oaud", "amr"].contains(&name.as_str()))
    );
}

fuzz_target!(|text: &str| {
    if let Ok(token) = UnverifiedToken::parse(text) {
        assert!(TOKEN_CHARS.contains(&text.len()) && token.issuer().starts_with("https://"));
        let nobody = token
            .verify(&KeySet::default(), &[], NOW)
            .expect_err("no key");
        assert!(matches!(nobody, TokenError::NoKey | TokenError::Algorithm));
        assert!(judge(text).is_err(), "nobody has signed it");
    }
    if let Ok(set) = KeySet::parse(text.as_bytes()) {
        assert!(set.len() <= 2 * MAX_KEYS);
    }
    let signed = format!("{}.{}", encode(HEADER), encode(text));
    let signature = PAIR
        .sign(&SystemRandom::new(), signed.as_bytes())
        .expect("a signature");
    let signature = encode(signature);
    match judge(&format!("{signed}.{signature}")) {
        Ok(claims) => {
            is_allowed(&claims, text);
            // The same meaning in another spelling was not signed.
            let respelled = format!(
                "{}.{}.{signature}",
                encode(HEADER),
                encode(format!("{text} "))
            );
            assert_eq!(judge(&respelled), Err(TokenError::Signature));
        }
        Err(error) => {
            assert!(!matches!(
                error,
                TokenError::Signature | TokenError::NoKey | TokenError::Algorithm
            ));
            assert!(!error.message().is_empty());
        }
    }
});
