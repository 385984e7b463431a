use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::shape::Shape;
use super::*;
use crate::ecr::{
    BatchGetImageRequest, CreateRepositoryCreationTemplateRequest, CreateRepositoryRequest,
    DECODERS, DescribeRepositoriesRequest, EncryptionType, GetAuthorizationTokenRequest,
    PutImageRequest, PutLifecyclePolicyRequest, PutRegistryPolicyRequest, TagResourceRequest,
    UploadLayerPartRequest,
};

fn read<T: Input>(body: &Value) -> Result<T, DecodeError> {
    decode(body.to_string().as_bytes())
}

/// The full text of a refusal.
fn refusal<T: Input>(body: &Value) -> String {
    match read::<T>(body) {
        Ok(_) => panic!("{body} was accepted"),
        Err(error) => error.to_string(),
    }
}

fn constraint(member: &str, reason: &str) -> String {
    format!("Invalid parameter at '{member}' failed to satisfy constraint: '{reason}'")
}

#[test]
fn a_whole_request_is_read() {
    let request: CreateRepositoryRequest = read(&json!({
        "repositoryName": "team/app",
        "tags": [{ "Key": "a", "Value": "" }],
        "encryptionConfiguration": { "encryptionType": "KMS", "kmsKey": "alias/x" },
        "imageScanningConfiguration": { "scanOnPush": true },
        "imageTagMutability": null,
        "unheardOf": { "deep": [1, 2, { "x": null }] },
    }))
    .expect("valid");
    assert_eq!(request.repository_name, "team/app");
    assert_eq!(request.registry_id, None);
    assert_eq!(request.image_tag_mutability, None);
    assert_eq!(request.tags.expect("given")[0].key, "a");
    let encryption = request.encryption_configuration.expect("given");
    assert_eq!(encryption.encryption_type, EncryptionType::Kms);
    assert_eq!(
        request
            .image_scanning_configuration
            .expect("given")
            .scan_on_push,
        Some(true)
    );
}

#[test]
fn an_empty_body_is_an_empty_request() {
    assert!(decode::<DescribeRepositoriesRequest>(b"").is_ok());
    assert!(decode::<DescribeRepositoriesRequest>(b" {} \n").is_ok());
    assert!(decode::<DescribeRepositoriesRequest>(b" ").is_err());
}

#[test]
fn absent_and_null_required_members_must_not_be_null() {
    let text = constraint("repositoryName", "Member must not be null");
    assert_eq!(refusal::<CreateRepositoryRequest>(&json!({})), text);
    assert_eq!(
        refusal::<CreateRepositoryRequest>(&json!({ "repositoryName": null })),
        text
    );
}

#[test]
fn bounds_of_numbers_are_told() {
    for (value, reason) in [
        (1_001, "Member must have value less than or equal to 1000"),
        (0, "Member must have value greater than or equal to 1"),
        (
            i64::MIN,
            "Member must have value greater than or equal to 1",
        ),
    ] {
        let body = json!({ "maxResults": value });
        assert_eq!(
            refusal::<DescribeRepositoriesRequest>(&body),
            constraint("maxResults", reason)
        );
    }
    assert!(read::<DescribeRepositoriesRequest>(&json!({ "maxResults": 1_000 })).is_ok());
}

#[test]
fn a_bad_repository_name_is_told_with_the_pattern() {
    let pattern = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*";
    let text = constraint(
        "repositoryName",
        &format!("must satisfy regular expression '{pattern}'"),
    );
    for name in [
        "App", "a..b", "a___b", "/a", "a/", "a//b", "-a", "ab\n", "ä-b", "a b",
    ] {
        assert_eq!(
            refusal::<CreateRepositoryRequest>(&json!({ "repositoryName": name })),
            text,
            "{name:?}"
        );
    }
    for name in ["a1", "0/0", "a__b", "a---b", "a.b/c_d"] {
        assert!(
            read::<CreateRepositoryRequest>(&json!({ "repositoryName": name })).is_ok(),
            "{name}"
        );
    }
    let short = constraint(
        "repositoryName",
        "Member must have length greater than or equal to 2",
    );
    assert_eq!(
        refusal::<CreateRepositoryRequest>(&json!({ "repositoryName": "a" })),
        short
    );
    let long = constraint(
        "repositoryName",
        "Member must have length less than or equal to 256",
    );
    assert_eq!(
        refusal::<CreateRepositoryRequest>(&json!({ "repositoryName": "a".repeat(257) })),
        long
    );
}

