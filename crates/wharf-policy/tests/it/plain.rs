//! The evaluator written a second time: slow, obvious, on the JSON itself, sharing nothing with the fast one.

use std::collections::BTreeMap;

use serde_json::Value;
use wharf_policy::{Outcome, PolicySet, Principal};

/// What is asked. Keys are in lower case; a key of several values is a list.
pub(crate) struct Request<'a> {
    pub(crate) principal: &'a Principal,
    pub(crate) action: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) keys: BTreeMap<String, Vec<String>>,
    /// Keys that can have several values.
    pub(crate) multivalued: Vec<String>,
}

/// All policies, as JSON.
pub(crate) struct Policies<'a> {
    pub(crate) identity: &'a [Value],
    pub(crate) resource: &'a [Value],
    pub(crate) boundary: Option<&'a Value>,
    pub(crate) session: Option<&'a [Value]>,
    pub(crate) same_account: bool,
    pub(crate) resource_must_agree: bool,
    /// Whether that it does not is told also to those whose own policies allow nothing.
    pub(crate) resource_speaks_first: bool,
}

/// What the principal element of a matching statement was.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Named {
    Account,
    RoleOrIssuer,
    Directly,
}

/// The ways in which the statements of one effect name the caller; none when none applies.
fn matching(documents: &[Value], effect: &str, request: &Request<'_>, bounded: bool) -> Vec<Named> {
    let mut named = Vec::new();
    for document in documents {
        for statement in list(&document["Statement"]) {
            if statement["Effect"] == effect {
                named.extend(applies(&statement, document, request, bounded));
            }
        }
    }
    named
}

/// Any deny, anywhere.
fn denied(request: &Request<'_>, policies: &Policies<'_>) -> Option<PolicySet> {
    let bounded = policies.boundary.is_some();
    let denies = |documents: &[Value]| !matching(documents, "Deny", request, bounded).is_empty();
    if denies(policies.identity) {
        Some(PolicySet::Identity)
    } else if denies(policies.resource) {
        Some(PolicySet::Resource)
    } else if policies
        .boundary
        .is_some_and(|it| denies(std::slice::from_ref(it)))
    {
        Some(PolicySet::Boundary)
    } else if policies.session.is_some_and(denies) {
        Some(PolicySet::Session)
    } else {
        None
    }
}

/// What does not allow what it has to, of boundary and session.
fn limited(request: &Request<'_>, policies: &Policies<'_>) -> Option<PolicySet> {
    let bounded = policies.boundary.is_some();
    let allows = |documents: &[Value]| !matching(documents, "Allow", request, bounded).is_empty();
    if let Some(boundary) = policies.boundary
        && !allows(std::slice::from_ref(boundary))
    {
        return Some(PolicySet::Boundary);
    }
    let federated = matches!(request.principal, Principal::FederatedUser(_));
    match policies.session {
        Some(session) if !allows(session) => Some(PolicySet::Session),
        None if federated => Some(PolicySet::Session),
        _ => None,
    }
}

pub(crate) fn decide(request: &Request<'_>, policies: &Policies<'_>) -> (Outcome, PolicySet) {
    if let Some(set) = denied(request, policies) {
        return (Outcome::ExplicitDeny, set);
    }
    let missing = |set| (Outcome::ImplicitDeny, set);
    let allowed = |set| (Outcome::Allowed, set);
    let bounded = policies.boundary.is_some();
    let grants = matching(policies.resource, "Allow", request, bounded);
    let directly = grants.contains(&Named::Directly);
    let as_role = grants.contains(&Named::RoleOrIssuer);
    let as_account = grants.contains(&Named::Account);

    // Those who have no account have no policies.
    let has_account = !matches!(
        request.principal,
        Principal::Service(_) | Principal::WebIdentity(_) | Principal::Anonymous
    );
    if !has_account {
        return if directly {
            allowed(PolicySet::Resource)
        } else {
            missing(PolicySet::Resource)
        };
    }
    let identity_allows = !matching(policies.identity, "Allow", request, bounded).is_empty();
    if policies.same_account {
        if directly {
            return allowed(PolicySet::Resource);
        }
        let agrees = as_role || as_account || !policies.resource_must_agree;
        if policies.resource_speaks_first && !agrees {
            return missing(PolicySet::Resource);
        }
        if !as_role && !identity_allows {
            return missing(PolicySet::Identity);
        }
        return match limited(request, policies) {
            Some(set) => missing(set),
            None if !agrees => missing(PolicySet::Resource),
            None if as_role => allowed(PolicySet::Resource),
            None => allowed(PolicySet::Identity),
        };
    }
    // Across accounts: the caller's side without the resource's policy, then the resource's side.
    if !identity_allows {
        return missing(PolicySet::Identity);
    }
    match limited(request, policies) {
        Some(set) => missing(set),
        None if grants.is_empty() => missing(PolicySet::Resource),
        None => allowed(PolicySet::Identity),
    }
}

fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

fn texts(value: &Value) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    list(value).iter().map(text).collect()
}

/// How the statement names the caller, once for each way; nothing if it does not apply.
fn applies(
    statement: &Value,
    document: &Value,
    request: &Request<'_>,
    bounded: bool,
) -> Vec<Named> {
    let newer = document["Version"] == "2012-10-17";
    let action = request.action.to_lowercase();
    let is_action = |pattern: &String| glob(&plain_pattern(&pattern.to_lowercase()), &action);
    let about_action = match statement.get("NotAction") {
        Some(not) => !texts(not).iter().any(is_action),
        None => texts(&statement["Action"]).iter().any(is_action),
    };
    let is_resource = |pattern: &String| {
        resource_pattern(pattern, newer, request)
            .is_some_and(|tokens| glob(&tokens, request.resource))
    };
    let about_resource = match (statement.get("Resource"), statement.get("NotResource")) {
        (Some(resource), _) => texts(resource).iter().any(is_resource),
        (None, Some(not)) => !texts(not).iter().any(is_resource),
        (None, None) => true,
    };
    let mut conditions_hold = true;
    if let Some(Value::Object(operators)) = statement.get("Condition") {
        for (operator, keys) in operators {
            for (key, values) in keys.as_object().unwrap() {
                conditions_hold &= condition(operator, key, &texts(values), newer, request);
            }
        }
    }
    if !(about_action && about_resource && conditions_hold) {
        return Vec::new();
    }
    if let Some(not) = statement.get("NotPrincipal") {
        let own_name = |text: &str| match request.principal {
            Principal::Root(root) => text == &*root.arn || text == &*root.account,
            other => text == other.name(),
        };
        let spared = *not == "*"
            || not.as_object().is_some_and(|map| {
                map.values()
                    .flat_map(texts)
                    .any(|it| it == "*" || own_name(&it))
            });
        return if spared && !bounded {
            Vec::new()
        } else {
            vec![Named::Directly]
        };
    }
    match statement.get("Principal") {
        None => vec![Named::Directly],
        Some(Value::String(_)) => vec![everyone(request.principal)],
        Some(map) => {
            let mut named = Vec::new();
            for (kind, values) in map.as_object().unwrap() {
                named.extend(
                    texts(values)
                        .iter()
                        .filter_map(|value| names(kind, value, request.principal)),
                );
            }
            named
        }
    }
}

/// What `*` is worth: whoever a provider vouches for has to be let in by that provider's name.
fn everyone(principal: &Principal) -> Named {
    match principal {
        Principal::WebIdentity(_) => Named::Account,
        _ => Named::Directly,
    }
}

