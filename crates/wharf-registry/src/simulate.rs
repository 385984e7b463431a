//! Simulations of IAM: what policies would say of requests that nobody makes.
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wharf_policy::{
    Consulted, Document, Effect, Explanation, Inputs, Outcome, Policy, PolicySet, Principal,
    RequestContext, ResourceKind,
};
use wharf_wire::iam::{
    ContextEntry, ContextKeyTypeEnum, EvaluationResult, PermissionsBoundaryDecisionDetail,
    PolicyEvaluationDecisionType, PolicySourceType, Position, ResourceSpecificResult, Statement,
};

use crate::error::QueryError;
use crate::{Micros, Result};

/// Most statements that one page of a simulation looks at.
const MOST_WORK: usize = 200_000;
/// Most steps of comparing patterns with values that one page may take: some three seconds. A pattern is compared with a
/// value in as many steps as both are long together, multiplied, at worst.
const MOST_STEPS: usize = 2_000_000_000;
/// The resource of an action that has none, and of a simulation that names none.
const ALL: &str = "*";

#[cfg(test)]
mod tests;

/// A policy that takes part.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// What answers call it.
    pub(crate) id: String,
    /// None for one that came with the request.
    pub(crate) kind: Option<PolicySourceType>,
    pub(crate) text: String,
    pub(crate) document: Arc<Document>,
}

impl Source {
    fn as_policy(&self) -> Policy<'_> {
        Policy {
            name: &self.id,
            document: &self.document,
        }
    }
}

/// Everything that a simulation is made from: each action is tried on each resource.
#[derive(Debug)]
pub(crate) struct Simulation {
    /// Who would ask, if anybody is named.
    pub(crate) caller: Option<Principal>,
    /// The account that asks for the simulation.
    pub(crate) account: String,
    /// Condition keys that follow from the caller.
    pub(crate) keys: Vec<(String, String)>,
    pub(crate) identity: Vec<Source>,
    pub(crate) boundary: Option<Source>,
    pub(crate) resource_policy: Option<(Source, ResourceKind)>,
    /// The owner of resources whose ARN does not tell it.
    pub(crate) owner: Option<String>,
    pub(crate) actions: Vec<String>,
    /// None for an action on everything.
    pub(crate) resources: Option<Vec<String>>,
    pub(crate) entries: Vec<ContextEntry>,
    pub(crate) now: Micros,
    pub(crate) spellings: Spellings,
}

/// How texts spell keys: each is looked for once, however many results ask.
#[derive(Debug, Default)]
pub(crate) struct Spellings(RefCell<HashMap<(PolicySet, usize), Spelled>>);

/// Of one text.
#[derive(Debug)]
struct Spelled {
    /// The text in lower case.
    lower: String,
    keys: HashMap<String, String>,
}

impl Spellings {
    /// A key as a text writes it first.
    fn of(&self, place: (PolicySet, usize), text: &str, key: &str) -> String {
        let mut all = self.0.borrow_mut();
        let it = all.entry(place).or_insert_with(|| Spelled {
            lower: text.to_ascii_lowercase(),
            keys: HashMap::new(),
        });
        if let Some(known) = it.keys.get(key) {
            return known.clone();
        }
        let at = it.lower.find(key);
        let found = at.and_then(|at| text.get(at..at + key.len()));
        let found = found.unwrap_or(key).to_owned();
        it.keys.insert(key.to_owned(), found.clone());
        found
    }
}

impl Simulation {
    /// How many results there are in all.
    pub(crate) fn len(&self) -> usize {
        self.actions.len() * self.resources.as_ref().map_or(1, Vec::len)
    }

    /// How many results one page may have.
    ///
    /// # Errors
    /// `InvalidInput` when not even one can be had in bounded time.
    pub(crate) fn page_limit(&self) -> Result<i64> {
        let sources = self.identity.iter().chain(&self.boundary);
        let resource = self.resource_policy.iter().map(|(source, _)| source);
        let characters = sources.chain(resource).map(|it| it.document.characters());
        let (mut statements, mut patterns) = (0, 0);
        for count in characters {
            // No statement is shorter than that.
            statements += count / 40 + 1;
            patterns += count;
        }
        let values = self
            .entries
            .iter()
            .flat_map(|entry| entry.context_key_values.iter().flatten());
        let compared: usize = values.map(String::len).sum();
        let steps = patterns.saturating_mul(compared);
        if steps > MOST_STEPS {
            return Err(QueryError::invalid_input(
                "The policies and the values of the context entries are too large together to be simulated.",
            ));
        }
        let results = (MOST_WORK / statements.max(1)).min(MOST_STEPS / steps.max(1));
        Ok(i64::try_from(results).unwrap_or(999).clamp(1, 999))
    }