#[test]
fn an_unknown_enum_value_is_told_with_the_set() {
    let body = json!({ "repositoryName": "app", "imageTagMutability": "immutable" });
    let set = "[IMMUTABLE, MUTABLE, MUTABLE_WITH_EXCLUSION, IMMUTABLE_WITH_EXCLUSION]";
    let text = constraint(
        "imageTagMutability",
        &format!("Member must satisfy enum value set: {set}"),
    );
    assert_eq!(refusal::<CreateRepositoryRequest>(&body), text);
}

#[test]
fn nested_members_are_told_with_their_path() {
    let nested = json!({ "repositoryName": "app", "encryptionConfiguration": { "encryptionType": "ROT13" } });
    let text = constraint(
        "encryptionConfiguration.encryptionType",
        "Member must satisfy enum value set: [AES256, KMS, KMS_DSSE]",
    );
    assert_eq!(refusal::<CreateRepositoryRequest>(&nested), text);
    let tags =
        json!({ "resourceArn": "x", "tags": [{ "Key": "a", "Value": "b" }, { "Value": "b" }] });
    let text = constraint("tags.2.member.key", "Member must not be null");
    assert_eq!(refusal::<TagResourceRequest>(&tags), text);
    let plain = json!({ "prefix": "app", "appliedFor": ["PUSH"] });
    let text = constraint(
        "appliedFor",
        "Member must satisfy enum value set: [REPLICATION, PULL_THROUGH_CACHE, CREATE_ON_PUSH]",
    );
    assert_eq!(
        refusal::<CreateRepositoryCreationTemplateRequest>(&plain),
        text
    );
}

#[test]
fn null_in_a_list_must_not_be_null() {
    let plain = json!({ "registryIds": ["123456789012", null] });
    let text = constraint("registryIds", "Member must not be null");
    assert_eq!(refusal::<GetAuthorizationTokenRequest>(&plain), text);
    let inner = json!({ "repositoryName": "app", "imageIds": [null] });
    let text = constraint("imageIds.1.member", "Member must not be null");
    assert_eq!(refusal::<BatchGetImageRequest>(&inner), text);
}

#[test]
fn lengths_of_lists_are_told() {
    let ids = |count: usize| json!({ "repositoryName": "app", "imageIds": vec![json!({ "imageTag": "x" }); count] });
    let text = constraint(
        "imageIds",
        "Member must have length greater than or equal to 1",
    );
    assert_eq!(refusal::<BatchGetImageRequest>(&ids(0)), text);
    let text = constraint(
        "imageIds",
        "Member must have length less than or equal to 100",
    );
    assert_eq!(refusal::<BatchGetImageRequest>(&ids(101)), text);
    assert!(read::<BatchGetImageRequest>(&ids(100)).is_ok());
}

#[test]
fn members_that_ecr_capitalises_are_capitalised() {
    assert_eq!(
        refusal::<PutRegistryPolicyRequest>(&json!({})),
        constraint("PolicyText", "Member must not be null")
    );
    assert_eq!(
        refusal::<PutLifecyclePolicyRequest>(
            &json!({ "repositoryName": "app", "lifecyclePolicyText": "{}" })
        ),
        constraint(
            "LifecyclePolicyText",
            "Member must have length greater than or equal to 100"
        )
    );
    assert_eq!(
        refusal::<PutImageRequest>(&json!({ "repositoryName": "app", "imageManifest": "" })),
        constraint(
            "ImageManifest",
            "Member must have length greater than or equal to 1"
        )
    );
}

#[test]
fn lengths_of_text_count_characters() {
    let manifest = |text: String| json!({ "repositoryName": "app", "imageManifest": text });
    let most = 4_194_304;
    let request = read::<PutImageRequest>(&manifest("ä".repeat(most)))
        .expect("as many characters as allowed");
    assert_eq!(request.image_manifest.len(), 2 * most);
    assert_eq!(
        refusal::<PutImageRequest>(&manifest("a".repeat(most + 1))),
        constraint(
            "ImageManifest",
            "Member must have length less than or equal to 4194304"
        )
    );
    let hundred = json!({ "repositoryName": "app", "lifecyclePolicyText": "€".repeat(99) });
    assert!(read::<PutLifecyclePolicyRequest>(&hundred).is_err());
    let hundred = json!({ "repositoryName": "app", "lifecyclePolicyText": "€".repeat(100) });
    assert!(read::<PutLifecyclePolicyRequest>(&hundred).is_ok());
}

