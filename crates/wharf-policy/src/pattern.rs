//! Patterns: wildcards of actions, resources and condition values, and variables in them.
//!
//! Matching goes back to the last wildcard of each kind only, never to all of them, so its time is bounded by the
//! length of the pattern times the length of the text, times the fields of an ARN, whatever either contains.

use crate::request::RequestContext;

mod action;
mod resource;
mod variable;

#[cfg(test)]
mod tests;

pub(crate) use action::{Actions, hash};
pub(crate) use resource::ResourcePattern;
pub(crate) use variable::{BadVariable, Language, Piece, Variable, pieces};

/// One step of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// This text, as long as it goes.
    Literal(Box<str>),
    /// The value of a key of the request.
    Variable(Variable),
    /// `?`: one character that the reach covers.
    One(Reach),
    /// `*`: any run of characters that the reach covers, also none.
    Run(Reach),
}

/// Which characters a wildcard may stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Any.
    Anything,
    /// Any but a colon.
    WithinField,
    /// Any but the text's first five colons, which part the fields of an ARN.
    WithinArn,
}

/// What is matched, with what the reaches need to know of it.
#[derive(Debug, Clone, Copy)]
struct Subject<'a> {
    text: &'a str,
    /// Where the fifth colon stands, for patterns that ask; the end when there are fewer.
    fifth_colon: usize,
    case: Case,
    request: Option<&'a RequestContext>,
}

impl Reach {
    /// Whether a wildcard may stand for this character, which is the first of `rest`.
    fn covers(self, char: char, rest: &str, subject: &Subject<'_>) -> bool {
        char != ':'
            || match self {
                Self::Anything => true,
                Self::WithinField => false,
                Self::WithinArn => subject.text.len() - rest.len() > subject.fifth_colon,
            }
    }
}

/// A compiled pattern: literal text, then perhaps the rest from the first wildcard or variable on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glob {
    prefix: Box<str>,
    rest: Box<[Token]>,
}

impl Glob {
    /// `reach` tells, for the wildcard at a byte offset of the text, what it may stand for.
    fn compile(text: &str, pieces: &[(usize, Piece<'_>)], reach: impl Fn(usize) -> Reach) -> Self {
        debug_assert!(pieces.iter().all(|(at, _)| *at <= text.len()), "{text}");
        let mut prefix = None::<String>;
        let mut tokens: Vec<Token> = Vec::new();
        // Literals in a row, of which escapes make many, are one.
        let mut literal = String::new();
        for (at, piece) in pieces {
            let token = match piece {
                Piece::Literal(more) => {
                    literal.push_str(more);
                    continue;
                }
                Piece::Variable(variable) => Token::Variable(variable.clone()),
                Piece::One => Token::One(reach(*at)),
                Piece::Run => Token::Run(reach(*at)),
            };
            let before = std::mem::take(&mut literal);
            match &prefix {
                None => prefix = Some(before),
                Some(_) if before.is_empty() => {}
                Some(_) => tokens.push(Token::Literal(before.into())),
            }
            match (tokens.last_mut(), &token) {
                // Two runs in a row are one, of the wider reach.
                (Some(Token::Run(Reach::Anything)), Token::Run(_)) => {}
                (Some(last @ Token::Run(_)), Token::Run(_)) => *last = token,
                _ => tokens.push(token),
            }
        }
        let prefix = match prefix {
            None => literal,
            Some(prefix) => {
                if !literal.is_empty() {
                    tokens.push(Token::Literal(literal.into()));
                }
                prefix
            }
        };
        Self {
            prefix: prefix.into(),
            rest: tokens.into(),
        }
    }

    /// A pattern of which every wildcard stands for anything.
    ///
    /// # Errors
    /// A variable that is not well formed.
    pub(crate) fn like(text: &str, language: Language) -> Result<Self, BadVariable> {
        Ok(Self::compile(text, &pieces(text, true, language)?, |_| {
            Reach::Anything
        }))
    }

    /// A text without wildcards.
    ///
    /// # Errors
    /// A variable that is not well formed.
    pub(crate) fn exact(text: &str, language: Language) -> Result<Self, BadVariable> {
        Ok(Self::compile(text, &pieces(text, false, language)?, |_| {
            Reach::Anything
        }))
    }

    /// A pattern for an ARN in a condition: no wildcard stands for a colon between two fields.
    ///
    /// # Errors
    /// A variable that is not well formed.
    pub(crate) fn arn(text: &str, language: Language) -> Result<Self, BadVariable> {
        Ok(Self::compile(text, &pieces(text, true, language)?, |_| {
            Reach::WithinArn
        }))
    }

    /// Whether it is nothing but wildcards.
    pub(crate) fn is_anything(&self) -> bool {
        let wild = |token: &Token| matches!(token, Token::One(_) | Token::Run(_));
        self.prefix.is_empty() && !self.rest.is_empty() && self.rest.iter().all(wild)
    }

    /// Whether the pattern matches the whole text. A variable without a value makes it match nothing.
    pub(crate) fn matches(&self, text: &str, case: Case, request: Option<&RequestContext>) -> bool {
        let rest = if self.prefix.is_empty() {
            text
        } else if let Some(rest) = case.strip_prefix(text, &self.prefix) {
            rest
        } else {
            return false;
        };
        match &*self.rest {
            [] => rest.is_empty(),
            [Token::Run(Reach::Anything)] => true,
            // Most that do not match differ at the end.
            [.., Token::Literal(last)] if case == Case::Sensitive && !rest.ends_with(&**last) => {
                false
            }
            tokens => {
                let resolved = tokens.iter().all(|token| match token {
                    Token::Variable(variable) => variable.value(request).is_some(),
                    _ => true,
                });
                let in_arn = |token: &Token| {
                    matches!(
                        token,
                        Token::One(Reach::WithinArn) | Token::Run(Reach::WithinArn)
                    )
                };
                let fifth_colon = if tokens.iter().any(in_arn) {
                    fifth_colon(text)
                } else {
                    text.len()
                };
                let subject = Subject {
                    text,
                    fifth_colon,
                    case,
                    request,
                };
                resolved && walk(tokens, rest, &subject).0
            }
        }
    }

    /// The variables of the pattern.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.rest.iter().filter_map(|token| match token {
            Token::Variable(variable) => Some(variable),
            _ => None,
        })
    }
}

