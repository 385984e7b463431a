use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::iam::{
    CreateAccountAliasRequest, CreatePolicyRequest, CreatePolicyVersionRequest, CreateRoleRequest,
    CreateServiceLinkedRoleRequest, CreateUserRequest, EntityType,
    GetAccountAuthorizationDetailsRequest, ListOpenIDConnectProvidersRequest, ListUsersRequest,
    SimulateCustomPolicyRequest, StatusType, UntagUserRequest, UpdateAccessKeyRequest,
};
use crate::sts::{
    AssumeRoleRequest, AssumeRoleWithWebIdentityRequest, GetCallerIdentityRequest,
    GetSessionTokenRequest,
};
use crate::{iam, sts};

/// Parameters by name, as an SDK would send them.
fn params(pairs: &[(&str, &str)]) -> Params {
    let encoded: Vec<String> = pairs
        .iter()
        .map(|(name, value)| {
            format!(
                "{}={}",
                percent_encode_document(name),
                percent_encode_document(value)
            )
        })
        .collect();
    Params::parse(encoded.join("&").as_bytes()).expect("well encoded")
}

fn read<T: Input>(pairs: &[(&str, &str)]) -> T {
    decode(&params(pairs)).expect("a request")
}

fn refusal<T: Input>(pairs: &[(&str, &str)]) -> String {
    match decode::<T>(&params(pairs)) {
        Err(DecodeError::Validation(text)) => text,
        Err(DecodeError::Malformed(text)) => panic!("malformed: {text}"),
        Ok(_) => panic!("{pairs:?} was accepted"),
    }
}

fn malformed<T: Input>(pairs: &[(&str, &str)]) -> String {
    match decode::<T>(&params(pairs)) {
        Err(error @ DecodeError::Malformed(_)) => {
            assert_eq!(error.code(), "MalformedInput");
            error.to_string()
        }
        Err(DecodeError::Validation(text)) => panic!("validated: {text}"),
        Ok(_) => panic!("{pairs:?} was accepted"),
    }
}

const ROLE: (&str, &str) = ("RoleArn", "arn:aws:iam::111122223333:role/ci");
const PATTERN: &str = r"Member must satisfy regular expression pattern: [\w+=,.@-]*";

#[test]
fn a_whole_request_is_read_and_what_its_shape_does_not_know_is_ignored() {
    let request: CreateRoleRequest = read(&[
        ("Action", "CreateRole"),
        ("Version", "2010-05-08"),
        ("RoleName", "ci"),
        ("AssumeRolePolicyDocument", "{}"),
        ("MaxSessionDuration", "7200"),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "blue"),
        ("Tags.member.2.Key", "empty"),
        ("Tags.member.2.Value", ""),
        ("Tags.member.2.Colour", "ignored"),
        ("RoleName.more", "ignored"),
        ("Unheard.member.1", "ignored"),
    ]);
    assert_eq!(request.role_name, "ci");
    assert_eq!(request.max_session_duration, Some(7_200));
    assert_eq!(request.path, None);
    let tags = request.tags.expect("given");
    let tags: Vec<_> = tags
        .iter()
        .map(|t| (t.key.as_str(), t.value.as_str()))
        .collect();
    assert_eq!(tags, [("team", "blue"), ("empty", "")]);
    let _empty: ListOpenIDConnectProvidersRequest = read(&[]);
    let _empty: GetCallerIdentityRequest = read(&[("Action", "GetCallerIdentity")]);
}

#[test]
fn lists_are_in_the_order_of_their_numbers_with_gaps_and_without_the_word_member() {
    for prefix in ["TagKeys.member", "TagKeys"] {
        let names = [10, 2, 700].map(|number| format!("{prefix}.{number}"));
        let request: UntagUserRequest = read(&[
            ("UserName", "u"),
            (&names[0], "b"),
            (&names[1], "a"),
            (&names[2], "c"),
        ]);
        assert_eq!(request.tag_keys, ["a", "b", "c"]);
    }
    let request: UntagUserRequest = read(&[("UserName", "u"), ("TagKeys", "")]);
    assert_eq!(request.tag_keys, Vec::<String>::new());
    let request: CreateUserRequest = read(&[("UserName", "u"), ("Tags", "")]);
    assert_eq!(request.tags, Some(Vec::new()));
    assert_eq!(read::<CreateUserRequest>(&[("UserName", "u")]).tags, None);
}