    /// One result, by its place: all resources of the first action, then of the second.
    ///
    /// # Errors
    /// `InvalidInput` for condition keys that no request can have.
    pub(crate) fn result(&self, place: usize) -> Result<EvaluationResult> {
        let each = self.resources.as_ref().map_or(1, Vec::len).max(1);
        let all = ALL.to_owned();
        let action = self.actions.get(place / each).unwrap_or(&all);
        let resource = match &self.resources {
            Some(resources) => resources.get(place % each).unwrap_or(&all),
            None => &all,
        };
        let request = self.request(action, resource)?;
        let identity: Vec<_> = self.identity.iter().map(Source::as_policy).collect();
        let own = self.resource_policy.as_ref();
        let own_policy: Vec<_> = own.iter().map(|(source, _)| source.as_policy()).collect();
        let caller = request.principal().account().unwrap_or(&self.account);
        // Without the resource's own policy only the caller's side is simulated, whoever owns the resource.
        let owner = match own {
            Some(_) => owner_of(resource)
                .or(self.owner.as_deref())
                .unwrap_or(caller),
            None => caller,
        };
        let inputs = Inputs {
            request: &request,
            identity: &identity,
            boundary: self.boundary.as_ref().map(Source::as_policy),
            session: None,
            resource: &own_policy,
            resource_account: owner,
            resource_kind: own.map_or(ResourceKind::Ordinary, |(_, kind)| *kind),
        };
        let explanation = wharf_policy::explain(&inputs);
        let across = owner != caller;
        Ok(self.shown(action, resource, &explanation, across))
    }

    /// The request that is tried. Time and circumstances are known only as far as they are given.
    fn request(&self, action: &str, resource: &str) -> Result<RequestContext> {
        let caller = self.caller.clone();
        let known = caller.is_some();
        let caller = caller.unwrap_or_else(|| Principal::root("aws", &self.account));
        let role = matches!(caller, Principal::RoleSession(_));
        let mut request = RequestContext::new(caller, action, resource, self.now);
        for key in ["aws:CurrentTime", "aws:EpochTime", "aws:ViaAWSService"] {
            request.remove(key);
        }
        if !known {
            for key in [
                "aws:PrincipalArn",
                "aws:PrincipalType",
                "aws:PrincipalAccount",
                "aws:PrincipalIsAWSService",
                "aws:userid",
            ] {
                request.remove(key);
            }
        }
        if role {
            // It ends with the session's name, which nobody knows.
            request.remove("aws:userid");
        }
        let too_large = |error: wharf_policy::ContextTooLarge| {
            QueryError::invalid_input(format!("Invalid context entries: {error}"))
        };
        for (key, value) in &self.keys {
            request.set(key, value).map_err(too_large)?;
        }
        for entry in &self.entries {
            let name = entry.context_key_name.as_deref().unwrap_or_default();
            let values = entry.context_key_values.as_deref().unwrap_or_default();
            match (entry.context_key_type.is_some_and(is_list), values) {
                (false, [value]) => request.set(name, value),
                (_, values) => request.set_list(name, values.iter().map(String::as_str)),
            }
            .map_err(too_large)?;
        }
        Ok(request)
    }

    fn shown(
        &self,
        action: &str,
        resource: &str,
        explanation: &Explanation,
        across: bool,
    ) -> EvaluationResult {
        let decision = decision_type(explanation.decision.outcome);
        let matched = self.matched(explanation);
        let missing = self.missing(explanation);
        let limit = explanation
            .sets
            .iter()
            .find(|it| it.set == PolicySet::Boundary)
            .map(|it| PermissionsBoundaryDecisionDetail {
                allowed_by_permissions_boundary: Some(it.outcome == Outcome::Allowed),
            });
        let specific = self.resources.as_ref().map(|_| {
            vec![ResourceSpecificResult {
                eval_resource_name: resource.to_owned(),
                eval_resource_decision: decision,
                matched_statements: Some(matched.clone()),
                missing_context_values: Some(missing.clone()),
                eval_decision_details: None,
                permissions_boundary_decision_detail: limit.clone(),
            }]
        });
        EvaluationResult {
            eval_action_name: action.to_owned(),
            eval_resource_name: Some(resource.to_owned()),
            eval_decision: decision,
            matched_statements: Some(matched),
            missing_context_values: Some(missing),
            organizations_decision_detail: None,
            permissions_boundary_decision_detail: limit,
            eval_decision_details: (resource != ALL).then(|| details(explanation, across)),
            resource_specific_results: specific,
        }
    }

    /// The statements that made the decision: those that deny, or else those that allow.
    fn matched(&self, explanation: &Explanation) -> Vec<Statement> {
        let effect = match explanation.decision.outcome {
            Outcome::Allowed => Effect::Allow,
            Outcome::ExplicitDeny => Effect::Deny,
            Outcome::ImplicitDeny => return Vec::new(),
        };
        explanation
            .consulted
            .iter()
            .filter(|it| it.effect == effect && it.matched())
            .map(|it| self.statement(it))
            .collect()
    }

