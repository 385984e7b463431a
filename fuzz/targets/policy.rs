//! Policy documents: one that is refused is refused with a place in it; of one that is read, the decision follows from
//! the statements that match, and a deny always wins. Evaluated with all that a hostile request can bring.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use wharf_policy::{
    Document, Effect, Explanation, Inputs, Kind, MAX_STATEMENTS, Outcome, Policy, Principal,
    ROOT_POLICY, RequestContext, ResourceKind, User, evaluate, explain,
};

const ACCOUNT: &str = "123456789012";
const QUESTIONS: [(&str, &str); 4] = [
    (
        "ecr:PutImage",
        "arn:aws:ecr:us-east-1:123456789012:repository/team/app",
    ),
    (
        "ecr:BatchGetImage",
        "arn:aws:ecr:us-east-1:123456789012:repository/ab",
    ),
    ("ecr:GetAuthorizationToken", "*"),
    ("sts:AssumeRole", "arn:aws:iam::123456789012:role/a:b"),
];
const KINDS: [Kind; 7] = [
    Kind::Inline,
    Kind::Managed,
    Kind::Trust,
    Kind::Repository,
    Kind::Registry,
    Kind::RegistryV1,
    Kind::Key,
];
const DENY_ALL: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;

fn request(action: &str, resource: &str) -> RequestContext {
    let user = Principal::User(User {
        arn: "arn:aws:iam::123456789012:user/a".into(),
        account: ACCOUNT.into(),
        name: "a".into(),
        id: "AIDAEXAMPLEEXAMPLE234".into(),
    });
    let mut request = RequestContext::new(user, action, resource, 1_767_323_045_000_000);
    for (key, value) in [
        ("aws:SourceIp", "192.0.2.1"),
        ("aws:SecureTransport", "true"),
        ("aws:PrincipalTag/a", "*"),
        ("a:b", ""),
    ] {
        request.set(key, value).expect("room");
    }
    request.set_list("aws:TagKeys", ["a", "b"]).expect("room");
    request
}

/// What the policies say of a caller of the resource's account.
fn decided(
    identity: &[Policy<'_>],
    resource: &[Policy<'_>],
    request: &RequestContext,
) -> Explanation {
    let inputs = Inputs {
        request,
        identity,
        boundary: None,
        session: None,
        resource,
        resource_account: ACCOUNT,
        resource_kind: ResourceKind::Ordinary,
    };
    let explanation = explain(&inputs);
    assert_eq!(explanation.decision, evaluate(&inputs));
    explanation
}

/// That the outcome is the one that the statements' own answers make.
fn follows(explanation: &Explanation) {
    let matched = |effect| {
        let mut consulted = explanation.consulted.iter();
        consulted.any(|one| one.matched() && one.effect == effect)
    };
    let expected = match (matched(Effect::Deny), matched(Effect::Allow)) {
        (true, _) => Outcome::ExplicitDeny,
        (false, true) => Outcome::Allowed,
        (false, false) => Outcome::ImplicitDeny,
    };
    assert_eq!(explanation.decision.outcome, expected);
}

fuzz_target!(|text: &str| {
    let mut identity = None;
    for kind in KINDS {
        match Document::parse(text, kind) {
            Err(error) => {
                let lines = u32::try_from(text.split('\n').count()).expect("a small text");
                assert!((1..=lines).contains(&error.line) && error.column >= 1);
                assert!(!error.iam_message().is_empty());
            }
            Ok(document) => {
                assert!(
                    text.chars().count() <= kind.max_length()
                        && document.characters() <= text.len()
                );
                let other: Value = serde_json::from_str(text).expect("JSON for every reader");
                let statements = match &other["Statement"] {
                    Value::Array(statements) => statements.len(),
                    _ => 1,
                };
                assert!((1..=MAX_STATEMENTS).contains(&statements));
                if kind.is_identity() {
                    identity = Some(document);
                    continue;
                }
                let policy = [Policy {
                    name: "p",
                    document: &document,
                }];
                for (action, resource) in QUESTIONS {
                    let found = decided(&[], &policy, &request(action, resource));
                    assert_eq!(found.consulted.len(), statements);
                }
            }
        }
    }
    let Some(document) = identity else { return };
    let root = Document::parse(ROOT_POLICY, Kind::Managed).expect("the built-in policy");
    let deny = Document::parse(DENY_ALL, Kind::Managed).expect("a policy");
    let [its, root, deny] = [&document, &root, &deny].map(|document| Policy {
        name: "p",
        document,
    });
    for (action, resource) in QUESTIONS {
        let request = request(action, resource);
        let alone = decided(&[its], &[], &request);
        follows(&alone);
        // Of an action only the case may vary.
        let mut shouted = request.clone();
        shouted.ask(&action.to_uppercase(), resource);
        assert_eq!(decided(&[its], &[], &shouted).decision, alone.decision);
        // The order of policies decides nothing, and no policy takes a deny back.
        let outcome = |policies: &[Policy<'_>]| decided(policies, &[], &request).decision.outcome;
        let with_root = outcome(&[its, root]);
        assert_eq!(with_root, outcome(&[root, its]));
        let denied = alone.decision.outcome == Outcome::ExplicitDeny;
        assert_eq!(with_root == Outcome::ExplicitDeny, denied);
        assert_eq!(outcome(&[deny, its]), Outcome::ExplicitDeny);
    }
});