#[test]
fn lists_of_structures_with_lists_are_read() {
    let request: SimulateCustomPolicyRequest = read(&[
        ("PolicyInputList.member.1", "{}"),
        ("ActionNames.member.1", "ecr:ListImages"),
        ("ContextEntries.member.1.ContextKeyName", "aws:username"),
        ("ContextEntries.member.1.ContextKeyValues.member.1", "a"),
        ("ContextEntries.member.1.ContextKeyValues.member.2", "b"),
        ("ContextEntries.member.1.ContextKeyType", "stringList"),
    ]);
    let entries = request.context_entries.expect("given");
    let values = entries[0].context_key_values.as_ref().expect("given");
    assert_eq!(values, &["a", "b"]);
    let request: GetAccountAuthorizationDetailsRequest =
        read(&[("Filter.member.1", "AWSManagedPolicy")]);
    assert_eq!(request.filter, Some(vec![EntityType::AWSManagedPolicy]));
    let request: AssumeRoleRequest = read(&[
        ROLE,
        ("RoleSessionName", "run"),
        (
            "PolicyArns.member.1.arn",
            "arn:aws:iam::aws:policy/ReadOnlyAccess",
        ),
    ]);
    assert_eq!(
        request.policy_arns.expect("given")[0].arn.as_deref(),
        Some("arn:aws:iam::aws:policy/ReadOnlyAccess")
    );
}

#[test]
fn what_is_no_list_number_or_truth_value_is_malformed() {
    for name in [
        "TagKeys.member.0",
        "TagKeys.member.01",
        "TagKeys.member.2001",
        "TagKeys.member.18446744073709551617",
        "TagKeys.member.-1",
        "TagKeys.member.",
        "TagKeys.member",
        "TagKeys.x",
        "TagKeys.",
    ] {
        let text = malformed::<UntagUserRequest>(&[("UserName", "u"), (name, "v")]);
        assert_eq!(
            text, "the elements of TagKeys are not numbered from 1 to 2000",
            "{name}"
        );
    }
    let twice = [
        ("UserName", "u"),
        ("TagKeys.1", "a"),
        ("TagKeys.member.1", "b"),
    ];
    assert_eq!(
        malformed::<UntagUserRequest>(&twice),
        "TagKeys has element 1 twice"
    );
    let both = [("UserName", "u"), ("TagKeys", "a")];
    assert_eq!(
        malformed::<UntagUserRequest>(&both),
        "TagKeys is a list and has a value"
    );
    let inner = [("UserName", "u"), ("TagKeys.member.1.Key", "a")];
    assert_eq!(
        malformed::<UntagUserRequest>(&inner),
        "TagKeys.member.1 has no value"
    );
    for number in ["", "x", "1.0", "0x1", " 1", "9223372036854775808"] {
        let text = malformed::<ListUsersRequest>(&[("MaxItems", number)]);
        assert_eq!(
            text, "the value of MaxItems is not a whole number",
            "{number:?}"
        );
    }
    let version = [
        ("PolicyArn", "arn:aws:iam::111122223333:policy/p"),
        ("PolicyDocument", "{}"),
    ];
    let with = |value| [version[0], version[1], ("SetAsDefault", value)];
    assert_eq!(
        malformed::<CreatePolicyVersionRequest>(&with("1")),
        "the value of SetAsDefault is neither true nor false"
    );
    for (text, value) in [("true", true), ("False", false)] {
        let request: CreatePolicyVersionRequest = read(&with(text));
        assert_eq!(request.set_as_default, Some(value));
    }
}

