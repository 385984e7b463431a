use std::sync::LazyLock;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING,
    ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512,
    RSA_PSS_SHA256, RsaEncoding,
};
use proptest::prelude::*;
use serde_json::json;

use super::*;

mod claims;

/// 2026-01-15T12:00:00Z
const NOW: i64 = 1_768_478_400;
const ISSUER: &str = "https://idp.example/team";

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A provider's RSA key; one for all tests, because it takes long to make.
pub(crate) static RSA: LazyLock<RsaKeyPair> =
    LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());

/// The public key as a member of a set.
pub(crate) fn rsa_jwk(pair: &RsaKeyPair) -> Value {
    // DER of a sequence of two integers: the modulus behind nine bytes, the exponent in the last three.
    let der = pair.public_key().as_ref();
    let modulus = &der[9..der.len() - 5];
    json!({"kty": "RSA", "use": "sig", "n": encode(modulus), "e": encode(&der[der.len() - 3..])})
}

pub(crate) fn ec(algorithm: &'static EcdsaSigningAlgorithm) -> EcdsaKeyPair {
    EcdsaKeyPair::generate(algorithm).unwrap()
}

pub(crate) fn ec_jwk(pair: &EcdsaKeyPair, curve: &str) -> Value {
    let (x, y) = {
        let point = &pair.public_key().as_ref()[1..];
        point.split_at(point.len() / 2)
    };
    json!({"kty": "EC", "crv": curve, "x": encode(x), "y": encode(y)})
}

pub(crate) fn with(mut jwk: Value, members: Value) -> Value {
    let Value::Object(members) = members else {
        panic!("an object");
    };
    jwk.as_object_mut().unwrap().extend(members);
    jwk
}

pub(crate) fn set(keys: &[Value]) -> KeySet {
    KeySet::parse(json!({"keys": keys}).to_string().as_bytes()).unwrap()
}

fn claims() -> Value {
    json!({"iss": ISSUER, "sub": "repo:org/app:ref:refs/heads/main", "aud": "sts.amazonaws.com",
        "iat": NOW - 60, "nbf": NOW - 60, "exp": NOW + 240})
}

