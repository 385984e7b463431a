//! What of a document can never match.
//!
//! A finding is meant to be certain: what might be useful somewhere is not told.

use crate::document::{Document, Effect, Kind, ParseError};
use crate::json::{self, Member, Node, Value};
use crate::pattern::Language;

mod conditions;
mod services;
mod shadow;
mod statement;

#[cfg(test)]
mod tests;

/// Which check found something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// An action of a service that is known here, and has no such action.
    UnknownAction,
    /// A resource that no ARN of its service looks like.
    ImpossibleResource,
    /// An action that acts on none of the statement's resources.
    ActionWithoutResource,
    /// A resource that none of the statement's actions acts on.
    ResourceWithoutAction,
    /// A condition key that no request has.
    UnknownKey,
    /// Conditions that cannot hold together, or a value that the key never has.
    NeverHolds,
    /// A wildcard where it stands for itself.
    LiteralWildcard,
    /// A policy variable where it stands for itself.
    LiteralVariable,
    /// An allow that a deny without conditions takes back whole.
    Shadowed,
    /// `NotAction` or `NotResource` that leaves nothing.
    MatchesNothing,
}

impl Rule {
    /// All rules.
    pub const ALL: [Self; 10] = [
        Self::UnknownAction,
        Self::ImpossibleResource,
        Self::ActionWithoutResource,
        Self::ResourceWithoutAction,
        Self::UnknownKey,
        Self::NeverHolds,
        Self::LiteralWildcard,
        Self::LiteralVariable,
        Self::Shadowed,
        Self::MatchesNothing,
    ];

    /// The name that findings are told by, such as `unknown-action`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownAction => "unknown-action",
            Self::ImpossibleResource => "impossible-resource",
            Self::ActionWithoutResource => "action-without-resource",
            Self::ResourceWithoutAction => "resource-without-action",
            Self::UnknownKey => "unknown-key",
            Self::NeverHolds => "never-holds",
            Self::LiteralWildcard => "literal-wildcard",
            Self::LiteralVariable => "literal-variable",
            Self::Shadowed => "shadowed",
            Self::MatchesNothing => "matches-nothing",
        }
    }
}

/// Something that can never match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The check that found it.
    pub rule: Rule,
    /// The element, such as `Statement[2].Action`.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, in characters from 1.
    pub column: u32,
    /// What is wrong with it.
    pub message: String,
}

/// Guesses what a document is for, from its elements; what is no document is guessed to be an identity policy.
///
/// With a principal it is a trust policy if all its actions are of STS and a key's policy if all are of KMS; otherwise
/// a registry's if it names resources, and a repository's if not.
pub fn guess(text: &str) -> Kind {
    let Ok(root) = json::read(text) else {
        return Kind::Inline;
    };
    let statements = member(&root, "Statement").map_or(&[][..], items);
    let has = |name: &str| statements.iter().any(|it| member(it, name).is_some());
    if !has("Principal") && !has("NotPrincipal") {
        return Kind::Inline;
    }
    let mut actions = statements
        .iter()
        .filter_map(|it| member(it, "Action").or(member(it, "NotAction")))
        .flat_map(items)
        .map(|node| match &node.value {
            Value::Text(text) => text.to_ascii_lowercase(),
            _ => String::new(),
        });
    let first = actions.next().unwrap_or_default();
    let service = first.split(':').next().unwrap_or("");
    let one_service = actions.all(|action| action.split(':').next() == Some(service));
    match service {
        "sts" if one_service => Kind::Trust,
        "kms" if one_service => Kind::Key,
        _ if has("Resource") || has("NotResource") => Kind::Registry,
        _ => Kind::Repository,
    }
}

