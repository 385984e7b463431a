//! Reads parameters along a table of shapes, with the texts of IAM and STS.
//!
//! Names: `RoleName`; `Tags.member.1.Key` in a list of structures, `TagKeys.member.1` in one of values, and the same
//! without `member`; an empty list is `Tags=`. Error texts name members by their path, each with a small first letter:
//! `roleName`, `tags.1.member.key`, and `tagKeys` for every value of that list.
//! **Source:** texts observed; that of a number that is none is ours.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Input, MAX_PARAMETERS, Params};
use crate::awsjson::{Member, Shape};

/// Most constraints that are told of one request. The largest lawful one has some thousand values.
const MAX_BROKEN: usize = 100;

/// The longest value that an error text repeats, in bytes.
const LONGEST_ECHO: usize = 1_024;

/// Why parameters are not a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A number, a truth value or a list that cannot be read as one: `MalformedInput`.
    #[error("{0}")]
    Malformed(String),
    /// All constraints of the model that do not hold: `ValidationError`.
    #[error("{0}")]
    Validation(String),
}

impl DecodeError {
    /// The error's code on the wire; its status is 400.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "MalformedInput",
            Self::Validation(_) => "ValidationError",
        }
    }
}

/// Reads a request; parameters that its table does not know are ignored.
/// # Errors
/// `Malformed` for what cannot be read, which goes before `Validation`; that tells all broken constraints, in the
/// order of the model, but no more than 100.
pub fn decode<T: Input>(params: &Params) -> Result<T, DecodeError> {
    let mut reader = Reader {
        params,
        echoes: T::SERVICE.echoes,
        path: Vec::new(),
        broken: Vec::new(),
    };
    let members = match T::shape() {
        Shape::Structure(members) => *members,
        _ => &[],
    };
    let value = reader.structure("", members)?;
    match reader.broken.as_slice() {
        [] => {
            serde_json::from_value(value).map_err(|error| DecodeError::Malformed(error.to_string()))
        }
        [one] => Err(DecodeError::Validation(format!(
            "1 validation error detected: {one}"
        ))),
        all => Err(DecodeError::Validation(format!(
            "{} validation errors detected: {}",
            all.len(),
            all.join("; ")
        ))),
    }
}

enum Step {
    Member(&'static str),
    /// The place in a list of structures, from one.
    Element(usize),
}

struct Reader<'a> {
    params: &'a Params,
    echoes: bool,
    path: Vec<Step>,
    /// What did not hold, as it is told.
    broken: Vec<String>,
}

