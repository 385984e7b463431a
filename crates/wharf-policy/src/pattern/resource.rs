//! Patterns of `Resource` and `NotResource`.

use super::{BadVariable, Case, Glob, Language, Piece, Reach, fifth_colon, pieces};
use crate::document::Problem;
use crate::request::{Fields, RequestContext};

/// The partitions that ARNs can name.
const PARTITIONS: [&str; 8] = [
    "aws",
    "aws-cn",
    "aws-us-gov",
    "aws-iso",
    "aws-iso-b",
    "aws-iso-e",
    "aws-iso-f",
    "aws-eusc",
];

/// A pattern of `Resource`: `*`, or an ARN with wildcards outside of the service. Case counts.
///
/// A `*` before a colon or at the end may stand for colons; any other wildcard in the first five fields may not.
/// In the sixth field wildcards stand for anything. Variables are in the sixth field only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResourcePattern {
    whole: Glob,
    /// The fields by themselves, if the pattern has exactly five colons: an ARN with no more can match only field by
    /// field, since each colon of the pattern has to stand for one of the ARN's. Most do not, which shows at once.
    fields: Option<Box<[Glob; 6]>>,
}

impl ResourcePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(text: &str, language: Language) -> Result<Self, Problem> {
        if text == "*" {
            return Ok(Self {
                whole: Glob::compile(text, &[(0, Piece::Run)], |_| Reach::Anything),
                fields: None,
            });
        }
        check(text)?;
        let parts = pieces(text, true, language)
            .map_err(|BadVariable| Problem::Variable(text.to_owned()))?;
        // Looked for once: a pattern of a hundred thousand characters has as many places to ask about.
        let fifth = fifth_colon(text);
        // An escape is a literal that begins with the dollar sign of the text.
        let early = parts.iter().any(|(at, piece)| {
            let braces = text.get(*at..).is_some_and(|it| it.starts_with("${"));
            let replaced = braces && language == Language::Of2012;
            (replaced || matches!(piece, Piece::Variable(_))) && *at <= fifth
        });
        if early {
            return Err(Problem::VariablePlace(text.to_owned()));
        }
        let literal_colons = parts.iter().map(|(_, piece)| match piece {
            Piece::Literal(literal) => literal.matches(':').count(),
            Piece::Variable(_) | Piece::One | Piece::Run => 0,
        });
        let five = literal_colons.sum::<usize>() == 5;
        let fields = Fields::find(text)
            .filter(|_| five)
            .and_then(|it| it.of(text));
        let globs: Vec<Glob> = fields
            .into_iter()
            .flatten()
            .filter_map(|field| Glob::like(field, language).ok())
            .collect();
        Ok(Self {
            whole: Glob::compile(text, &parts, |at| reach(text, fifth, at)),
            fields: <[Glob; 6]>::try_from(globs).map(Box::new).ok(),
        })
    }

    /// Whether the pattern matches the request's resource; `fields` are those of [`RequestContext::fields`].
    pub(crate) fn covers(&self, request: &RequestContext, fields: Option<&[&str; 6]>) -> bool {
        match (&self.fields, fields) {
            (Some(patterns), Some(fields)) => patterns
                .iter()
                .zip(fields)
                // What differs mostly differs at the end.
                .rev()
                .all(|(pattern, field)| pattern.matches(field, Case::Sensitive, Some(request))),
            _ => self.matches(request.resource(), Some(request)),
        }
    }

    /// Whether the pattern matches a resource: an ARN, or `*` for an action without one.
    pub(crate) fn matches(&self, resource: &str, request: Option<&RequestContext>) -> bool {
        self.whole.matches(resource, Case::Sensitive, request)
    }

    /// The pattern itself.
    pub(crate) fn glob(&self) -> &Glob {
        &self.whole
    }
}

/// What the wildcard at an offset may stand for; `fifth` is where the text's fifth colon stands.
pub(super) fn reach(text: &str, fifth: usize, at: usize) -> Reach {
    let wildcard = text.get(at..).unwrap_or("");
    let ends_field = wildcard == "*" || wildcard.starts_with("*:");
    if ends_field || at > fifth {
        Reach::Anything
    } else {
        Reach::WithinField
    }
}

fn check(text: &str) -> Result<(), Problem> {
    let form = || Problem::ResourceForm(text.to_owned());
    if !text
        .chars()
        .all(|char| matches!(char, '\t' | '\n' | '\r' | ' '..='\u{ff}'))
    {
        return Err(form());
    }
    let mut fields = text.split(':');
    if fields.next() != Some("arn") {
        return Err(form());
    }
    let partition = fields.next().filter(|it| !it.is_empty()).ok_or_else(form)?;
    if !partition.contains(['*', '?']) && !PARTITIONS.contains(&partition) {
        return Err(Problem::Partition {
            partition: partition.to_owned(),
            resource: text.to_owned(),
        });
    }
    match fields.next() {
        None | Some("") => Err(form()),
        Some(service) if service.contains(['*', '?', '$']) => Err(Problem::ResourceVendor),
        Some(_) => Ok(()),
    }
}
