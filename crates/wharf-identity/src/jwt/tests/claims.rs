//! What verified tokens say, and may not say.
use super::*;

#[test]
fn times_count_with_five_minutes_of_tolerance_to_the_second() {
    let expired = |expires| Err(TokenError::Expired { now: NOW, expires });
    assert!(changed(json!({"exp": NOW - 299})).is_ok());
    assert_eq!(changed(json!({"exp": NOW - 300})), expired(NOW - 300));
    assert_eq!(changed(json!({"exp": NOW - 301})), expired(NOW - 301));
    assert_eq!(changed(json!({"exp": -1})), expired(-1));
    assert!(changed(json!({"iat": NOW + 300})).is_ok());
    assert_eq!(
        changed(json!({"iat": NOW + 301})),
        Err(TokenError::NotYet("iat"))
    );
    assert!(changed(json!({"nbf": NOW + 300})).is_ok());
    assert_eq!(
        changed(json!({"nbf": NOW + 301})),
        Err(TokenError::NotYet("nbf"))
    );
    assert!(changed(json!({"exp": i64::MAX, "iat": i64::MIN})).is_ok());
}

#[test]
fn times_are_integers() {
    for name in ["exp", "iat", "nbf"] {
        for value in [
            json!(1_768_478_400.5),
            json!(1_768_478_400.0),
            json!("1768478400"),
            json!(u64::MAX),
            json!([1_768_478_400]),
            json!(true),
        ] {
            let said = changed(json!({name: value}));
            assert_eq!(said, Err(TokenError::ClaimType(name)), "{value}");
        }
    }
}

#[test]
fn the_audience_is_one_of_the_client_ids() {
    assert!(changed(json!({"aud": "other"})).is_ok());
    assert!(changed(json!({"aud": ["other"]})).is_ok());
    for aud in [
        json!("https://github.com/org"),
        json!("STS.amazonaws.com"),
        json!(""),
        json!([]),
        json!(["other", "sts.amazonaws.com"]),
    ] {
        let said = changed(json!({"aud": aud}));
        assert_eq!(said, Err(TokenError::Audience), "{aud}");
    }
    for aud in [json!(7), json!({"a": 1}), json!([7])] {
        assert_eq!(
            changed(json!({"aud": aud})),
            Err(TokenError::ClaimType("aud"))
        );
    }
    let parsed = UnverifiedToken::parse(&rs256(&claims())).unwrap();
    let nobody = parsed.verify(&provider(), &[], NOW);
    assert_eq!(nobody, Err(TokenError::Audience));
}

#[test]
fn the_authorized_party_takes_the_place_of_the_audience() {
    let said = changed(json!({"azp": "other", "aud": ["a", "b"]})).unwrap();
    assert_eq!(said.audience, "other");
    assert_eq!(said.original_audience, ["a", "b"]);
    let said = changed(json!({"azp": "other", "aud": "unknown"})).unwrap();
    assert_eq!(said.original_audience, ["unknown"]);
    // An audience that would do does not help a party that does not.
    assert_eq!(
        changed(json!({"azp": "unknown"})),
        Err(TokenError::Audience)
    );
    assert_eq!(
        changed(json!({"azp": 7})),
        Err(TokenError::ClaimType("azp"))
    );
    assert!(changed(json!({})).unwrap().original_audience.is_empty());
}

#[test]
fn a_subject_has_from_6_to_255_characters() {
    for subject in ["s".repeat(6), "ü".repeat(255)] {
        assert_eq!(changed(json!({"sub": subject})).unwrap().subject, subject);
    }
    for subject in ["s".repeat(5), "s".repeat(256)] {
        assert_eq!(changed(json!({"sub": subject})), Err(TokenError::Subject));
    }
    assert_eq!(
        changed(json!({"sub": 7})),
        Err(TokenError::ClaimType("sub"))
    );
}

#[test]
fn each_scalar_claim_becomes_a_text_by_its_name() {
    let said = changed(json!({"run_attempt": 2, "fork": false, "ref": "r", "ratio": 1.5, "list": ["x"],
        "object": {}, "nothing": null, "amr": ["authenticated", "x"], "oaud": "forged", "AMR": "forged",
        "https://aws.amazon.com/other": "x"}))
    .unwrap();
    assert_eq!(said.amr, ["authenticated", "x"]);
    let find = |name: &str| {
        let mut all = said.scalars.iter();
        all.find(|(n, _)| n == name).map(|(_, text)| text.as_str())
    };
    for (name, text) in [
        ("run_attempt", Some("2")),
        ("fork", Some("false")),
        ("ref", Some("r")),
        ("ratio", Some("1.5")),
        ("sub", Some("repo:org/app:ref:refs/heads/main")),
        ("iss", Some(ISSUER)),
        ("list", None),
        ("object", None),
        ("nothing", None),
        ("aud", None),
        ("oaud", None),
        ("amr", None),
        ("AMR", None),
        ("https://aws.amazon.com/other", None),
    ] {
        assert_eq!(find(name), text, "{name}");
    }
    assert_eq!(changed(json!({"amr": "one"})).unwrap().amr, ["one"]);
    assert_eq!(
        changed(json!({"amr": 1})),
        Err(TokenError::ClaimType("amr"))
    );
}

#[test]
fn two_claims_that_a_condition_cannot_tell_apart_are_refused() {
    for members in [
        json!({"SUB": "repo:org/other"}),
        json!({"ref": "a", "Ref": "b"}),
    ] {
        assert_eq!(changed(members), Err(TokenError::ClaimNames));
    }
}

#[test]
fn session_tags_are_read_in_both_forms() {
    let nested = changed(json!({"https://aws.amazon.com/tags": {
        "principal_tags": {"team": ["a"], "cost": "9"}, "transitive_tag_keys": ["team"]}}))
    .unwrap();
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(nested.tags, [pair("cost", "9"), pair("team", "a")]);
    assert_eq!(nested.transitive_tag_keys, ["team"]);
    let flat = changed(json!({
        "https://aws.amazon.com/tags/principal_tags/team": ["a"],
        "https://aws.amazon.com/tags/transitive_tag_keys": ["team", "x"],
        "https://aws.amazon.com/source_identity": "alice"}))
    .unwrap();
    assert_eq!(flat.tags, [pair("team", "a")]);
    assert_eq!(flat.transitive_tag_keys, ["team", "x"]);
    assert_eq!(flat.source_identity.as_deref(), Some("alice"));
    let none = changed(json!({})).unwrap();
    assert!(none.tags.is_empty() && none.transitive_tag_keys.is_empty());
    assert_eq!(none.source_identity, None);
}

#[test]
fn session_tags_of_another_shape_are_refused() {
    for tags in [
        json!([]),
        json!({"principal_tags": ["team"]}),
        json!({"principal_tags": {"team": ["a", "b"]}}),
        json!({"principal_tags": {"team": []}}),
        json!({"principal_tags": {"team": [1]}}),
        json!({"transitive_tag_keys": {"a": 1}}),
        json!({"transitive_tag_keys": [1]}),
    ] {
        let said = changed(json!({"https://aws.amazon.com/tags": tags}));
        let error = TokenError::ClaimType("https://aws.amazon.com/tags");
        assert_eq!(said, Err(error), "{tags}");
    }
    let said = changed(json!({"https://aws.amazon.com/source_identity": ["a"]}));
    let error = TokenError::ClaimType("https://aws.amazon.com/source_identity");
    assert_eq!(said, Err(error));
}
