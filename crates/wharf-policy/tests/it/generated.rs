//! Documents and requests made at random: the fast evaluator and the plain one agree.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use wharf_policy::{
    Document, Inputs, Kind, Outcome, Policy, PolicySet, Principal, RequestContext, ResourceKind,
    evaluate, explain,
};

use crate::{people, plain};

const APP: &str = "arn:aws:ecr:us-east-1:111122223333:repository/blue/app";

fn pick<T: Clone + std::fmt::Debug + 'static>(from: &[T]) -> impl Strategy<Value = T> + use<T> {
    prop::sample::select(from.to_vec())
}

fn texts(from: &[&str], most: usize) -> impl Strategy<Value = Value> + use<> {
    let from: Vec<String> = from.iter().map(|text| (*text).to_owned()).collect();
    prop::collection::vec(prop::sample::select(from), 1..=most).prop_map(|texts| {
        if texts.len() == 1 {
            json!(texts[0])
        } else {
            json!(texts)
        }
    })
}

fn actions() -> impl Strategy<Value = (&'static str, Value)> {
    let patterns = [
        "ecr:*",
        "ECR:putimage",
        "ecr:PutImage",
        "ecr:Batch*",
        "ecr:?utImage",
        "ecr:GetAuthorizationToken",
    ];
    (
        pick(&["Action", "Action", "Action", "NotAction"]),
        texts(&patterns, 3),
    )
}

fn resources() -> impl Strategy<Value = (&'static str, Value)> {
    let patterns = [
        "*",
        APP,
        "arn:aws:ecr:*",
        "arn:aws:ecr:*:*:repository/blue/*",
        "arn:aws:ecr:us*:1111*:repository/*",
        "arn:aws:ecr:us*t:*:repository/*",
        "arn:aws:ecr:*:111122223333:repository/${aws:PrincipalTag/team}/*",
        "arn:aws:ecr:*:*:repository/${aws:PrincipalTag/team, 'red'}/ap?",
        "arn:aws:ecr:*:*:repository/${aws:TagKeys}*",
        "arn:aws:ecr:*:*:repository/${*}",
    ];
    (
        pick(&["Resource", "Resource", "Resource", "NotResource"]),
        texts(&patterns, 2),
    )
}

fn keys() -> impl Strategy<Value = &'static str> {
    pick(&[
        "aws:PrincipalTag/Team",
        "AWS:TagKeys",
        "aws:SourceIp",
        "k:number",
        "k:date",
        "aws:SecureTransport",
        "aws:PrincipalArn",
        "k:absent",
    ])
}

fn set_operators() -> impl Strategy<Value = &'static str> {
    pick(&["", "", "", "ForAnyValue:", "ForAllValues:"])
}

fn condition() -> impl Strategy<Value = (String, String, Value)> {
    let strings = texts(
        &[
            "blue",
            "Blue",
            "bl*",
            "b?ue",
            "${aws:PrincipalTag/team}",
            "${k:absent}",
            "${k:absent, 'a'}",
            "a",
            "b",
            "${*}",
        ],
        3,
    );
    let arns = texts(
        &[
            people::USER,
            people::ROLE,
            "arn:aws:iam::*:user/*",
            "arn:aws:*:*:111122223333:*",
            "arn:aws:iam::111122223333:role/${k:absent}",
            "arn:*:*:*:*:*",
        ],
        2,
    );
    let numbers = prop_oneof![
        texts(&["1", "1.0", "-2", "10.5"], 2),
        pick(&[1_i64, -2, 10]).prop_map(|number| json!(number))
    ];
    let dates = texts(
        &[
            "2026",
            "2026-01-01",
            "2026-01-01T01:00:00+02:00",
            "2026-06-01T12:00Z",
        ],
        2,
    );
    let bools = prop_oneof![
        texts(&["true", "False"], 2),
        any::<bool>().prop_map(|flag| json!(flag))
    ];
    let ips = texts(&["10.0.0.0/8", "10.1.2.3", "0.0.0.0/0", "10.1.0.0/17"], 2);
    let string_names = pick(&[
        "StringEquals",
        "StringNotEquals",
        "StringLike",
        "StringNotLike",
        "StringEqualsIgnoreCase",
        "StringNotEqualsIgnoreCase",
    ]);
    let orders = || {
        pick(&[
            "Equals",
            "NotEquals",
            "LessThan",
            "LessThanEquals",
            "GreaterThan",
            "GreaterThanEquals",
        ])
    };
    let with_set = (set_operators(), prop_oneof![
        3 => (string_names, strings).prop_map(|(name, values)| (name.to_owned(), values)),
        1 => (pick(&["ArnLike", "ArnEquals", "ArnNotLike", "ArnNotEquals"]), arns).prop_map(|(name, values)| (name.to_owned(), values)),
        1 => (orders(), numbers).prop_map(|(order, values)| (format!("Numeric{order}"), values)),
        1 => (orders(), dates).prop_map(|(order, values)| (format!("Date{order}"), values)),
        1 => bools.prop_map(|values| ("Bool".to_owned(), values)),
        1 => (pick(&["IpAddress", "NotIpAddress"]), ips).prop_map(|(name, values)| (name.to_owned(), values)),
        1 => texts(&["QUI=", "QQ=="], 2).prop_map(|values| ("BinaryEquals".to_owned(), values)),
    ], pick(&["", "", "IfExists"]))
        .prop_map(|(set, (name, values), exists)| (format!("{set}{name}{exists}"), values));
    let null = texts(&["true", "false"], 1).prop_map(|values| ("Null".to_owned(), values));
    (prop_oneof![8 => with_set, 1 => null], keys())
        .prop_map(|((operator, values), key)| (operator, key.to_owned(), values))
}

