use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, RSA_PKCS1_SHA256,
};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::jwt::tests::{RSA, ec, ec_jwk, encode, rsa_jwk, set, sign_rsa, with};

fn parse(keys: &Value) -> Result<KeySet, JwksError> {
    KeySet::parse(json!({"keys": keys}).to_string().as_bytes())
}

#[test]
fn a_key_that_cannot_be_used_does_not_take_the_others_with_it() {
    let rsa = rsa_jwk(&RSA);
    let p256 = ec_jwk(&ec(&ECDSA_P256_SHA256_FIXED_SIGNING), "P-256");
    let p384 = ec_jwk(&ec(&ECDSA_P384_SHA384_FIXED_SIGNING), "P-384");
    let unusable = [
        json!({"kty": "OKP", "crv": "Ed25519", "x": "AA"}),
        json!({"kty": "AKP", "alg": "ML-DSA-44"}),
        with(rsa.clone(), json!({"use": "enc"})),
        with(rsa.clone(), json!({"use": 1})),
        with(rsa.clone(), json!({"key_ops": ["encrypt"]})),
        with(rsa.clone(), json!({"key_ops": "verify"})),
        with(rsa.clone(), json!({"alg": "HS256"})),
        with(rsa.clone(), json!({"alg": "PS256"})),
        with(rsa.clone(), json!({"alg": "ES256"})),
        with(rsa.clone(), json!({"kid": 7})),
        with(rsa.clone(), json!({"kid": "k".repeat(256)})),
        with(rsa.clone(), json!({"n": "not base64url!"})),
        with(rsa.clone(), json!({"n": ""})),
        with(rsa.clone(), json!({"n": encode([0xff; 2_000])})),
        with(rsa.clone(), json!({"e": ""})),
        with(rsa.clone(), json!({"e": encode([1])})),
        with(rsa.clone(), json!({"e": encode([2])})),
        with(rsa.clone(), json!({"e": encode([0xff; 64])})),
        with(p256.clone(), json!({"crv": "P-384"})),
        with(p256.clone(), json!({"crv": "secp256k1"})),
        with(p256.clone(), json!({"alg": "ES384"})),
        with(p256.clone(), json!({"x": encode([1; 31])})),
        json!({"kty": "EC"}),
        json!({"kty": "RSA"}),
    ];
    for key in &unusable {
        assert_eq!(parse(&json!([key])).map(|set| set.len()), Ok(0), "{key}");
    }
    let all = [&unusable[..], &[rsa, p256, p384]].concat();
    assert_eq!(parse(&json!(all)).map(|set| set.len()), Ok(3));
    assert!(parse(&json!([])).unwrap().is_empty());
}

#[test]
fn a_key_for_signatures_may_say_so_in_several_ways() {
    let rsa = rsa_jwk(&RSA);
    for members in [
        json!({"key_ops": ["verify"]}),
        json!({"key_ops": ["verify", "sign"]}),
        json!({"alg": "RS384"}),
        json!({"x5c": ["MII"], "x5t": "t", "unknown": {}}),
        json!({"kid": "k".repeat(255)}),
    ] {
        let key = with(rsa.clone(), members);
        assert_eq!(parse(&json!([key])).map(|set| set.len()), Ok(1), "{key}");
    }
}

#[test]
fn a_modulus_has_at_least_2048_bits() {
    for (bytes, usable) in [(128, 0), (255, 0), (256, 1), (512, 1), (1024, 1), (1025, 0)] {
        let key = with(rsa_jwk(&RSA), json!({"n": encode(vec![0xff; bytes])}));
        assert_eq!(
            parse(&json!([key])).map(|set| set.len()),
            Ok(usable),
            "{bytes}"
        );
    }
    let mut short = vec![0xff; 256];
    short[0] = 0x7f;
    let key = with(rsa_jwk(&RSA), json!({"n": encode(short)}));
    assert_eq!(
        parse(&json!([key])).map(|set| set.len()),
        Ok(0),
        "2047 bits"
    );
}

#[test]
fn a_sign_in_front_of_a_modulus_changes_nothing() {
    let plain = rsa_jwk(&RSA);
    let modulus = URL_SAFE_NO_PAD
        .decode(plain["n"].as_str().unwrap())
        .unwrap();
    let signed = with(plain, json!({"n": encode([&[0][..], &modulus].concat())}));
    let set = set(&[signed]);
    let key = set.select(None, Algorithm::Rs256).unwrap();
    let signature = sign_rsa(&RSA, &RSA_PKCS1_SHA256, b"m");
    assert_eq!(key.verify(Algorithm::Rs256, b"m", &signature), Ok(()));
    assert_eq!(
        key.verify(Algorithm::Rs256, b"n", &signature),
        Err(TokenError::Signature)
    );
    assert_eq!(
        key.verify(Algorithm::Es256, b"m", &signature),
        Err(TokenError::Algorithm)
    );
}