#[test]
fn sts_repeats_the_value_and_iam_does_not() {
    assert_eq!(
        refusal::<AssumeRoleRequest>(&[ROLE, ("RoleSessionName", "Session1:2")]),
        format!(
            "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: {PATTERN}"
        )
    );
    assert_eq!(
        refusal::<CreateUserRequest>(&[("UserName", "a b")]),
        "1 validation error detected: Value at 'userName' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: [\\w+=,.@-]+"
    );
    let key = [
        ("AccessKeyId", "AKIAEXAMPLEEXAMPLE23"),
        ("Status", "active"),
    ];
    assert_eq!(
        refusal::<UpdateAccessKeyRequest>(&key),
        "1 validation error detected: Value at 'status' failed to satisfy constraint: \
         Member must satisfy enum value set"
    );
    let request: UpdateAccessKeyRequest = read(&[key[0], ("Status", "Inactive")]);
    assert_eq!(request.status, StatusType::Inactive);
}

#[test]
fn absent_required_members_are_null() {
    let text = "1 validation error detected: Value null at 'roleName' failed to satisfy constraint: \
                Member must not be null";
    let given = [("AssumeRolePolicyDocument", "{}")];
    assert_eq!(refusal::<CreateRoleRequest>(&given), text);
    assert_eq!(
        refusal::<CreateServiceLinkedRoleRequest>(&[]),
        "1 validation error detected: Value null at 'aWSServiceName' failed to satisfy constraint: \
         Member must not be null"
    );
}

#[test]
fn all_violations_are_told_in_the_order_of_the_model() {
    assert_eq!(
        refusal::<AssumeRoleRequest>(&[
            ("RoleArn", "x"),
            ("RoleSessionName", "?"),
            ("DurationSeconds", "60"),
            ("Tags.member.7.Key", ""),
        ]),
        [
            "7 validation errors detected: Value 'x' at 'roleArn' failed to satisfy constraint: \
             Member must have length greater than or equal to 20",
            &format!("Value '?' at 'roleSessionName' failed to satisfy constraint: {PATTERN}"),
            "Value '?' at 'roleSessionName' failed to satisfy constraint: \
             Member must have length greater than or equal to 2",
            "Value '60' at 'durationSeconds' failed to satisfy constraint: \
             Member must have value greater than or equal to 900",
            r"Value '' at 'tags.1.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+",
            "Value '' at 'tags.1.member.key' failed to satisfy constraint: \
             Member must have length greater than or equal to 1",
            "Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null",
        ]
        .join("; ")
    );
    let above = [
        ROLE,
        ("RoleSessionName", "run"),
        ("DurationSeconds", "43201"),
    ];
    assert_eq!(
        refusal::<AssumeRoleRequest>(&above),
        "1 validation error detected: Value '43201' at 'durationSeconds' failed to satisfy constraint: \
         Member must have value less than or equal to 43200"
    );
}

#[test]
fn a_list_of_values_tells_its_rules_once() {
    let request = [
        ROLE,
        ("RoleSessionName", "run"),
        ("TransitiveTagKeys.member.1", "ok"),
        ("TransitiveTagKeys.member.2", "#"),
        ("TransitiveTagKeys.member.3", ""),
    ];
    assert_eq!(
        refusal::<AssumeRoleRequest>(&request),
        "1 validation error detected: Value '[ok, #, ]' at 'transitiveTagKeys' failed to satisfy constraint: \
         Member must satisfy constraint: [Member must have length less than or equal to 128, \
         Member must have length greater than or equal to 1, \
         Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+]"
    );
    let filter = [("Filter.member.1", "Robot")];
    assert_eq!(
        refusal::<GetAccountAuthorizationDetailsRequest>(&filter),
        "1 validation error detected: Value at 'filter' failed to satisfy constraint: \
         Member must satisfy constraint: [Member must satisfy enum value set]"
    );
    let names: Vec<String> = (1..=51)
        .map(|number| format!("TagKeys.member.{number}"))
        .collect();
    let mut pairs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "k")).collect();
    pairs.push(("UserName", "u"));
    assert_eq!(
        refusal::<UntagUserRequest>(&pairs),
        "1 validation error detected: Value at 'tagKeys' failed to satisfy constraint: \
         Member must have length less than or equal to 50"
    );
}