fn principal_element() -> impl Strategy<Value = Value> {
    let names = [
        people::USER,
        people::ROLE,
        people::SESSION,
        people::FEDERATED,
        people::ACCOUNT,
        "arn:aws:iam::111122223333:root",
        people::OTHER_ACCOUNT,
        "*",
    ];
    prop_oneof![
        1 => Just(json!("*")),
        6 => texts(&names, 2).prop_map(|names| json!({ "AWS": names })),
        1 => Just(json!({ "Service": "ecr.amazonaws.com", "Federated": "idp.example.com" })),
    ]
}

fn statement(names_principals: bool) -> impl Strategy<Value = Value> {
    let conditions = prop::collection::vec(condition(), 0..3);
    (
        pick(&["Allow", "Allow", "Deny"]),
        actions(),
        resources(),
        conditions,
        principal_element(),
        0..10_u8,
    )
        .prop_map(
            move |(
                effect,
                (action, actions),
                (resource, resources),
                conditions,
                principal,
                dice,
            )| {
                let mut statement = Map::new();
                statement.insert("Effect".to_owned(), json!(effect));
                statement.insert(action.to_owned(), actions);
                if !names_principals || dice > 2 {
                    statement.insert(resource.to_owned(), resources);
                }
                if names_principals {
                    let not = effect == "Deny" && dice > 6;
                    statement.insert(
                        if not { "NotPrincipal" } else { "Principal" }.to_owned(),
                        principal,
                    );
                }
                let mut operators: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
                for (operator, key, values) in conditions {
                    operators.entry(operator).or_default().insert(key, values);
                }
                if !operators.is_empty() {
                    statement.insert("Condition".to_owned(), json!(operators));
                }
                Value::Object(statement)
            },
        )
}

fn documents(names_principals: bool) -> impl Strategy<Value = Vec<Value>> {
    let document = (
        pick(&["2012-10-17", "2012-10-17", "2008-10-17"]),
        prop::collection::vec(statement(names_principals), 1..3),
    )
        .prop_map(|(version, statements)| json!({ "Version": version, "Statement": statements }));
    prop::collection::vec(document, 0..3)
}

fn callers() -> impl Strategy<Value = Principal> {
    pick(&[
        people::user(),
        people::user(),
        people::role_session(),
        people::role_session(),
        people::federated_user(),
        people::root(),
        Principal::Service("ecr.amazonaws.com".into()),
        Principal::WebIdentity("idp.example.com".into()),
        Principal::Anonymous,
    ])
}

fn context() -> impl Strategy<Value = Vec<(&'static str, Option<Vec<&'static str>>)>> {
    let key = |name: &'static str, values: &[&'static str], most: usize| {
        let values = values.to_vec();
        prop::option::of(prop::collection::vec(
            prop::sample::select(values),
            1..=most,
        ))
        .prop_map(move |values| (name, values))
    };
    (
        key("aws:principaltag/team", &["blue", "Blue", "b*", "*", ""], 1),
        key("aws:tagkeys", &["blue", "a", "b", "A"], 3),
        key(
            "aws:sourceip",
            &["10.1.2.3", "10.1.200.3", "192.0.2.1", "nowhere"],
            1,
        ),
        key("k:number", &["1", "1.00", "10.5", "-3", "x"], 1),
        key(
            "k:date",
            &[
                "2026-01-01T00:00:00Z",
                "2026-06-01T12:00Z",
                "1767225600",
                "x",
            ],
            1,
        ),
        key(
            "aws:securetransport",
            &["true", "false", "maybe", "QUI="],
            1,
        ),
    )
        .prop_map(|(a, b, c, d, e, f)| vec![a, b, c, d, e, f])
}

fn parse(documents: &[Value], kind: Kind) -> Vec<Document> {
    let parse = |json: &Value| {
        Document::parse(&json.to_string(), kind).unwrap_or_else(|error| panic!("{json}: {error}"))
    };
    documents.iter().map(parse).collect()
}

fn named(documents: &[Document]) -> Vec<Policy<'_>> {
    documents
        .iter()
        .map(|document| Policy {
            name: "p",
            document,
        })
        .collect()
}

