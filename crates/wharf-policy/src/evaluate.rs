//! The decision: explicit deny, then allow, then implicit deny.

use std::fmt;
use std::sync::Arc;

use crate::document::{Document, Effect, Statement};
use crate::pattern::{ActionPattern, ResourcePattern};

/// What the policies together say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// A statement allows it and none denies it.
    Allowed,
    /// A statement denies it.
    ExplicitDeny,
    /// No statement speaks of it.
    ImplicitDeny,
}

/// Why a statement matched or did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// Both its action and its resource match.
    Matches,
    /// None of its actions is the requested one.
    ActionDiffers,
    /// The action matches, and none of its resources is the requested one.
    ResourceDiffers,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Matches => "the action and the resource match",
            Self::ActionDiffers => "no action of the statement matches",
            Self::ResourceDiffers => "no resource of the statement matches",
        })
    }
}

/// One statement that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consulted {
    /// The policy's name, as the caller gave it.
    pub policy: Arc<str>,
    /// The statement's `Sid`, if it has one.
    pub sid: Option<Arc<str>>,
    /// The statement's place in its document, from 0.
    pub statement: usize,
    /// What the statement does when it matches.
    pub effect: Effect,
    /// Whether it matched.
    pub matched: bool,
    /// Why.
    pub why: Why,
}

/// A decision and everything that it was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The decision.
    pub outcome: Outcome,
    /// All statements of all documents, in order.
    pub consulted: Vec<Consulted>,
}

impl Decision {
    /// Whether the request may go on.
    pub fn allowed(&self) -> bool {
        self.outcome == Outcome::Allowed
    }
}

/// Decides whether identity policies allow an action on a resource.
///
/// `action` is `prefix:Name`; `resource` is an ARN, or `*` for an action without a resource, which only the
/// pattern `*` matches. No document at all is an implicit deny.
pub fn evaluate(documents: &[(&str, &Document)], action: &str, resource: &str) -> Decision {
    let mut outcome = Outcome::ImplicitDeny;
    let mut consulted = Vec::with_capacity(
        documents
            .iter()
            .map(|(_, document)| document.statements.len())
            .sum(),
    );
    for (name, document) in documents {
        let policy: Arc<str> = Arc::from(*name);
        for (index, statement) in document.statements.iter().enumerate() {
            let why = consult(statement, action, resource);
            outcome = match (why, statement.effect, outcome) {
                (Why::Matches, Effect::Deny, _) => Outcome::ExplicitDeny,
                (Why::Matches, Effect::Allow, Outcome::ImplicitDeny) => Outcome::Allowed,
                (_, _, outcome) => outcome,
            };
            consulted.push(Consulted {
                policy: Arc::clone(&policy),
                sid: statement.sid.clone(),
                statement: index,
                effect: statement.effect,
                matched: why == Why::Matches,
                why,
            });
        }
    }
    Decision { outcome, consulted }
}