fn token(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let signed = format!(
        "{}.{}",
        encode(header.to_string()),
        encode(claims.to_string())
    );
    let signature = encode(sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

pub(crate) fn sign_rsa(pair: &RsaKeyPair, encoding: &'static dyn RsaEncoding, m: &[u8]) -> Vec<u8> {
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(encoding, &SystemRandom::new(), m, &mut signature)
        .unwrap();
    signature
}

fn sign_ec(pair: &EcdsaKeyPair, message: &[u8]) -> Vec<u8> {
    let signature = pair.sign(&SystemRandom::new(), message).unwrap();
    signature.as_ref().to_vec()
}

/// An RS256 token of the key `k` with these claims.
fn rs256(claims: &Value) -> String {
    let header = json!({"alg": "RS256", "kid": "k", "typ": "JWT"});
    token(&header, claims, |m| sign_rsa(&RSA, &RSA_PKCS1_SHA256, m))
}

fn provider() -> KeySet {
    set(&[with(rsa_jwk(&RSA), json!({"kid": "k", "alg": "RS256"}))])
}

fn clients() -> Vec<String> {
    vec!["other".to_owned(), "sts.amazonaws.com".to_owned()]
}

fn judge(token: &str, keys: &KeySet) -> Result<Claims, TokenError> {
    UnverifiedToken::parse(token)?.verify(keys, &clients(), NOW)
}

/// Judges claims, changed by these members, as the provider signed them.
fn changed(members: Value) -> Result<Claims, TokenError> {
    judge(&rs256(&with(claims(), members)), &provider())
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

#[test]
fn a_token_is_verified_with_each_allowed_algorithm() {
    for (name, encoding) in [
        ("RS256", &RSA_PKCS1_SHA256),
        ("RS384", &RSA_PKCS1_SHA384),
        ("RS512", &RSA_PKCS1_SHA512),
    ] {
        let keys = set(&[with(rsa_jwk(&RSA), json!({"kid": "k"}))]);
        let header = json!({"alg": name, "kid": "k"});
        let token = token(&header, &claims(), |m| sign_rsa(&RSA, encoding, m));
        let said = judge(&token, &keys).unwrap();
        assert_eq!(said.issuer, ISSUER);
        assert_eq!(said.subject, "repo:org/app:ref:refs/heads/main");
        assert_eq!(said.audience, "sts.amazonaws.com");
        assert_eq!((said.issued, said.expires), (NOW - 60, NOW + 240));
    }
    for (name, curve, algorithm) in [
        ("ES256", "P-256", &ECDSA_P256_SHA256_FIXED_SIGNING),
        ("ES384", "P-384", &ECDSA_P384_SHA384_FIXED_SIGNING),
        ("ES512", "P-521", &ECDSA_P521_SHA512_FIXED_SIGNING),
    ] {
        let pair = ec(algorithm);
        let keys = set(&[with(ec_jwk(&pair, curve), json!({"kid": "e"}))]);
        let header = json!({"alg": name, "kid": "e"});
        let token = token(&header, &claims(), |m| sign_ec(&pair, m));
        assert_eq!(judge(&token, &keys).map(|_| ()), Ok(()), "{name}");
    }
}

#[test]
fn n1_a_token_without_signature_or_with_a_secret_key_is_refused() {
    let none = token(&json!({"alg": "none"}), &claims(), |_| Vec::new());
    assert_eq!(judge(&none, &provider()), Err(TokenError::Algorithm));
    // The classic confusion: the public key, which everybody has, taken as an HMAC secret.
    for secret in [
        RSA.public_key().as_ref().to_vec(),
        rsa_jwk(&RSA).to_string().into_bytes(),
    ] {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        let header = json!({"alg": "HS256", "kid": "k"});
        let token = token(&header, &claims(), |m| {
            hmac::sign(&secret, m).as_ref().to_vec()
        });
        assert_eq!(judge(&token, &provider()), Err(TokenError::Algorithm));
    }
    for name in [
        "NONE", "None", "rs256", "PS256", "EdDSA", "ES256K", "", "RS1",
    ] {
        let token = token(&json!({"alg": name, "kid": "k"}), &claims(), |m| {
            sign_rsa(&RSA, &RSA_PKCS1_SHA256, m)
        });
        let parsed = UnverifiedToken::parse(&token).unwrap();
        assert_eq!(parsed.check_header(), Err(TokenError::Algorithm), "{name}");
        assert_eq!(judge(&token, &provider()), Err(TokenError::Algorithm));
    }
    for header in [
        json!({"kid": "k"}),
        json!({"alg": 1}),
        json!({"alg": ["RS256"]}),
    ] {
        let token = token(&header, &claims(), |m| sign_rsa(&RSA, &RSA_PKCS1_SHA256, m));
        assert_eq!(judge(&token, &provider()), Err(TokenError::Algorithm));
    }
}

#[test]
fn n1_a_key_or_its_address_in_the_header_is_not_looked_at() {
    let own = ec(&ECDSA_P256_SHA256_FIXED_SIGNING);
    let jwk = with(ec_jwk(&own, "P-256"), json!({"kid": "own"}));
    for members in [
        json!({"jwk": jwk}),
        json!({"jku": "https://evil.example/jwks"}),
        json!({"x5u": "https://evil.example/chain"}),
        json!({"x5c": ["MIIB"]}),
    ] {
        let header = with(json!({"alg": "ES256", "kid": "own"}), members.clone());
        let forged = token(&header, &claims(), |m| sign_ec(&own, m));
        assert_eq!(judge(&forged, &provider()), Err(TokenError::NoKey));
        let header = with(json!({"alg": "RS256", "kid": "k"}), members);
        let forged = token(&header, &claims(), |m| sign_ec(&own, m));
        assert_eq!(judge(&forged, &provider()), Err(TokenError::Signature));
        let good = token(&header, &claims(), |m| sign_rsa(&RSA, &RSA_PKCS1_SHA256, m));
        assert!(judge(&good, &provider()).is_ok());
    }
}

#[test]
fn a_critical_extension_is_refused() {
    for crit in [json!(["b64"]), json!([]), json!("exp")] {
        let header = json!({"alg": "RS256", "kid": "k", "crit": crit, "b64": true});
        let token = token(&header, &claims(), |m| sign_rsa(&RSA, &RSA_PKCS1_SHA256, m));
        assert_eq!(judge(&token, &provider()), Err(TokenError::Algorithm));
    }
}

#[test]
fn n1_the_key_decides_which_algorithms_it_is_for() {
    let pair = ec(&ECDSA_P256_SHA256_FIXED_SIGNING);
    let keys = set(&[
        with(rsa_jwk(&RSA), json!({"kid": "k", "alg": "RS256"})),
        with(ec_jwk(&pair, "P-256"), json!({"kid": "e"})),
    ]);
    for (algorithm, kid) in [
        ("ES256", "k"),
        ("RS256", "e"),
        ("ES384", "e"),
        ("ES512", "e"),
        // Fits the type, but not what the provider says of the key.
        ("RS512", "k"),
    ] {
        let header = json!({"alg": algorithm, "kid": kid});
        for sign in [
            sign_ec(&pair, b"x"),
            sign_rsa(&RSA, &RSA_PKCS1_SHA512, b"x"),
        ] {
            let token = token(&header, &claims(), |_| sign);
            assert_eq!(judge(&token, &keys), Err(TokenError::Algorithm));
        }
    }
    // The padding is the algorithm's, too.
    let pss = token(&json!({"alg": "RS256", "kid": "k"}), &claims(), |m| {
        sign_rsa(&RSA, &RSA_PSS_SHA256, m)
    });
    assert_eq!(judge(&pss, &keys), Err(TokenError::Signature));
}

#[test]
fn an_ecdsa_signature_in_der_is_refused() {
    let pair = ec(&ECDSA_P256_SHA256_ASN1_SIGNING);
    let keys = set(&[with(ec_jwk(&pair, "P-256"), json!({"kid": "e"}))]);
    let token = token(&json!({"alg": "ES256", "kid": "e"}), &claims(), |m| {
        sign_ec(&pair, m)
    });
    assert_eq!(judge(&token, &keys), Err(TokenError::Signature));
}

#[test]
fn the_id_chooses_the_key_and_without_one_only_a_single_key_fits() {
    let pair = ec(&ECDSA_P256_SHA256_FIXED_SIGNING);
    let another = ec(&ECDSA_P256_SHA256_FIXED_SIGNING);
    let es256 = |header: &Value| token(header, &claims(), |m| sign_ec(&pair, m));
    let named = es256(&json!({"alg": "ES256", "kid": "e"}));
    let bare = es256(&json!({"alg": "ES256"}));
    let own = with(ec_jwk(&pair, "P-256"), json!({"kid": "e"}));
    let other = with(ec_jwk(&another, "P-256"), json!({"kid": "f"}));
    let both = set(&[rsa_jwk(&RSA), other.clone(), own.clone()]);
    assert!(judge(&named, &both).is_ok());
    assert_eq!(judge(&bare, &both), Err(TokenError::NoKey));
    assert!(judge(&bare, &set(&[rsa_jwk(&RSA), own])).is_ok());
    let swapped = es256(&json!({"alg": "ES256", "kid": "f"}));
    assert_eq!(judge(&swapped, &both), Err(TokenError::Signature));
    let unknown = es256(&json!({"alg": "ES256", "kid": "E"}));
    assert_eq!(judge(&unknown, &both), Err(TokenError::NoKey));
    let newer = |token: &str, error| {
        let token = UnverifiedToken::parse(token).unwrap();
        token.may_have_newer_key(&error)
    };
    assert!(newer(&named, TokenError::NoKey) && newer(&bare, TokenError::Signature));
    assert!(!newer(&named, TokenError::Signature) && !newer(&bare, TokenError::Algorithm));
}

#[test]
fn a_change_anywhere_breaks_the_signature() {
    let good = rs256(&claims());
    assert!(judge(&good, &provider()).is_ok());
    let parts: Vec<&str> = good.split('.').collect();
    let forged = encode(with(claims(), json!({"sub": "repo:org/other"})).to_string());
    let header = encode(json!({"alg": "RS256", "kid": "k"}).to_string());
    for token in [
        format!("{}.{forged}.{}", parts[0], parts[2]),
        format!("{header}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], encode([0; 256])),
        format!("{}.{}.", parts[0], parts[1]),
    ] {
        assert_eq!(judge(&token, &provider()), Err(TokenError::Signature));
    }
}

#[test]
fn what_is_no_jwt_is_refused_with_the_text_for_it() {
    let good = rs256(&claims());
    let parts: Vec<&str> = good.split('.').collect();
    let (h, p, s) = (parts[0], parts[1], parts[2]);
    let twice = encode(r#"{"alg":"none","alg":"RS256","kid":"k"}"#);
    let double = encode(format!(r#"{{"iss":"{ISSUER}","iss":"{ISSUER}"}}"#));
    for token in [
        String::new(),
        "a.b".to_owned(),
        "....".to_owned(),
        "opaque-access-token".to_owned(),
        format!("{h}.{p}"),
        format!("{h}.{p}.{s}.{s}"),
        format!("{h}.{p}.{s}="),
        format!("{h}.{p}.{s}\n"),
        format!(" {h}.{p}.{s}"),
        format!("{h}.{p}+.{s}"),
        format!(".{p}.{s}"),
        format!("{h}..{s}"),
        format!("{}.{p}.{s}", encode("[]")),
        format!("{h}.{}.{s}", encode("\"text\"")),
        format!("{h}.{}.{s}", encode([0xff, 0xfe])),
        format!("{twice}.{p}.{s}"),
        format!("{h}.{double}.{s}"),
        format!("{}.{p}.{s}", encode(r#"{"alg":"RS256","kid":7}"#)),
        format!(
            "{h}.{}.{s}",
            encode(format!("{{\"a\":{}", "[".repeat(9_000)))
        ),
    ] {
        assert_eq!(
            judge(&token, &provider()),
            Err(TokenError::NotAJwt),
            "{token}"
        );
    }
}

#[test]
fn a_token_of_more_than_twenty_thousand_characters_is_refused() {
    let padded = |length: usize| rs256(&with(claims(), json!({"pad": "x".repeat(length)})));
    let mut length = 14_000;
    while padded(length + 1).len() <= 20_000 {
        length += 1;
    }
    assert!(judge(&padded(length), &provider()).is_ok());
    assert_eq!(
        judge(&padded(length + 1), &provider()),
        Err(TokenError::NotAJwt)
    );
    let huge = "a".repeat(10 << 20);
    assert_eq!(judge(&huge, &provider()), Err(TokenError::NotAJwt));
}

#[test]
fn the_required_claims_are_required() {
    for name in ["iss", "sub", "aud", "iat", "exp"] {
        let error = Err(TokenError::MissingClaim(name));
        assert_eq!(judge(&rs256(&without(name)), &provider()), error);
        assert_eq!(changed(json!({name: null})), error);
    }
    let bare = token(&json!({}), &json!({}), |_| Vec::new());
    let first = UnverifiedToken::parse(&bare).unwrap_err();
    assert_eq!(first.message(), "Missing a required claim: iss");
    assert!(judge(&rs256(&without("nbf")), &provider()).is_ok());
}

#[test]
fn an_issuer_is_an_https_url() {
    for issuer in [
        "http://idp.example",
        "idp.example",
        "HTTPS://idp.example",
        "",
    ] {
        let issuer = issuer.to_owned();
        let said = changed(json!({"iss": issuer}));
        assert_eq!(said, Err(TokenError::NoProvider { issuer }));
    }
    assert_eq!(
        changed(json!({"iss": 7})),
        Err(TokenError::ClaimType("iss"))
    );
}

#[test]
fn n28_a_token_is_not_shown() {
    let token = UnverifiedToken::parse(&rs256(&claims())).unwrap();
    assert_eq!(token.issuer(), ISSUER);
    let shown = format!("{token:?}");
    assert!(
        shown.contains(ISSUER) && !shown.contains("repo:org"),
        "{shown}"
    );
}

proptest! {
    #[test]
    fn arbitrary_text_is_no_token_and_breaks_nothing(text in ".{0,200}") {
        prop_assert!(UnverifiedToken::parse(&text).is_err());
    }

    #[test]
    fn arbitrary_parts_break_nothing(
        header in proptest::collection::vec(any::<u8>(), 0..80),
        payload in proptest::collection::vec(any::<u8>(), 0..80),
        signature in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        let token = format!("{}.{}.{}", encode(header), encode(payload), encode(signature));
        prop_assert!(UnverifiedToken::parse(&token).is_err());
    }

    #[test]
    fn arbitrary_values_in_a_signed_token_break_nothing(
        name in "iss|sub|aud|azp|exp|iat|nbf|amr|https://aws.amazon.com/(tags|source_identity|tags/transitive_tag_keys)|[a-z]{1,8}",
        number in any::<f64>(), text in ".{0,20}", which in 0..6,
    ) {
        let value = match which {
            0 => json!(number),
            1 => json!(text),
            2 => json!([text]),
            3 => json!({text: [number]}),
            4 => json!({"principal_tags": {text: [name.clone()]}}),
            _ => Value::Null,
        };
        if let Ok(said) = changed(json!({name: value})) {
            prop_assert!(clients().contains(&said.audience));
        }
    }

    #[test]
    fn no_changed_character_verifies(at in any::<proptest::sample::Index>(), by in 1_u8..64) {
        static GOOD: LazyLock<String> = LazyLock::new(|| rs256(&claims()));
        let mut bytes = GOOD.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= by;
        if let Ok(token) = String::from_utf8(bytes) {
            prop_assert!(judge(&token, &provider()).is_err());
        }
    }
}