#[test]
fn a_pattern_without_greatest_length_is_not_tried_on_megabytes() {
    let long = json!({ "repositoryName": "app", "registryId": "1".repeat(10_000_000) });
    let text = constraint("registryId", "must satisfy regular expression '[0-9]{12}'");
    assert_eq!(refusal::<CreateRepositoryRequest>(&long), text);
}

#[test]
fn a_value_of_the_wrong_type_is_no_constraint() {
    for (body, text) in [
        (
            json!({ "repositoryName": 1 }),
            "NUMBER_VALUE cannot be converted to String",
        ),
        (
            json!({ "repositoryName": true }),
            "TRUE_VALUE cannot be converted to String",
        ),
        (
            json!({ "repositoryName": ["a"] }),
            "Start of list found where not expected",
        ),
        (
            json!({ "repositoryName": {} }),
            "Start of structure or map found where not expected",
        ),
        (json!({ "tags": "x" }), "Expected list or null"),
        (json!({ "tags": ["x"] }), "Expected structure or null"),
        (
            json!({ "imageTagMutability": false }),
            "FALSE_VALUE cannot be converted to String",
        ),
        (
            json!({ "imageScanningConfiguration": { "scanOnPush": "true" } }),
            "STRING_VALUE cannot be converted to Boolean",
        ),
        (json!([]), "Start of list found where not expected"),
    ] {
        let error = read::<CreateRepositoryRequest>(&body).expect_err("wrong");
        assert_eq!(error, DecodeError::Serialization(text.to_owned()), "{body}");
    }
    for number in ["1.5", "1e3", "18446744073709551615", "\"5\""] {
        let body = format!("{{\"maxResults\":{number}}}");
        let error =
            decode::<DescribeRepositoriesRequest>(body.as_bytes()).expect_err("no whole number");
        assert!(matches!(error, DecodeError::Serialization(_)), "{number}");
    }
}

#[test]
fn what_is_not_one_json_object_is_refused_with_our_text() {
    let nested =
        |depth: usize| format!("{{\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth)).into_bytes();
    let many = format!("{{\"x\":[{}1]}}", "1,".repeat(100_000)).into_bytes();
    let not_json = "the request body is not valid JSON";
    for (body, text) in [
        (b"{".to_vec(), not_json),
        (b"{}{}".to_vec(), not_json),
        (b"{\"a\":\"\xff\"}".to_vec(), not_json),
        (b"{\"a\":\"\\ud800\"}".to_vec(), not_json),
        (b"\xef\xbb\xbf{}".to_vec(), not_json),
        (b"{\"a\":1e999}".to_vec(), not_json),
        (
            b"{\"a\":1,\"a\":1}".to_vec(),
            "the request body has a key twice",
        ),
        (
            b"{\"x\":{\"a\":1,\"\\u0061\":2}}".to_vec(),
            "the request body has a key twice",
        ),
        (
            nested(64),
            "the request body is nested deeper than 64 levels",
        ),
        (
            nested(1_000_000),
            "the request body is nested deeper than 64 levels",
        ),
        (many, "the request body has more than 100000 values"),
    ] {
        let error = decode::<DescribeRepositoriesRequest>(&body).expect_err("refused");
        assert_eq!(error, DecodeError::Serialization(text.to_owned()));
    }
    assert!(decode::<DescribeRepositoriesRequest>(&nested(63)).is_ok());
}

#[test]
fn a_wrong_type_goes_before_an_earlier_constraint() {
    let error = read::<CreateRepositoryRequest>(&json!({ "repositoryName": "A", "tags": 1 }));
    assert!(matches!(error, Err(DecodeError::Serialization(_))));
}

#[test]
fn of_several_broken_constraints_the_first_of_the_model_is_told() {
    let body = json!({ "imageTagMutability": "x", "registryId": "1" });
    assert!(refusal::<CreateRepositoryRequest>(&body).contains("'registryId'"));
}

#[test]
fn a_blob_is_found_however_its_key_is_written_and_refused_where_it_is_no_string() {
    let part = |blob: &str| {
        let body = format!(
            r#"{{"x":{{"layerPartBlob":["AA=="]}},"partLastByte":1,"partFirstByte":0, {blob} ,
            "repositoryName":"app","uploadId":"12345678-1234-1234-1234-123456789012"}}"#
        );
        decode::<UploadLayerPartRequest>(body.as_bytes())
    };
    for good in [
        r#""layerPartBlob":"AP8=""#,
        r#""layerPartBl\u006fb" : "AP8=""#,
    ] {
        let request = part(good).expect("valid");
        assert_eq!(*request.layer_part_blob, [0x00, 0xff], "{good}");
        assert_eq!(request.repository_name, "app");
    }
    let deep = format!(r#""layerPartBlob":{}{}"#, "[".repeat(70), "]".repeat(70));
    for (bad, text) in [
        (
            r#""layerPartBlob":5"#,
            "NUMBER_VALUE cannot be converted to Blob",
        ),
        (
            r#""layerPartBlob":["AP8="]"#,
            "Start of list found where not expected",
        ),
        (
            r#""layerPartBlob":{"a":1,"a":2}"#,
            "the request body has a key twice",
        ),
        (
            r#""layerPartBlob":"AP8=","layerPartBlob":"AP8=""#,
            "the request body has a key twice",
        ),
        (
            r#""layerPartBlob":"AP8"#,
            "the request body is not valid JSON",
        ),
        (
            r#""layerPartBlob":"\x""#,
            "the request body is not valid JSON",
        ),
        (&deep, "the request body is nested deeper than 64 levels"),
    ] {
        assert_eq!(
            part(bad),
            Err(DecodeError::Serialization(text.to_owned())),
            "{bad}"
        );
    }
    for absent in [r#""layerPartBlob":null"#, r#""y":1"#] {
        let (member, reason) = (
            "layerPartBlob".to_owned(),
            "Member must not be null".to_owned(),
        );
        assert_eq!(
            part(absent),
            Err(DecodeError::Constraint { member, reason }),
            "{absent}"
        );
    }
}

