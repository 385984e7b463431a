//! Policy variables: `${key}`, `${key, 'default'}`, and the escapes `${*}`, `${?}`, `${$}`.

use crate::request::{Key, RequestContext};

/// Which language a document is written in. Only the newer one has variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Of2008,
    Of2012,
}

/// A variable is not closed, has no name, or has a default that is not in single quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a policy variable is not well formed")]
pub(crate) struct BadVariable;

/// A key of the request that stands for its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) key: Key,
    pub(crate) default: Option<Box<str>>,
}

impl Variable {
    fn parse(inside: &str) -> Result<Self, BadVariable> {
        let (key, default) = match inside.split_once(',') {
            None => (inside, None),
            Some((key, default)) => {
                let quoted = default.trim();
                let text = quoted
                    .strip_prefix('\'')
                    .and_then(|it| it.strip_suffix('\''));
                (key, Some(text.ok_or(BadVariable)?))
            }
        };
        let key = key.trim();
        let bad = |text: &str| text.contains(['{', '$', '\'']);
        if key.is_empty() || bad(key) || key.contains(['*', '?']) || default.is_some_and(bad) {
            return Err(BadVariable);
        }
        Ok(Self {
            key: Key::new(key),
            default: default.map(Into::into),
        })
    }

    /// What the variable stands for: the key's value if it has exactly one, else the default.
    pub(crate) fn value<'a>(&'a self, request: Option<&'a RequestContext>) -> Option<&'a str> {
        request
            .and_then(|request| request.variable(&self.key))
            .or(self.default.as_deref())
    }
}

/// A part of a pattern's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Literal(&'a str),
    Variable(Variable),
    /// `?`
    One,
    /// `*`
    Run,
}

/// The parts of a text, each with the byte offset where it begins.
///
/// # Errors
/// A variable that is not well formed: taken literally it would match nothing, and a `Deny` that was meant would be lost.
pub(crate) fn pieces(
    text: &str,
    wildcards: bool,
    language: Language,
) -> Result<Vec<(usize, Piece<'_>)>, BadVariable> {
    let mut pieces = Vec::new();
    let (mut rest, mut at) = (text, 0);
    let special = |rest: &str| {
        rest.char_indices().find(|(index, char)| match char {
            '*' | '?' => wildcards,
            '$' => {
                language == Language::Of2012
                    && rest.get(*index..).is_some_and(|it| it.starts_with("${"))
            }
            _ => false,
        })
    };
    while let Some((index, char)) = special(rest) {
        let (literal, tail) = rest.split_at_checked(index).ok_or(BadVariable)?;
        if !literal.is_empty() {
            pieces.push((at, Piece::Literal(literal)));
        }
        at += index;
        let (piece, length) = match char {
            '*' => (Piece::Run, 1),
            '?' => (Piece::One, 1),
            _ => {
                let inside = tail.strip_prefix("${").ok_or(BadVariable)?;
                let (inside, _) = inside.split_once('}').ok_or(BadVariable)?;
                let piece = match inside {
                    "*" | "?" | "$" => Piece::Literal(inside),
                    _ => Piece::Variable(Variable::parse(inside)?),
                };
                (piece, inside.len() + 3)
            }
        };
        pieces.push((at, piece));
        at += length;
        rest = tail.get(length..).ok_or(BadVariable)?;
    }
    if !rest.is_empty() {
        pieces.push((at, Piece::Literal(rest)));
    }
    Ok(pieces)
}
