//! Policy documents: the decision follows from the statements that match, and a deny always wins.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use wharf_policy::{
    Document, Effect, MAX_DOCUMENT_BYTES, MAX_STATEMENTS, Outcome, ROOT_POLICY, evaluate,
};

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
    ("sts:GetCallerIdentity", "*"),
];
const DENY_ALL: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;

fuzz_target!(|text: &str| {
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => {
            assert_eq!(Document::parse(text).map(|_document| ()), Err(error));
            return;
        }
    };
    assert!(text.len() <= MAX_DOCUMENT_BYTES);
    let other: Value = serde_json::from_str(text).expect("JSON for every reader");
    let statements = match &other["Statement"] {
        Value::Array(statements) => statements.len(),
        _ => 1,
    };
    assert!((1..=MAX_STATEMENTS).contains(&statements));
    let root = Document::parse(ROOT_POLICY).expect("the built-in policy");
    let deny = Document::parse(DENY_ALL).expect("a policy");
    for (action, resource) in QUESTIONS {
        let decision = evaluate(&[("p", &document)], action, resource);
        assert_eq!(decision.consulted.len(), statements);
        let matched = |effect| {
            let mut consulted = decision.consulted.iter();
            consulted.any(|one| one.matched && one.effect == effect)
        };
        let expected = match (matched(Effect::Deny), matched(Effect::Allow)) {
            (true, _) => Outcome::ExplicitDeny,
            (false, true) => Outcome::Allowed,
            (false, false) => Outcome::ImplicitDeny,
        };
        assert_eq!(decision.outcome, expected);
        // Of an action only the case may vary.
        let shouted = evaluate(&[("p", &document)], &action.to_uppercase(), resource);
        assert_eq!(shouted.outcome, decision.outcome);
        // The order of policies decides nothing, and no policy takes a deny back.
        let with_root = evaluate(&[("p", &document), ("r", &root)], action, resource);
        let root_with = evaluate(&[("r", &root), ("p", &document)], action, resource);
        assert_eq!(with_root.outcome, root_with.outcome);
        assert_eq!(
            with_root.allowed(),
            decision.outcome != Outcome::ExplicitDeny
        );
        assert!(!evaluate(&[("d", &deny), ("p", &document)], action, resource).allowed());
    }
});