#[test]
fn blobs_are_base64_of_bounded_length() {
    let part = |blob: &str| {
        read::<UploadLayerPartRequest>(&json!({
            "repositoryName": "app", "uploadId": "12345678-1234-1234-1234-123456789012",
            "partFirstByte": 0, "partLastByte": 1, "layerPartBlob": blob,
        }))
    };
    assert_eq!(*part("AP8=").expect("valid").layer_part_blob, [0x00, 0xff]);
    assert_eq!(*part("").expect("valid").layer_part_blob, *b"");
    for bad in ["AP8", "A", "*P8=", "AP8=\n"] {
        assert!(
            matches!(part(bad), Err(DecodeError::Serialization(_))),
            "{bad:?}"
        );
    }
    let most = 20_971_520 / 3;
    assert!(part(&("AAAA".repeat(most) + "AAA=")).is_ok());
    let reason = "Member must have length less than or equal to 20971520".to_owned();
    let member = "layerPartBlob".to_owned();
    let error = part(&"AAAA".repeat(most + 1)).expect_err("too long");
    assert_eq!(error, DecodeError::Constraint { member, reason });
}

#[test]
fn every_pattern_of_the_tables_compiles() {
    fn walk(shape: &'static Shape, patterns: &mut BTreeSet<&'static str>) {
        match shape {
            Shape::Structure(members) => members
                .iter()
                .for_each(|member| walk(member.shape, patterns)),
            Shape::List { member, .. } => walk(member, patterns),
            Shape::Text {
                pattern: Some(pattern),
                ..
            } => {
                assert!(pattern.compiles(), "{}", pattern.text());
                patterns.insert(pattern.text());
            }
            _ => {}
        }
    }
    let mut patterns = BTreeSet::new();
    for shape in crate::ecr::INPUTS {
        walk(shape, &mut patterns);
    }
    // Of the model's 16 shapes with a pattern one is only answered, and two have the same.
    assert_eq!(patterns.len(), 14);
}

/// JSON made of the model's keys, so that the walker's inner parts are reached.
fn lookalike() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[a-z0-9]{2,12}".prop_map(Value::from),
    ];
    let key = prop_oneof![
        Just("repositoryName"),
        Just("registryId"),
        Just("imageIds"),
        Just("imageManifest"),
        Just("tags"),
        Just("Key"),
        Just("rules"),
        Just("replicationConfiguration"),
        Just("repositoryFilters"),
        Just("filterType"),
        Just("layerPartBlob"),
        Just("maxResults"),
    ];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..6).prop_map(|pairs| pairs
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect()),
        ]
    })
}

proptest! {
    #[test]
    fn decoding_bytes_never_panics(body in prop::collection::vec(any::<u8>(), 0..100)) {
        for (_, decoder) in DECODERS {
            drop(decoder(&body));
        }
    }

    #[test]
    fn decoding_json_never_panics(body in lookalike()) {
        let body = body.to_string();
        for (_, decoder) in DECODERS {
            drop(decoder(body.as_bytes()));
        }
    }
}
