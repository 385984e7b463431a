//! `wharfinger explain`
use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use wharf_policy::{Consulted, Decision, Effect, Explanation, PolicySet, SetVerdict};
use wharf_watch::audit::{Decision as Decided, Record, find};

use super::{as_json, find_directory, unreadable};
use crate::cli::Explain;
use crate::{Failure, Outcome, say};

/// A record is written a moment after its answer: how long a second look waits.
const A_MOMENT: Duration = Duration::from_millis(200);

/// What authorization wrote down of a decision.
#[derive(Debug, Deserialize)]
struct Detail {
    decision: Decision,
    /// Of what was allowed, the policy's name.
    #[serde(default)]
    policy: Option<String>,
    #[serde(default)]
    sets: Vec<SetVerdict>,
    #[serde(default)]
    consulted: Vec<Consulted>,
    #[serde(default)]
    context: BTreeMap<String, Vec<String>>,
}

/// Tells what a request asked for and what was decided.
pub(crate) fn explain(args: &Explain) -> Outcome {
    let directory = find_directory(&args.place)?;
    let look =
        || find(&directory, &args.request_id).map_err(|error| unreadable(&directory, &error));
    let mut records = look()?;
    if records.is_empty() {
        std::thread::sleep(A_MOMENT);
        records = look()?;
    }
    if records.is_empty() {
        return Err(Failure::new(format!(
            "the audit log has no request {}: it may be too old, a read of a layer (audit.blob_reads), or from \
             somebody who did not prove who they are",
            args.request_id
        )));
    }
    let text = if args.json { as_json } else { text };
    say(&records.iter().map(text).collect::<String>())
}

fn text(record: &Record<'_>) -> String {
    let who = &record.principal;
    let transport = if record.secure { "TLS" } else { "plain HTTP" };
    let agent = record.user_agent.as_deref().unwrap_or("unnamed client");
    let mut lines = vec![
        format!("request    {} of {}", record.request_id, record.at),
        format!(
            "principal  {} ({}, {}, key {})",
            who.arn, who.kind, who.unique_id, who.access_key_id
        ),
    ];
    if let Some(issuer) = &who.issuer {
        lines.push(format!("session of {} ({})", issuer.arn, issuer.unique_id));
    }
    lines.extend([
        format!("from       {} by {transport}, {agent}", record.source),
        format!(
            "call       {} {} in {}, registry of {}",
            record.event_source, record.event_name, record.region, record.account
        ),
        format!(
            "resource   {}",
            record.resource.as_deref().unwrap_or("none in particular")
        ),
        match (&record.error_code, &record.error_message) {
            (Some(code), Some(message)) => {
                format!("answer     {} {code}: {message}", record.status)
            }
            (Some(code), None) => format!("answer     {} {code}", record.status),
            (None, _) => format!("answer     {}", record.status),
        },
    ]);
    if record.decisions.is_empty() {
        lines.push(
            "\nnothing was decided: the request ended before, or needs no permission".to_owned(),
        );
    }
    for decided in &record.decisions {
        lines.push(String::new());
        lines.extend(decision(decided));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn decision(decided: &Decided<'_>) -> Vec<String> {
    let verdict = if decided.allowed {
        "allowed"
    } else {
        "refused"
    };
    let mut lines = vec![format!(
        "{} on {}: {verdict}",
        decided.action, decided.resource
    )];
    let Ok(detail) = serde_json::from_str::<Detail>(decided.detail.get()) else {
        lines.push("  the explanation is not in the record".to_owned());
        return lines;
    };
    let explanation = Explanation {
        decision: detail.decision,
        sets: detail.sets,
        consulted: detail.consulted,
    };
    lines.extend(reason(decided, &explanation, detail.policy.as_deref()));
    let near = explanation.nearly_enough();
    if !near.is_empty() {
        lines.push("  nearly enough:".to_owned());
        lines.extend(near.into_iter().map(|it| format!("    {}", statement(it))));
    }
    if !explanation.consulted.is_empty() {
        lines.push("  consulted:".to_owned());
        let all = explanation.consulted.iter();
        lines.extend(all.map(|it| format!("    {}", statement(it))));
    }
    if !detail.context.is_empty() {
        lines.push("  context:".to_owned());
        let keys = detail.context.iter();
        lines.extend(keys.map(|(key, values)| format!("    {key} = {}", values.join(", "))));
    }
    lines
}

/// What decided, in words.
fn reason(decided: &Decided<'_>, explanation: &Explanation, policy: Option<&str>) -> Vec<String> {
    let decision = &explanation.decision;
    if !decided.allowed {
        let mut lines = vec![format!("  {}", decision.reason(&decided.action))];
        let mut consulted = explanation.consulted.iter();
        if consulted.all(|it| it.set != decision.set) {
            let set = set(decision.set);
            lines.push(format!("  there is no statement in the {set}"));
        }
        lines.extend(
            explanation
                .deciding()
                .map(|it| format!("  by {}", it.title())),
        );
        return lines;
    }
    let statement = decision.statement.map(|place| place.statement + 1);
    match (statement, policy) {
        (Some(number), Some(name)) => {
            vec![format!(
                "  by statement {number} of {name} ({})",
                set(decision.set)
            )]
        }
        _ => vec![format!("  by the {}", set(decision.set))],
    }
}

fn statement(consulted: &Consulted) -> String {
    let effect = match consulted.effect {
        Effect::Allow => "allows",
        Effect::Deny => "denies",
    };
    let why_not = consulted.why_not();
    let fits = if why_not.is_empty() {
        "it fits"
    } else {
        &why_not
    };
    format!(
        "{} ({}) {effect}: {fits}",
        consulted.title(),
        set(consulted.set)
    )
}

fn set(set: PolicySet) -> &'static str {
    match set {
        PolicySet::Identity => "identity policies",
        PolicySet::Resource => "resource policies",
        PolicySet::Boundary => "permissions boundary",
        PolicySet::Session => "session policies",
        PolicySet::Trust => "trust policy",
    }
}
