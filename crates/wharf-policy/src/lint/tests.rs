use super::*;

/// The findings in an identity policy of one `Allow` with these elements: rule, element, message.
fn of(elements: &str) -> Vec<(&'static str, String, String)> {
    whole(&format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",{elements}}}]}}"#
    ))
}

fn whole(text: &str) -> Vec<(&'static str, String, String)> {
    let findings = lint(text, guess(text)).unwrap_or_else(|error| panic!("{text}: {error}"));
    findings
        .into_iter()
        .map(|it| {
            (
                it.rule.as_str(),
                it.path.replace("Statement[0].", ""),
                it.message,
            )
        })
        .collect()
}

/// That there is one finding, and which.
fn one(elements: &str, rule: &str, path: &str, message: &str) {
    let expected = (rule, path.to_owned(), message.to_owned());
    let found = of(elements);
    assert!(
        found.len() == 1 && found[0].1 == expected.1,
        "{elements}: {found:?}"
    );
    assert_eq!(
        (found[0].0, &found[0].2),
        (expected.0, &expected.2),
        "{elements}"
    );
}

#[test]
fn sound_policies_have_no_findings() {
    for elements in [
        r#""Action":["ecr:GetAuthorizationToken","ecr:BatchGetImage"],"Resource":"*""#,
        r#""Action":["ecr:Batch*","ecr:PUTIMAGE"],"Resource":["arn:aws:ecr:*:111122223333:repository/team/${aws:PrincipalTag/team}*","arn:aws:ecr:*"]"#,
        r#""Action":"s3:Whatever","Resource":"arn:aws:s3:::bucket/*""#,
        r#""Action":["sts:AssumeRole","iam:PassRole"],"Resource":"arn:aws:iam::111122223333:role/*""#,
        r#""Action":"iam:AttachRolePolicy","Resource":"arn:aws:iam::*:role/a","Condition":{"ArnEquals":{"iam:PolicyARN":"arn:aws:iam::aws:policy/*"}}"#,
        r#""Action":"kms:ReEncrypt*","Resource":"arn:aws:kms:us-east-1:111122223333:key/*","Condition":{"StringEquals":{"kms:EncryptionContext:aws:ecr:arn":"x"},"Null":{"aws:ResourceTag/a":false}}"#,
        r#""NotAction":"iam:*","NotResource":"arn:aws:ecr:*:*:repository/x""#,
        r#""Action":"*","Resource":"*","Condition":{"StringEquals":{"idp.example.com:sub":"x","aws:PrincipalTag/a":"${*}"},"NumericLessThan":{"aws:MultiFactorAuthAge":100},"NumericGreaterThan":{"aws:MultiFactorAuthAge":"99.5"}}"#,
        r#""Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"},"NotIpAddress":{"aws:SourceIp":"10.1.0.0/16"}}"#,
        r#""Action":"*","Resource":"*","Condition":{"StringLike":{"aws:PrincipalTag/a":"b*"},"StringNotEquals":{"aws:PrincipalTag/a":"bc"}}"#,
        r#""Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:TagKeys":"a"},"StringLike":{"aws:TagKeys":"b*"}}"#,
        r#""Action":"*","Resource":"*","Condition":{"Null":{"aws:SourceVpc":true},"StringNotEquals":{"aws:SourceVpc":"x"}}"#,
    ] {
        assert_eq!(of(elements), [], "{elements}");
    }
}

