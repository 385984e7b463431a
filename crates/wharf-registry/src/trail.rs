//! What authorization decided in the course of a request, kept until the request's outcome is told.
use std::sync::{Mutex, PoisonError};

use serde::{Serialize, Serializer};
use wharf_policy::{Decision, Inputs, PolicySet, RequestContext};

use crate::Principal;

/// Most decisions of one request that are kept: an operation asks a handful of questions.
const MOST: usize = 64;

/// One decision of authorization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The IAM action, such as `ecr:PutImage`.
    pub action: &'static str,
    /// The ARN that was asked about, or `*`.
    pub resource: String,
    /// What was decided.
    pub allowed: bool,
    /// Why, as the text of a JSON object: of a refusal the whole explanation, else what decided.
    pub detail: String,
}

/// What [`Decided::detail`] holds of an allowed question.
#[derive(Serialize)]
struct Allowed<'a> {
    decision: &'a Decision,
    /// The name of the policy that allows, if it is one of the caller's or the resource's.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a str>,
    context: Context<'a>,
}

/// What [`Decided::detail`] holds of a refusal.
#[derive(Serialize)]
struct Refused<'a> {
    #[serde(flatten)]
    explanation: wharf_policy::Explanation,
    context: Context<'a>,
}

/// The condition keys, each with its values, written without a copy: every request has them.
struct Context<'a>(&'a RequestContext);

impl Serialize for Context<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let keys = self.0.keys();
        serializer.collect_map(keys.map(|(key, values)| (key, Values(values))))
    }
}

/// The values of one key.
struct Values<I>(I);

impl<'a, I: Iterator<Item = &'a str> + Clone> Serialize for Values<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.clone())
    }
}

impl Decided {
    /// Writes down a decision with all that `wharfinger explain` tells of it: of a refusal every statement that was
    /// consulted, of the rest which one allowed it; and in both cases the condition keys.
    pub fn of(action: &'static str, inputs: &Inputs<'_>, decision: &Decision) -> Self {
        let context = Context(inputs.request);
        // Texts and numbers only: neither can fail.
        let detail = if decision.allowed() {
            serde_json::to_string(&Allowed {
                decision,
                policy: deciding(inputs, decision),
                context,
            })
        } else {
            let explanation = wharf_policy::explain(inputs);
            serde_json::to_string(&Refused {
                explanation,
                context,
            })
        };
        Self {
            action,
            resource: inputs.request.resource().to_owned(),
            allowed: decision.allowed(),
            detail: detail.unwrap_or_default(),
        }
    }
}

/// The name of the policy that decided.
fn deciding<'a>(inputs: &Inputs<'a>, decision: &Decision) -> Option<&'a str> {
    let place = decision.statement?;
    let set = match decision.set {
        PolicySet::Identity => inputs.identity,
        PolicySet::Resource | PolicySet::Trust => inputs.resource,
        PolicySet::Session => inputs.session?,
        PolicySet::Boundary => return inputs.boundary.map(|it| it.name),
    };
    set.get(place.policy).map(|it| it.name)
}

/// The decisions of one request, in the order in which they were first made.
#[derive(Debug, Default)]
pub struct Trail {
    decided: Mutex<Vec<Decided>>,
    /// Who asks, where only the operation could find that out.
    caller: Mutex<Option<Principal>>,
}

impl Trail {
    /// Keeps a decision. One about the same action and resource replaces the earlier: a transaction that runs again
    /// decides again. Of what is beyond 64 questions only refusals are kept, in place of the last one.
    pub fn note(&self, decided: Decided) {
        let mut kept = self.decided.lock().unwrap_or_else(PoisonError::into_inner);
        let again = kept
            .iter_mut()
            .find(|it| it.action == decided.action && it.resource == decided.resource);
        if let Some(earlier) = again {
            *earlier = decided;
        } else if kept.len() < MOST {
            kept.push(decided);
        } else if !decided.allowed
            && let Some(last) = kept.last_mut()
        {
            *last = decided;
        }
    }

    /// Notes who has turned out to ask, of a request that nobody signed.
    pub(crate) fn note_caller(&self, principal: &Principal) {
        let mut caller = self.caller.lock().unwrap_or_else(PoisonError::into_inner);
        *caller = Some(principal.clone());
    }

    /// Who has turned out to ask, of a request that nobody signed.
    pub fn caller(&self) -> Option<Principal> {
        let caller = self.caller.lock().unwrap_or_else(PoisonError::into_inner);
        caller.clone()
    }

    /// All that was decided since the last call.
    pub fn take(&self) -> Vec<Decided> {
        std::mem::take(&mut *self.decided.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_down_names_the_policy_that_allows_or_all_that_did_not() {
        use wharf_policy::{Document, Explanation, Kind, Policy, Principal, ResourceKind};
        let document = Document::parse(wharf_policy::ROOT_POLICY, Kind::Managed).unwrap();
        let root = Principal::root("aws", "123456789012");
        let mut asked = RequestContext::new(root, "ecr:PutImage", "*", 0);
        asked.set_list("aws:TagKeys", ["a", "b\"c"]).unwrap();
        let told = |account: &str| {
            let inputs = Inputs {
                request: &asked,
                identity: &[Policy {
                    name: "root",
                    document: &document,
                }],
                boundary: None,
                session: None,
                resource: &[],
                resource_account: account,
                resource_kind: ResourceKind::Ordinary,
            };
            let decision = wharf_policy::evaluate(&inputs);
            let decided = Decided::of("ecr:PutImage", &inputs, &decision);
            let detail: serde_json::Value = serde_json::from_str(&decided.detail).unwrap();
            assert_eq!(
                detail["context"]["aws:tagkeys"],
                serde_json::json!(["a", "b\"c"])
            );
            (decided.allowed, detail)
        };
        let (allowed, detail) = told("123456789012");
        assert!(allowed && detail["policy"] == "root" && detail.get("consulted").is_none());
        let (allowed, detail) = told("210987654321");
        let explanation: Explanation = serde_json::from_value(detail).unwrap();
        assert!(!allowed && explanation.consulted.len() == 1);
    }

    fn decided(resource: &str, allowed: bool) -> Decided {
        Decided {
            action: "ecr:PutImage",
            resource: resource.to_owned(),
            allowed,
            detail: "{}".to_owned(),
        }
    }

    #[test]
    fn a_question_that_is_asked_again_is_told_once_with_its_last_answer() {
        let trail = Trail::default();
        trail.note(decided("a", true));
        trail.note(decided("b", true));
        trail.note(decided("a", false));
        assert_eq!(trail.take(), [decided("a", false), decided("b", true)]);
        assert_eq!(trail.take(), []);
    }

    #[test]
    fn a_trail_is_bounded_and_does_not_lose_the_refusal_at_its_end() {
        let trail = Trail::default();
        for n in 0..1_000 {
            trail.note(decided(&n.to_string(), true));
        }
        trail.note(decided("last", false));
        let kept = trail.take();
        assert_eq!(kept.len(), MOST);
        assert_eq!(kept.last(), Some(&decided("last", false)));
    }
}
