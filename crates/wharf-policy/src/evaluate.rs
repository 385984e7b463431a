//! The decision, from all policies that concern a request.

use crate::document::{Document, Effect, Principals, Statement};
use crate::principal::{Match, Principal};
use crate::request::RequestContext;

/// A document with the name that explanations call it.
#[derive(Debug, Clone, Copy)]
pub struct Policy<'a> {
    /// An ARN, or the name of an inline policy.
    pub name: &'a str,
    /// The policy.
    pub document: &'a Document,
}

/// How much a resource's own policy counts within its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceKind {
    /// An allow of it or of an identity policy is enough.
    Ordinary,
    /// A KMS key: its policy has to name the caller, or to delegate to the account.
    Key,
    /// A role to be assumed: its trust policy has to, the same way.
    Role,
}

/// Everything that a decision is made from.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// What is asked.
    pub request: &'a RequestContext,
    /// The policies of the user and its groups, of the session's role, or [`crate::ROOT_POLICY`] for a root user.
    pub identity: &'a [Policy<'a>],
    /// The permissions boundary of the user or role.
    pub boundary: Option<Policy<'a>>,
    /// What was passed when the session was made, pooled; `None` when nothing was.
    pub session: Option<&'a [Policy<'a>]>,
    /// The resource's own policies, pooled: of a repository, that of its registry as well.
    pub resource: &'a [Policy<'a>],
    /// Whose the resource is, 12 digits; for actions without a resource, the caller's account.
    pub resource_account: &'a str,
    /// What the resource is.
    pub resource_kind: ResourceKind,
}

/// What the policies together say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// All that have to allow it do, and none denies it.
    Allowed,
    /// A statement denies it.
    ExplicitDeny,
    /// Nothing denies it, but not all that have to allow it do.
    ImplicitDeny,
}

/// The sets that policies come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PolicySet {
    /// The caller's own policies.
    Identity,
    /// The resource's policies.
    Resource,
    /// The caller's permissions boundary.
    Boundary,
    /// The policies of the session.
    Session,
    /// The role's trust policy.
    Trust,
}

/// A statement among the inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// The policy's place in its set, from 0.
    pub policy: usize,
    /// The statement's place in its document, from 0.
    pub statement: usize,
}

/// A decision and what made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Decision {
    /// The decision.
    pub outcome: Outcome,
    /// The set that allows, denies, or had to allow and does not.
    pub set: PolicySet,
    /// The statement of the set that allows or denies; none for an implicit deny.
    pub statement: Option<Place>,
}

impl Decision {
    /// Whether the request may go on.
    pub fn allowed(&self) -> bool {
        self.outcome == Outcome::Allowed
    }

    /// Why a request is refused: what follows the resource in AWS's message. Empty when it is allowed.
    ///
    /// Source: the IAM user guide on access denied error messages.
    pub fn reason(&self, action: &str) -> String {
        match self.outcome {
            Outcome::Allowed => String::new(),
            Outcome::ExplicitDeny => {
                let policy = match self.set {
                    PolicySet::Identity => "an identity-based policy",
                    PolicySet::Resource | PolicySet::Trust => "a resource-based policy",
                    PolicySet::Boundary => "a permissions boundary",
                    PolicySet::Session => "a session policy",
                };
                format!("with an explicit deny in {policy}")
            }
            Outcome::ImplicitDeny => {
                let policy = match self.set {
                    PolicySet::Identity => "identity-based policy",
                    PolicySet::Resource => "resource-based policy",
                    PolicySet::Boundary => "permissions boundary",
                    PolicySet::Session => "session policy",
                    PolicySet::Trust => "role trust policy",
                };
                format!("because no {policy} allows the {action} action")
            }
        }
    }

    /// The whole message of a refusal, such as `User: ARN is not authorized to perform: ACTION on resource: ARN because
    /// no identity-based policy allows the ACTION action`.
    pub fn refusal(&self, request: &RequestContext) -> String {
        let (name, action) = (request.principal().name(), request.action());
        let (resource, reason) = (request.resource(), self.reason(action));
        format!(
            "User: {name} is not authorized to perform: {action} on resource: {resource} {reason}"
        )
    }
}

/// What a set of policies says: a deny ends the search, so that of the rest nothing is known.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Verdict {
    pub(crate) deny: Option<Place>,
    /// What the best allow is worth; `Direct` outside of resource policies.
    pub(crate) allow: Option<(Match, Place)>,
}

impl Verdict {
    fn allows(&self) -> bool {
        self.allow.is_some()
    }

    fn worth(&self) -> Match {
        self.allow.map_or(Match::None, |(worth, _)| worth)
    }
}

/// What all sets say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verdicts {
    pub(crate) identity: Verdict,
    pub(crate) resource: Verdict,
    pub(crate) boundary: Option<Verdict>,
    pub(crate) session: Option<Verdict>,
}

