//! Wildcards of `Action` and `Resource`.
//!
//! Matching goes back to the last wildcard of each kind only, never to all of them, so its time is bounded by the
//! length of the pattern times the length of the text, times the fields of an ARN, whatever either contains.

#[cfg(test)]
mod tests;

/// One step of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// This text, as long as it goes.
    Literal(Box<str>),
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
        let mut offset = first_wildcard;
        for piece in rest.split_inclusive(['*', '?']) {
            let literal = piece.trim_end_matches(['*', '?']);
            if !literal.is_empty() {
                tokens.push(Token::Literal(literal.into()));
            }
            let at = offset + literal.len();
            offset += piece.len();
            let token = match piece.chars().next_back() {
                Some('*') => Token::Run(reach(at)),
                Some('?') => Token::One(reach(at)),
                _ => continue,
            };
            // Two runs in a row are one, of the wider reach.
            match (tokens.last_mut(), &token) {
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
            tokens => walk(tokens, rest, case).0,
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

/// A run to go back to: the token behind it, and the text that it has not taken yet.
#[derive(Clone, Copy)]
struct Resume<'a> {
    position: usize,
    rest: &'a str,
}

/// Whether the tokens match the whole text, and how many characters were looked at to find out.
///
/// A run takes as little as it can, and one character more each time that what follows does not match. Two runs
/// are remembered, and a run makes earlier ones of its kind superfluous:
/// - one that may take anything: whatever an earlier run could leave to it, it can take by itself;
/// - one that stays in its field: the same as long as no colon lies between the two; and if one does, an earlier
///   run of the kind, which cannot pass a colon, has no choice but to end where it did.
fn walk(tokens: &[Token], text: &str, case: Case) -> (bool, usize) {
    let (mut position, mut rest) = (0, text);
    let (mut anything, mut within_field) = (None::<Resume<'_>>, None::<Resume<'_>>);
    let mut looks = 0;
    loop {
        looks += 1;
        match tokens.get(position) {
            None if rest.is_empty() => return (true, looks),
            Some(Token::Run(reach)) => {
                position += 1;
                let here = Some(Resume { position, rest });
                match reach {
                    Reach::Anything => (anything, within_field) = (here, None),
                    Reach::WithinField => within_field = here,
                }
                continue;
            }
            token => {
                if let Some(behind) = token.and_then(|token| token.take(rest, case, &mut looks)) {
                    (position, rest) = (position + 1, behind);
                    continue;
                }
            }
        }
        within_field =
            within_field.and_then(|it| it.longer(Reach::WithinField, tokens, case, &mut looks));
        if within_field.is_none() {
            anything = anything.and_then(|it| it.longer(Reach::Anything, tokens, case, &mut looks));
        }
        match within_field.or(anything) {
            Some(resume) => (position, rest) = (resume.position, resume.rest),
            None => return (false, looks),
        }
    }
}

impl Token {
    /// What is left of the text behind this token, which is not a run.
    fn take<'a>(&self, text: &'a str, case: Case, looks: &mut usize) -> Option<&'a str> {
        match self {
            Self::Literal(literal) => {
                *looks += literal.len();
                case.strip_prefix(text, literal)
            }
            Self::One(reach) => {
                let mut chars = text.chars();
                chars
                    .next()
                    .filter(|char| reach.covers(*char))
                    .map(|_| chars.as_str())
            }
            Self::Run(_) => None,
        }
    }
}

impl Resume<'_> {
    /// The run made longer: by one character, and on to where the literal behind it can begin.
    fn longer(self, reach: Reach, tokens: &[Token], case: Case, looks: &mut usize) -> Option<Self> {
        let first = match tokens.get(self.position) {
            Some(Token::Literal(literal)) => literal.chars().next(),
            _ => None,
        };
        let mut chars = self.rest.chars();
        if let (Some(first), Reach::Anything, Case::Sensitive) = (first, reach, case) {
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
            chars.next().filter(|char| reach.covers(*char))?;
            let rest = chars.as_str();
            let next = rest.chars().next();
            if first.is_none_or(|first| next.is_some_and(|next| case.same(first, next))) {
                return Some(Self { rest, ..self });
            }
        }
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
