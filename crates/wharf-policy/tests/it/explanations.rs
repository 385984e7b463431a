//! What a refusal says, and what an explanation shows.

use wharf_policy::{
    Document, Inputs, Kind, Outcome, Policy, PolicySet, Principal, RequestContext, ResourceKind,
    evaluate, explain,
};

use crate::people;

const APP: &str = "arn:aws:ecr:us-east-1:111122223333:repository/team/app";

fn identity(text: &str) -> Document {
    Document::parse(text, Kind::Inline).unwrap()
}

fn inputs<'a>(
    request: &'a RequestContext,
    identity: &'a [Policy<'a>],
    resource: &'a [Policy<'a>],
) -> Inputs<'a> {
    Inputs {
        request,
        identity,
        boundary: None,
        session: None,
        resource,
        resource_account: people::ACCOUNT,
        resource_kind: ResourceKind::Ordinary,
    }
}

#[test]
fn a_refusal_has_the_words_of_aws() {
    let request = RequestContext::new(people::role_session(), "ecr:PutImage", APP, 0);
    let refused = evaluate(&inputs(&request, &[], &[]));
    assert_eq!(
        refused.refusal(&request),
        "User: arn:aws:sts::111122223333:assumed-role/deploy/run-1 is not authorized to perform: ecr:PutImage on resource: arn:aws:ecr:us-east-1:111122223333:repository/team/app because no identity-based policy allows the ecr:PutImage action"
    );
    let deny = identity(r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#);
    let deny = [Policy {
        name: "d",
        document: &deny,
    }];
    let all = inputs(&request, &[], &[]);
    let said = |inputs: Inputs<'_>| evaluate(&inputs).reason("ecr:PutImage");
    assert_eq!(
        said(Inputs {
            identity: &deny,
            ..all
        }),
        "with an explicit deny in an identity-based policy"
    );
    assert_eq!(
        said(Inputs {
            boundary: Some(deny[0]),
            ..all
        }),
        "with an explicit deny in a permissions boundary"
    );
    assert_eq!(
        said(Inputs {
            session: Some(&deny),
            ..all
        }),
        "with an explicit deny in a session policy"
    );
}

#[test]
fn an_explanation_shows_what_was_nearly_enough() {
    let policy = identity(
        r#"{"Version":"2012-10-17","Statement":[
            {"Sid":"Read","Effect":"Allow","Action":"ecr:BatchGetImage","Resource":"*"},
            {"Sid":"Push","Effect":"Allow","Action":"ecr:PutImage","Resource":"arn:aws:ecr:*:*:repository/team/*",
             "Condition":{"Bool":{"aws:SecureTransport":"true"},"StringEquals":{"aws:PrincipalTag/team":"blue"}}},
            {"Sid":"Elsewhere","Effect":"Allow","Action":"ecr:*","Resource":"arn:aws:ecr:*:*:repository/other",
             "Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}"#,
    );
    let mut request = RequestContext::new(people::user(), "ecr:PutImage", APP, 0);
    request.set("aws:SecureTransport", "true").unwrap();
    let policies = [Policy {
        name: "ci",
        document: &policy,
    }];
    let explanation = explain(&inputs(&request, &policies, &[]));
    assert_eq!(explanation.decision.outcome, Outcome::ImplicitDeny);
    let near = explanation.nearly_enough();
    assert_eq!(near.len(), 1);
    assert_eq!(near[0].title(), "statement 2 (\"Push\") of ci");
    assert_eq!(
        near[0].why_not(),
        "StringEquals does not hold: aws:principaltag/team is absent"
    );
    assert_eq!(near[0].span.start_line, 3);
    let whys: Vec<String> = explanation
        .consulted
        .iter()
        .map(wharf_policy::Consulted::why_not)
        .collect();
    assert_eq!(whys[0], "it does not name the action");
    assert_eq!(
        whys[2],
        "it does not name the resource; Bool does not hold: aws:securetransport is true"
    );

    request.set("aws:PrincipalTag/team", "blue").unwrap();
    let explanation = explain(&inputs(&request, &policies, &[]));
    assert_eq!(
        explanation.deciding().unwrap().title(),
        "statement 2 (\"Push\") of ci"
    );
    assert!(explanation.nearly_enough().is_empty());
    let json = serde_json::to_value(&explanation).unwrap();
    assert_eq!(
        json["decision"],
        serde_json::json!({"outcome": "allowed", "set": "identity", "statement": {"policy": 0, "statement": 1}})
    );
    assert_eq!(json["consulted"][1]["conditions"][0]["holds"], true);
    let read: wharf_policy::Explanation = serde_json::from_value(json).unwrap();
    assert_eq!(read, explanation);
}

/// What a repository policy with this principal says to a caller of its account that has no other policy.
fn named(element: &str, caller: Principal, bounded: bool) -> (Outcome, PolicySet) {
    let effect = if element.contains("NotPrincipal") {
        "Deny"
    } else {
        "Allow"
    };
    let text = format!(r#"{{"Statement":{{"Effect":"{effect}",{element},"Action":"ecr:*"}}}}"#);
    let document = Document::parse(&text, Kind::Repository).unwrap();
    let request = RequestContext::new(caller, "ecr:PutImage", APP, 0);
    let all = identity(r#"{"Statement":{"Effect":"Allow","Action":"sts:*","Resource":"*"}}"#);
    let policies = [Policy {
        name: "r",
        document: &document,
    }];
    let decision = evaluate(&Inputs {
        boundary: bounded.then_some(Policy {
            name: "b",
            document: &all,
        }),
        ..inputs(&request, &[], &policies)
    });
    (decision.outcome, decision.set)
}

#[test]
fn not_principal_spares_only_the_most_specific_name() {
    let spared = (Outcome::ImplicitDeny, PolicySet::Identity);
    let denied = (Outcome::ExplicitDeny, PolicySet::Resource);
    let but = |names: &str| format!(r#""NotPrincipal":{{"AWS":[{names}]}}"#);
    let root = "\"arn:aws:iam::111122223333:root\"";
    for (names, caller, expected) in [
        (
            format!("\"{}\",{root}", people::USER),
            people::user(),
            spared,
        ),
        (root.to_owned(), people::user(), denied),
        (root.to_owned(), people::root(), spared),
        (format!("\"{}\"", people::USER), people::root(), denied),
        (
            format!("\"{}\",{root}", people::ROLE),
            people::role_session(),
            denied,
        ),
        (
            format!("\"{}\"", people::SESSION),
            people::role_session(),
            spared,
        ),
        (
            format!("\"{}\",{root}", people::USER),
            people::federated_user(),
            denied,
        ),
        (
            format!("\"{}\"", people::FEDERATED),
            people::federated_user(),
            spared,
        ),
        (
            root.to_owned(),
            Principal::Service("ecr.amazonaws.com".into()),
            denied,
        ),
    ] {
        let found = named(&but(&names), caller.clone(), false);
        let expected = if matches!(caller, Principal::Service(_)) {
            denied
        } else {
            expected
        };
        assert_eq!(found, expected, "{names} {caller:?}");
    }
    let listed = but(&format!("\"{}\"", people::USER));
    assert_eq!(named(&listed, people::user(), true), denied);
    let service = r#""NotPrincipal":{"Service":"ecr.amazonaws.com"}"#;
    let caller = Principal::Service("ecr.amazonaws.com".into());
    assert_eq!(
        named(service, caller, false),
        (Outcome::ImplicitDeny, PolicySet::Resource)
    );
}

#[test]
fn a_deny_of_the_account_hits_everybody_in_it() {
    let text = r#"{"Statement":[{"Effect":"Deny","Principal":{"AWS":"111122223333"},"Action":"ecr:*"},{"Effect":"Allow","Principal":"*","Action":"ecr:*"}]}"#;
    let document = Document::parse(text, Kind::Repository).unwrap();
    let policies = [Policy {
        name: "r",
        document: &document,
    }];
    for caller in [
        people::user(),
        people::role_session(),
        people::federated_user(),
        people::root(),
    ] {
        let request = RequestContext::new(caller, "ecr:PutImage", APP, 0);
        assert_eq!(
            evaluate(&inputs(&request, &[], &policies)).outcome,
            Outcome::ExplicitDeny
        );
    }
    let request = RequestContext::new(Principal::Anonymous, "ecr:PutImage", APP, 0);
    assert_eq!(
        evaluate(&inputs(&request, &[], &policies)).outcome,
        Outcome::Allowed
    );
}

#[test]
fn a_bound_name_is_the_one_who_had_it() {
    let text = format!(
        r#"{{"Statement":{{"Effect":"Allow","Principal":{{"AWS":["{}","{}"]}},"Action":"ecr:*"}}}}"#,
        people::USER,
        people::ROLE
    );
    let mut document = Document::parse(&text, Kind::Repository).unwrap();
    let asks = |document: &Document, caller: Principal| {
        let request = RequestContext::new(caller, "ecr:PutImage", APP, 0);
        let policies = [Policy {
            name: "r",
            document,
        }];
        evaluate(&inputs(&request, &[], &policies)).allowed()
    };
    assert!(asks(&document, people::user()) && asks(&document, people::role_session()));
    document
        .bind_principals(|_| Some("AIDAOTHEROTHEROTHER22".into()))
        .unwrap();
    assert!(!asks(&document, people::user()) && !asks(&document, people::role_session()));
    document
        .bind_principals(|arn| {
            Some(
                if arn == people::USER {
                    "AIDAEXAMPLEEXAMPLE234"
                } else {
                    "AROAEXAMPLEEXAMPLE234"
                }
                .into(),
            )
        })
        .unwrap();
    assert!(asks(&document, people::user()) && asks(&document, people::role_session()));
    let by_id = r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"AIDAEXAMPLEEXAMPLE234"},"Action":"ecr:*"}}"#;
    let by_id = Document::parse(by_id, Kind::Repository).unwrap();
    assert!(asks(&by_id, people::user()) && !asks(&by_id, people::role_session()));
}

#[test]
fn a_principal_has_the_keys_of_its_kind() {
    for (caller, expected) in [
        (
            people::root(),
            [
                "Account",
                "arn:aws:iam::111122223333:root",
                "111122223333",
                "",
                "111122223333",
            ],
        ),
        (
            people::user(),
            [
                "User",
                people::USER,
                "AIDAEXAMPLEEXAMPLE234",
                "alice",
                "111122223333",
            ],
        ),
        (
            people::role_session(),
            [
                "AssumedRole",
                people::ROLE,
                "AROAEXAMPLEEXAMPLE234:run-1",
                "",
                "111122223333",
            ],
        ),
        (
            people::federated_user(),
            [
                "FederatedUser",
                people::FEDERATED,
                "111122223333:bob",
                "",
                "111122223333",
            ],
        ),
        (Principal::Anonymous, ["Anonymous", "", "", "", "anonymous"]),
    ] {
        let request = RequestContext::new(caller, "a:b", "*", 0);
        let keys = [
            "aws:PrincipalType",
            "aws:PrincipalArn",
            "aws:userid",
            "aws:username",
            "aws:PrincipalAccount",
        ];
        let found = keys.map(|key| request.values(key).collect::<Vec<&str>>().join(","));
        assert_eq!(found, expected);
    }
}
