//! The row of decisions: a request against ten policies of ten statements, in this process.

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wharf_policy::{
    Document, Inputs, Kind as Of, Policy, Principal, RequestContext, ResourceKind, evaluate,
};

use crate::bench::measure::{Point, of_self, precise};
use crate::bench::rows::Bench;
use crate::bench::server::Kind;
use crate::bench::work::Limit;

const POLICIES: usize = 10;
const STATEMENTS: usize = 10;
/// Decisions between two looks at the clock.
const TOGETHER: u64 = 1_000;

const ACCOUNT: &str = "123456789012";
const ACTION: &str = "ecr:BatchGetImage";
const RESOURCE: &str = "arn:aws:ecr:us-east-1:123456789012:repository/team-9/app";

pub(super) fn measure(bench: &Bench, _: Kind) -> Result<Vec<Point>, String> {
    let documents: Vec<Document> = (0..POLICIES).map(document).collect::<Result<_, _>>()?;
    let policies: Vec<Policy<'_>> = documents
        .iter()
        .map(|document| Policy {
            name: "team",
            document,
        })
        .collect();
    let root = Principal::root("aws", ACCOUNT);
    let mut request = RequestContext::new(root, ACTION, RESOURCE, 1_767_323_045_000_000);
    for (key, value) in [
        ("aws:SecureTransport", "true"),
        ("aws:SourceIp", "10.1.2.3"),
    ] {
        request.set(key, value).map_err(|e| e.to_string())?;
    }
    let inputs = Inputs {
        request: &request,
        identity: &policies,
        boundary: None,
        session: None,
        resource: &[],
        resource_account: ACCOUNT,
        resource_kind: ResourceKind::Ordinary,
    };
    if !evaluate(&inputs).allowed() {
        return Err("the decision is not the one that was meant".to_owned());
    }
    let figures = of_self(|| {
        let begin = Instant::now();
        let mut done = 0;
        while match bench.plan.small_blob {
            Limit::Units(_) => done == 0,
            Limit::Time(time) => begin.elapsed() < time.min(Duration::from_mins(1)),
        } {
            for _ in 0..TOGETHER {
                black_box(evaluate(black_box(&inputs)));
            }
            done += TOGETHER;
        }
        Ok(precise(done))
    })?;
    Ok(vec![Point::new(1, figures)])
}

/// Statements of which one has the action, and that of the last document the resource; each with two conditions.
fn document(number: usize) -> Result<Document, String> {
    let statement = |index: usize| -> Value {
        let actions = if index == STATEMENTS - 1 {
            json!(["ecr:BatchGet*", "ecr:GetDownloadUrlForLayer"])
        } else {
            json!(["ecr:Put*", "ecr:*LayerUpload", "ecr:UploadLayerPart"])
        };
        json!({
            "Sid": format!("Team{number}{index}"),
            "Effect": "Allow",
            "Action": actions,
            "Resource": format!("arn:aws:ecr:*:{ACCOUNT}:repository/team-{number}/*"),
            "Condition": {
                "Bool": {"aws:SecureTransport": "true"},
                "IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.0.2.0/24"]},
            },
        })
    };
    let statements: Vec<Value> = (0..STATEMENTS).map(statement).collect();
    let document = json!({"Version": "2012-10-17", "Statement": statements});
    Document::parse(&document.to_string(), Of::Managed).map_err(|e| e.to_string())
}