/// Finds what can never match, in the order of the text.
///
/// # Errors
/// [`ParseError`] when the document is not one of its kind.
pub fn lint(text: &str, kind: Kind) -> Result<Vec<Finding>, ParseError> {
    let _understood = Document::parse(text, kind)?;
    let Ok(root) = json::read(text) else {
        return Ok(Vec::new());
    };
    let newer = member(&root, "Version").is_some_and(|it| texts(it) == ["2012-10-17"]);
    let mut found = Found {
        language: if newer {
            Language::Of2012
        } else {
            Language::Of2008
        },
        found: Vec::new(),
    };
    let statements = member(&root, "Statement").map_or(&[][..], items);
    let parts: Vec<Parts<'_>> = statements.iter().map(Parts::of).collect();
    for (index, part) in parts.iter().enumerate() {
        let path = format!("Statement[{index}]");
        statement::check(part, &path, &mut found);
        conditions::check(part, &path, &mut found);
        shadow::check(part, &parts, &path, &mut found);
    }
    found.found.sort_by_key(|(at, _)| *at);
    let mut place = json::Place::first(text);
    let findings = found.found.into_iter().map(|(at, mut finding)| {
        place.go(at);
        (finding.line, finding.column) = (place.line, place.column);
        finding
    });
    Ok(findings.collect())
}

/// Findings, each with its byte offset.
struct Found {
    language: Language,
    found: Vec<(usize, Finding)>,
}

impl Found {
    fn add(&mut self, rule: Rule, at: usize, path: String, message: String) {
        let finding = Finding {
            rule,
            path,
            line: 0,
            column: 0,
            message,
        };
        self.found.push((at, finding));
    }
}

/// The elements of a statement.
struct Parts<'a> {
    node: &'a Node,
    effect: Effect,
    principal: Option<&'a Node>,
    not_principal: bool,
    actions: Vec<Text<'a>>,
    not_action: bool,
    /// None where the resource is implied.
    resources: Option<Vec<Text<'a>>>,
    not_resource: bool,
    /// Operator, key, values.
    conditions: Vec<(&'a Member, &'a Member, Vec<Text<'a>>)>,
}

/// A text and where it stands.
#[derive(Clone, Copy)]
struct Text<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parts<'a> {
    fn of(node: &'a Node) -> Self {
        let element = |name: &str| member(node, name);
        let action = element("Action").or(element("NotAction"));
        let resource = element("Resource").or(element("NotResource"));
        let operators = element("Condition").map_or(&[][..], members);
        let mut conditions = Vec::new();
        for operator in operators {
            for key in members(&operator.node) {
                conditions.push((operator, key, placed(&key.node)));
            }
        }
        Self {
            node,
            effect: match element("Effect").map(|it| texts(it)).as_deref() {
                Some(["Deny"]) => Effect::Deny,
                _ => Effect::Allow,
            },
            principal: element("Principal"),
            not_principal: element("NotPrincipal").is_some(),
            actions: action.map(placed).unwrap_or_default(),
            not_action: element("NotAction").is_some(),
            resources: resource.map(placed),
            not_resource: element("NotResource").is_some(),
            conditions,
        }
    }

    /// What the element of the actions is called.
    fn action_name(&self) -> &'static str {
        if self.not_action {
            "NotAction"
        } else {
            "Action"
        }
    }

    /// What the element of the resources is called.
    fn resource_name(&self) -> &'static str {
        if self.not_resource {
            "NotResource"
        } else {
            "Resource"
        }
    }
}

fn members(node: &Node) -> &[Member] {
    match &node.value {
        Value::Object(members) => members,
        _ => &[],
    }
}

fn member<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    let found = members(node).iter().find(|member| &*member.name == name);
    found.map(|member| &member.node)
}

fn items(node: &Node) -> &[Node] {
    match &node.value {
        Value::List(items) => items,
        _ => std::slice::from_ref(node),
    }
}

/// The texts, numbers and booleans of an element, as they are written.
fn placed(node: &Node) -> Vec<Text<'_>> {
    let text = |node: &Node| match node.value {
        Value::Bool(true) => "true",
        Value::Bool(false) => "false",
        _ => "",
    };
    items(node)
        .iter()
        .map(|node| Text {
            text: match &node.value {
                Value::Text(text) | Value::Number(text) => text,
                _ => text(node),
            },
            at: node.start,
        })
        .collect()
}

fn texts(node: &Node) -> Vec<&str> {
    placed(node).into_iter().map(|it| it.text).collect()
}