impl Reader<'_> {
    /// The structure whose members' names begin with `prefix`.
    fn structure(
        &mut self,
        prefix: &str,
        members: &'static [Member],
    ) -> Result<Value, DecodeError> {
        let mut object = Map::new();
        for member in members {
            self.path.push(Step::Member(member.name));
            let name = format!("{prefix}{}", member.name);
            match self.value(&name, member.shape, member.secret)? {
                Some(value) => {
                    object.insert(member.name.to_owned(), value);
                }
                None if member.required => self.fail(" null", "Member must not be null"),
                None => {}
            }
            self.path.pop();
        }
        Ok(Value::Object(object))
    }

    /// Recursion ends with the table's depth.
    fn value(
        &mut self,
        name: &str,
        shape: &'static Shape,
        secret: bool,
    ) -> Result<Option<Value>, DecodeError> {
        match shape {
            Shape::Structure(members) => {
                let prefix = format!("{name}.");
                if self.params.get(name).is_none() && self.params.below(&prefix).next().is_none() {
                    return Ok(None);
                }
                self.structure(&prefix, members).map(Some)
            }
            Shape::List { min, max, member } => self.list(name, (*min, *max), member, secret),
            _ => {
                let Some(text) = self.params.get(name) else {
                    return Ok(None);
                };
                let value = scalar(name, text, shape)?;
                let echo = self.echo(text, secret);
                for reason in self.reasons(&value, shape) {
                    self.fail(&echo, &reason);
                }
                Ok(Some(value))
            }
        }
    }

    fn list(
        &mut self,
        name: &str,
        (min, max): (usize, usize),
        shape: &'static Shape,
        secret: bool,
    ) -> Result<Option<Value>, DecodeError> {
        let elements = self.elements(name)?;
        match self.params.get(name) {
            None if elements.is_empty() => return Ok(None),
            Some(text) if !text.is_empty() => {
                return Err(malformed(format!("{name} is a list and has a value")));
            }
            _ => {}
        }
        if let Some(reason) = length(elements.len(), min, max) {
            self.fail("", &reason);
        }
        let mut items = Vec::new();
        let mut broken = false;
        for (place, element) in (1..).zip(elements.values()) {
            let item = if matches!(shape, Shape::Structure(_) | Shape::List { .. }) {
                self.path.push(Step::Element(place));
                let item = self.value(element, shape, secret)?;
                self.path.pop();
                item
            } else {
                let item = self.params.get(element);
                let item = item.map(|text| scalar(element, text, shape)).transpose()?;
                broken |= item
                    .as_ref()
                    .is_some_and(|item| !self.reasons(item, shape).is_empty());
                item
            };
            // `TagKeys.member.1.Key` makes an element without a value of its own.
            items.push(item.ok_or_else(|| malformed(format!("{element} has no value")))?);
        }
        if broken {
            self.elements_fail(&items, shape, secret);
        }
        Ok(Some(Value::Array(items)))
    }

    /// One text for all values of a list that break a rule; it tells all rules.
    fn elements_fail(&mut self, items: &[Value], shape: &'static Shape, secret: bool) {
        let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
        let echo = self.echo(&format!("[{}]", texts.join(", ")), secret);
        let rules = self.rules(shape).join(", ");
        self.fail(&echo, &format!("Member must satisfy constraint: [{rules}]"));
    }

    /// The parameters' names of a list's elements, by number.
    fn elements(&self, name: &str) -> Result<BTreeMap<usize, String>, DecodeError> {
        let mut elements = BTreeMap::new();
        let prefix = format!("{name}.");
        for rest in self.params.below(&prefix) {
            let (infix, rest) = match rest.strip_prefix("member.") {
                Some(rest) => ("member.", rest),
                None => ("", rest),
            };
            let digits = rest.split('.').next().unwrap_or_default();
            let number = number(digits).ok_or_else(|| {
                malformed(format!(
                    "the elements of {name} are not numbered from 1 to {MAX_PARAMETERS}"
                ))
            })?;
            let element = format!("{prefix}{infix}{digits}");
            let before = elements.insert(number, element.clone());
            if before.is_some_and(|before| before != element) {
                return Err(malformed(format!("{name} has element {number} twice")));
            }
        }
        Ok(elements)
    }

    /// The rules that a value breaks.
    fn reasons(&self, value: &Value, shape: &'static Shape) -> Vec<String> {
        let mut reasons = Vec::new();
        match (shape, value) {
            (Shape::Text { min, max, pattern }, Value::String(text)) => {
                let length = length(text.chars().count(), *min, *max);
                if let Some(pattern) = pattern
                    // A text that is too long for the matcher is too long, and may match.
                    && (length.is_none() || pattern.tries(text))
                    && !pattern.matches(text)
                {
                    reasons.push(expression(pattern.text()));
                }
                reasons.extend(length);
            }
            (Shape::Enum(values), Value::String(text)) if !values.contains(&text.as_str()) => {
                reasons.push(self.set(values));
            }
            (Shape::Number { min, max, .. }, Value::Number(number)) => {
                let number = number.as_i64().unwrap_or_default();
                if number < *min {
                    reasons.push(format!(
                        "Member must have value greater than or equal to {min}"
                    ));
                } else if number > *max {
                    reasons.push(format!(
                        "Member must have value less than or equal to {max}"
                    ));
                }
            }
            _ => {}
        }
        reasons
    }

    /// All rules of a value in a list.
    fn rules(&self, shape: &'static Shape) -> Vec<String> {
        match shape {
            Shape::Text { min, max, pattern } => {
                let longest = (*max < usize::MAX)
                    .then(|| format!("Member must have length less than or equal to {max}"));
                let shortest = (*min > 0)
                    .then(|| format!("Member must have length greater than or equal to {min}"));
                let pattern = pattern.as_ref().map(|pattern| expression(pattern.text()));
                [longest, shortest, pattern].into_iter().flatten().collect()
            }
            Shape::Enum(values) => vec![self.set(values)],
            _ => Vec::new(),
        }
    }

    fn set(&self, values: &[&str]) -> String {
        let mut text = "Member must satisfy enum value set".to_owned();
        if self.echoes {
            text.push_str(": [");
            text.push_str(&values.join(", "));
            text.push(']');
        }
        text
    }

    fn echo(&self, value: &str, secret: bool) -> String {
        if self.echoes && !secret && value.len() <= LONGEST_ECHO {
            format!(" '{value}'")
        } else {
            String::new()
        }
    }

    fn fail(&mut self, echo: &str, reason: &str) {
        if self.broken.len() < MAX_BROKEN {
            let member = self.member();
            self.broken.push(format!(
                "Value{echo} at '{member}' failed to satisfy constraint: {reason}"
            ));
        }
    }

    fn member(&self) -> String {
        let steps: Vec<String> = self
            .path
            .iter()
            .map(|step| match step {
                Step::Member(name) => uncapitalized(name),
                Step::Element(place) => format!("{place}.member"),
            })
            .collect();
        steps.join(".")
    }
}

/// A parameter's value in the type of its shape.
fn scalar(name: &str, text: &str, shape: &Shape) -> Result<Value, DecodeError> {
    match shape {
        Shape::Number { .. } => text
            .parse::<i64>()
            .map(Value::from)
            .map_err(|_not_one| malformed(format!("the value of {name} is not a whole number"))),
        Shape::Boolean => match text.to_ascii_lowercase().as_str() {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(malformed(format!(
                "the value of {name} is neither true nor false"
            ))),
        },
        _ => Ok(Value::from(text)),
    }
}

fn malformed(text: String) -> DecodeError {
    DecodeError::Malformed(text)
}

/// The number of an element: without leading zeros, and no larger than a request has parameters.
fn number(digits: &str) -> Option<usize> {
    let plain = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = plain.then(|| digits.parse::<usize>().ok()).flatten()?;
    (number <= MAX_PARAMETERS).then_some(number)
}

fn length(length: usize, min: usize, max: usize) -> Option<String> {
    if length < min {
        Some(format!(
            "Member must have length greater than or equal to {min}"
        ))
    } else if length > max {
        Some(format!(
            "Member must have length less than or equal to {max}"
        ))
    } else {
        None
    }
}

fn expression(pattern: &str) -> String {
    format!("Member must satisfy regular expression pattern: {pattern}")
}

fn uncapitalized(name: &str) -> String {
    let mut characters = name.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_ascii_lowercase().to_string() + characters.as_str()
    })
}