fn names(kind: &str, value: &str, principal: &Principal) -> Option<Named> {
    let account_of =
        |account: &str| value == account || value == format!("arn:aws:iam::{account}:root");
    match (kind, principal) {
        ("AWS", _) if value == "*" => Some(everyone(principal)),
        ("AWS", Principal::Root(root)) if account_of(&root.account) => Some(Named::Account),
        ("AWS", Principal::User(user)) if value == &*user.arn => Some(Named::Directly),
        ("AWS", Principal::User(user)) if account_of(&user.account) => Some(Named::Account),
        ("AWS", Principal::RoleSession(it)) if value == &*it.arn => Some(Named::Directly),
        ("AWS", Principal::RoleSession(it)) if value == &*it.role_arn => Some(Named::RoleOrIssuer),
        ("AWS", Principal::RoleSession(it)) if account_of(&it.account) => Some(Named::Account),
        ("AWS", Principal::FederatedUser(it)) if value == &*it.arn => Some(Named::Directly),
        ("AWS", Principal::FederatedUser(it)) if value == &*it.issuer_arn => {
            Some(Named::RoleOrIssuer)
        }
        ("AWS", Principal::FederatedUser(it)) if account_of(&it.account) => Some(Named::Account),
        ("Service", Principal::Service(name)) if value == &**name => Some(Named::Directly),
        ("Federated", Principal::WebIdentity(name)) if value == &**name => Some(Named::Directly),
        _ => None,
    }
}

/// One character of a pattern.
#[derive(Clone, Copy, Debug)]
enum Token {
    Char(char),
    /// `*`; whether it may stand for a colon.
    Many(bool),
    /// `?`; whether it may stand for a colon.
    One(bool),
}

fn glob(pattern: &[Token], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    glob_chars(pattern, &text)
}

fn glob_chars(pattern: &[Token], text: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        [Token::Char(char), rest @ ..] => {
            text.first() == Some(char) && glob_chars(rest, &text[1..])
        }
        [Token::One(colons), rest @ ..] => {
            text.first().is_some_and(|char| *colons || *char != ':') && glob_chars(rest, &text[1..])
        }
        [Token::Many(colons), rest @ ..] => {
            glob_chars(rest, text)
                || (text.first().is_some_and(|char| *colons || *char != ':')
                    && glob_chars(pattern, &text[1..]))
        }
    }
}

fn plain_pattern(text: &str) -> Vec<Token> {
    text.chars()
        .map(|char| match char {
            '*' => Token::Many(true),
            '?' => Token::One(true),
            char => Token::Char(char),
        })
        .collect()
}

/// The text with its variables replaced, character by character; `None` when one has no value.
fn substitute(
    text: &str,
    wildcards: bool,
    newer: bool,
    request: &Request<'_>,
) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        if newer && rest.starts_with("${") {
            let end = rest.find('}').unwrap();
            let inside = rest.get(2..end).unwrap();
            let value = match inside {
                "*" | "?" | "$" => inside.to_owned(),
                _ => {
                    let (key, default) = match inside.split_once(", ") {
                        Some((key, default)) => (key, Some(default.trim_matches('\'').to_owned())),
                        None => (inside, None),
                    };
                    let key = key.to_lowercase();
                    let single = !request.multivalued.contains(&key);
                    let value = request
                        .keys
                        .get(&key)
                        .filter(|_| single)
                        .map(|values| values[0].clone());
                    value.or(default)?
                }
            };
            tokens.extend(value.chars().map(Token::Char));
            rest = rest.get(end + 1..).unwrap();
        } else {
            tokens.push(match char {
                '*' if wildcards => Token::Many(true),
                '?' if wildcards => Token::One(true),
                char => Token::Char(char),
            });
            rest = rest.get(char.len_utf8()..).unwrap();
        }
    }
    Some(tokens)
}

/// Wildcards of the first five fields stay in their field, but for a `*` that ends it.
fn resource_pattern(text: &str, newer: bool, request: &Request<'_>) -> Option<Vec<Token>> {
    let tokens = substitute(text, true, newer, request)?;
    let mut colons = 0;
    let mut limited = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let ends_field = matches!(tokens.get(index + 1), None | Some(Token::Char(':')));
        limited.push(match token {
            Token::Char(char) => {
                colons += usize::from(*char == ':');
                Token::Char(*char)
            }
            Token::Many(_) => Token::Many(ends_field || colons >= 5),
            Token::One(_) => Token::One(colons >= 5),
        });
    }
    Some(limited)
}

