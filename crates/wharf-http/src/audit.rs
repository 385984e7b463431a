//! What the audit log is told of a request.
use std::borrow::Cow;

use http::Method;
use wharf_registry::{Decided, Plane, RequestInfo};
use wharf_watch::audit::{Decision, Log, Principal, Record, time};
use wharf_wire::ids::{RepositoryName, repository_arn};

use crate::outcome::{Keeping, Outcome, Sink};

/// Tells the audit log of every call of somebody known, and counts the refusals of all others.
#[derive(Debug)]
pub struct Audit {
    log: Log,
    blob_reads: bool,
    wait: bool,
}

impl Audit {
    /// `blob_reads`: whether to tell of downloads of layers, and of questions whether one is there, that are not refused.
    /// `wait`: whether answers are sent only when their record is on disk.
    pub fn new(log: Log, blob_reads: bool, wait: bool) -> Self {
        Self {
            log,
            blob_reads,
            wait,
        }
    }

    /// Who asked, if the request is one that has a record.
    fn caller<'a>(&self, outcome: &'a Outcome) -> Option<&'a RequestInfo> {
        let caller = outcome.caller.as_deref()?;
        let refused = outcome.decisions.iter().any(|it| !it.allowed);
        (self.blob_reads || refused || !reads_blob(outcome, caller)).then_some(caller)
    }
}

impl Sink for Audit {
    fn record(&self, outcome: &Outcome) {
        if matches!(outcome.action, Some("healthz" | "readyz" | "metrics")) {
            return;
        }
        if outcome.caller.is_none() && (400..499).contains(&outcome.status) {
            let reason = outcome.error_code.as_deref().unwrap_or("none");
            self.log.unknown(outcome.at, outcome.source, reason);
        }
        if let Some(caller) = self.caller(outcome).filter(|_| !outcome.kept) {
            self.log.append(&record(outcome, caller));
        }
    }

    fn keeps(&self) -> bool {
        self.wait
    }

    fn keep(&self, outcome: &Outcome) -> Option<Keeping> {
        let record = record(outcome, self.caller(outcome)?);
        let keeping = self.log.append_and_wait(&record);
        Some(Box::pin(async { keeping.await.is_ok() }))
    }
}

/// Whether bytes of a layer were asked for, or whether it is there, by the registry protocol or a URL.
fn reads_blob(outcome: &Outcome, caller: &RequestInfo) -> bool {
    let reads = outcome.method == Method::GET || outcome.method == Method::HEAD;
    let blob = matches!(
        outcome.action,
        Some("ecr:GetDownloadUrlForLayer" | "ecr:BatchCheckLayerAvailability" | "layer-url")
    );
    reads && blob && caller.plane == Plane::Docker
}

fn record<'a>(outcome: &'a Outcome, caller: &'a RequestInfo) -> Record<'a> {
    let principal = &caller.principal;
    let (event_source, event_name) = event(outcome);
    let resource = resource(outcome, caller);
    let account = resource.as_deref().and_then(account_of).map(str::to_owned);
    Record {
        at: time(outcome.at).into(),
        request_id: outcome.request_id.as_str().into(),
        source: outcome.source.to_string().into(),
        user_agent: caller.user_agent.as_deref().map(Cow::Borrowed),
        secure: caller.secure,
        event_source,
        event_name,
        region: caller.region.as_str().into(),
        account: account.map_or(Cow::Borrowed(caller.account.as_str()), Cow::Owned),
        principal: Principal {
            kind: kind_of(&principal.arn).into(),
            unique_id: principal.unique_id.as_str().into(),
            arn: principal.arn.as_str().into(),
            account: principal.account.as_str().into(),
            access_key_id: principal.access_key_id.as_str().into(),
            issuer: None,
        },
        resource,
        status: outcome.status,
        error_code: outcome.error_code.as_deref().map(Cow::Borrowed),
        error_message: outcome.error_message.as_deref().map(Cow::Borrowed),
        decisions: outcome.decisions.iter().map(decision).collect(),
    }
}

