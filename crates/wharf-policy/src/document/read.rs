//! From JSON to statements.

use std::collections::HashSet;
use std::sync::Arc;

use super::{
    Effect, IAM_PATHS, Kind, MAX_STATEMENTS, ParseError, Principals, Problem, Resources, Span,
    Statement,
};
use crate::condition::{Condition, Operator};
use crate::json::{self, Member, Node, Place, Value};
use crate::pattern::{Actions, Language, ResourcePattern};
use crate::principal::PrincipalPattern;

/// Longest name of a condition key, in bytes.
const MAX_KEY_BYTES: usize = 512;

/// What a role's trust policy may speak of.
const TRUST_ACTIONS: [&str; 6] = [
    "sts:assumerole",
    "sts:assumerolewithsaml",
    "sts:assumerolewithwebidentity",
    "sts:tagsession",
    "sts:setsourceidentity",
    "sts:setcontext",
];

/// What a registry policy of the scope V1 may speak of.
const REGISTRY_V1_ACTIONS: [&str; 4] = [
    "ecr:replicateimage",
    "ecr:batchimportupstreamimage",
    "ecr:createrepository",
    "ecr:*",
];

/// Reads a document's statements.
pub(super) fn statements(text: &str, kind: Kind) -> Result<Vec<Statement>, ParseError> {
    let mut reader = Reader {
        text,
        kind,
        language: Language::Of2008,
        worst: None,
        place: Place::first(text),
    };
    let statements = reader.document();
    match (reader.worst, statements) {
        (None, Some(statements)) => Ok(statements),
        (Some((_, error)), _) => Err(error),
        // Nothing is left out without a word.
        (None, None) => Err(ParseError {
            problem: Problem::Json("it is not understood"),
            path: String::new(),
            line: 1,
            column: 1,
        }),
    }
}

/// Reads on past a problem, because a later one may be the one that IAM tells.
struct Reader<'a> {
    text: &'a str,
    kind: Kind,
    language: Language,
    worst: Option<(u8, ParseError)>,
    /// Where the statements are read.
    place: Place<'a>,
}

