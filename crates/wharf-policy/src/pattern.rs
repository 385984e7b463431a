//! Wildcards of `Action` and `Resource`.
//!
//! Matching follows every way through the pattern at once, so its time is bounded by the length of the pattern
//! times the length of the text, whatever either contains.

#[cfg(test)]
mod tests;

/// One step of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    /// This character.
    Literal(char),
    /// `?`: one character; of any kind, or any but a colon.
    One(Reach),
    /// `*`: any run of characters, also none; of any kind, or without a colon.
    Run(Reach),
}

/// Whether a wildcard may stand for a colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Anything,
    WithinField,
}

impl Reach {
    fn covers(self, char: char) -> bool {
        self == Self::Anything || char != ':'
    }
}

/// A compiled pattern: literal text, then perhaps the rest from the first wildcard on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Glob {
    prefix: Box<str>,
    rest: Box<[Token]>,
}

impl Glob {
    /// `reach` tells, for the wildcard at a byte offset of the text, whether it may stand for a colon.
    fn compile(text: &str, reach: impl Fn(usize) -> Reach) -> Self {
        let first_wildcard = text.find(['*', '?']).unwrap_or(text.len());
        let (prefix, rest) = text.split_at(first_wildcard);
        let mut tokens: Vec<Token> = Vec::new();
        for (offset, char) in rest.char_indices() {
            let token = match char {
                '*' => Token::Run(reach(first_wildcard + offset)),
                '?' => Token::One(reach(first_wildcard + offset)),
                literal => Token::Literal(literal),
            };
            // Two runs in a row are one, of the wider reach.
            match (tokens.last_mut(), token) {
                (Some(Token::Run(Reach::Anything)), Token::Run(_)) => {}
                (Some(last @ Token::Run(_)), Token::Run(_)) => *last = token,
                _ => tokens.push(token),
            }
        }
        Self {
            prefix: prefix.into(),
            rest: tokens.into(),
        }
    }

    fn matches(&self, text: &str, case: Case) -> bool {
        let Some(rest) = case.strip_prefix(text, &self.prefix) else {
            return false;
        };
        match &*self.rest {
            [] => rest.is_empty(),
            [Token::Run(Reach::Anything)] => true,
            tokens => simulate(tokens, rest, case).0,
        }
    }
}

/// Whether letters of different case are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Sensitive,
    Ignored,
}

impl Case {
    fn same(self, a: char, b: char) -> bool {
        a == b || (self == Self::Ignored && a.eq_ignore_ascii_case(&b))
    }

    fn strip_prefix<'a>(self, text: &'a str, prefix: &str) -> Option<&'a str> {
        if self == Self::Sensitive {
            return text.strip_prefix(prefix);
        }
        let (head, rest) = text.split_at_checked(prefix.len())?;
        head.eq_ignore_ascii_case(prefix).then_some(rest)
    }
}

/// Whether the tokens match the whole text, and how many steps it took to find out.
///
/// Keeps the set of positions in the pattern that the text so far can lead to, in order and each once.
fn simulate(tokens: &[Token], text: &str, case: Case) -> (bool, usize) {
    let mut steps = 0;
    let mut current: Vec<usize> = Vec::with_capacity(tokens.len() + 1);
    let mut next: Vec<usize> = Vec::with_capacity(tokens.len() + 1);
    enter(tokens, &mut current, 0);
    for char in text.chars() {
        for &position in &current {
            steps += 1;
            match tokens.get(position) {
                Some(Token::Literal(literal)) if case.same(*literal, char) => {
                    enter(tokens, &mut next, position + 1);
                }
                Some(Token::One(reach)) if reach.covers(char) => {
                    enter(tokens, &mut next, position + 1);
                }
                Some(Token::Run(reach)) if reach.covers(char) => enter(tokens, &mut next, position),
                _ => {}
            }
        }
        std::mem::swap(&mut current, &mut next);
        next.clear();
        if current.is_empty() {
            return (false, steps);
        }
    }
    (current.last() == Some(&tokens.len()), steps)
}

/// Adds a position, and the one behind it where a run may stand for nothing. Positions come in ascending order,
/// so a repeated one is the last or, behind a run, the last but one.
fn enter(tokens: &[Token], positions: &mut Vec<usize>, position: usize) {
    if positions.last().is_none_or(|last| *last < position) {
        positions.push(position);
    }
    if matches!(tokens.get(position), Some(Token::Run(_))) && positions.last() == Some(&position) {
        positions.push(position + 1);
    }
}

/// A pattern of `Action`: `*`, or `prefix:Name` with wildcards in the name. Case is ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ActionPattern(Glob);

impl ActionPattern {
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let is_prefix = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let is_name =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'?' | b'-' | b'_');
        let well_formed = text == "*"
            || text.split_once(':').is_some_and(|(prefix, name)| {
                !prefix.is_empty()
                    && prefix.bytes().all(is_prefix)
                    && !name.is_empty()
                    && name.bytes().all(is_name)
            });
        if well_formed {
            Ok(Self(Glob::compile(text, |_| Reach::Anything)))
        } else {
            Err("an `Action` is not of the form `prefix:Name`")
        }
    }

    pub(crate) fn matches(&self, action: &str) -> bool {
        self.0.matches(action, Case::Ignored)
    }
}

/// A pattern of `Resource`: `*`, or an ARN with wildcards outside of the service. Case counts.
///
/// A `*` before a colon or at the end may stand for colons; any other wildcard in the first five fields may not.
/// In the sixth field wildcards stand for anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResourcePattern(Glob);

impl ResourcePattern {
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        if text != "*" {
            let mut fields = text.split(':');
            if fields.next() != Some("arn") || fields.next().is_none_or(str::is_empty) {
                return Err("a `Resource` is neither `*` nor an ARN");
            }
            if fields
                .next()
                .is_none_or(|service| service.is_empty() || service.contains(['*', '?']))
            {
                return Err("the service of a `Resource` is not fully qualified");
            }
        }
        Ok(Self(Glob::compile(text, |offset| {
            Self::reach(text, offset)
        })))
    }

    fn reach(text: &str, offset: usize) -> Reach {
        let (before, wildcard) = text.split_at_checked(offset).unwrap_or((text, ""));
        let in_sixth_field = before.bytes().filter(|byte| *byte == b':').count() >= 5;
        let ends_field = wildcard == "*" || wildcard.starts_with("*:");
        if in_sixth_field || ends_field {
            Reach::Anything
        } else {
            Reach::WithinField
        }
    }

    pub(crate) fn matches(&self, resource: &str) -> bool {
        self.0.matches(resource, Case::Sensitive)
    }
}
