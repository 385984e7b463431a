//! Tables of shapes: what a request may hold, as data.
//!
//! The tables are generated; `check.rs` is the one walker that reads them.

use std::sync::OnceLock;

use regex_lite::Regex;

/// What one value may be.
#[derive(Debug)]
pub enum Shape {
    /// An object; members that are not listed are ignored.
    Structure(&'static [Member]),
    /// An array of `min..=max` elements of one shape, none of them `null`.
    List {
        /// Fewest elements.
        min: usize,
        /// Most elements.
        max: usize,
        /// The shape of each.
        member: &'static Self,
    },
    /// A string of `min..=max` Unicode characters.
    Text {
        /// Fewest characters.
        min: usize,
        /// Most characters.
        max: usize,
        /// What the whole string must match.
        pattern: Option<Pattern>,
    },
    /// A string that is one of these.
    Enum(&'static [&'static str]),
    /// A whole number in `min..=max`.
    Number {
        /// The model's word for its type: `Integer` or `Long`.
        name: &'static str,
        /// Smallest value.
        min: i64,
        /// Largest value.
        max: i64,
    },
    /// `true` or `false`.
    Boolean,
    /// Base64 of `min..=max` bytes; a request has one at most, as a member of its own.
    Blob {
        /// Fewest bytes.
        min: usize,
        /// Most bytes.
        max: usize,
    },
}

/// A member of a structure.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// The key in JSON, the parameter in the query protocol.
    pub(crate) name: &'static str,
    /// What ECR's error texts call it.
    pub(super) label: &'static str,
    pub(crate) required: bool,
    /// Its value must not show in error texts.
    pub(crate) secret: bool,
    pub(crate) shape: &'static Shape,
}

impl Member {
    pub(crate) const fn required(name: &'static str, shape: &'static Shape) -> Self {
        Self {
            name,
            label: name,
            required: true,
            secret: false,
            shape,
        }
    }

    pub(crate) const fn optional(name: &'static str, shape: &'static Shape) -> Self {
        Self {
            required: false,
            ..Self::required(name, shape)
        }
    }

    /// The same member with its own name in error texts.
    pub(crate) const fn called(self, label: &'static str) -> Self {
        Self { label, ..self }
    }

    /// The same member, whose value no error text repeats.
    pub(crate) const fn secret(self) -> Self {
        Self {
            secret: true,
            ..self
        }
    }
}

impl Shape {
    /// The key of the member that is a blob.
    pub(super) fn blob_member(&self) -> Option<&'static str> {
        let Self::Structure(members) = self else {
            return None;
        };
        let mut blobs = members
            .iter()
            .filter(|member| matches!(member.shape, Self::Blob { .. }));
        blobs.next().map(|member| member.name)
    }

    pub(crate) const fn text(min: usize, max: usize) -> Self {
        Self::Text {
            min,
            max,
            pattern: None,
        }
    }

    pub(crate) const fn pattern(min: usize, max: usize, pattern: &'static str) -> Self {
        Self::Text {
            min,
            max,
            pattern: Some(Pattern::new(pattern)),
        }
    }

    /// A text with a matcher by hand; `pattern` is what error texts tell.
    pub(crate) const fn matched(
        min: usize,
        max: usize,
        pattern: &'static str,
        matcher: fn(&str) -> bool,
    ) -> Self {
        Self::Text {
            min,
            max,
            pattern: Some(Pattern {
                text: pattern,
                matcher: Some(matcher),
                compiled: OnceLock::new(),
            }),
        }
    }

    pub(crate) const fn list(min: usize, max: usize, member: &'static Self) -> Self {
        Self::List { min, max, member }
    }

    pub(crate) const fn number(name: &'static str, min: i64, max: i64) -> Self {
        Self::Number { name, min, max }
    }

    pub(crate) const fn blob(min: usize, max: usize) -> Self {
        Self::Blob { min, max }
    }
}

/// The longest string, in bytes, that a pattern is tried on.
///
/// Some patterns come without a greatest length (`[0-9]{12}` too); no value that anybody means is this long,
/// and matching costs some hundred times more than reading.
const LONGEST_MATCHED: usize = 4_096;

/// A regular expression that a whole value must match, compiled when first used.
#[derive(Debug)]
pub struct Pattern {
    text: &'static str,
    /// What matches in its place, in time that is linear with little per character.
    matcher: Option<fn(&str) -> bool>,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    const fn new(text: &'static str) -> Self {
        Self {
            text,
            matcher: None,
            compiled: OnceLock::new(),
        }
    }

    /// The expression as the model writes it, for error texts.
    pub(crate) const fn text(&self) -> &'static str {
        self.text
    }

    /// Tells whether all of `value` matches. A pattern that cannot be compiled matches nothing;
    /// the generator refuses to write such a one.
    pub(crate) fn matches(&self, value: &str) -> bool {
        if let Some(matcher) = self.matcher {
            return matcher(value);
        }
        self.tries(value)
            && self
                .compiled
                .get_or_init(|| Regex::new(&format!("^(?:{})$", self.text)).ok())
                .as_ref()
                .is_some_and(|regex| regex.is_match(value))
    }

    /// Whether a value is short enough to be tried at all.
    pub(crate) const fn tries(&self, value: &str) -> bool {
        self.matcher.is_some() || value.len() <= LONGEST_MATCHED
    }

    #[cfg(test)]
    pub(crate) fn compiles(&self) -> bool {
        self.matcher.is_some() || Regex::new(&format!("^(?:{})$", self.text)).is_ok()
    }
}