#[test]
fn no_more_than_a_hundred_violations_are_told() {
    let names: Vec<String> = (1..=200)
        .map(|number| format!("Tags.{number}.Key"))
        .collect();
    let mut pairs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "#")).collect();
    pairs.push(("UserName", "u"));
    let text = refusal::<CreateUserRequest>(&pairs);
    assert!(text.starts_with("100 validation errors detected: "));
    assert_eq!(text.matches("failed to satisfy").count(), 100);
}

#[test]
fn secrets_are_neither_repeated_nor_shown() {
    let token = "s3cr".repeat(6_000);
    let request = [
        ROLE,
        ("RoleSessionName", "run"),
        ("WebIdentityToken", &token),
    ];
    assert_eq!(
        refusal::<AssumeRoleWithWebIdentityRequest>(&request),
        "1 validation error detected: Value at 'webIdentityToken' failed to satisfy constraint: \
         Member must have length less than or equal to 20000"
    );
    let code = refusal::<GetSessionTokenRequest>(&[("TokenCode", "12345x")]);
    assert!(!code.contains("12345"), "{code}");
    let request = [
        ROLE,
        ("RoleSessionName", "run"),
        ("WebIdentityToken", "s3cret"),
    ];
    let request: AssumeRoleWithWebIdentityRequest = read(&request);
    let shown = format!("{request:?}");
    assert!(
        shown.contains("role/ci") && shown.contains("web_identity_token: …"),
        "{shown}"
    );
    assert!(!shown.contains("s3cret"), "{shown}");
    let key = iam::AccessKey {
        user_name: Some("u".to_owned()),
        access_key_id: "AKIA".to_owned(),
        status: StatusType::Active,
        secret_access_key: "s3cret".to_owned(),
        create_date: None,
    };
    assert!(!format!("{:?}", iam::CreateAccessKeyResponse { access_key: key }).contains("s3cret"));
    let credentials = sts::Credentials {
        secret_access_key: "s3cret".to_owned(),
        session_token: "s3cret".to_owned(),
        ..sts::Credentials::default()
    };
    assert!(!format!("{credentials:?}").contains("s3cret"));
}

#[test]
fn a_long_value_is_told_without_itself() {
    let name = "n".repeat(5_000);
    assert_eq!(
        refusal::<AssumeRoleRequest>(&[ROLE, ("RoleSessionName", &name)]),
        "1 validation error detected: Value at 'roleSessionName' failed to satisfy constraint: \
         Member must have length less than or equal to 64"
    );
}

#[test]
fn policy_documents_of_131072_characters_are_read_and_no_longer_ones() {
    let document = "é".repeat(131_072);
    let request: CreatePolicyRequest = read(&[("PolicyName", "p"), ("PolicyDocument", &document)]);
    assert_eq!(request.policy_document, document);
    let longer = format!("{document}é");
    assert_eq!(
        refusal::<CreatePolicyRequest>(&[("PolicyName", "p"), ("PolicyDocument", &longer)]),
        "1 validation error detected: Value at 'policyDocument' failed to satisfy constraint: \
         Member must have length less than or equal to 131072"
    );
    let euro = [("PolicyName", "p"), ("PolicyDocument", "{\"Id\":\"€\"}")];
    assert_eq!(
        refusal::<CreatePolicyRequest>(&euro),
        "1 validation error detected: Value at 'policyDocument' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: [\\u0009\\u000A\\u000D\\u0020-\\u00FF]+"
    );
}

#[test]
fn paths_and_aliases_keep_to_their_patterns() {
    let path = |path| decode::<CreateUserRequest>(&params(&[("UserName", "u"), ("Path", path)]));
    for good in ["/", "/a/", "/team/blue~!/"] {
        assert!(path(good).is_ok(), "{good}");
    }
    for bad in ["", "a", "/a", "a/", "/ü/", "/a b/"] {
        assert!(path(bad).is_err(), "{bad}");
    }
    let alias = |name| decode::<CreateAccountAliasRequest>(&params(&[("AccountAlias", name)]));
    assert!(alias("my-team").is_ok());
    assert!(alias("my--team").is_err());
}

