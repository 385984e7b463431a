//! Decides the cases, and tells why a case fails.
use wharf_policy::{Explanation, Inputs, Outcome, Policy, RequestContext, ResourceKind, explain};

use super::cases::{Caller, Case, Expected, Named, Suite, apply};

/// A case and how it went.
pub(super) struct CaseResult {
    pub(super) name: String,
    /// What went wrong, in a line and in full; none when the case holds.
    pub(super) failure: Option<(String, String)>,
}

/// Decides all cases.
///
/// # Errors
/// A case whose keys are too many or too long.
pub(super) fn run(suite: &Suite) -> Result<Vec<CaseResult>, String> {
    suite
        .cases
        .iter()
        .map(|case| {
            let failure = suite
                .callers
                .get(&case.principal)
                .map_or(Ok(None), |caller| failure(suite, case, caller));
            let failure = failure.map_err(|error| format!("case `{}`: {error}", case.name))?;
            let name = case.name.clone();
            Ok(CaseResult { name, failure })
        })
        .collect()
}

/// The first question of the case that is answered otherwise than expected.
fn failure(
    suite: &Suite,
    case: &Case,
    caller: &Caller,
) -> Result<Option<(String, String)>, String> {
    for action in case.action.as_slice() {
        for resource in case.resource.as_slice() {
            let (explanation, reason) = ask(suite, case, caller, (action, resource))?;
            let (expected, was) = match (case.expect, explanation.decision.allowed()) {
                (Expected::Allowed, false) => ("allowed", "denied"),
                (Expected::Denied, true) => ("denied", "allowed"),
                _ => continue,
            };
            let line = format!("expected {expected}, was {was}: {action} on {resource}");
            let why = why(&explanation, &reason);
            return Ok(Some((line, why)));
        }
    }
    Ok(None)
}

fn ask(
    suite: &Suite,
    case: &Case,
    caller: &Caller,
    (action, resource): (&str, &str),
) -> Result<(Explanation, String), String> {
    let mut request = RequestContext::new(caller.principal.clone(), action, resource, suite.now);
    let own = caller.principal.account().unwrap_or("");
    let fields: Vec<&str> = resource.splitn(6, ':').collect();
    let field = |index: usize| fields.get(index).copied().filter(|it| !it.is_empty());
    let owner = field(4).unwrap_or(own);
    for (key, value) in [
        ("aws:SecureTransport", Some("true")),
        ("aws:RequestedRegion", field(3)),
        (
            "aws:ResourceAccount",
            Some(owner).filter(|it| !it.is_empty()),
        ),
    ] {
        if let Some(value) = value {
            request.set(key, value).map_err(|error| error.to_string())?;
        }
    }
    let entries = suite.resources.iter().filter(|it| it.speaks_of(resource));
    let mut on_resource = Vec::new();
    for entry in entries {
        apply(&entry.context, &mut request)?;
        on_resource.extend(entry.policies.iter().map(policy));
    }
    apply(&caller.context, &mut request)?;
    apply(&case.context, &mut request)?;
    let identity: Vec<Policy<'_>> = caller.identity.iter().map(policy).collect();
    let session: Option<Vec<Policy<'_>>> = caller
        .session
        .as_ref()
        .map(|list| list.iter().map(policy).collect());
    let explanation = explain(&Inputs {
        request: &request,
        identity: &identity,
        boundary: caller.boundary.as_ref().map(policy),
        session: session.as_deref(),
        resource: &on_resource,
        resource_account: owner,
        resource_kind: kind(action, field(2), field(5)),
    });
    let reason = explanation.decision.refusal(&request);
    Ok((explanation, reason))
}

/// What the resource is, as far as it changes the decision.
fn kind(action: &str, service: Option<&str>, path: Option<&str>) -> ResourceKind {
    let to_sts = action.to_ascii_lowercase().starts_with("sts:");
    match service {
        Some("kms") => ResourceKind::Key,
        Some("iam") if to_sts && path.is_some_and(|it| it.starts_with("role/")) => {
            ResourceKind::Role
        }
        _ => ResourceKind::Ordinary,
    }
}

fn policy(named: &Named) -> Policy<'_> {
    Policy {
        name: &named.name,
        document: &named.document,
    }
}

/// The statement that decided, or those that were nearly enough.
fn why(explanation: &Explanation, reason: &str) -> String {
    if let Some(statement) = explanation.deciding() {
        let verb = match explanation.decision.outcome {
            Outcome::Allowed => "allows",
            Outcome::ExplicitDeny | Outcome::ImplicitDeny => "denies",
        };
        let line = statement.span.start_line;
        return format!("{} (line {line}) {verb} it\n", statement.title());
    }
    let near = explanation.nearly_enough();
    let near = near.iter().map(|statement| {
        let (title, line) = (statement.title(), statement.span.start_line);
        format!("nearly: {title} (line {line}): {}\n", statement.why_not())
    });
    let lines: Vec<String> = std::iter::once(format!("{reason}\n")).chain(near).collect();
    lines.concat()
}

/// The results, a line each, and of failures the reason.
pub(super) fn text(results: &[CaseResult]) -> String {
    let mut lines = Vec::new();
    for result in results {
        match &result.failure {
            None => lines.push(format!("ok    {}\n", result.name)),
            Some((line, why)) => {
                lines.push(format!("FAIL  {}\n      {line}\n", result.name));
                lines.extend(why.lines().map(|line| format!("      {line}\n")));
            }
        }
    }
    let failed = results.iter().filter(|it| it.failure.is_some()).count();
    lines.push(format!("{} cases, {failed} failed\n", results.len()));
    lines.concat()
}