fn consult(statement: &Statement, action: &str, resource: &str) -> Why {
    if !statement
        .actions
        .iter()
        .any(|pattern: &ActionPattern| pattern.matches(action))
    {
        Why::ActionDiffers
    } else if statement
        .resources
        .iter()
        .any(|pattern: &ResourcePattern| pattern.matches(resource))
    {
        Why::Matches
    } else {
        Why::ResourceDiffers
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ROOT_POLICY;

    const APP: &str = "arn:aws:ecr:us-east-1:123456789012:repository/team/app";

    fn document(statements: &[(&str, &str, &str)]) -> Document {
        let statements: Vec<_> = statements
            .iter()
            .enumerate()
            .map(|(index, (effect, action, resource))| {
                serde_json::json!({"Sid": format!("S{index}"), "Effect": effect, "Action": action, "Resource": resource})
            })
            .collect();
        Document::parse(
            &serde_json::json!({"Version": "2012-10-17", "Statement": statements}).to_string(),
        )
        .unwrap()
    }

    fn outcome(statements: &[(&str, &str, &str)], action: &str, resource: &str) -> Outcome {
        evaluate(&[("p", &document(statements))], action, resource).outcome
    }

    #[test]
    fn nothing_allows_nothing() {
        assert_eq!(
            evaluate(&[], "ecr:PutImage", APP).outcome,
            Outcome::ImplicitDeny
        );
        assert!(!evaluate(&[], "ecr:PutImage", APP).allowed());
    }

    #[test]
    fn the_root_policy_allows_everything() {
        let root = Document::parse(ROOT_POLICY).unwrap();
        for (action, resource) in [
            ("ecr:PutImage", APP),
            ("ecr:GetAuthorizationToken", "*"),
            ("sts:X", "arn:aws:x:::"),
        ] {
            assert!(
                evaluate(&[("root", &root)], action, resource).allowed(),
                "{action}"
            );
        }
    }

    #[test]
    fn deny_wins_in_whichever_order_and_document() {
        let allow = ("Allow", "ecr:*", "*");
        let deny = ("Deny", "ecr:PutImage", APP);
        assert_eq!(
            outcome(&[allow, deny], "ecr:PutImage", APP),
            Outcome::ExplicitDeny
        );
        assert_eq!(
            outcome(&[deny, allow], "ecr:PutImage", APP),
            Outcome::ExplicitDeny
        );
        assert_eq!(
            outcome(&[deny, allow], "ecr:ListImages", APP),
            Outcome::Allowed
        );
        let (first, second) = (document(&[deny]), document(&[allow]));
        let decision = evaluate(
            &[("first", &first), ("second", &second)],
            "ecr:PutImage",
            APP,
        );
        assert_eq!(decision.outcome, Outcome::ExplicitDeny);
    }

    #[test]
    fn a_decision_names_all_statements_and_why() {
        let document = document(&[
            ("Allow", "sts:*", "*"),
            ("Allow", "ecr:*", "arn:aws:ecr:*:*:repository/b"),
            ("Deny", "ECR:putimage", APP),
        ]);
        let decision = evaluate(&[("p", &document)], "ecr:PutImage", APP);
        let told: Vec<_> = decision
            .consulted
            .iter()
            .map(|it| (it.sid.as_deref(), it.statement, it.matched, it.why))
            .collect();
        assert_eq!(
            told,
            [
                (Some("S0"), 0, false, Why::ActionDiffers),
                (Some("S1"), 1, false, Why::ResourceDiffers),
                (Some("S2"), 2, true, Why::Matches),
            ]
        );
        assert_eq!(&*decision.consulted[0].policy, "p");
    }

    /// The obvious evaluator: all matching effects first, then the rule in two lines.
    fn plain(statements: &[(&str, &str, &str)], action: &str, resource: &str) -> Outcome {
        let matches = |effect: &str| {
            statements.iter().any(|(its, a, r)| {
                *its == effect
                    && (*a == "*" || a.eq_ignore_ascii_case(action))
                    && (*r == "*" || *r == resource)
            })
        };
        match (matches("Deny"), matches("Allow")) {
            (true, _) => Outcome::ExplicitDeny,
            (false, true) => Outcome::Allowed,
            (false, false) => Outcome::ImplicitDeny,
        }
    }

    proptest! {
        #[test]
        fn evaluation_agrees_with_the_plain_evaluator(
            statements in prop::collection::vec(
                (
                    prop::sample::select(vec!["Allow", "Deny"]),
                    prop::sample::select(vec!["*", "ecr:A", "ECR:a", "ecr:B", "sts:A"]),
                    prop::sample::select(vec!["*", "arn:aws:ecr:r:1:a", "arn:aws:ecr:r:1:b", "arn:aws:ecr:r:1:A"]),
                ),
                1..6,
            ),
            action in prop::sample::select(vec!["ecr:A", "ecr:B", "sts:A"]),
            resource in prop::sample::select(vec!["*", "arn:aws:ecr:r:1:a", "arn:aws:ecr:r:1:b"]),
        ) {
            prop_assert_eq!(outcome(&statements, action, resource), plain(&statements, action, resource));
        }
    }
}
