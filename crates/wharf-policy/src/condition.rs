//! Conditions: an operator, a key of the request, and values.

use std::net::IpAddr;

use crate::document::Problem;
use crate::instant::{self, Instant};
use crate::json::{Node, Value};
use crate::pattern::{BadVariable, Case, Glob, Language};
use crate::request::{Key, KeyValue, Read, RequestContext};

mod operator;
mod value;

#[cfg(test)]
mod tests;

pub(crate) use operator::{Compare, Family, Operator, Qualifier};
pub(crate) use value::{Network, decimal};

/// One key of one operator: all conditions of a statement have to hold.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    operator: Operator,
    key: Key,
    test: Test,
}

/// The policy's values, ready to be compared.
#[derive(Debug, Clone)]
enum Test {
    Text(Case, Box<[Glob]>),
    Arn(Box<[Glob]>),
    Numeric(Compare, Box<[i128]>),
    Date(Compare, Box<[Instant]>),
    Bool(Box<[bool]>),
    /// Base64, in the one form that equal bytes have.
    Binary(Box<[Box<str>]>),
    Ip(Box<[Network]>),
    Null(Box<[bool]>),
}

impl Condition {
    /// Reads the values of a key.
    ///
    /// # Errors
    /// The place of the bad value in the list, and what is wrong with it.
    pub(crate) fn parse(
        operator: Operator,
        key: &str,
        values: &[Node],
        language: Language,
    ) -> Result<Self, (usize, Problem)> {
        let test = Test::parse(operator, values, language)?;
        Ok(Self {
            operator,
            key: Key::new(key),
            test,
        })
    }

    /// The operator.
    pub(crate) fn operator(&self) -> Operator {
        self.operator
    }

    /// The key.
    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    /// The keys that the values refer to, in lower case.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        let globs: &[Glob] = match &self.test {
            Test::Text(_, globs) | Test::Arn(globs) => globs,
            _ => &[],
        };
        globs
            .iter()
            .flat_map(Glob::variables)
            .map(|variable| variable.key.as_str())
    }

    /// Whether it asks for certain texts, and holds neither without the key nor for every text.
    pub(crate) fn narrows(&self) -> bool {
        let globs: &[Glob] = match &self.test {
            Test::Text(_, globs) | Test::Arn(globs) => globs,
            _ => return false,
        };
        !self.operator.negated()
            && !self.operator.if_exists
            && self.operator.qualifier != Qualifier::ForAllValues
            && !globs.iter().any(Glob::is_anything)
    }

    /// Whether the condition holds.
    ///
    /// Without the key: `IfExists` holds; `ForAllValues` holds, `ForAnyValue` does not; without these, an operator
    /// holds if it is negated. With values: `ForAllValues` asks for all of them, else one is enough.
    pub(crate) fn holds(&self, request: &RequestContext) -> bool {
        let values = request.get(&self.key);
        if let Test::Null(absent) = &self.test {
            return absent.contains(&values.is_none());
        }
        let Some(values) = values else {
            return self.operator.if_exists
                || match self.operator.qualifier {
                    Qualifier::None => self.operator.negated(),
                    Qualifier::ForAnyValue => false,
                    Qualifier::ForAllValues => true,
                };
        };
        let satisfies =
            |value: &KeyValue| self.test.matches(value, request) != self.operator.negated();
        match self.operator.qualifier {
            Qualifier::None | Qualifier::ForAnyValue => values.iter().any(satisfies),
            Qualifier::ForAllValues => values.iter().all(satisfies),
        }
    }
}