impl Verdicts {
    pub(crate) fn of(inputs: &Inputs<'_>) -> Self {
        let set = |policies: &[Policy<'_>]| verdict(policies, inputs);
        Self {
            identity: set(inputs.identity),
            resource: set(inputs.resource),
            boundary: inputs
                .boundary
                .as_ref()
                .map(|policy| set(std::slice::from_ref(policy))),
            session: inputs.session.map(set),
        }
    }
}

/// Decides.
///
/// Any deny in any set wins. Within an account an identity policy or the resource's policy has to allow; across
/// accounts both. Boundary and session policy have to allow too, unless the resource's policy names the caller
/// itself. Allocates nothing. Source: the IAM user guide's chapter on policy evaluation.
pub fn evaluate(inputs: &Inputs<'_>) -> Decision {
    decide(inputs, &Verdicts::of(inputs))
}

pub(crate) fn decide(inputs: &Inputs<'_>, verdicts: &Verdicts) -> Decision {
    let resource_set = match inputs.resource_kind {
        ResourceKind::Role => PolicySet::Trust,
        ResourceKind::Ordinary | ResourceKind::Key => PolicySet::Resource,
    };
    if let Some(denied) = explicit_deny(verdicts, resource_set) {
        return denied;
    }
    let missing = |set| Decision {
        outcome: Outcome::ImplicitDeny,
        set,
        statement: None,
    };
    let allowed = |set, verdict: &Verdict| Decision {
        outcome: Outcome::Allowed,
        set,
        statement: verdict.allow.map(|(_, place)| place),
    };
    let Verdicts {
        identity, resource, ..
    } = verdicts;
    let account = inputs.request.principal().account();
    let same_account = account == Some(inputs.resource_account);
    let worth = resource.worth();
    // Services, tokens of identity providers and strangers have no policies of their own.
    if account.is_none() || (same_account && worth == Match::Direct) {
        return match worth {
            Match::Direct => allowed(resource_set, resource),
            _ => missing(resource_set),
        };
    }
    // Within the account of a key, its policy's word is asked for first: without it no identity policy helps. Of a role
    // those who may not assume it anyway do not hear whom it trusts, nor so whether it exists.
    let must_agree = !same_account || inputs.resource_kind != ResourceKind::Ordinary;
    if same_account && inputs.resource_kind == ResourceKind::Key && worth == Match::None {
        return missing(resource_set);
    }
    let needs_identity = !same_account || worth != Match::Limited;
    if needs_identity && !identity.allows() {
        return missing(PolicySet::Identity);
    }
    if let Some(set) = limit(inputs, verdicts) {
        return missing(set);
    }
    if must_agree && worth == Match::None {
        return missing(resource_set);
    }
    if needs_identity {
        allowed(PolicySet::Identity, identity)
    } else {
        allowed(resource_set, resource)
    }
}

fn explicit_deny(verdicts: &Verdicts, resource_set: PolicySet) -> Option<Decision> {
    let Verdicts {
        identity,
        resource,
        boundary,
        session,
    } = verdicts;
    let denies = [
        (PolicySet::Identity, identity.deny),
        (resource_set, resource.deny),
        (
            PolicySet::Boundary,
            boundary.and_then(|boundary| boundary.deny),
        ),
        (PolicySet::Session, session.and_then(|session| session.deny)),
    ];
    let (set, statement) = denies.into_iter().find(|(_, deny)| deny.is_some())?;
    Some(Decision {
        outcome: Outcome::ExplicitDeny,
        set,
        statement,
    })
}

/// The set that has to allow what the others allow, and does not.
fn limit(inputs: &Inputs<'_>, verdicts: &Verdicts) -> Option<PolicySet> {
    let silent = |verdict: &Verdict| !verdict.allows();
    // A federated user has no more than what was passed when it was made.
    let federated = matches!(inputs.request.principal(), Principal::FederatedUser(_));
    if verdicts.boundary.as_ref().is_some_and(silent) {
        Some(PolicySet::Boundary)
    } else if verdicts.session.as_ref().map_or(federated, silent) {
        Some(PolicySet::Session)
    } else {
        None
    }
}

fn verdict(policies: &[Policy<'_>], inputs: &Inputs<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    let fields = inputs.request.fields();
    for (policy, it) in policies.iter().enumerate() {
        for (statement, its) in it.document.statements.iter().enumerate() {
            let worth = consult(its, inputs, fields.as_ref());
            if worth == Match::None {
                continue;
            }
            let place = Place { policy, statement };
            match its.effect {
                Effect::Deny => {
                    verdict.deny = Some(place);
                    return verdict;
                }
                Effect::Allow if worth > verdict.worth() => verdict.allow = Some((worth, place)),
                Effect::Allow => {}
            }
        }
    }
    verdict
}

/// How a statement applies to the request.
fn consult(statement: &Statement, inputs: &Inputs<'_>, fields: Option<&[&str; 6]>) -> Match {
    let request = inputs.request;
    if !speaks_of_action(statement, request) {
        return Match::None;
    }
    let worth = names(&statement.principals, inputs);
    if worth != Match::None
        && statement.resources.covers(request, fields)
        && statement.conditions.iter().all(|it| it.holds(request))
    {
        worth
    } else {
        Match::None
    }
}

pub(crate) fn speaks_of_action(statement: &Statement, request: &RequestContext) -> bool {
    let (action, hash) = request.lower_action();
    statement.actions.matches(action, hash) != statement.not_action
}

/// How a statement names the caller.
pub(crate) fn names(principals: &Principals, inputs: &Inputs<'_>) -> Match {
    let principal = inputs.request.principal();
    match principals {
        Principals::Implied => Match::Direct,
        Principals::Listed(patterns) => patterns
            .iter()
            .map(|pattern| pattern.matches(principal))
            .max()
            .unwrap_or(Match::None),
        // Only with `Deny`. Callers with a boundary are never spared.
        Principals::Except(patterns) => {
            let spared = inputs.boundary.is_none()
                && patterns.iter().any(|pattern| pattern.is_exactly(principal));
            if spared { Match::None } else { Match::Direct }
        }
    }
}
