//! Why a decision is what it is: each statement, and what of it did not fit.

use serde::{Deserialize, Serialize};

use crate::condition::Condition;
use crate::document::{Effect, Span, Statement};
use crate::evaluate::{
    self, Decision, Inputs, Outcome, Place, Policy, PolicySet, ResourceKind, Verdict, Verdicts,
};
use crate::principal::Match;

/// Most values of a key that an explanation repeats.
const SHOWN_VALUES: usize = 10;

/// A decision and everything that it was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The decision: the one that [`crate::evaluate()`] makes.
    pub decision: Decision,
    /// What each set of policies says by itself; a set that is absent is not here.
    pub sets: Vec<SetVerdict>,
    /// All statements of all policies, set by set.
    pub consulted: Vec<Consulted>,
}

/// What a set of policies says by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetVerdict {
    /// The set.
    pub set: PolicySet,
    /// What it says.
    pub outcome: Outcome,
}

/// One statement that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Consulted {
    /// The set that the policy is in.
    pub set: PolicySet,
    /// The policy's name.
    pub name: String,
    /// The statement's `Sid`, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The statement's place among the inputs.
    #[serde(flatten)]
    pub place: Place,
    /// Where its text stands in the document.
    pub span: Span,
    /// What the statement does when it matches.
    pub effect: Effect,
    /// Whether it names the caller.
    pub principal: bool,
    /// Whether it speaks of the action.
    pub action: bool,
    /// Whether it speaks of the resource.
    pub resource: bool,
    /// Its conditions.
    pub conditions: Vec<ConditionResult>,
    /// The condition keys that it asks about, in conditions and variables, and that the request lacks: in lower case,
    /// some twice.
    #[serde(skip)]
    pub missing: Vec<String>,
}

/// One condition that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConditionResult {
    /// The operator, as the document writes it.
    pub operator: String,
    /// The key, in lower case.
    pub key: String,
    /// What the request has under the key, ten values at most; none when the key is absent.
    pub values: Vec<String>,
    /// Whether it holds.
    pub holds: bool,
}

impl Consulted {
    /// Whether the statement applies.
    pub fn matched(&self) -> bool {
        self.failures() == 0
    }

    /// How many of principal, action, resource and conditions do not fit.
    pub fn failures(&self) -> usize {
        let parts = [self.principal, self.action, self.resource];
        let conditions = self.conditions.iter().map(|condition| condition.holds);
        parts
            .into_iter()
            .chain(conditions)
            .filter(|fits| !fits)
            .count()
    }

    /// The statement as a person calls it: `statement 2 ("Push") of ci`.
    pub fn title(&self) -> String {
        let (number, name) = (self.place.statement + 1, &self.name);
        match &self.sid {
            Some(sid) => format!("statement {number} (\"{sid}\") of {name}"),
            None => format!("statement {number} of {name}"),
        }
    }

    /// What does not fit, in words; empty when all does.
    pub fn why_not(&self) -> String {
        let mut parts = Vec::new();
        for (fits, text) in [
            (self.principal, "it does not name the principal"),
            (self.action, "it does not name the action"),
            (self.resource, "it does not name the resource"),
        ] {
            if !fits {
                parts.push(text.to_owned());
            }
        }
        for condition in self.conditions.iter().filter(|condition| !condition.holds) {
            let found = match condition.values.as_slice() {
                [] => "is absent".to_owned(),
                values => format!("is {}", values.join(", ")),
            };
            parts.push(format!(
                "{} does not hold: {} {found}",
                condition.operator, condition.key
            ));
        }
        parts.join("; ")
    }
}