#[test]
fn a_point_that_is_not_on_the_curve_verifies_nothing() {
    let key = json!({"kty": "EC", "crv": "P-256", "x": encode([1; 32]), "y": encode([2; 32])});
    let set = set(&[key]);
    let key = set.select(None, Algorithm::Es256).unwrap();
    assert_eq!(
        key.verify(Algorithm::Es256, b"m", &[1; 64]),
        Err(TokenError::Signature)
    );
}

#[test]
fn a_set_with_a_secret_is_refused() {
    for key in [
        json!({"kty": "oct", "k": "c2VjcmV0"}),
        with(rsa_jwk(&RSA), json!({"d": "AQAB"})),
        with(
            ec_jwk(&ec(&ECDSA_P256_SHA256_FIXED_SIGNING), "P-256"),
            json!({"d": "AA"}),
        ),
    ] {
        assert_eq!(parse(&json!([rsa_jwk(&RSA), key])), Err(JwksError::Secret));
    }
}

#[test]
fn the_keys_of_each_type_are_counted() {
    let rsa = vec![rsa_jwk(&RSA); 100];
    let ec = vec![json!({"kty": "EC"}); 100];
    let others = vec![json!({"kty": "OKP"}); 500];
    let all = [rsa.clone(), ec.clone(), others].concat();
    assert_eq!(parse(&json!(all)).map(|set| set.len()), Ok(100));
    for more in [json!({"kty": "RSA"}), json!({"kty": "EC"})] {
        let all = [rsa.clone(), ec.clone(), vec![more]].concat();
        assert_eq!(parse(&json!(all)), Err(JwksError::TooMany));
    }
}

#[test]
fn what_is_no_set_or_too_large_is_refused() {
    for text in [
        "",
        "[]",
        "{}",
        r#"{"keys":{}}"#,
        r#"{"keys":[1]}"#,
        r#"{"keys":[{}]}"#,
        r#"{"keys":[],"keys":[]}"#,
        &format!("{{\"keys\":{}", "[".repeat(100_000)),
    ] {
        assert_eq!(KeySet::parse(text.as_bytes()), Err(JwksError::Malformed));
    }
    let padded = |length: usize| format!("{{\"keys\":[],\"pad\":\"{}\"}}", "x".repeat(length));
    let frame = padded(0).len();
    assert!(KeySet::parse(padded(MAX_JWKS_BYTES - frame).as_bytes()).is_ok());
    assert_eq!(
        KeySet::parse(padded(MAX_JWKS_BYTES - frame + 1).as_bytes()),
        Err(JwksError::TooLarge)
    );
}

#[test]
fn of_two_keys_with_an_id_the_one_that_fits_is_taken() {
    let p256 = with(
        ec_jwk(&ec(&ECDSA_P256_SHA256_FIXED_SIGNING), "P-256"),
        json!({"kid": "k"}),
    );
    let rsa = with(rsa_jwk(&RSA), json!({"kid": "k"}));
    let both = set(&[p256, rsa]);
    let signature = sign_rsa(&RSA, &RSA_PKCS1_SHA256, b"m");
    let key = both.select(Some("k"), Algorithm::Rs256).unwrap();
    assert_eq!(key.verify(Algorithm::Rs256, b"m", &signature), Ok(()));
    assert!(both.select(Some("k"), Algorithm::Es256).is_ok());
    assert_eq!(
        both.select(Some("k"), Algorithm::Es384),
        Err(TokenError::Algorithm)
    );
}

#[test]
fn a_key_of_3072_bits_is_taken() {
    let pair = RsaKeyPair::generate(KeySize::Rsa3072).unwrap();
    let set = set(&[rsa_jwk(&pair)]);
    let key = set.select(None, Algorithm::Rs256).unwrap();
    let signature = sign_rsa(&pair, &RSA_PKCS1_SHA256, b"m");
    assert_eq!(key.verify(Algorithm::Rs256, b"m", &signature), Ok(()));
}

proptest! {
    #[test]
    fn arbitrary_bytes_break_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(KeySet::parse(&bytes).is_err());
    }

    #[test]
    fn arbitrary_members_break_nothing(
        kty in "RSA|EC|oct|OKP", n in "[A-Za-z0-9_-]{0,400}", e in "[A-Za-z0-9_-]{0,8}",
        crv in "P-256|P-384|P-521|x", signature in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let keys = json!([{"kty": kty, "n": n, "e": e, "crv": crv, "x": n, "y": n}]);
        if let Ok(set) = parse(&keys) {
            for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::Es512] {
                if let Ok(key) = set.select(None, algorithm) {
                    prop_assert!(key.verify(algorithm, b"m", &signature).is_err());
                }
            }
        }
    }
}
