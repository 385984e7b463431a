//! Policy documents: read once into what is evaluated, refused unless everything in them is understood.

use std::sync::Arc;

use crate::condition::Condition;
use crate::pattern::{Actions, ResourcePattern};
use crate::principal::PrincipalPattern;
use crate::request::RequestContext;

mod error;
mod read;
mod tenants;

#[cfg(test)]
mod tests;

pub use error::{ParseError, Problem};

/// Most statements of one document.
pub const MAX_STATEMENTS: usize = 1_000;

/// The built-in identity policy of an account's root: everything on everything.
///
/// Root is allowed by evaluating this, so that its requests take the same path as everyone's.
pub const ROOT_POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Root","Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// What a resource of IAM begins with, behind the fifth colon. Source: IAM's own error message.
const IAM_PATHS: [&str; 13] = [
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
];

/// What a document is for, which decides the elements it must and must not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An identity policy of its own, also as a permissions boundary: written in `2012-10-17`.
    Managed,
    /// An identity policy inside of a user, group or role, or a session policy.
    Inline,
    /// Who may assume a role.
    Trust,
    /// An ECR repository's policy: laxer in its `Sid`s; its `Resource` may be left out.
    Repository,
    /// An ECR registry's policy of the scope V2: any action of ECR.
    Registry,
    /// An ECR registry's policy of the scope V1: replication, pull through cache, and creation for them.
    RegistryV1,
    /// A KMS key's policy.
    Key,
}

impl Kind {
    /// Longest document, in bytes; of ECR's in characters. Limits without white space are the services' own: see
    /// [`Document::characters`].
    pub const fn max_length(self) -> usize {
        match self {
            Self::Managed | Self::Inline | Self::Trust => 131_072,
            Self::Repository | Self::Registry | Self::RegistryV1 => 10_240,
            Self::Key => 32_768,
        }
    }

    /// Whether the document belongs to a principal, and so names none.
    pub const fn is_identity(self) -> bool {
        matches!(self, Self::Managed | Self::Inline)
    }

    /// Whether IAM keeps the document, and its rules for characters and `Sid`s hold.
    const fn is_iam(self) -> bool {
        matches!(self, Self::Managed | Self::Inline | Self::Trust)
    }
}

/// What a statement does if it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Effect {
    /// Lets the request through unless something denies it.
    Allow,
    /// Refuses the request whatever else allows it.
    Deny,
}

/// A policy document, understood completely and ready to be evaluated.
///
/// Source: the grammar of the IAM policy language.
#[derive(Debug, Clone)]
pub struct Document {
    pub(crate) statements: Vec<Statement>,
    characters: usize,
}

/// A part of a document's text; lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Span {
    /// Line of the first character.
    pub start_line: u32,
    /// Column of the first character.
    pub start_column: u32,
    /// Line behind the last character.
    pub end_line: u32,
    /// Column behind the last character.
    pub end_column: u32,
}

/// One statement of a document.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) sid: Option<Arc<str>>,
    pub(crate) effect: Effect,
    pub(crate) principals: Principals,
    /// `NotAction`: every action but these.
    pub(crate) not_action: bool,
    pub(crate) actions: Actions,
    pub(crate) resources: Resources,
    pub(crate) conditions: Box<[Condition]>,
    pub(crate) span: Span,
}

impl Statement {
    /// The condition keys that the statement asks about, in conditions and variables: in lower case, some twice.
    pub(crate) fn condition_keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = Vec::new();
        for condition in &self.conditions {
            keys.push(condition.key().as_str());
            keys.extend(condition.variables());
        }
        if let Resources::Listed(patterns) | Resources::Except(patterns) = &self.resources {
            let variables = patterns.iter().flat_map(|it| it.glob().variables());
            keys.extend(variables.map(|variable| variable.key.as_str()));
        }
        keys
    }
}

/// Whom a statement speaks of.
#[derive(Debug, Clone)]
pub(crate) enum Principals {
    /// Whoever has the policy.
    Implied,
    Listed(Box<[PrincipalPattern]>),
    /// `NotPrincipal`: everybody but these.
    Except(Box<[PrincipalPattern]>),
}

/// What a statement speaks of.
#[derive(Debug, Clone)]
pub(crate) enum Resources {
    /// Whatever has the policy.
    Implied,
    Listed(Box<[ResourcePattern]>),
    /// `NotResource`: everything but these.
    Except(Box<[ResourcePattern]>),
}

impl Resources {
    /// Whether the statement speaks of the request's resource; `fields` are those of [`RequestContext::fields`].
    pub(crate) fn covers(&self, request: &RequestContext, fields: Option<&[&str; 6]>) -> bool {
        let any = |patterns: &[ResourcePattern]| {
            patterns
                .iter()
                .any(|pattern| pattern.covers(request, fields))
        };
        match self {
            Self::Implied => true,
            Self::Listed(patterns) => any(patterns),
            Self::Except(patterns) => !any(patterns),
        }
    }
}

/// A user or role that a document names and that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the principal `{0}` does not exist")]
pub struct UnknownPrincipal(pub String);

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// [`ParseError`] unless every element and value is understood; of several problems the one that IAM tells.
    pub fn parse(text: &str, kind: Kind) -> Result<Self, ParseError> {
        let statements = read::statements(text, kind)?;
        Ok(Self {
            statements,
            characters: count(text),
        })
    }

    /// The number of its characters without white space between elements, which quotas count.
    pub fn characters(&self) -> usize {
        self.characters
    }

    /// Binds the users and roles that the document names to their unique ids (`AIDA…`, `AROA…`).
    ///
    /// From then on the ids decide: another user of the same name is somebody else.
    ///
    /// # Errors
    /// [`UnknownPrincipal`] for the first ARN for which `id` has none; those before it are bound.
    pub fn bind_principals(
        &mut self,
        mut id: impl FnMut(&str) -> Option<Box<str>>,
    ) -> Result<(), UnknownPrincipal> {
        for statement in &mut self.statements {
            let (Principals::Listed(patterns) | Principals::Except(patterns)) =
                &mut statement.principals
            else {
                continue;
            };
            for pattern in patterns {
                if let PrincipalPattern::Entity { arn, id: bound } = pattern {
                    *bound = Some(id(arn).ok_or_else(|| UnknownPrincipal(arn.to_string()))?);
                }
            }
        }
        Ok(())
    }

    /// The condition keys that the document asks about, in conditions and variables: in lower case, sorted, each once.
    pub fn condition_keys(&self) -> Vec<&str> {
        let statements = self.statements.iter();
        let mut keys: Vec<&str> = statements.flat_map(Statement::condition_keys).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

/// Characters outside of strings that are no white space, and all in strings.
fn count(text: &str) -> usize {
    let (mut in_string, mut escaped) = (false, false);
    text.chars()
        .filter(|char| {
            let was_in_string = in_string;
            match (in_string, escaped, char) {
                (true, true, _) => escaped = false,
                (true, false, '\\') => escaped = true,
                (_, _, '"') => in_string = !in_string,
                _ => {}
            }
            was_in_string || !matches!(char, ' ' | '\t' | '\n' | '\r')
        })
        .count()
}