    fn statement(&self, it: &Consulted) -> Statement {
        let position = |line: u32, column: u32| Position {
            line: Some(i64::from(line)),
            column: Some(i64::from(column)),
        };
        let source = self.source(it);
        Statement {
            source_policy_id: source.map(|source| source.id.clone()),
            source_policy_type: source.and_then(|source| source.kind),
            start_position: Some(position(it.span.start_line, it.span.start_column)),
            end_position: Some(position(it.span.end_line, it.span.end_column)),
        }
    }

    fn source(&self, it: &Consulted) -> Option<&Source> {
        match it.set {
            PolicySet::Identity => self.identity.get(it.place.policy),
            PolicySet::Boundary => self.boundary.as_ref(),
            PolicySet::Resource | PolicySet::Trust => {
                self.resource_policy.as_ref().map(|(source, _)| source)
            }
            PolicySet::Session => None,
        }
    }

    /// The condition keys that statements about the action ask for and that the request lacks, spelled as there.
    fn missing(&self, explanation: &Explanation) -> Vec<String> {
        let mut missing = BTreeSet::new();
        for it in &explanation.consulted {
            if !it.principal || !it.action {
                continue;
            }
            let text = self.source(it).map_or("", |source| source.text.as_str());
            let place = (it.set, it.place.policy);
            let keys = it.missing.iter();
            missing.extend(keys.map(|key| self.spellings.of(place, text, key)));
        }
        missing.into_iter().collect()
    }
}

fn decision_type(outcome: Outcome) -> PolicyEvaluationDecisionType {
    match outcome {
        Outcome::Allowed => PolicyEvaluationDecisionType::Allowed,
        Outcome::ExplicitDeny => PolicyEvaluationDecisionType::ExplicitDeny,
        Outcome::ImplicitDeny => PolicyEvaluationDecisionType::ImplicitDeny,
    }
}

/// What each side says by itself: told only across accounts, empty within one.
fn details(
    explanation: &Explanation,
    across: bool,
) -> BTreeMap<String, PolicyEvaluationDecisionType> {
    let mut details = BTreeMap::new();
    for it in explanation.sets.iter().filter(|_| across) {
        let name = match it.set {
            PolicySet::Identity => "IAM Policy",
            PolicySet::Resource | PolicySet::Trust => "Resource Policy",
            PolicySet::Boundary => "Permissions Boundary Policy",
            PolicySet::Session => continue,
        };
        details.insert(name.to_owned(), decision_type(it.outcome));
    }
    details
}

/// The account in an ARN, if there is one.
fn owner_of(resource: &str) -> Option<&str> {
    let account = resource.split(':').nth(4)?;
    (account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())).then_some(account)
}

const fn is_list(kind: ContextKeyTypeEnum) -> bool {
    matches!(
        kind,
        ContextKeyTypeEnum::StringList
            | ContextKeyTypeEnum::NumericList
            | ContextKeyTypeEnum::BooleanList
            | ContextKeyTypeEnum::IpList
            | ContextKeyTypeEnum::BinaryList
            | ContextKeyTypeEnum::DateList
    )
}

/// Refuses context entries without name, type or values, with several values for one, and with values of another type.
///
/// # Errors
/// `InvalidInput`.
pub(crate) fn check_entries(entries: &[ContextEntry]) -> Result<()> {
    for entry in entries {
        let invalid = |what: &str| {
            let name = entry.context_key_name.as_deref().unwrap_or_default();
            Err(QueryError::invalid_input(format!(
                "Invalid context entry '{name}': {what}"
            )))
        };
        let (Some(_), Some(kind)) = (&entry.context_key_name, entry.context_key_type) else {
            return invalid("it needs a name and a type");
        };
        let values = entry.context_key_values.as_deref().unwrap_or_default();
        if values.is_empty() || (!is_list(kind) && values.len() > 1) {
            return invalid("it needs one value, and only a list may have more");
        }
        if !values.iter().all(|value| is_of(value, kind)) {
            return invalid("a value is not of its type");
        }
    }
    Ok(())
}

fn is_of(value: &str, kind: ContextKeyTypeEnum) -> bool {
    use ContextKeyTypeEnum as Type;
    match kind {
        Type::String | Type::StringList => true,
        Type::Numeric | Type::NumericList => value.parse::<f64>().is_ok_and(f64::is_finite),
        Type::Boolean | Type::BooleanList => {
            value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false")
        }
        Type::Ip | Type::IpList => value.parse::<IpAddr>().is_ok(),
        Type::Binary | Type::BinaryList => STANDARD.decode(value).is_ok(),
        Type::Date | Type::DateList => wharf_policy::is_date(value),
    }
}
