//! Prints what a decision costs: `cargo run --release -p wharf-policy --example decisions`.
//!
//! Ten policies of ten statements each, as teams write them: a few actions, resources and conditions per statement.
//! One line per question, the least of several rounds, in nanoseconds.

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write as _;
use std::time::Instant;

use wharf_policy::{
    Document, Inputs, Kind, Policy, Principal, RequestContext, ResourceKind, User, evaluate,
};

const ROUNDS: usize = 4_000;
/// Few, so that a round may pass without another process on the processor.
const DECISIONS: u32 = 5;
const ACCOUNT: &str = "111122223333";

/// Ten statements about ten teams' repositories. The last one also names all actions.
fn policy(number: usize) -> Result<String, std::fmt::Error> {
    let mut statements = String::new();
    for index in 0..10 {
        let (team, comma) = (number * 10 + index, if index == 0 { "" } else { "," });
        write!(
            statements,
            r#"{comma}{{"Sid":"Team{team}","Effect":"Allow",
              "Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer","ecr:BatchCheckLayerAvailability","ecr:Describe*",
                "ecr:PutImage","ecr:InitiateLayerUpload","ecr:UploadLayerPart","ecr:CompleteLayerUpload"],
              "Resource":["arn:aws:ecr:*:111122223333:repository/team{team}/*","arn:aws:ecr:*:111122223333:repository/${{aws:PrincipalTag/team}}/x{team}"],
              "Condition":{{"Bool":{{"aws:SecureTransport":"true"}},"StringLike":{{"aws:PrincipalTag/team":["team{team}","admin*"]}},
                "IpAddress":{{"aws:SourceIp":["10.0.0.0/8","192.0.2.0/24"]}}}}}}"#
        )?;
    }
    Ok(format!(
        r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#
    ))
}

/// Ten statements all of which match, conditions and all: nothing ends early.
fn matching_policy() -> String {
    let statement = r#"{"Effect":"Allow","Action":["ecr:PutImage","ecr:Batch*"],"Resource":"arn:aws:ecr:*:*:repository/*",
        "Condition":{"StringEquals":{"aws:PrincipalTag/team":"team99"},"DateLessThan":{"aws:CurrentTime":"2030-01-01"}}}"#;
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{}]}}"#,
        [statement; 10].join(",")
    )
}

fn request(action: &str, resource: &str) -> Result<RequestContext, Box<dyn std::error::Error>> {
    let user = Principal::User(User {
        arn: "arn:aws:iam::111122223333:user/ci".into(),
        account: ACCOUNT.into(),
        name: "ci".into(),
        id: "AIDAEXAMPLEEXAMPLE234".into(),
    });
    let mut request = RequestContext::new(user, action, resource, 1_767_323_045_000_000);
    for (key, value) in [
        ("aws:SecureTransport", "true"),
        ("aws:SourceIp", "10.1.2.3"),
        ("aws:UserAgent", "docker/28.0.0 go/go1.24"),
        ("aws:RequestedRegion", "us-east-1"),
        ("aws:ResourceAccount", ACCOUNT),
        ("aws:PrincipalTag/team", "team99"),
        ("aws:ResourceTag/stage", "production"),
    ] {
        request.set(key, value)?;
    }
    Ok(request)
}

fn nanoseconds(policies: &[Policy<'_>], request: &RequestContext) -> u128 {
    let inputs = Inputs {
        request,
        identity: policies,
        boundary: None,
        session: None,
        resource: &[],
        resource_account: ACCOUNT,
        resource_kind: ResourceKind::Ordinary,
    };
    let round = || {
        let start = Instant::now();
        for _ in 0..DECISIONS {
            black_box(evaluate(black_box(&inputs)));
        }
        start.elapsed().as_nanos() / u128::from(DECISIONS)
    };
    (0..ROUNDS).map(|_| round()).min().unwrap_or_default()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let texts = (0..10).map(policy).collect::<Result<Vec<_>, _>>()?;
    let same = vec![matching_policy(); 10];
    let mut output = std::io::stdout().lock();
    let app = "arn:aws:ecr:us-east-1:111122223333:repository/team99/app";
    for (what, texts, action, resource) in [
        ("the last statement allows", &texts, "ecr:PutImage", app),
        (
            "no statement has the action",
            &texts,
            "ecr:DeleteRepository",
            app,
        ),
        (
            "no statement has the resource",
            &texts,
            "ecr:PutImage",
            "arn:aws:ecr:us-east-1:111122223333:repository/x",
        ),
        ("all hundred statements match", &same, "ecr:PutImage", app),
    ] {
        let documents = texts
            .iter()
            .map(|text| Document::parse(text, Kind::Managed))
            .collect::<Result<Vec<_>, _>>()?;
        let policies: Vec<Policy<'_>> = documents
            .iter()
            .map(|document| Policy {
                name: "p",
                document,
            })
            .collect();
        let request = request(action, resource)?;
        let cost = nanoseconds(&policies, &request);
        writeln!(
            output,
            "policy decision, 10 policies of 10 statements, {what}: {cost} ns"
        )?;
    }
    let mut cost = u128::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        black_box(request("ecr:PutImage", black_box(app))?);
        cost = cost.min(start.elapsed().as_nanos());
    }
    writeln!(output, "a request with its keys: {cost} ns")?;
    let start = Instant::now();
    for text in &texts {
        black_box(Document::parse(text, Kind::Managed)?);
    }
    let cost = start.elapsed().as_micros() / 10;
    writeln!(output, "a document of 10 statements read: {cost} µs")?;
    Ok(())
}