impl Test {
    fn parse(
        operator: Operator,
        values: &[Node],
        language: Language,
    ) -> Result<Self, (usize, Problem)> {
        let family = operator.family();
        Ok(match family {
            Family::Text(case) => Self::Text(
                case,
                each(values, |text, _| {
                    Glob::exact(text, language).map_err(|bad| variable(text, bad))
                })?,
            ),
            Family::Like => Self::Text(
                Case::Sensitive,
                each(values, |text, _| {
                    Glob::like(text, language).map_err(|bad| variable(text, bad))
                })?,
            ),
            Family::Arn => Self::Arn(each(values, |text, _| {
                let glob = Glob::arn(text, language).map_err(|bad| variable(text, bad))?;
                let whole = text.matches(':').count() >= 5 && text.starts_with("arn:");
                if whole || glob.variables().next().is_some() {
                    Ok(glob)
                } else {
                    Err(wrong(text, "ARN of six fields"))
                }
            })?),
            Family::Numeric(compare) => Self::Numeric(
                compare,
                each(values, |text, _| {
                    value::decimal(text).ok_or_else(|| wrong(text, "number"))
                })?,
            ),
            Family::Date(compare) => Self::Date(
                compare,
                each(values, |text, value| {
                    let date = match value {
                        Value::Number(_) => instant::seconds(text),
                        _ => instant::parse(text),
                    };
                    date.ok_or_else(|| wrong(text, "date"))
                })?,
            ),
            Family::Bool => Self::Bool(booleans(values)?),
            Family::Null => Self::Null(booleans(values)?),
            Family::Binary => Self::Binary(each(values, |text, _| {
                if value::is_base64(text) {
                    Ok(text.into())
                } else {
                    Err(wrong(text, "base64"))
                }
            })?),
            Family::Ip => Self::Ip(each(values, |text, _| {
                Network::parse(text).ok_or_else(|| wrong(text, "IP address or range"))
            })?),
        })
    }

    /// Whether one of the policy's values matches a value of the request. One that cannot be read matches nothing.
    fn matches(&self, given: &KeyValue, request: &RequestContext) -> bool {
        let value = &*given.text;
        match self {
            Self::Text(case, globs) => globs
                .iter()
                .any(|glob| glob.matches(value, *case, Some(request))),
            Self::Arn(globs) => {
                value.starts_with("arn:")
                    && value.bytes().filter(|byte| *byte == b':').count() >= 5
                    && globs
                        .iter()
                        .any(|glob| glob.matches(value, Case::Sensitive, Some(request)))
            }
            Self::Numeric(compare, numbers) => {
                compare.any(value::decimal(value), numbers.iter().copied())
            }
            Self::Date(compare, dates) => {
                let date = match given.read {
                    Read::Date(date) => Some(date),
                    Read::Not | Read::Address(_) => instant::parse(value),
                };
                compare.any(date, dates.iter().copied())
            }
            Self::Bool(flags) => value::boolean(value).is_some_and(|flag| flags.contains(&flag)),
            Self::Binary(texts) => {
                value::is_base64(value) && texts.iter().any(|text| **text == *value)
            }
            Self::Ip(networks) => {
                let address = match given.read {
                    Read::Address(address) => address,
                    Read::Not | Read::Date(_) => value.parse().ok(),
                };
                address.is_some_and(|address: IpAddr| {
                    networks.iter().any(|network| network.contains(address))
                })
            }
            Self::Null(_) => false,
        }
    }
}

/// Reads each value from its text.
fn each<T>(
    values: &[Node],
    read: impl Fn(&str, &Value) -> Result<T, Problem>,
) -> Result<Box<[T]>, (usize, Problem)> {
    values
        .iter()
        .enumerate()
        .map(|(index, node)| {
            let text = match &node.value {
                Value::Text(text) | Value::Number(text) => text,
                Value::Bool(true) => "true",
                Value::Bool(false) => "false",
                Value::Null | Value::List(_) | Value::Object(_) => {
                    return Err((index, Problem::Expected("a string, a number, or a boolean")));
                }
            };
            read(text, &node.value).map_err(|problem| (index, problem))
        })
        .collect()
}

fn booleans(values: &[Node]) -> Result<Box<[bool]>, (usize, Problem)> {
    each(values, |text, _| {
        value::boolean(text).ok_or_else(|| wrong(text, "boolean"))
    })
}

fn variable(text: &str, _: BadVariable) -> Problem {
    Problem::Variable(text.to_owned())
}

fn wrong(text: &str, wanted: &'static str) -> Problem {
    Problem::ConditionValue {
        value: text.to_owned(),
        wanted,
    }
}
