use proptest::prelude::*;

use super::*;

const STATEMENT: &str = r#""Effect":"Allow","Action":"ecr:*","Resource":"*""#;

fn error(text: &str, kind: Kind) -> ParseError {
    match Document::parse(text, kind) {
        Err(error) => error,
        Ok(document) => panic!("{text}: {document:?}"),
    }
}

fn problem(text: &str, kind: Kind) -> Problem {
    error(text, kind).problem
}

/// A document of one statement with these elements.
fn one(elements: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{{{elements}}}]}}"#)
}

#[test]
fn the_root_policy_is_a_document() {
    let root = Document::parse(ROOT_POLICY, Kind::Managed).unwrap();
    assert_eq!(root.statements.len(), 1);
}

#[test]
fn one_value_may_stand_without_the_brackets() {
    for text in [
        format!(r#"{{"Statement":{{{STATEMENT}}}}}"#),
        format!(r#"{{"Version":"2008-10-17","Statement":[{{{STATEMENT}}}]}}"#),
        r#"{"Statement":[{"Sid":"","Effect":"Deny","NotAction":["ecr:Get*","sts:?"],"NotResource":["*"]}]}"#.to_owned(),
    ] {
        assert!(Document::parse(&text, Kind::Inline).is_ok(), "{text}");
    }
}

#[test]
fn an_error_tells_its_place() {
    let text = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [{\n    \"Effect\": \"Deny\", \"Action\": \"*\",\n    \"Resource\": [\"*\", \"app\"]\n  }]\n}";
    let found = error(text, Kind::Managed);
    assert_eq!(
        found.to_string(),
        "Statement[0].Resource: `app` is neither `*` nor an ARN (line 5, column 23)"
    );
    let text = one(
        r#""Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"a:b":["true","yes"]}}"#,
    );
    assert_eq!(
        error(&text, Kind::Inline).to_string(),
        "Statement[0].Condition.Bool.a:b: `yes` is no boolean (line 1, column 119)"
    );
    assert_eq!(
        error("[", Kind::Inline).to_string(),
        "it ends too early (line 1, column 2)"
    );
}

#[test]
fn statements_know_where_they_stand() {
    let text = format!("{{\"Statement\":[\n{{{STATEMENT}}},\n  {{{STATEMENT}}}]}}");
    let document = Document::parse(&text, Kind::Inline).unwrap();
    let spans: Vec<Span> = document.statements.iter().map(|it| it.span).collect();
    let length = u32::try_from(STATEMENT.len()).unwrap() + 2;
    let expected = [(2, 1), (3, 3)].map(|(line, column)| Span {
        start_line: line,
        start_column: column,
        end_line: line,
        end_column: column + length,
    });
    assert_eq!(spans, expected);
}

#[test]
fn unknown_and_repeated_elements_are_refused() {
    for element in [
        r#""effect":"Deny""#,
        r#""Comment":"x""#,
        r#""Resources":"*""#,
    ] {
        let text = one(&format!("{STATEMENT},{element}"));
        assert_eq!(
            problem(&text, Kind::Inline),
            Problem::UnknownElement,
            "{text}"
        );
    }
    for (text, kind) in [
        (
            format!(r#"{{"Statement":[{{{STATEMENT}}}],"version":"x"}}"#),
            Kind::Inline,
        ),
        (
            format!(r#"{{"Id":"x","Statement":[{{{STATEMENT}}}]}}"#),
            Kind::Inline,
        ),
    ] {
        assert_eq!(problem(&text, kind), Problem::UnknownElement, "{text}");
    }
    for text in [
        format!(r#"{{"Statement":[{{{STATEMENT}}}],"Statement":[{{{STATEMENT}}}]}}"#),
        one(&format!(r#"{STATEMENT},"Effect":"Deny""#)),
        one(&format!(r#"{STATEMENT},"\u0045ffect":"Deny""#)),
        one(&format!(
            r#"{STATEMENT},"Condition":{{"Bool":{{"a:b":true}},"Bool":{{}}}}"#
        )),
        one(&format!(
            r#"{STATEMENT},"Condition":{{"Bool":{{"a:b":true,"a:b":false}}}}"#
        )),
    ] {
        let found = problem(&text, Kind::Inline);
        assert_eq!(
            found,
            Problem::Json("this name occurs twice in one object"),
            "{text}"
        );
    }
}

#[test]
fn malformed_documents_are_refused() {
    for text in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"Statement":[]}"#,
        r#"{"Statement":null}"#,
        r#"{"Statement":["x"]}"#,
        r#"{"Statement":[["a","Allow","*","*"]]}"#,
        r#"{"Statement":[{"Action":"*","Resource":"*"}]}"#,
        r#"{"Statement":[{"Effect":"allow","Action":"*","Resource":"*"}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":[["*"]]}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":1,"Resource":"*"}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":{"a":"*"},"Resource":"*"}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*","NotResource":"*"}]}"#,
        r#"{"Statement":[{"Sid":null,"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
        r#"{"Statement":[{"Sid":"a b","Effect":"Allow","Action":"*","Resource":"*"}]}"#,
        r#"{"Version":null,"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":[]}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Is":{"a:b":"c"}}}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":[]}}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"a:b":[]}}}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}x"#,
    ] {
        let found = error(text, Kind::Inline);
        let said = found.iam_message();
        assert_eq!(said, "Syntax errors in policy.", "{text}: {found}");
    }
}

/// Elements of a managed policy's one `Allow`, and what IAM says of them.
const SAID: &[(&str, &str)] = &[
    (
        r#""Resource":"*""#,
        "Policy statement must contain actions.",
    ),
    (
        r#""Action":[],"Resource":"*""#,
        "Policy statement must contain actions.",
    ),
    (
        r#""Action":"PutImage","Resource":"*""#,
        "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
    ),
    (
        r#""Action":"*","Resource":"*","Condition":{"Bool":{"SecureTransport":true}}"#,
        "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
    ),
    (
        r#""Action":"a:b:c","Resource":"*""#,
        "Actions/Condition can contain only one colon.",
    ),
    (
        r#""Action":"e*:b","Resource":"*""#,
        "Vendor e* is not valid",
    ),
    (
        r#""Action":"*""#,
        "Policy statement must contain resources.",
    ),
    (
        r#""Action":"*","Resource":[]"#,
        "Policy statement must contain resources.",
    ),
    (
        r#""Action":"*","Resource":"app""#,
        "Resource app must be in ARN format or \"*\".",
    ),
    (
        r#""Action":"*","Resource":"arn:amazon:ecr:*""#,
        "Partition \"amazon\" is not valid for resource \"arn:amazon:ecr:*\".",
    ),
    (
        r#""Action":"*","Resource":"arn:aws:*""#,
        "Resource vendor must be fully qualified and cannot contain regexes.",
    ),
    (
        r#""Action":"*","Resource":"arn:aws:iam:us-east-1:1:user/a""#,
        "IAM resource arn:aws:iam:us-east-1:1:user/a cannot contain region information.",
    ),
    (
        r#""Action":"*","Resource":"arn:aws:iam::1:users/a""#,
        "IAM resource path must either be \"*\" or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.",
    ),
    (
        r#""Action":"*","Resource":"*","Principal":"*""#,
        "Policy document should not specify a principal.",
    ),
    // Of two problems the earlier check's, though it stands later.
    (
        r#""Action":"PutImage","Resource":"*","Extra":1"#,
        "Syntax errors in policy.",
    ),
    (
        r#""Resource":"app","Action":"x""#,
        "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
    ),
];

#[test]
fn iam_tells_the_first_failure_in_its_own_words() {
    for (elements, said) in SAID {
        let text = one(&format!(r#""Effect":"Allow",{elements}"#));
        let found = error(&text, Kind::Managed);
        assert_eq!(found.iam_message(), *said, "{text}: {found}");
    }
    let too_old = "Policy document must be version 2012-10-17 or greater.";
    for text in [
        r#"{"Version":"2008-10-17","Statement":[]}"#.to_owned(),
        format!(r#"{{"Statement":{{{STATEMENT}}}}}"#),
    ] {
        assert_eq!(error(&text, Kind::Managed).iam_message(), too_old, "{text}");
    }
    let unknown = r#"{"Version":"2025-01-01","Statement":[{}]}"#;
    assert_eq!(error(unknown, Kind::Inline).iam_message(), too_old);
    let twice = format!(r#"{{"Statement":[{{"Sid":"a",{STATEMENT}}},{{"Sid":"a",{STATEMENT}}}]}}"#);
    let said = "Statement IDs (SID) in a single policy must be unique.";
    assert_eq!(error(&twice, Kind::Inline).iam_message(), said);
}

/// `Principal` elements of a trust policy, and what IAM says of them.
const TRUST_SAID: &[(&str, &str)] = &[
    ("", "Missing required field Principal"),
    (
        r#""Principal":"arn:aws:iam::111122223333:root","#,
        r#"Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:root""#,
    ),
    (
        r#""Principal":{"AWS":"arn:aws:iam::111122223333:user/*"},"#,
        r#"Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/*""#,
    ),
    (
        r#""Principal":{"AWS":"arn:aws:iam::111122223333:group/a"},"#,
        r#"Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:group/a""#,
    ),
    (
        r#""Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/a"},"#,
        r#"Invalid principal in policy: "AWS":"arn:aws:sts::111122223333:assumed-role/a""#,
    ),
    (
        r#""Principal":{"AWS":"11112222333"},"#,
        r#"Invalid principal in policy: "AWS":"11112222333""#,
    ),
    (
        r#""Principal":{"AWS":""},"#,
        r#"Invalid principal in policy: "AWS":"""#,
    ),
    (
        r#""Principal":{"Service":"x"},"#,
        r#"Invalid principal in policy: "SERVICE":"x""#,
    ),
    (
        r#""Principal":{"CanonicalUser":"x"},"#,
        r#"Invalid principal in policy: "CanonicalUser":"x""#,
    ),
    (r#""Principal":{},"#, "Syntax errors in policy."),
    (r#""Principal":{"AWS":[]},"#, "Syntax errors in policy."),
    (r#""Principal":{"AWS":1},"#, "Syntax errors in policy."),
    (r#""NotPrincipal":"*","#, "Syntax errors in policy."),
];

#[test]
fn trust_policies_name_principals_and_assume_role() {
    let trust = |principal: &str, rest: &str| {
        one(&format!(
            r#""Effect":"Allow",{principal}"Action":"sts:AssumeRole"{rest}"#
        ))
    };
    for principal in [
        r#""Principal":"*","#,
        r#""Principal":{"AWS":"*"},"#,
        r#""Principal":{"AWS":["111122223333","arn:aws:iam::111122223333:root"]},"#,
        r#""Principal":{"AWS":"arn:aws:iam::111122223333:user/a/b"},"#,
        r#""Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/a/s","Service":["ecr.amazonaws.com"]},"#,
        r#""Principal":{"AWS":"arn:aws:sts::111122223333:federated-user/a"},"#,
        r#""Principal":{"AWS":"AROAEXAMPLEEXAMPLE234"},"#,
        r#""Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},"#,
        r#""Principal":{"Federated":"accounts.google.com"},"#,
    ] {
        let text = trust(principal, "");
        assert!(Document::parse(&text, Kind::Trust).is_ok(), "{text}");
    }
    for (principal, said) in TRUST_SAID {
        let found = error(&trust(principal, ""), Kind::Trust);
        assert_eq!(found.trust_message(), *said, "{principal}: {found}");
    }
    for (text, said) in [
        (
            trust(r#""Principal":"*","#, r#","Resource":"*""#),
            "Has prohibited field Resource.",
        ),
        (
            one(r#""Effect":"Allow","Principal":"*","Action":"s3:GetObject""#),
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        ("{".to_owned(), "This policy contains invalid Json"),
    ] {
        let found = error(&text, Kind::Trust);
        assert_eq!(found.trust_message(), said, "{text}: {found}");
    }
    let web = one(
        r#""Effect":"Allow","Principal":"*","Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession","sts:SetSourceIdentity","sts:AssumeRoleWithSAML","sts:SetContext"]"#,
    );
    assert!(Document::parse(&web, Kind::Trust).is_ok());
}

#[test]
fn repository_policies_are_laxer() {
    let text = |rest: &str| {
        one(&format!(
            r#""Effect":"Allow","Principal":"*","Action":"ecr:BatchGetImage"{rest}"#
        ))
    };
    for rest in [
        "",
        r#","Sid":"new policy""#,
        r#","Resource":"*""#,
        r#","Resource":"arn:aws:iam::1:x""#,
    ] {
        assert!(
            Document::parse(&text(rest), Kind::Repository).is_ok(),
            "{rest}"
        );
    }
    let twice = r#"{"Version":"2008-10-17","Id":"\u0100","Statement":[{"Sid":"a b","Effect":"Deny","NotPrincipal":{"AWS":"111122223333"},"Action":"ecr:*"},{"Sid":"a b","Effect":"Allow","Principal":"*","Action":"*"}]}"#;
    assert!(Document::parse(twice, Kind::Repository).is_ok());
    assert_eq!(
        problem(
            &one(r#""Effect":"Allow","Principal":"*","Action":["ecr:*","s3:GetObject"]"#),
            Kind::Repository
        ),
        Problem::ActionForeign("s3:GetObject".to_owned())
    );
    assert_eq!(
        problem(
            &one(r#""Effect":"Allow","NotPrincipal":{"AWS":"111122223333"},"Action":"ecr:*""#),
            Kind::Repository
        ),
        Problem::NotPrincipal
    );
    assert_eq!(
        problem(&one(STATEMENT), Kind::Repository),
        Problem::Missing("Principal")
    );
    assert_eq!(
        problem(
            &one(r#""Effect":"Deny","Principal":"*","NotPrincipal":"*","Action":"ecr:*""#),
            Kind::Repository
        ),
        Problem::Both("Principal", "NotPrincipal")
    );
}

#[test]
fn registry_and_key_policies_need_a_resource_and_their_own_actions() {
    let text = |action: &str| {
        one(&format!(
            r#""Effect":"Allow","Principal":"*","Resource":"*","Action":"{action}""#
        ))
    };
    for (kind, good, bad) in [
        (Kind::Registry, "ecr:PutImage", "kms:Decrypt"),
        (Kind::RegistryV1, "ecr:ReplicateImage", "ecr:PutImage"),
        (Kind::RegistryV1, "ecr:*", "ecr:Rep*"),
        (Kind::Key, "kms:*", "ecr:*"),
    ] {
        assert!(Document::parse(&text(good), kind).is_ok(), "{good}");
        assert_eq!(
            problem(&text(bad), kind),
            Problem::ActionForeign(bad.to_owned())
        );
        let without = text(good).replace(r#""Resource":"*","#, "");
        assert_eq!(problem(&without, kind), Problem::NoResources);
    }
}

#[test]
fn limits_are_exact() {
    let document = |count: usize| {
        let statements = vec![r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#; count].join(",");
        format!(r#"{{"Statement":[{statements}]}}"#)
    };
    assert!(Document::parse(&document(MAX_STATEMENTS), Kind::Inline).is_ok());
    assert_eq!(
        problem(&document(MAX_STATEMENTS + 1), Kind::Inline),
        Problem::TooMany(MAX_STATEMENTS)
    );
    for kind in [Kind::Managed, Kind::Repository, Kind::Key] {
        let limit = kind.max_length();
        let padded = |length: usize| " ".repeat(length);
        assert_eq!(
            problem(&padded(limit), kind),
            Problem::Json("it ends too early")
        );
        assert_eq!(
            problem(&padded(limit + 1), kind),
            Problem::TooLong { limit }
        );
    }
    assert_eq!(
        problem("{\"\u{100}\":1}", Kind::Inline),
        Problem::Characters
    );
    assert_eq!(
        problem(&"\u{fc}".repeat(10_240), Kind::Repository),
        Problem::Json("here should be a value")
    );
    assert_eq!(
        problem(&"[".repeat(10_240), Kind::Repository),
        Problem::Json("it is nested too deeply")
    );
    let key = "k".repeat(511);
    let condition = |key: &str| {
        one(&format!(
            r#"{STATEMENT},"Condition":{{"Bool":{{"{key}":true}}}}"#
        ))
    };
    assert!(Document::parse(&condition(&format!("{key}:")), Kind::Inline).is_ok());
    assert!(Document::parse(&condition(&format!("{key}k:")), Kind::Inline).is_err());
}

#[test]
fn characters_count_without_white_space_between_elements() {
    let text = one(STATEMENT).replace(':', " :\n\t");
    let spread = Document::parse(&text, Kind::Inline).map(|it| it.characters());
    assert!(spread.is_err(), "the colon of `ecr:*` too");
    let text = one(STATEMENT).replace(',', " ,\r\n ");
    let compact = Document::parse(&one(STATEMENT), Kind::Inline).unwrap();
    assert_eq!(compact.characters(), one(STATEMENT).len());
    let spread = Document::parse(&text, Kind::Inline).unwrap();
    assert_eq!(spread.characters(), compact.characters());
    let spaced = r#"{"Id":" \" \\","Statement":[]}"#;
    assert_eq!(count(spaced), spaced.len());
}

#[test]
fn the_keys_of_a_document_are_listed_once() {
    let text = one(
        r#""Effect":"Allow","Action":"*","Resource":"arn:aws:ecr:*:*:repository/${aws:username}","Condition":{"StringLike":{"aws:SourceArn":"${AWS:PrincipalTag/X}*"},"Null":{"AWS:sourcearn":false}}"#,
    );
    let document = Document::parse(&text, Kind::Inline).unwrap();
    assert_eq!(
        document.condition_keys(),
        ["aws:principaltag/x", "aws:sourcearn", "aws:username"]
    );
}

#[test]
fn names_are_bound_to_ids_or_are_unknown() {
    let text = r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:user/a","111122223333"]},"Action":"ecr:*"}]}"#;
    let mut document = Document::parse(text, Kind::Repository).unwrap();
    let unknown = document.bind_principals(|_| None).unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "the principal `arn:aws:iam::111122223333:user/a` does not exist"
    );
    let mut asked = Vec::new();
    document
        .bind_principals(|arn| {
            asked.push(arn.to_owned());
            Some("AIDAEXAMPLEEXAMPLE234".into())
        })
        .unwrap();
    assert_eq!(asked, ["arn:aws:iam::111122223333:user/a"]);
}

proptest! {
    #[test]
    fn parse_never_panics(text in ".{0,300}") {
        prop_assert!(Document::parse(&text, Kind::Repository).is_err());
    }

    #[test]
    fn parse_never_panics_on_nearly_valid_documents(
        action in r"[a-z*?:$\{\}]{0,12}",
        resource in r"(arn:)?[a-zA-Z0-9*?:/${}\\u-]{0,30}",
        at in 0_usize..260,
        replacement in any::<char>(),
        kind in prop::sample::select(vec![Kind::Managed, Kind::Trust, Kind::Repository, Kind::Key]),
    ) {
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":["{resource}"],"Principal":{{"AWS":["111122223333"]}},"Condition":{{"StringLike":{{"aws:x":"{resource}"}}}}}}]}}"#
        );
        drop(Document::parse(&text, kind));
        let damaged: String =
            text.chars().enumerate().map(|(index, char)| if index == at { replacement } else { char }).collect();
        drop(Document::parse(&damaged, kind));
    }
}

#[test]
fn a_shared_provider_is_trusted_only_with_a_condition_on_whose_the_token_is() {
    let trust = |provider: &str, condition: &str| {
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Federated":"{provider}"}},"Action":"sts:AssumeRoleWithWebIdentity"{condition}}}]}}"#
        );
        let document = Document::parse(&text, Kind::Trust).expect("a trust policy");
        document.trusts_every_tenant_of().is_some()
    };
    let shared = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
    let on = |operator: &str, claim: &str, value: &str| {
        format!(
            r#","Condition":{{"{operator}":{{"token.actions.githubusercontent.com:{claim}":{value}}}}}"#
        )
    };
    for (operator, claim, value) in [
        ("StringLike", "sub", r#""repo:octo-org/*""#),
        (
            "StringEquals",
            "SUB",
            r#""repo:octo-org/x:ref:refs/heads/main""#,
        ),
        ("StringEquals", "repository_id", r#""12""#),
        ("StringEquals", "repository_owner_id", r#"["12","13"]"#),
        (
            "ForAnyValue:StringLike",
            "job_workflow_ref",
            r#""octo-org/x/*""#,
        ),
        ("StringEquals", "enterprise_id", r#""7""#),
    ] {
        assert!(
            !trust(shared, &on(operator, claim, value)),
            "{operator} {claim} {value}"
        );
    }
    for (operator, claim, value) in [
        ("StringEquals", "aud", r#""sts.amazonaws.com""#),
        ("StringLike", "sub", r#""*""#),
        ("StringLike", "sub", r#"["repo:octo-org/*","?*"]"#),
        ("StringNotEquals", "sub", r#""repo:evil/*""#),
        ("StringLikeIfExists", "sub", r#""repo:octo-org/*""#),
        ("ForAllValues:StringLike", "sub", r#""repo:octo-org/*""#),
        ("Null", "sub", r#""false""#),
        ("StringEquals", "actor", r#""octo""#),
    ] {
        assert!(
            trust(shared, &on(operator, claim, value)),
            "{operator} {claim} {value}"
        );
    }
    assert!(trust(shared, ""));
    assert!(trust("token.actions.githubusercontent.com", ""));
    let own = "arn:aws:iam::111122223333:oidc-provider/idp.example.com";
    assert!(!trust(own, ""));
}