fn decision(decided: &Decided) -> Decision<'_> {
    Decision {
        action: decided.action.into(),
        resource: decided.resource.as_str().into(),
        allowed: decided.allowed,
        detail: Decision::detail_of(&decided.detail),
    }
}

/// Service and operation, as `CloudTrail` calls them; what has no operation goes by the name in the access log.
///
/// Source: operations.md 8.2: requests of the registry protocol go by the operations they stand for.
fn event(outcome: &Outcome) -> (Cow<'_, str>, Cow<'_, str>) {
    let ecr = Cow::Borrowed("ecr.amazonaws.com");
    match outcome.action {
        None => (ecr, outcome.method.as_str().into()),
        Some("v2") => (ecr, "CheckAuthorizationToken".into()),
        Some("layer-url") => (ecr, "DownloadLayer".into()),
        Some(action) => match action.split_once(':') {
            Some(("ecr", name)) => (ecr, name.into()),
            Some((service, name)) => (format!("{service}.amazonaws.com").into(), name.into()),
            None => (ecr, action.into()),
        },
    }
}

/// The ARN that was asked about: what was decided on first, else the repository that was named.
fn resource<'a>(outcome: &'a Outcome, caller: &RequestInfo) -> Option<Cow<'a, str>> {
    let decided = outcome.decisions.first().map(|it| it.resource.as_str());
    if let Some(arn) = decided.filter(|arn| *arn != "*") {
        return Some(arn.into());
    }
    let name = RepositoryName::parse(outcome.repository.as_deref()?).ok()?;
    Some(repository_arn(&caller.region, &caller.account, &name).into())
}

/// The account in an ARN.
fn account_of(arn: &str) -> Option<&str> {
    let account = arn.split(':').nth(4)?;
    (!account.is_empty()).then_some(account)
}