#[test]
fn every_pattern_of_the_tables_compiles() {
    fn walk(shape: &'static Shape, patterns: &mut usize) {
        match shape {
            Shape::Structure(members) => {
                for member in *members {
                    walk(member.shape, patterns);
                }
            }
            Shape::List { member, .. } => walk(member, patterns),
            Shape::Text {
                pattern: Some(pattern),
                ..
            } => {
                assert!(pattern.compiles(), "{}", pattern.text());
                *patterns += 1;
            }
            _ => {}
        }
    }
    let mut patterns = 0;
    for shape in iam::INPUTS.iter().chain(sts::INPUTS) {
        walk(shape, &mut patterns);
    }
    assert!(patterns > 150, "{patterns}");
}

/// Writes a tree as parameters, as SDKs do.
fn encode(name: &str, value: &Value, pairs: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Object(members) => {
            for (member, value) in members {
                let dot = if name.is_empty() { "" } else { "." };
                encode(&format!("{name}{dot}{member}"), value, pairs);
            }
        }
        Value::Array(items) if items.is_empty() => pairs.push((name.to_owned(), String::new())),
        Value::Array(items) => {
            for (number, item) in (1..).zip(items) {
                encode(&format!("{name}.member.{number}"), item, pairs);
            }
        }
        Value::String(text) => pairs.push((name.to_owned(), text.clone())),
        plain => pairs.push((name.to_owned(), plain.to_string())),
    }
}

fn encoded(value: &Value) -> Params {
    let mut pairs = Vec::new();
    encode("", value, &mut pairs);
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    params(&pairs)
}

proptest! {
    #[test]
    fn a_request_reads_back_as_it_was_encoded(
        name in "[A-Za-z0-9_+=,.@-]{1,64}",
        path in proptest::option::of("/[!-~]{1,20}/"),
        duration in proptest::option::of(3_600..=43_200_i64),
        document in "[ -ÿ]{1,40}",
        tags in proptest::option::of(proptest::collection::vec(("[a-zà-öø-ý0-9 _.:/=+@-]{1,20}", "[a-z]{0,5}"), 0..12)),
    ) {
        let tags = tags.map(|tags| {
            tags.into_iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect::<Vec<_>>()
        });
        let tree = json!({
            "RoleName": name, "Path": path, "MaxSessionDuration": duration,
            "AssumeRolePolicyDocument": document, "Tags": tags,
        });
        let request: CreateRoleRequest = super::decode(&encoded(&tree)).expect("lawful");
        prop_assert_eq!(request, serde_json::from_value(tree).expect("the same"));
    }

    #[test]
    fn lists_in_lists_read_back(
        policies in proptest::collection::vec("[ -ÿ]{1,20}", 1..4),
        entries in proptest::collection::vec((proptest::option::of("[a-z:]{5,20}"), proptest::collection::vec("[ -~]{0,9}", 0..4)), 1..5),
    ) {
        let entries: Vec<Value> = entries
            .into_iter()
            .map(|(name, values)| json!({ "ContextKeyName": name, "ContextKeyValues": values }))
            .collect();
        let tree = json!({ "PolicyInputList": policies, "ActionNames": ["ecr:ListImages"], "ContextEntries": entries });
        let request: SimulateCustomPolicyRequest = super::decode(&encoded(&tree)).expect("lawful");
        prop_assert_eq!(request, serde_json::from_value(tree).expect("the same"));
    }

    #[test]
    fn no_parameters_make_any_operation_panic(
        pairs in proptest::collection::btree_map(
            "(Tags|TagKeys|ContextEntries|PolicyArns|UserName|MaxItems|PolicyDocument|RoleArn|Filter)\
             (\\.member)?(\\.[0-9]{1,4})?(\\.(Key|Value|arn|ContextKeyValues\\.member\\.[0-9]))?",
            "[ -~]{0,8}|.{0,3}",
            0..12,
        ),
    ) {
        let pairs: Vec<_> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let params = params(&pairs);
        for (_, decoder) in iam::DECODERS.iter().chain(sts::DECODERS) {
            if let Err(DecodeError::Validation(text)) = decoder(&params) {
                prop_assert!(text.contains("validation error"));
            }
        }
    }
}
