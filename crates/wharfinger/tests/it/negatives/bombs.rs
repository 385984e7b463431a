//! Policies made to cost: refused through every door in bounded time and memory, and where legal, decided in it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::http::Response;
use crate::support::meter::Used;
use crate::support::note::note;
use crate::support::people::{Somebody, allow, policy, root};
use crate::support::{ACCOUNT, Options, Server, admin, http, sign};

/// Processor time that one refused document may take. A document of 128 KiB is read once or twice.
const READING_MS: u64 = 1_000;
/// Memory that all of them together may have taken at once.
const MEMORY_KIB: u64 = 96 * 1_024;

/// Codes of refusals that say what is wrong with the document.
const CODES: [&str; 6] = [
    "MalformedPolicyDocument",
    "LimitExceeded",
    "ValidationError",
    "InvalidInput",
    "InvalidParameterException",
    "PackedPolicyTooLarge",
];

/// Where documents come in: service, operation, the document's parameter, and the others as `NAME=VALUE`.
type Door = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
);

const DOORS: &[Door] = &[
    (
        "iam",
        "PutUserPolicy",
        "PolicyDocument",
        &["UserName=user", "PolicyName=bomb"],
    ),
    (
        "iam",
        "PutGroupPolicy",
        "PolicyDocument",
        &["GroupName=group", "PolicyName=bomb"],
    ),
    (
        "iam",
        "PutRolePolicy",
        "PolicyDocument",
        &["RoleName=role", "PolicyName=bomb"],
    ),
    (
        "iam",
        "CreatePolicy",
        "PolicyDocument",
        &["PolicyName=bomb"],
    ),
    (
        "iam",
        "CreatePolicyVersion",
        "PolicyDocument",
        &["PolicyArn=arn:aws:iam::123456789012:policy/kept"],
    ),
    (
        "iam",
        "CreateRole",
        "AssumeRolePolicyDocument",
        &["RoleName=bomb"],
    ),
    (
        "iam",
        "UpdateAssumeRolePolicy",
        "PolicyDocument",
        &["RoleName=role"],
    ),
    (
        "iam",
        "SimulateCustomPolicy",
        "PolicyInputList.member.1",
        &["ActionNames.member.1=ecr:PutImage"],
    ),
    (
        "iam",
        "SimulateCustomPolicy",
        "ResourcePolicy",
        &[
            "ActionNames.member.1=ecr:PutImage",
            "CallerArn=arn:aws:iam::123456789012:user/user",
            r#"PolicyInputList.member.1={"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#,
        ],
    ),
    (
        "iam",
        "SimulatePrincipalPolicy",
        "PolicyInputList.member.1",
        &[
            "ActionNames.member.1=ecr:PutImage",
            "PolicySourceArn=arn:aws:iam::123456789012:user/user",
        ],
    ),
    (
        "sts",
        "AssumeRole",
        "Policy",
        &[
            "RoleArn=arn:aws:iam::123456789012:role/role",
            "RoleSessionName=run",
        ],
    ),
    ("sts", "GetFederationToken", "Policy", &["Name=guest"]),
    (
        "ecr",
        "SetRepositoryPolicy",
        "policyText",
        &["repositoryName=app"],
    ),
    ("ecr", "PutRegistryPolicy", "policyText", &[]),
];

/// Brings a document through a door.
fn bring(
    server: &Server,
    who: &Somebody,
    (service, operation, name, more): &Door,
    text: &str,
) -> Response {
    let more = more.iter().filter_map(|pair| pair.split_once('='));
    if *service == "ecr" {
        let mut body = json!({*name: text});
        for (name, value) in more {
            body[name] = value.into();
        }
        let body = body.to_string();
        let authority = server.authority();
        let headers = sign::sign_ecr(&who.credentials, authority, operation, body.as_bytes());
        return http::request(authority, "POST", "/", &headers, body.as_bytes());
    }
    let parameters: Vec<(&str, &str)> = more.chain([(*name, text)]).collect();
    who.asks(server, service, operation, &parameters)
}

/// A pattern that a matcher which tries everything never ends with.
fn backtracking(length: usize) -> String {
    format!("{}b", "*a".repeat(length / 2))
}

/// A document with this in the place of the resources, or of what follows `Action`.
fn around(inside: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"ecr:*",{inside}}}]}}"#
    )
}

/// The shortest statement.
const STATEMENT: &str = r#"{"Effect":"Allow","Action":"a:b","Resource":"*"}"#;