/// What kind of principal an ARN is of, in the words of `userIdentity`.
fn kind_of(arn: &str) -> &'static str {
    let what = arn.split(':').nth(5).unwrap_or_default();
    match what.split('/').next() {
        Some("root") => "Root",
        Some("user") => "IAMUser",
        Some("assumed-role") => "AssumedRole",
        Some("federated-user") => "FederatedUser",
        _ => "Unknown",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::mask::MaskedTarget;
    use crate::outcome::tests::caller;

    fn outcome(method: Method, action: Option<&'static str>, status: u16) -> Outcome {
        Outcome {
            at: 1_795_591_920_123_456,
            request_id: "89b682e5-ac18-4fac-a917-2155723ed59b".to_owned(),
            source: [192, 0, 2, 1].into(),
            method,
            target: MaskedTarget::default(),
            action,
            repository: Some("team/app".to_owned()),
            caller: Some(Arc::new(caller())),
            status,
            error_code: None,
            error_message: None,
            decisions: Vec::new(),
            bytes_in: 0,
            bytes_out: 0,
            duration: Duration::ZERO,
            complete: true,
            kept: false,
        }
    }

    fn told(blob_reads: bool, outcomes: &[Outcome]) -> Vec<serde_json::Value> {
        let folder = tempfile::tempdir().unwrap();
        let options = wharf_watch::audit::Options {
            segment_bytes: 1 << 20,
            retention_days: 0,
            wall: Arc::new(|| 1_795_591_920_123_456),
        };
        let log = Log::open(folder.path(), options).unwrap();
        let audit = Audit::new(log.clone(), blob_reads, false);
        for outcome in outcomes {
            audit.record(outcome);
        }
        log.close();
        let path = folder.path().join("audit-000000000001.jsonl");
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let lines = text.lines().skip(1);
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn a_call_is_told_in_the_words_of_cloudtrail() {
        let mut pushed = outcome(Method::PUT, Some("ecr:PutImage"), 201);
        pushed.decisions.push(Decided {
            action: "ecr:PutImage",
            resource: "arn:aws:ecr:us-east-1:210987654321:repository/other".to_owned(),
            allowed: true,
            detail: "{\"decision\":{}}".to_owned(),
        });
        let [line] = told(false, &[pushed]).try_into().unwrap();
        let call = &line["call"];
        for (member, value) in [
            ("/eventTime", "2026-11-25T07:32:00.123456Z"),
            ("/requestID", "89b682e5-ac18-4fac-a917-2155723ed59b"),
            ("/sourceIPAddress", "192.0.2.1"),
            ("/userAgent", "docker/29"),
            ("/eventSource", "ecr.amazonaws.com"),
            ("/eventName", "PutImage"),
            ("/awsRegion", "us-east-1"),
            ("/recipientAccountId", "210987654321"),
            ("/userIdentity/type", "Root"),
            ("/userIdentity/arn", "arn:aws:iam::123456789012:root"),
            ("/userIdentity/principalId", "123456789012"),
            ("/userIdentity/accountId", "123456789012"),
            ("/userIdentity/accessKeyId", "AKIAEXAMPLE"),
            (
                "/resource",
                "arn:aws:ecr:us-east-1:210987654321:repository/other",
            ),
            ("/decisions/0/action", "ecr:PutImage"),
        ] {
            assert_eq!(call.pointer(member).unwrap(), value, "{member}");
        }
        assert_eq!(call["secureTransport"], false);
        assert_eq!(call["status"], 201);
    }

    #[test]
    fn health_is_not_told_and_blob_reads_only_if_wanted_or_refused() {
        let mut refused = outcome(Method::GET, Some("ecr:GetDownloadUrlForLayer"), 403);
        refused.decisions.push(Decided {
            action: "ecr:GetDownloadUrlForLayer",
            resource: "*".to_owned(),
            allowed: false,
            detail: String::new(),
        });
        let outcomes = [
            outcome(Method::GET, Some("healthz"), 200),
            outcome(Method::GET, Some("readyz"), 503),
            outcome(Method::GET, Some("metrics"), 200),
            outcome(Method::GET, Some("ecr:GetDownloadUrlForLayer"), 200),
            outcome(Method::HEAD, Some("ecr:BatchCheckLayerAvailability"), 404),
            outcome(Method::GET, Some("layer-url"), 200),
            refused,
            outcome(Method::POST, Some("ecr:GetDownloadUrlForLayer"), 200),
            outcome(Method::GET, Some("v2"), 200),
            outcome(Method::GET, None, 404),
            outcome(Method::POST, Some("sts:GetCallerIdentity"), 200),
        ];
        let names = |blob_reads| {
            let lines = told(blob_reads, &outcomes);
            let name =
                |line: &serde_json::Value| line["call"]["eventName"].as_str().map(str::to_owned);
            lines.iter().filter_map(name).collect::<Vec<_>>()
        };
        let few = [
            "GetDownloadUrlForLayer",
            "GetDownloadUrlForLayer",
            "CheckAuthorizationToken",
            "GET",
            "GetCallerIdentity",
        ];
        assert_eq!(names(false), few);
        assert_eq!(names(true).len(), few.len() + 3);
    }

    #[test]
    fn unknown_callers_are_counted_when_they_are_refused() {
        let unknown = |status, code: &'static str| {
            let mut it = outcome(Method::GET, Some("v2"), status);
            it.caller = None;
            it.error_code = Some(code.into());
            it
        };
        let lines = told(
            false,
            &[
                unknown(401, "UNAUTHORIZED"),
                unknown(401, "UNAUTHORIZED"),
                unknown(403, "DENIED"),
                unknown(503, "ServiceUnavailable"),
                unknown(499, "none"),
            ],
        );
        let counts: Vec<_> = lines.iter().map(|it| it["unknown"].clone()).collect();
        let count = |reason: &str, count: u64| {
            serde_json::json!({
                "minute": "2026-11-25T07:32:00.000000Z", "source": "192.0.2.1",
                "reason": reason, "count": count,
            })
        };
        assert_eq!(counts, [count("DENIED", 1), count("UNAUTHORIZED", 2)]);
    }
}