#[derive(Debug)]
struct Case {
    caller: Principal,
    context: Vec<(&'static str, Option<Vec<&'static str>>)>,
    action: &'static str,
    resource: &'static str,
    identity: Vec<Value>,
    on_resource: Vec<Value>,
    boundary: Option<Value>,
    session: Option<Vec<Value>>,
    same_account: bool,
    kind: ResourceKind,
}

fn cases() -> impl Strategy<Value = Case> {
    let what = (
        pick(&[
            "ecr:PutImage",
            "ecr:BatchGetImage",
            "ECR:PUTIMAGE",
            "ecr:GetAuthorizationToken",
        ]),
        pick(&[
            APP,
            APP,
            "*",
            "arn:aws:ecr:us-east-1:111122223333:repository/red/app",
            "arn:aws:ecr:eu-west-1:444455556666:repository/blue/a:b",
        ]),
    );
    let limits = (
        prop::option::weighted(0.3, documents(false)),
        prop::option::weighted(0.3, documents(false)),
    );
    let where_ = (
        any::<bool>(),
        pick(&[
            ResourceKind::Ordinary,
            ResourceKind::Ordinary,
            ResourceKind::Key,
        ]),
    );
    (
        callers(),
        context(),
        what,
        documents(false),
        documents(true),
        limits,
        where_,
    )
        .prop_map(
            |(
                caller,
                context,
                (action, resource),
                identity,
                on_resource,
                (boundary, session),
                (same_account, kind),
            )| Case {
                caller,
                context,
                action,
                resource,
                identity,
                on_resource,
                boundary: boundary.and_then(|documents| documents.into_iter().next()),
                session,
                same_account,
                kind,
            },
        )
}

impl Case {
    fn request(&self) -> RequestContext {
        let mut request = RequestContext::new(self.caller.clone(), self.action, self.resource, 0);
        for (key, values) in &self.context {
            match (*key, values) {
                (_, None) => {}
                ("aws:tagkeys", Some(values)) => {
                    request.set_list(key, values.iter().copied()).unwrap();
                }
                (_, Some(values)) => request.set(key, values[0]).unwrap(),
            }
        }
        request
    }

    fn plainly(&self) -> (Outcome, PolicySet) {
        let mut keys: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (key, values) in &self.context {
            let owned = values
                .as_ref()
                .map(|values| values.iter().map(|value| (*value).to_owned()).collect());
            keys.extend(owned.map(|values| ((*key).to_owned(), values)));
        }
        // Of a session the ARN is the role's.
        let arn = match &self.caller {
            Principal::RoleSession(_) => Some(people::ROLE),
            Principal::Service(_) | Principal::WebIdentity(_) | Principal::Anonymous => None,
            other => Some(other.name()),
        };
        keys.extend(arn.map(|arn| ("aws:principalarn".to_owned(), vec![arn.to_owned()])));
        plain::decide(
            &plain::Request {
                principal: &self.caller,
                action: self.action,
                resource: self.resource,
                keys,
                multivalued: vec!["aws:tagkeys".to_owned()],
            },
            &plain::Policies {
                identity: &self.identity,
                resource: &self.on_resource,
                boundary: self.boundary.as_ref(),
                session: self.session.as_deref(),
                same_account: self.same_account,
                resource_must_agree: self.kind != ResourceKind::Ordinary,
                resource_speaks_first: self.kind == ResourceKind::Key,
            },
        )
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn evaluation_agrees_with_the_plain_evaluator(case in cases()) {
        let request = case.request();
        let (identity, on_resource) = (parse(&case.identity, Kind::Inline), parse(&case.on_resource, Kind::Repository));
        let boundary = case.boundary.as_ref().map(|it| parse(std::slice::from_ref(it), Kind::Inline));
        let session = case.session.as_ref().map(|it| parse(it, Kind::Inline));
        let session = session.as_deref().map(named);
        let inputs = Inputs {
            request: &request,
            identity: &named(&identity),
            boundary: boundary.as_ref().map(|it| Policy { name: "b", document: &it[0] }),
            session: session.as_deref(),
            resource: &named(&on_resource),
            resource_account: if case.same_account { people::ACCOUNT } else { people::OTHER_ACCOUNT },
            resource_kind: case.kind,
        };
        let decision = evaluate(&inputs);
        prop_assert_eq!((decision.outcome, decision.set), case.plainly());

        // The explanation is of this decision, and shows what made it.
        let explanation = explain(&inputs);
        prop_assert_eq!(explanation.decision, decision);
        if let Some(statement) = explanation.deciding() {
            prop_assert!(statement.matched() && statement.why_not().is_empty());
        }
        prop_assert_eq!(explanation.deciding().is_some(), decision.outcome != Outcome::ImplicitDeny);
        for near in explanation.nearly_enough() {
            prop_assert!(!near.why_not().is_empty() || decision.set == PolicySet::Resource);
        }
    }
}