impl Reader<'_> {
    /// Notes a problem, if it comes before what is noted.
    fn fail(&mut self, at: usize, path: &str, problem: Problem) {
        let rank = problem.rank();
        if self.worst.as_ref().is_none_or(|(noted, _)| rank < *noted) {
            let (line, column) = json::line_and_column(self.text, at);
            let error = ParseError {
                problem,
                path: path.to_owned(),
                line,
                column,
            };
            self.worst = Some((rank, error));
        }
    }

    fn document(&mut self) -> Option<Vec<Statement>> {
        let limit = self.kind.max_length();
        let length = match self.kind {
            Kind::Repository | Kind::Registry | Kind::RegistryV1 => self.text.chars().count(),
            Kind::Managed | Kind::Inline | Kind::Trust | Kind::Key => self.text.len(),
        };
        if length > limit {
            self.fail(0, "", Problem::TooLong { limit });
            return None;
        }
        let is_strange = |char: char| !matches!(char, '\t' | '\n' | '\r' | ' '..='\u{ff}');
        if self.kind.is_iam()
            && let Some(at) = self.text.find(is_strange)
        {
            self.fail(at, "", Problem::Characters);
            return None;
        }
        let root = match json::read(self.text) {
            Ok(root) => root,
            Err(broken) => {
                self.fail(broken.at, "", Problem::Json(broken.why));
                return None;
            }
        };
        let Value::Object(members) = &root.value else {
            self.fail(root.start, "", Problem::Expected("an object"));
            return None;
        };
        self.version(members, root.start);
        let mut statement = None;
        for member in members {
            match &*member.name {
                "Version" => {}
                "Id" if !self.kind.is_identity() => {
                    self.text_of(&member.node, "Id");
                }
                "Statement" => statement = Some(&member.node),
                name => self.fail(member.start, name, Problem::UnknownElement),
            }
        }
        let Some(node) = statement else {
            self.fail(root.start, "", Problem::Missing("Statement"));
            return None;
        };
        self.all_statements(node)
    }

    fn version(&mut self, members: &[Member], at: usize) {
        let member = members.iter().find(|member| &*member.name == "Version");
        let node = member.map(|member| &member.node);
        match node.map(|node| &node.value) {
            Some(Value::Text(text)) if **text == *"2012-10-17" => self.language = Language::Of2012,
            None => {}
            Some(Value::Text(text)) if **text == *"2008-10-17" => {}
            Some(Value::Text(text)) => {
                let at = node.map_or(at, |node| node.start);
                self.fail(at, "Version", Problem::Version(text.to_string()));
                return;
            }
            Some(_) => {
                let at = node.map_or(at, |node| node.start);
                self.fail(at, "Version", Problem::Expected("a string"));
                return;
            }
        }
        if self.kind == Kind::Managed && self.language == Language::Of2008 {
            let at = node.map_or(at, |node| node.start);
            self.fail(at, "Version", Problem::VersionTooOld);
        }
    }

    fn all_statements(&mut self, node: &Node) -> Option<Vec<Statement>> {
        let nodes = one_or_many(node);
        if nodes.is_empty() {
            self.fail(node.start, "Statement", Problem::Empty);
        }
        if nodes.len() > MAX_STATEMENTS {
            self.fail(node.start, "Statement", Problem::TooMany(MAX_STATEMENTS));
            return None;
        }
        let mut sids = HashSet::new();
        let mut statements = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            let path = format!("Statement[{index}]");
            let Value::Object(members) = &node.value else {
                self.fail(node.start, &path, Problem::Expected("an object"));
                continue;
            };
            let statement = self.statement(node, members, &path);
            let sid = statement
                .as_ref()
                .and_then(|statement| statement.sid.clone());
            if let Some(sid) = sid
                && self.kind.is_iam()
                && !sids.insert(Arc::clone(&sid))
            {
                self.fail(node.start, &path, Problem::SidTwice(sid.to_string()));
            }
            statements.extend(statement);
        }
        Some(statements)
    }

    fn statement(&mut self, node: &Node, members: &[Member], path: &str) -> Option<Statement> {
        const KNOWN: [&str; 9] = [
            "Sid",
            "Effect",
            "Principal",
            "NotPrincipal",
            "Action",
            "NotAction",
            "Resource",
            "NotResource",
            "Condition",
        ];
        for member in members {
            if !KNOWN.contains(&&*member.name) {
                let path = format!("{path}.{}", member.name);
                self.fail(member.start, &path, Problem::UnknownElement);
            }
        }
        let element = |name: &str| {
            members
                .iter()
                .find(|member| &*member.name == name)
                .map(|member| &member.node)
        };
        let span = self.span(node);
        let sid = element("Sid").and_then(|sid| self.sid(sid, &format!("{path}.Sid")));
        let effect = self.effect(element("Effect"), node, path);
        let principals = self.principals(
            element("Principal"),
            element("NotPrincipal"),
            (node, path, effect),
        );
        let actions = self.actions(element("Action"), element("NotAction"), (node, path));
        let resources = self.resources(element("Resource"), element("NotResource"), (node, path));
        let conditions = match element("Condition") {
            Some(conditions) => self.conditions(conditions, &format!("{path}.Condition")),
            None => Some(Box::default()),
        };
        let (not_action, actions) = actions?;
        Some(Statement {
            sid,
            effect: effect?,
            principals: principals?,
            not_action,
            actions,
            resources: resources?,
            conditions: conditions?,
            span,
        })
    }

    /// Where a statement stands; statements are asked for in their order.
    fn span(&mut self, node: &Node) -> Span {
        self.place.go(node.start);
        let start = self.place;
        self.place.go(node.end);
        Span {
            start_line: start.line,
            start_column: start.column,
            end_line: self.place.line,
            end_column: self.place.column,
        }
    }

    fn text_of<'n>(&mut self, node: &'n Node, path: &str) -> Option<&'n str> {
        if let Value::Text(text) = &node.value {
            return Some(text);
        }
        self.fail(node.start, path, Problem::Expected("a string"));
        None
    }

    /// The texts of an element that holds one or several, each with its place.
    fn texts<'n>(&mut self, node: &'n Node, path: &str) -> Option<Vec<(&'n str, usize)>> {
        let nodes = one_or_many(node);
        let mut texts = Vec::with_capacity(nodes.len());
        for (index, item) in nodes.iter().enumerate() {
            let Value::Text(text) = &item.value else {
                let (path, wanted) = match &node.value {
                    Value::List(_) => (format!("{path}[{index}]"), "a string"),
                    _ => (path.to_owned(), "a string or a list of strings"),
                };
                self.fail(item.start, &path, Problem::Expected(wanted));
                return None;
            };
            texts.push((&**text, item.start));
        }
        Some(texts)
    }

    fn sid(&mut self, node: &Node, path: &str) -> Option<Arc<str>> {
        let sid = self.text_of(node, path)?;
        let plain = sid.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if self.kind.is_iam() && !plain {
            self.fail(node.start, path, Problem::SidForm);
        }
        // An empty one counts as none.
        (!sid.is_empty()).then(|| sid.into())
    }

    fn effect(&mut self, node: Option<&Node>, statement: &Node, path: &str) -> Option<Effect> {
        let Some(node) = node else {
            self.fail(statement.start, path, Problem::Missing("Effect"));
            return None;
        };
        match &node.value {
            Value::Text(text) if **text == *"Allow" => Some(Effect::Allow),
            Value::Text(text) if **text == *"Deny" => Some(Effect::Deny),
            _ => {
                let path = format!("{path}.Effect");
                self.fail(
                    node.start,
                    &path,
                    Problem::Expected("`\"Allow\"` or `\"Deny\"`"),
                );
                None
            }
        }
    }

    /// The one of two elements that is there, its name, and whether it is the negated one.
    fn either<'n>(
        &mut self,
        (name, node): (&'static str, Option<&'n Node>),
        (not_name, not_node): (&'static str, Option<&'n Node>),
        path: &str,
    ) -> Option<(&'n Node, String, bool)> {
        match (node, not_node) {
            (None, None) => None,
            (Some(node), None) => Some((node, format!("{path}.{name}"), false)),
            (None, Some(node)) => Some((node, format!("{path}.{not_name}"), true)),
            (Some(_), Some(second)) => {
                self.fail(second.start, path, Problem::Both(name, not_name));
                None
            }
        }
    }

    fn actions(
        &mut self,
        action: Option<&Node>,
        not_action: Option<&Node>,
        (statement, path): (&Node, &str),
    ) -> Option<(bool, Actions)> {
        let both = action.is_some() && not_action.is_some();
        let found = self.either(("Action", action), ("NotAction", not_action), path);
        let Some((node, path, negated)) = found else {
            if !both {
                self.fail(statement.start, path, Problem::NoActions);
            }
            return None;
        };
        let texts = self.texts(node, &path)?;
        if texts.is_empty() {
            self.fail(node.start, &path, Problem::NoActions);
            return None;
        }
        let actions = match Actions::parse(texts.iter().map(|(text, _)| *text)) {
            Ok(actions) => actions,
            Err((index, problem)) => {
                let at = texts.get(index).map_or(node.start, |(_, at)| *at);
                self.fail(at, &path, problem);
                return None;
            }
        };
        for (text, at) in texts {
            if !self.is_own_action(text) {
                self.fail(at, &path, Problem::ActionForeign(text.to_owned()));
            }
        }
        Some((negated, actions))
    }

    /// Whether policies of this kind may speak of the action.
    fn is_own_action(&self, text: &str) -> bool {
        let lower = text.to_ascii_lowercase();
        match self.kind {
            Kind::Managed | Kind::Inline => true,
            Kind::Trust => {
                TRUST_ACTIONS.contains(&&*lower) || matches!(&*lower, "sts:*" | "sts:assumerole*")
            }
            Kind::Repository | Kind::Registry => lower == "*" || lower.starts_with("ecr:"),
            Kind::RegistryV1 => REGISTRY_V1_ACTIONS.contains(&&*lower),
            Kind::Key => lower == "*" || lower.starts_with("kms:"),
        }
    }

    fn resources(
        &mut self,
        resource: Option<&Node>,
        not_resource: Option<&Node>,
        (statement, path): (&Node, &str),
    ) -> Option<Resources> {
        let both = resource.is_some() && not_resource.is_some();
        let found = self.either(("Resource", resource), ("NotResource", not_resource), path);
        let Some((node, path, negated)) = found else {
            match self.kind {
                _ if both => return None,
                Kind::Trust | Kind::Repository => return Some(Resources::Implied),
                _ => self.fail(statement.start, path, Problem::NoResources),
            }
            return None;
        };
        if self.kind == Kind::Trust {
            self.fail(node.start, &path, Problem::ResourceForbidden);
            return None;
        }
        let texts = self.texts(node, &path)?;
        if texts.is_empty() {
            self.fail(node.start, &path, Problem::NoResources);
            return None;
        }
        let mut patterns = Vec::with_capacity(texts.len());
        for (text, at) in texts {
            let pattern = ResourcePattern::parse(text, self.language);
            let checked = pattern.and_then(|pattern| self.iam_resource(text).map(|()| pattern));
            match checked {
                Ok(pattern) => patterns.push(pattern),
                Err(problem) => self.fail(at, &path, problem),
            }
        }
        Some(if negated {
            Resources::Except(patterns.into())
        } else {
            Resources::Listed(patterns.into())
        })
    }

    /// IAM's own rules for ARNs of IAM, in the policies that it keeps.
    fn iam_resource(&self, text: &str) -> Result<(), Problem> {
        let fields: Vec<&str> = text.splitn(6, ':').collect();
        let [_, _, "iam", region, _, path] = fields.as_slice() else {
            return Ok(());
        };
        if !self.kind.is_iam() {
            return Ok(());
        }
        if !region.is_empty() && *region != "*" {
            return Err(Problem::IamRegion(text.to_owned()));
        }
        if *path != "*" && !IAM_PATHS.iter().any(|known| path.starts_with(known)) {
            return Err(Problem::IamPath(text.to_owned()));
        }
        Ok(())
    }

    fn principals(
        &mut self,
        principal: Option<&Node>,
        not_principal: Option<&Node>,
        (statement, path, effect): (&Node, &str, Option<Effect>),
    ) -> Option<Principals> {
        if self.kind.is_identity() {
            let Some(node) = principal.or(not_principal) else {
                return Some(Principals::Implied);
            };
            self.fail(node.start, path, Problem::PrincipalForbidden);
            return None;
        }
        let both = principal.is_some() && not_principal.is_some();
        let found = self.either(
            ("Principal", principal),
            ("NotPrincipal", not_principal),
            path,
        );
        let Some((node, path, negated)) = found else {
            if !both {
                self.fail(statement.start, path, Problem::Missing("Principal"));
            }
            return None;
        };
        // With `Allow` it would name the whole world by accident.
        if negated && (effect != Some(Effect::Deny) || self.kind == Kind::Trust) {
            self.fail(node.start, &path, Problem::NotPrincipal);
        }
        let patterns = self.principal_list(node, &path)?;
        Some(if negated {
            Principals::Except(patterns.into())
        } else {
            Principals::Listed(patterns.into())
        })
    }

    fn principal_list(&mut self, node: &Node, path: &str) -> Option<Vec<PrincipalPattern>> {
        let members = match &node.value {
            Value::Text(text) if **text == *"*" => return Some(vec![PrincipalPattern::Everyone]),
            Value::Object(members) => members,
            Value::Text(text) => {
                let problem = Problem::Principal {
                    kind: "AWS".to_owned(),
                    value: text.to_string(),
                };
                self.fail(node.start, path, problem);
                return None;
            }
            _ => {
                self.fail(
                    node.start,
                    path,
                    Problem::Expected("`\"*\"` or an object of lists of principals"),
                );
                return None;
            }
        };
        let mut patterns = Vec::new();
        for member in members {
            let path = format!("{path}.{}", member.name);
            let texts = self.texts(&member.node, &path).unwrap_or_default();
            if texts.is_empty() {
                self.fail(member.node.start, &path, Problem::Empty);
            }
            for (text, at) in texts {
                match PrincipalPattern::parse(&member.name, text) {
                    Ok(pattern) => patterns.push(pattern),
                    Err(problem) => self.fail(at, &path, problem),
                }
            }
        }
        if members.is_empty() {
            self.fail(node.start, path, Problem::Empty);
        }
        Some(patterns)
    }

    fn conditions(&mut self, node: &Node, path: &str) -> Option<Box<[Condition]>> {
        let Value::Object(operators) = &node.value else {
            self.fail(
                node.start,
                path,
                Problem::Expected("an object of operators"),
            );
            return None;
        };
        let mut conditions = Vec::new();
        for member in operators {
            let path = format!("{path}.{}", member.name);
            let Some(operator) = Operator::parse(&member.name) else {
                let problem = Problem::Operator(member.name.to_string());
                self.fail(member.start, &path, problem);
                continue;
            };
            let Value::Object(keys) = &member.node.value else {
                self.fail(
                    member.node.start,
                    &path,
                    Problem::Expected("an object of keys"),
                );
                continue;
            };
            for key in keys {
                conditions.extend(self.condition(operator, key, &path));
            }
        }
        Some(conditions.into())
    }

    fn condition(&mut self, operator: Operator, member: &Member, path: &str) -> Option<Condition> {
        let key = &*member.name;
        let path = format!("{path}.{key}");
        if !key.contains(':') || key.starts_with(':') {
            self.fail(member.start, &path, Problem::ActionVendor);
            return None;
        }
        if key.len() > MAX_KEY_BYTES {
            self.fail(member.start, &path, Problem::Expected("a shorter name"));
            return None;
        }
        let values = one_or_many(&member.node);
        if values.is_empty() {
            self.fail(member.node.start, &path, Problem::Empty);
            return None;
        }
        match Condition::parse(operator, key, values, self.language) {
            Ok(condition) => Some(condition),
            Err((index, problem)) => {
                let at = values.get(index).unwrap_or(&member.node).start;
                self.fail(at, &path, problem);
                None
            }
        }
    }
}

/// The items of a list, or the one value that stands without the brackets.
fn one_or_many(node: &Node) -> &[Node] {
    match &node.value {
        Value::List(items) => items,
        _ => std::slice::from_ref(node),
    }
}