#[test]
fn unknown_actions_are_told_of_known_services_only() {
    one(
        r#""Action":["ecr:PutImage","ecr:PutImages"],"Resource":"*""#,
        "unknown-action",
        "Action",
        "ecr has no action `ecr:PutImages`",
    );
    one(
        r#""Action":"ECR-Public:Batch?etImage","Resource":"*""#,
        "unknown-action",
        "Action",
        "ecr-public has no action `ECR-Public:Batch?etImage`",
    );
    one(
        r#""NotAction":"iam:Foo*","Resource":"*""#,
        "unknown-action",
        "NotAction",
        "iam has no action `iam:Foo*`",
    );
    one(
        r#""Action":"kms:ReEncrypt","Resource":"*""#,
        "unknown-action",
        "Action",
        "kms has no action `kms:ReEncrypt`",
    );
    one(
        r#""NotAction":["*"],"Resource":"*""#,
        "matches-nothing",
        "NotAction",
        "`NotAction` with `*` leaves no action",
    );
    one(
        r#""Action":"*","NotResource":"*""#,
        "matches-nothing",
        "NotResource",
        "`NotResource` with `*` leaves no resource",
    );
}

#[test]
fn impossible_resources_are_told() {
    let ecr = |arn: &str, message: &str| {
        one(
            &format!(r#""Action":"ecr:PutImage","Resource":"{arn}""#),
            "impossible-resource",
            "Resource",
            message,
        );
    };
    ecr(
        "arn:aws:ecr::111122223333:repository/a",
        "ARNs of ecr name a region, or `*`",
    );
    ecr(
        "arn:aws:ecr:us-east-1:11112222333:repository/a",
        "`11112222333` is no account: 12 digits, or `*`",
    );
    ecr(
        "arn:aws:ecr:us-east-1::repository/a",
        "`` is no account: 12 digits, or `*`",
    );
    ecr(
        "arn:aws:ecr:*:*:team/app",
        "resources of ecr begin with `repository/`",
    );
    ecr(
        "arn:aws:ecr:*:*:repository/",
        "resources of ecr begin with `repository/`",
    );
    ecr(
        "arn:aws:ecr:*:*:repository/Team/*",
        "no repository has `T` in its name",
    );
    one(
        r#""Action":"sts:AssumeRole","Resource":"arn:aws:sts:eu-west-1:111122223333:assumed-role/a/b""#,
        "impossible-resource",
        "Resource",
        "ARNs of sts name no region",
    );
    one(
        r#""Action":"kms:Decrypt","Resource":"arn:aws:kms:*:*:keys/*""#,
        "impossible-resource",
        "Resource",
        "resources of kms begin with `key/` or `alias/`",
    );
}

#[test]
fn actions_and_resources_have_to_go_together() {
    one(
        r#""Action":["ecr:GetAuthorizationToken","ecr:PutImage"],"Resource":"arn:aws:ecr:*:*:repository/a""#,
        "action-without-resource",
        "Action",
        "`ecr:GetAuthorizationToken` acts on no resource: only `*` matches it",
    );
    let found = of(r#""Action":"ecr:PutImage","Resource":["arn:aws:s3:::a"]"#);
    let rules: Vec<&str> = found.iter().map(|it| it.0).collect();
    assert_eq!(
        rules,
        ["action-without-resource", "resource-without-action"]
    );
    one(
        r#""Action":"ecr:PutImage","Resource":["arn:aws:ecr:*","arn:aws:s3:::a"]"#,
        "resource-without-action",
        "Resource",
        "none of the actions acts on `arn:aws:s3:::a`",
    );
}

/// Conditions, the rule, the element, the message.
const NEVER: &[(&str, &str, &str, &str)] = &[
    (
        r#""Bool":{"aws:SecureTransports":true}"#,
        "unknown-key",
        "Condition.Bool.aws:SecureTransports",
        "no request has the key `aws:SecureTransports`, so this never holds",
    ),
    (
        r#""StringNotEquals":{"ecr:Tag":"x"}"#,
        "unknown-key",
        "Condition.StringNotEquals.ecr:Tag",
        "no request has the key `ecr:Tag`, so this always holds",
    ),
    (
        r#""Null":{"aws:ResourceTag":true}"#,
        "unknown-key",
        "Condition.Null.aws:ResourceTag",
        "no request has the key `aws:ResourceTag`",
    ),
    (
        r#""StringEquals":{"aws:PrincipalArn":"arn:aws:iam::*:role/x"}"#,
        "literal-wildcard",
        "Condition.StringEquals.aws:PrincipalArn",
        "StringEquals takes the `*` of `arn:aws:iam::*:role/x` as it stands",
    ),
    (
        r#""StringLike":{"aws:SourceIp":"10.0.0.0/8"}"#,
        "never-holds",
        "Condition.StringLike.aws:SourceIp",
        "StringLike compares an address with `10.0.0.0/8` as text",
    ),
    (
        r#""StringEquals":{"aws:PrincipalTag/a":"${aws:usernam}"}"#,
        "unknown-key",
        "Condition.StringEquals.aws:PrincipalTag/a",
        "no request has the key `aws:usernam`, so that this matches nothing",
    ),
    (
        r#""StringEquals":{"aws:PrincipalTag/a":"${aws:TagKeys}"}"#,
        "unknown-key",
        "Condition.StringEquals.aws:PrincipalTag/a",
        "`aws:tagkeys` can have several values, so that it never stands for one",
    ),
    (
        r#""Null":{"aws:SourceVpc":"true"},"StringEquals":{"AWS:SourceVpc":"x"}"#,
        "never-holds",
        "Condition.StringEquals.AWS:SourceVpc",
        "`Null` asks for `aws:SourceVpc` to be absent, StringEquals for its value",
    ),
    (
        r#""NumericLessThan":{"aws:MultiFactorAuthAge":[1,5]},"NumericGreaterThanEquals":{"aws:MultiFactorAuthAge":5}"#,
        "never-holds",
        "Condition.NumericGreaterThanEquals.aws:MultiFactorAuthAge",
        "NumericLessThan and NumericGreaterThanEquals cannot hold together",
    ),
    (
        r#""DateGreaterThan":{"aws:CurrentTime":"2027"},"DateLessThan":{"aws:CurrentTime":"2026-06-01T00:00Z"}"#,
        "never-holds",
        "Condition.DateLessThan.aws:CurrentTime",
        "DateGreaterThan and DateLessThan cannot hold together",
    ),
    (
        r#""StringEquals":{"aws:PrincipalTag/a":["b","c"]},"StringNotLike":{"aws:PrincipalTag/a":["b*","c*"]}"#,
        "never-holds",
        "Condition.StringNotLike.aws:PrincipalTag/a",
        "StringEquals and StringNotLike cannot hold together",
    ),
    (
        r#""NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"},"IpAddress":{"aws:SourceIp":"10.1.0.0/16"}"#,
        "never-holds",
        "Condition.IpAddress.aws:SourceIp",
        "NotIpAddress and IpAddress cannot hold together",
    ),
];

#[test]
fn conditions_that_never_hold_are_told() {
    for (conditions, rule, path, message) in NEVER {
        let elements = format!(r#""Action":"*","Resource":"*","Condition":{{{conditions}}}"#);
        one(&elements, rule, path, message);
    }
}

#[test]
fn variables_of_the_older_language_are_told() {
    let text = r#"{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"ecr:PutImage","Resource":"arn:aws:ecr:*:*:repository/${aws:username}"}}"#;
    let found = whole(text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "literal-variable");
    assert_eq!(
        found[0].2,
        "`arn:aws:ecr:*:*:repository/${aws:username}` is taken as it stands: variables need `Version` `2012-10-17`"
    );
}

#[test]
fn an_allow_that_is_denied_whole_is_told() {
    let policy = |allow: &str, deny: &str| {
        whole(&format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",{allow}}},{{"Effect":"Deny",{deny}}}]}}"#
        ))
    };
    let push =
        r#""Action":"ecr:PutImage","Resource":"arn:aws:ecr:us-east-1:111122223333:repository/a/*""#;
    for deny in [
        r#""Action":"*","Resource":"*""#,
        r#""Action":"ECR:Put*","Resource":"arn:aws:ecr:*:*:repository/*""#,
        r#""Action":["s3:*","ecr:PutI?age"],"Resource":["arn:aws:ecr:*"]"#,
        push,
    ] {
        let found = policy(push, deny);
        assert_eq!(found.len(), 1, "{deny} {found:?}");
        assert_eq!(
            (found[0].0, &*found[0].2),
            (
                "shadowed",
                "`Statement[1]` denies all that this statement allows"
            )
        );
    }
    for deny in [
        r#""Action":"ecr:Put*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":false}}"#,
        r#""Action":"ecr:PutImageTag*","Resource":"*""#,
        r#""Action":"ecr:*","Resource":"arn:aws:ecr:*:*:repository/a/b*""#,
        r#""Action":"ecr:*","Resource":"arn:aws:ecr:us-west-?:*:repository/*""#,
        r#""NotAction":"sts:*","Resource":"*""#,
    ] {
        assert_eq!(policy(push, deny), [], "{deny}");
    }
    let user =
        r#""Principal":{"AWS":["arn:aws:iam::111122223333:user/a"]},"Action":"ecr:PutImage""#;
    let everyone = r#""Principal":{"AWS":"*"},"Action":"ecr:*""#;
    assert_eq!(policy(user, everyone)[0].0, "shadowed");
    assert_eq!(policy(user, user)[0].0, "shadowed");
    assert_eq!(policy(everyone, user), []);
    assert_eq!(
        policy(
            user,
            r#""NotPrincipal":{"AWS":"111122223333"},"Action":"ecr:*""#
        ),
        []
    );
}

#[test]
fn a_pattern_covers_another_only_for_sure() {
    for (wide, narrow, expected) in [
        ("*", "a*b", true),
        ("a*", "a*b", true),
        ("a*b", "a*", false),
        ("a?c", "a*c", false),
        ("a?c", "a?c", true),
        ("a*c", "a?c", true),
        ("", "", true),
        ("*", "", true),
        ("?", "", false),
        ("*?", "*", false),
        ("**a", "ba", true),
    ] {
        assert_eq!(
            shadow::pattern_covers(wide, narrow),
            expected,
            "{wide} {narrow}"
        );
    }
}

#[test]
fn findings_stand_where_they_are_in_the_text() {
    let text = "{\"Version\":\"2012-10-17\",\"Statement\":[\n  {\"Effect\":\"Allow\",\"Resource\":\"*\",\n   \"Action\":[\"ecr:Get*\", \"ecr:Foo\"]}]}";
    let findings = lint(text, Kind::Inline).unwrap();
    assert_eq!(
        (findings.len(), findings[0].line, findings[0].column),
        (1, 3, 26)
    );
    assert_eq!(findings[0].path, "Statement[0].Action");
    assert!(lint("{", Kind::Inline).is_err());
}

#[test]
fn the_kind_of_a_document_shows_in_its_elements() {
    let guessed = |statement: &str| guess(&format!(r#"{{"Statement":{{{statement}}}}}"#));
    assert_eq!(guessed(r#""Action":"ecr:*","Resource":"*""#), Kind::Inline);
    assert_eq!(
        guessed(r#""Principal":"*","Action":"sts:AssumeRole""#),
        Kind::Trust
    );
    assert_eq!(
        guessed(r#""Principal":"*","Action":["ecr:*"]"#),
        Kind::Repository
    );
    assert_eq!(
        guessed(r#""Principal":"*","Action":["ecr:*"],"Resource":"*""#),
        Kind::Registry
    );
    assert_eq!(
        guessed(r#""Principal":"*","Action":"kms:*","Resource":"*""#),
        Kind::Key
    );
    assert_eq!(guess("x"), Kind::Inline);
}

#[test]
fn every_rule_has_its_own_name() {
    let names: std::collections::HashSet<&str> =
        Rule::ALL.iter().map(|rule| rule.as_str()).collect();
    assert_eq!(names.len(), Rule::ALL.len());
}