/// Where the colon stands that begins the sixth field of an ARN; the text's end when there is none.
fn fifth_colon(text: &str) -> usize {
    text.match_indices(':')
        .nth(4)
        .map_or(text.len(), |(at, _)| at)
}

/// Whether letters of different case are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Sensitive,
    /// Those of ASCII.
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

/// A run to go back to: the token behind it, and the text that it has not taken yet.
#[derive(Clone, Copy)]
struct Resume<'a> {
    position: usize,
    rest: &'a str,
    reach: Reach,
}

/// Whether the tokens match the whole text, and how many characters were looked at to find out.
///
/// A run takes as little as it can, and one character more each time that what follows does not match. Two runs
/// are remembered, and a run makes earlier ones of its kind superfluous:
/// - one that may take anything: whatever an earlier run could leave to it, it can take by itself;
/// - one that stays in its field: the same as long as no colon that it cannot pass lies between the two; and if one
///   does, an earlier run of the kind has no choice but to end where it did.
///
/// A pattern has wildcards of one ARN reach or of the two others, never of all three.
fn walk(tokens: &[Token], text: &str, subject: &Subject<'_>) -> (bool, usize) {
    let (mut position, mut rest) = (0, text);
    let (mut anything, mut within_field) = (None::<Resume<'_>>, None::<Resume<'_>>);
    let mut looks = 0;
    loop {
        looks += 1;
        match tokens.get(position) {
            None if rest.is_empty() => return (true, looks),
            Some(Token::Run(reach)) => {
                position += 1;
                let reach = *reach;
                let here = Some(Resume {
                    position,
                    rest,
                    reach,
                });
                match reach {
                    Reach::Anything => (anything, within_field) = (here, None),
                    Reach::WithinField | Reach::WithinArn => within_field = here,
                }
                continue;
            }
            token => {
                if let Some(behind) = token.and_then(|token| token.take(rest, subject, &mut looks))
                {
                    (position, rest) = (position + 1, behind);
                    continue;
                }
            }
        }
        within_field = within_field.and_then(|it| it.longer(tokens, subject, &mut looks));
        if within_field.is_none() {
            anything = anything.and_then(|it| it.longer(tokens, subject, &mut looks));
        }
        match within_field.or(anything) {
            Some(resume) => (position, rest) = (resume.position, resume.rest),
            None => return (false, looks),
        }
    }
}

impl Token {
    /// What is left of the text behind this token, which is not a run.
    fn take<'a>(&self, text: &'a str, subject: &Subject<'_>, looks: &mut usize) -> Option<&'a str> {
        match self {
            Self::Literal(literal) => {
                *looks += literal.len();
                subject.case.strip_prefix(text, literal)
            }
            Self::Variable(variable) => {
                let value = variable.value(subject.request)?;
                *looks += value.len();
                subject.case.strip_prefix(text, value)
            }
            Self::One(reach) => {
                let mut chars = text.chars();
                chars
                    .next()
                    .filter(|char| reach.covers(*char, text, subject))
                    .map(|_| chars.as_str())
            }
            Self::Run(_) => None,
        }
    }
}

impl Resume<'_> {
    /// The run made longer: by one character, and on to where the literal behind it can begin.
    fn longer(self, tokens: &[Token], subject: &Subject<'_>, looks: &mut usize) -> Option<Self> {
        let first = match tokens.get(self.position) {
            Some(Token::Literal(literal)) => literal.chars().next(),
            _ => None,
        };
        let mut chars = self.rest.chars();
        if let (Some(first), Reach::Anything, Case::Sensitive) = (first, self.reach, subject.case) {
            // The search of the standard library looks at many characters at once. It must not run past a field:
            // what it finds there is of no use, and it would look there again for every field.
            chars.next()?;
            let found = chars.as_str().find(first);
            *looks += 1 + found.unwrap_or(chars.as_str().len());
            return found
                .and_then(|at| chars.as_str().get(at..))
                .map(|rest| Self { rest, ..self });
        }
        loop {
            *looks += 1;
            let here = chars.as_str();
            chars
                .next()
                .filter(|char| self.reach.covers(*char, here, subject))?;
            let rest = chars.as_str();
            let next = rest.chars().next();
            if first.is_none_or(|first| next.is_some_and(|next| subject.case.same(first, next))) {
                return Some(Self { rest, ..self });
            }
        }
    }
}