impl Explanation {
    /// The statements that would have allowed a refused request if a little were different: those that allow, in the
    /// set that had to, with the fewest parts that do not fit. None for other decisions.
    pub fn nearly_enough(&self) -> Vec<&Consulted> {
        if self.decision.outcome != Outcome::ImplicitDeny {
            return Vec::new();
        }
        let candidates = || {
            self.consulted
                .iter()
                .filter(|it| it.set == self.decision.set && it.effect == Effect::Allow)
        };
        // A statement about other actions is not near, whatever else fits.
        let fewest = candidates()
            .filter(|it| it.action)
            .map(Consulted::failures)
            .min();
        candidates()
            .filter(|it| it.action && Some(it.failures()) == fewest)
            .collect()
    }

    /// The statement that decided, if one did.
    pub fn deciding(&self) -> Option<&Consulted> {
        let place = self.decision.statement?;
        self.consulted
            .iter()
            .find(|it| it.set == self.decision.set && it.place == place)
    }
}

/// A set, its policies and what it says, if it is there.
type Set<'a> = (PolicySet, Option<&'a [Policy<'a>]>, Option<Verdict>);

/// Decides, and says why.
pub fn explain(inputs: &Inputs<'_>) -> Explanation {
    let verdicts = Verdicts::of(inputs);
    let resource = match inputs.resource_kind {
        ResourceKind::Role => PolicySet::Trust,
        ResourceKind::Ordinary | ResourceKind::Key => PolicySet::Resource,
    };
    let boundary = inputs.boundary.as_ref().map(std::slice::from_ref);
    let sets: [Set<'_>; 4] = [
        (
            PolicySet::Identity,
            Some(inputs.identity),
            Some(verdicts.identity),
        ),
        (resource, Some(inputs.resource), Some(verdicts.resource)),
        (PolicySet::Boundary, boundary, verdicts.boundary),
        (PolicySet::Session, inputs.session, verdicts.session),
    ];
    let mut explanation = Explanation {
        decision: evaluate::decide(inputs, &verdicts),
        sets: Vec::new(),
        consulted: Vec::new(),
    };
    for (set, policies, verdict) in sets {
        let (Some(policies), Some(verdict)) = (policies, verdict) else {
            continue;
        };
        let outcome = match (verdict.deny, verdict.allow) {
            (Some(_), _) => Outcome::ExplicitDeny,
            (None, Some(_)) => Outcome::Allowed,
            (None, None) => Outcome::ImplicitDeny,
        };
        explanation.sets.push(SetVerdict { set, outcome });
        for (policy, it) in policies.iter().enumerate() {
            for (statement, its) in it.document.statements.iter().enumerate() {
                let place = Place { policy, statement };
                let consulted = consult((set, place), it.name, its, inputs);
                explanation.consulted.push(consulted);
            }
        }
    }
    explanation
}

fn consult(
    (set, place): (PolicySet, Place),
    name: &str,
    statement: &Statement,
    inputs: &Inputs<'_>,
) -> Consulted {
    let conditions = statement.conditions.iter();
    let keys = statement.condition_keys().into_iter();
    let missing = keys.filter(|key| inputs.request.values(key).next().is_none());
    let fields = inputs.request.fields();
    Consulted {
        set,
        name: name.to_owned(),
        sid: statement.sid.as_deref().map(str::to_owned),
        place,
        span: statement.span,
        effect: statement.effect,
        principal: evaluate::names(&statement.principals, inputs) != Match::None,
        action: evaluate::speaks_of_action(statement, inputs.request),
        resource: statement.resources.covers(inputs.request, fields.as_ref()),
        conditions: conditions.map(|it| result(it, inputs)).collect(),
        missing: missing.map(str::to_owned).collect(),
    }
}

fn result(condition: &Condition, inputs: &Inputs<'_>) -> ConditionResult {
    let values = inputs.request.get(condition.key()).unwrap_or_default();
    ConditionResult {
        operator: condition.operator().to_string(),
        key: condition.key().as_str().to_owned(),
        values: values
            .iter()
            .take(SHOWN_VALUES)
            .map(|value| value.text.to_string())
            .collect(),
        holds: condition.holds(inputs.request),
    }
}