/// What it is, and a document that no door takes.
type Bomb = (&'static str, String);

/// So many things, with commas between them.
fn list(of: impl Fn(usize) -> String, count: usize) -> String {
    (0..count).map(of).collect::<Vec<_>>().join(",")
}

fn condition(inside: &str) -> String {
    around(&format!(
        r#""Resource":"*","Condition":{{"StringLike":{{{inside}}}}}"#
    ))
}

/// Deep or long as a whole.
fn deep() -> Vec<Bomb> {
    vec![
        ("deep lists", "[".repeat(120_000)),
        ("deep objects", r#"{"a":"#.repeat(24_000)),
        (
            "deep lists in an element",
            around(&format!(
                r#""Resource":{}"*"{}"#,
                "[".repeat(60_000),
                "]".repeat(60_000)
            )),
        ),
        (
            "deep objects in a condition",
            condition(&format!(
                r#""a":{}1{}"#,
                r#"{"b":"#.repeat(20_000),
                "}".repeat(20_000)
            )),
        ),
        (
            "a long text",
            around(&format!(
                r#""Resource":"*","Sid":"{}""#,
                "a".repeat(900_000)
            )),
        ),
        (
            "blanks",
            format!("{}{}", " ".repeat(900_000), around(r#""Resource":"*""#)),
        ),
    ]
}

/// Of many statements or patterns.
fn patterned() -> Vec<Bomb> {
    vec![
        (
            "many statements",
            format!(
                r#"{{"Version":"2012-10-17","Statement":[{}]}}"#,
                list(|_| STATEMENT.to_owned(), 2_600)
            ),
        ),
        (
            "many patterns that would back-track",
            around(&format!(
                r#""Resource":[{}]"#,
                list(|_| format!("\"{}\"", backtracking(60)), 2_000)
            )),
        ),
        (
            "one pattern that would back-track",
            around(&format!(r#""Resource":"{}""#, backtracking(120_000))),
        ),
        (
            "one resource that would back-track",
            around(&format!(
                r#""Resource":"arn:aws:ecr:*:*:{}""#,
                backtracking(120_000)
            )),
        ),
        (
            "many escapes",
            around(&format!(
                r#""Resource":"arn:aws:ecr:*:*:{}""#,
                "${*}".repeat(30_000)
            )),
        ),
        (
            "many patterns of conditions",
            condition(&format!(
                r#""aws:UserAgent":[{}]"#,
                list(|_| format!("\"{}\"", backtracking(60)), 2_000)
            )),
        ),
        (
            "many patterns of conditions",
            condition(&format!(
                r#""aws:UserAgent":[{}]"#,
                list(|_| format!("\"{}\"", backtracking(60)), 2_000)
            )),
        ),
    ]
}

/// Of names, numbers, escapes and principals.
fn odd() -> Vec<Bomb> {
    vec![
        (
            "many variables",
            around(&format!(
                r#""Resource":"arn:aws:ecr:*:*:{}""#,
                "${aws:username}".repeat(8_000)
            )),
        ),
        (
            "an element twice",
            around(r#""Effect":"Deny","Resource":"*""#),
        ),
        (
            "one name very often",
            condition(&list(|_| r#""a":"b""#.to_owned(), 16_000)),
        ),
        (
            "very many names",
            around(&list(|at| format!("\"k{at}\":1"), 14_000)),
        ),
        (
            "very many keys of conditions",
            condition(&list(|at| format!("\"k:{at}\":\"*\""), 10_000)),
        ),
        (
            "a long number",
            around(&format!(r#""Resource":{}"#, "9".repeat(120_000))),
        ),
        (
            "a large number",
            r#"{"Version":1e999999999,"Statement":[]}"#.to_owned(),
        ),
        (
            "escapes",
            around(&format!(r#""Resource":"{}""#, r"\ud800".repeat(20_000))),
        ),
        (
            "an end that does not come",
            around(&format!(r#""Resource":"{}"#, "\\\\".repeat(60_000))),
        ),
        (
            "very many principals",
            format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"ecr:*","Principal":{{"AWS":[{}]}}}}]}}"#,
                list(
                    |at| format!("\"arn:aws:iam::{ACCOUNT}:user/nobody-{at}\""),
                    2_500
                )
            ),
        ),
    ]
}

/// A server with something behind every door, and a user who may knock at all of them.
fn populated() -> (Server, Somebody) {
    let server = Server::start(Options::default());
    server.create_repository("app");
    let root = root(&server);
    let [user] = root.makes(&server, [("user", json!([allow(&json!("*"))]))]);
    root.iam(&server, "CreateGroup", &[("GroupName", "group")]);
    let trust = policy(&json!([
        {"Effect": "Allow", "Principal": {"AWS": user.arn}, "Action": "sts:AssumeRole"},
    ]));
    let made = [("RoleName", "role"), ("AssumeRolePolicyDocument", &trust)];
    root.iam(&server, "CreateRole", &made);
    let kept = policy(&json!([allow(&json!("ecr:*"))]));
    let made = [("PolicyName", "kept"), ("PolicyDocument", &kept)];
    root.iam(&server, "CreatePolicy", &made);
    (server, user)
}

fn code(answer: &Response) -> String {
    let text = answer.text();
    if text.contains("<Code>") {
        return crate::support::people::element(&text, "Code");
    }
    let kind = answer.json()["__type"].clone();
    kind.as_str().unwrap_or_default().to_owned()
}

#[test]
fn n38_a_policy_made_to_cost_is_refused_at_every_door_at_little_cost() {
    let (mut server, user) = populated();
    let before = admin::tables(&server);
    let start = Used::by(&mut server);
    let mut dearest = (0, String::new());
    let mut problems = Vec::new();
    let mut codes = BTreeSet::new();
    let bombs = [deep(), patterned(), odd()].concat();
    for door in DOORS {
        for (name, bomb) in &bombs {
            let begun = Used::by(&mut server);
            let answer = bring(&server, &user, door, bomb);
            let cost = Used::by(&mut server).since(begun).cpu_ms;
            let code = code(&answer);
            // A simulation keeps nothing, so it takes whatever is well-formed: at no more cost.
            let simulated = answer.status == 200 && door.1.starts_with("Simulate");
            let refused = matches!(answer.status, 400 | 409 | 413) || simulated;
            let title = format!("{name} by {} ({})", door.1, door.2);
            let named = CODES.contains(&code.as_str()) || answer.status == 413 || simulated;
            if !refused || !named {
                problems.push(format!("{title}: {} {code}", answer.status));
            }
            if cost > READING_MS {
                problems.push(format!("{title}: {cost} ms of processor time"));
            }
            codes.insert(code);
            dearest = dearest.max((cost, title));
        }
    }
    let spent = Used::by(&mut server).since(start);
    note(&format!(
        "the dearest: {} ms for {}; all together {} ms and {} KiB; {codes:?}",
        dearest.0, dearest.1, spent.cpu_ms, spent.peak_kib
    ));
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(spent.peak_kib < MEMORY_KIB, "{} KiB", spent.peak_kib);
    let mut after = admin::tables(&server);
    // What is counted of the key's uses.
    after.insert("usage".to_owned(), before["usage"]);
    assert_eq!(after, before);
}

/// A legal document of so many characters, of nothing but patterns for resources that match nothing.
fn of_patterns(characters: usize) -> String {
    let one = format!("\"arn:aws:ecr:*:*:repository/{}\"", backtracking(100));
    let room = characters - around(r#""Resource":[]"#).len();
    let patterns = vec![one.clone(); room / (one.len() + 1)];
    around(&format!(r#""Resource":[{}]"#, patterns.join(",")))
}

#[test]
fn n42_legal_policies_that_would_back_track_decide_at_little_cost() {
    const REQUESTS: u64 = 20;
    let (mut server, _) = populated();
    let root = root(&server);
    let [poor, hostile] = root.makes(&server, [("poor", Value::Null), ("hostile", Value::Null)]);
    // As much as one user can have: twenty managed policies, and what fits inline.
    for at in 0..10 {
        let name = format!("patterns-{at}");
        let text = of_patterns(6_100);
        let made = [("PolicyName", name.as_str()), ("PolicyDocument", &text)];
        root.iam(&server, "CreatePolicy", &made);
        let arn = format!("arn:aws:iam::{ACCOUNT}:policy/{name}");
        let attached = [("UserName", "hostile"), ("PolicyArn", arn.as_str())];
        root.iam(&server, "AttachUserPolicy", &attached);
    }
    let text = of_patterns(2_000);
    let inline = [
        ("UserName", "hostile"),
        ("PolicyName", "patterns"),
        ("PolicyDocument", &text),
    ];
    root.iam(&server, "PutUserPolicy", &inline);
    // The longest name, of nothing but what the patterns look for.
    let name = format!("{}/{}", "a".repeat(127), "a".repeat(128));
    server.create_repository(&name);
    let list = json!({"repositoryName": name});
    let mut cost = |who: &Somebody| {
        who.may_not(&server, "ListImages", &list);
        let begun = Used::by(&mut server);
        for _ in 0..REQUESTS {
            who.may_not(&server, "ListImages", &list);
        }
        Used::by(&mut server).since(begun).cpu_ms
    };
    let (plain, dear) = (cost(&poor), cost(&hostile));
    note(&format!(
        "{REQUESTS} requests: {plain} ms without policies, {dear} ms with patterns"
    ));
    assert!(
        dear < plain + REQUESTS * 150,
        "{REQUESTS} decisions took {dear} ms of processor time, {plain} ms without patterns"
    );
}

#[test]
fn n42_a_simulation_of_patterns_that_would_back_track_costs_little() {
    let (mut server, user) = populated();
    let text = of_patterns(100_000);
    let resource = format!(
        "arn:aws:ecr:us-east-1:{ACCOUNT}:repository/{}",
        "a".repeat(1_900)
    );
    let mut parameters = vec![("PolicyInputList.member.1".to_owned(), text)];
    for at in 1..=20 {
        parameters.push((
            format!("ResourceArns.member.{at}"),
            format!("{resource}{at}"),
        ));
        parameters.push((
            format!("ActionNames.member.{at}"),
            format!("ecr:Action{at}"),
        ));
    }
    let parameters: Vec<(&str, &str)> = parameters
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let begun = Used::by(&mut server);
    let answer = user.asks(&server, "iam", "SimulateCustomPolicy", &parameters);
    let spent = Used::by(&mut server).since(begun);
    let text = answer.expect_status(200).text();
    let results = text.matches("<EvalDecision>").count();
    note(&format!(
        "{results} results: {} ms, {} KiB",
        spent.cpu_ms, spent.peak_kib
    ));
    assert!(
        spent.cpu_ms < 5_000,
        "{results} results took {} ms",
        spent.cpu_ms
    );
}