fn condition(
    operator: &str,
    key: &str,
    values: &[String],
    newer: bool,
    request: &Request<'_>,
) -> bool {
    let found = request.keys.get(&key.to_lowercase());
    if operator == "Null" {
        return values
            .iter()
            .any(|value| (value == "true") == found.is_none());
    }
    let (qualifier, name) = operator.split_once(':').unwrap_or(("", operator));
    let (name, if_exists) = match name.strip_suffix("IfExists") {
        Some(name) => (name, true),
        None => (name, false),
    };
    let negated = name.contains("Not");
    let positive = name.replace("Not", "");
    let Some(found) = found else {
        return if_exists || qualifier == "ForAllValues" || (negated && qualifier.is_empty());
    };
    let satisfied = |given: &String| {
        let any = values
            .iter()
            .any(|value| compare(&positive, value, given, newer, request));
        if negated { !any } else { any }
    };
    if qualifier == "ForAllValues" {
        found.iter().all(satisfied)
    } else {
        found.iter().any(satisfied)
    }
}

fn compare(operator: &str, policy: &str, given: &str, newer: bool, request: &Request<'_>) -> bool {
    let text = |wildcards| substitute(policy, wildcards, newer, request);
    match operator {
        "StringEquals" => text(false).is_some_and(|tokens| glob(&tokens, given)),
        "StringEqualsIgnoreCase" => text(false).is_some_and(|tokens| {
            let lower: Vec<Token> = tokens
                .into_iter()
                .map(|token| match token {
                    Token::Char(char) => Token::Char(char.to_ascii_lowercase()),
                    other => other,
                })
                .collect();
            glob(&lower, &given.to_ascii_lowercase())
        }),
        "StringLike" => text(true).is_some_and(|tokens| glob(&tokens, given)),
        "ArnEquals" | "ArnLike" => text(true).is_some_and(|tokens| {
            let fields = given.splitn(6, ':').collect::<Vec<&str>>();
            let mut patterns: Vec<Vec<Token>> = vec![Vec::new()];
            for token in tokens {
                match token {
                    Token::Char(':') if patterns.len() < 6 => patterns.push(Vec::new()),
                    token => patterns.last_mut().unwrap().push(token),
                }
            }
            fields.len() == 6
                && fields[0] == "arn"
                && patterns.len() == 6
                && patterns
                    .iter()
                    .zip(fields)
                    .all(|(pattern, field)| glob(pattern, field))
        }),
        "Bool" => {
            given.to_lowercase() == policy.to_lowercase()
                && ["true", "false"].contains(&&*given.to_lowercase())
        }
        "BinaryEquals" => given == policy,
        "IpAddress" => ip(policy, given),
        _ => {
            let (number, order) = match operator.strip_prefix("Numeric") {
                Some(order) => (
                    given.parse::<f64>().ok().zip(policy.parse::<f64>().ok()),
                    order,
                ),
                None => (
                    date(given).zip(date(policy)),
                    operator.strip_prefix("Date").unwrap(),
                ),
            };
            number.is_some_and(|(given, policy)| match order {
                "Equals" => given.total_cmp(&policy).is_eq(),
                "LessThan" => given < policy,
                "LessThanEquals" => given <= policy,
                "GreaterThan" => given > policy,
                "GreaterThanEquals" => given >= policy,
                other => panic!("{other}"),
            })
        }
    }
}

/// IPv4 only, bit by bit.
fn ip(policy: &str, given: &str) -> bool {
    let bits = |text: &str| -> Option<Vec<bool>> {
        let bytes: Vec<u8> = text
            .split('.')
            .map(|part| part.parse().ok())
            .collect::<Option<_>>()?;
        let bits = bytes
            .iter()
            .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1));
        (bytes.len() == 4).then(|| bits.collect())
    };
    let (network, length) = policy.split_once('/').unwrap_or((policy, "32"));
    let length: usize = length.parse().unwrap();
    match (bits(network), bits(given)) {
        (Some(network), Some(given)) => network[..length] == given[..length],
        _ => false,
    }
}

/// The dates that the generator uses, in seconds since 1970.
fn date(text: &str) -> Option<f64> {
    match text {
        "2026" | "2026-01-01" | "2026-01-01T00:00:00Z" | "1767225600" => Some(1_767_225_600.0),
        "2026-01-01T01:00:00+02:00" => Some(1_767_222_000.0),
        "2026-06-01T12:00Z" => Some(1_780_315_200.0),
        seconds => seconds.parse().ok(),
    }
}
