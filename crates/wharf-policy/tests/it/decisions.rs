//! The decision table, reviewed as text: `decisions.txt`. `UPDATE_RECORDED=1` writes its last two columns anew.

use std::fmt::Write as _;

use wharf_policy::{
    Document, Inputs, Kind, Outcome, Policy, Principal, ROOT_POLICY, RequestContext, ResourceKind,
    evaluate,
};

use crate::people;

const TABLE: &str = include_str!("decisions.txt");
const RESOURCE: &str = "arn:aws:ecr:us-east-1:111122223333:repository/team/app";
const ACTION: &str = "ecr:PutImage";

/// One row's words before the bar, each replaced by all that it can mean.
struct Row<'a> {
    accounts: Vec<&'a str>,
    caller: Vec<&'a str>,
    identity: Vec<&'a str>,
    resource: Vec<&'a str>,
    boundary: Vec<&'a str>,
    session: Vec<&'a str>,
}

impl<'a> Row<'a> {
    fn parse(words: &[&'a str]) -> Self {
        let [_, accounts, caller, identity, resource, boundary, session] = words else {
            panic!("a row has seven words before the bar: {words:?}")
        };
        let expand = |word: &'a str, any: &[&'a str]| match word {
            "any" => any.to_vec(),
            word => word.split(',').collect(),
        };
        let sets = ["-", "N", "A"];
        Self {
            accounts: expand(accounts, &["same", "cross"]),
            caller: expand(caller, &["user", "role", "federated"]),
            identity: expand(identity, &["N", "A"]),
            resource: expand(resource, &["-", "N", "A:everyone", "A:account"]),
            boundary: expand(boundary, &sets),
            session: expand(session, &sets),
        }
    }

    fn decisions(&self) -> Vec<(Outcome, String)> {
        let mut found = Vec::new();
        for accounts in &self.accounts {
            for caller in &self.caller {
                for identity in &self.identity {
                    for resource in &self.resource {
                        for boundary in &self.boundary {
                            for session in &self.session {
                                let words =
                                    [accounts, caller, identity, resource, boundary, session];
                                found.push(decide(words.map(|word| *word)));
                            }
                        }
                    }
                }
            }
        }
        found
    }
}

fn statement(word: &str) -> Option<Document> {
    let (effect, action) = match word {
        "-" => return None,
        "A" => ("Allow", "*"),
        "D" => ("Deny", "*"),
        // A policy that speaks of something else.
        "N" => ("Allow", "sts:GetCallerIdentity"),
        other => panic!("{other}"),
    };
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"{effect}","Action":"{action}","Resource":"*"}}}}"#
    );
    Some(Document::parse(&text, Kind::Managed).unwrap())
}

/// `A:user` allows the user; `D` denies everyone; `N` allows somebody else.
fn resource_policy(word: &str, action: &str) -> Option<Document> {
    let (effect, named) = match word {
        "-" => return None,
        "N" => ("Allow", "other"),
        "D" => ("Deny", "everyone"),
        allow => ("Allow", allow.strip_prefix("A:").expect("an allow")),
    };
    let principal = match named {
        "everyone" => r#""*""#.to_owned(),
        "account" => r#"{"AWS":"111122223333"}"#.to_owned(),
        "other" => r#"{"AWS":"arn:aws:iam::111122223333:user/mallory"}"#.to_owned(),
        "user" => format!(r#"{{"AWS":"{}"}}"#, people::USER),
        "role" => format!(r#"{{"AWS":"{}"}}"#, people::ROLE),
        "session" => format!(r#"{{"AWS":"{}"}}"#, people::SESSION),
        "federated" => format!(r#"{{"AWS":"{}"}}"#, people::FEDERATED),
        other => panic!("{other}"),
    };
    let kind = if action.starts_with("sts:") {
        Kind::Trust
    } else {
        Kind::Repository
    };
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"{effect}","Principal":{principal},"Action":"{action}"}}}}"#
    );
    Some(Document::parse(&text, kind).unwrap())
}

fn decide(
    [accounts, caller, identity, resource, boundary, session]: [&str; 6],
) -> (Outcome, String) {
    let principal = match caller {
        "user" => people::user(),
        "role" => people::role_session(),
        "federated" => people::federated_user(),
        "root" => people::root(),
        "anonymous" => Principal::Anonymous,
        other => panic!("{other}"),
    };
    let (kind, action) = match accounts {
        "same-assume-role" => (ResourceKind::Role, "sts:AssumeRole"),
        "same-key" => (ResourceKind::Key, ACTION),
        _ => (ResourceKind::Ordinary, ACTION),
    };
    let owner = if accounts == "cross" {
        people::OTHER_ACCOUNT
    } else {
        people::ACCOUNT
    };
    let request = RequestContext::new(principal, action, RESOURCE, 0);
    let own = match caller {
        "root" => Some(Document::parse(ROOT_POLICY, Kind::Managed).unwrap()),
        _ => statement(identity),
    };
    let [resource, boundary, session] = [
        resource_policy(resource, action),
        statement(boundary),
        statement(session),
    ];
    let named = |document: &'static str| document;
    let policy = |name: &'static str, document: &Option<Document>| {
        document
            .as_ref()
            .map(|document| (named(name), document.clone()))
    };
    let sets = [
        policy("own", &own),
        policy("resource", &resource),
        policy("session", &session),
    ];
    let slices: Vec<Vec<Policy<'_>>> = sets
        .iter()
        .map(|set| {
            set.iter()
                .map(|(name, document)| Policy { name, document })
                .collect()
        })
        .collect();
    let decision = evaluate(&Inputs {
        request: &request,
        identity: &slices[0],
        boundary: boundary.as_ref().map(|document| Policy {
            name: "boundary",
            document,
        }),
        session: session.is_some().then_some(&slices[2]),
        resource: &slices[1],
        resource_account: owner,
        resource_kind: kind,
    });
    (decision.outcome, decision.reason(action))
}

#[test]
fn the_decision_table_holds() {
    let mut written = String::new();
    for line in TABLE.lines() {
        let Some((before, _)) = line.split_once('|').filter(|_| !line.starts_with('#')) else {
            writeln!(written, "{line}").unwrap();
            continue;
        };
        let before = before.trim_end();
        let words: Vec<&str> = before.split_whitespace().collect();
        let decisions = Row::parse(&words).decisions();
        let mut outcomes: Vec<String> = decisions
            .iter()
            .map(|(outcome, _)| format!("{outcome:?}"))
            .collect();
        let mut reasons: Vec<String> = decisions.into_iter().map(|(_, reason)| reason).collect();
        for list in [&mut outcomes, &mut reasons] {
            list.sort();
            list.dedup();
        }
        let (outcomes, reasons) = (outcomes.join(" or "), reasons.join(" or "));
        writeln!(written, "{before:<90} | {outcomes:<12} | {reasons}").unwrap();
    }
    let written: String = written
        .lines()
        .map(|line| line.trim_end().to_owned() + "\n")
        .collect();
    if std::env::var_os("UPDATE_RECORDED").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/decisions.txt");
        std::fs::write(path, &written).unwrap();
        return;
    }
    assert_eq!(written, TABLE);
    let rows = TABLE.lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!(rows, 36 + 8, "the table has all its rows");
}
