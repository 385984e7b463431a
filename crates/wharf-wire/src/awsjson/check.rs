//! The one walker: a JSON tree against a table of shapes, with ECR's texts.
//!
//! A type that is wrong anywhere goes before a constraint, as the service reads a request whole before it
//! validates it. Paths: `repositoryName`; `encryptionConfiguration.encryptionType`; `tags.1.member.key` in a
//! structure of a list, counted from one; a list of plain values is named itself (`registryIds`).
//! **Source:** texts observed from ECR; those of wrong types are of the service framework, and not ECR's
//! promise: clients show them and do not read them.

use serde_json::{Map, Value};

use super::DecodeError;
use super::shape::{Member, Pattern, Shape};

const NULL: &str = "Member must not be null";

/// Checks a whole request. `blob`: how many bytes its blob has, which is not in the tree.
pub(super) fn check(value: &Value, shape: &'static Shape, blob: usize) -> Result<(), DecodeError> {
    let mut walker = Walker {
        path: Vec::new(),
        blob,
        broken: None,
    };
    walker.value(value, shape)?;
    walker.broken.map_or(Ok(()), Err)
}

enum Step {
    Member(&'static str),
    /// The place in a list of structures, from one.
    Element(usize),
}

struct Walker {
    path: Vec<Step>,
    /// Bytes of the request's blob.
    blob: usize,
    /// The first constraint that did not hold.
    broken: Option<DecodeError>,
}

impl Walker {
    /// Recursion ends with the table's depth, whatever the body's.
    fn value(&mut self, value: &Value, shape: &'static Shape) -> Result<(), DecodeError> {
        match (shape, value) {
            (Shape::Structure(members), Value::Object(object)) => self.structure(object, members),
            (Shape::List { min, max, member }, Value::Array(items)) => {
                self.length(items.len(), *min, *max);
                self.elements(items, member)
            }
            (Shape::Text { min, max, pattern }, Value::String(text)) => {
                self.text(text, *min, *max, pattern.as_ref());
                Ok(())
            }
            (Shape::Enum(values), Value::String(text)) => {
                if !values.contains(&text.as_str()) {
                    self.fail(|| {
                        format!(
                            "Member must satisfy enum value set: [{}]",
                            values.join(", ")
                        )
                    });
                }
                Ok(())
            }
            (Shape::Number { name, min, max }, Value::Number(number)) => {
                let number = number.as_i64().ok_or_else(|| wrong_type(value, name))?;
                self.number(number, *min, *max);
                Ok(())
            }
            (Shape::Boolean, Value::Bool(_)) => Ok(()),
            (Shape::Blob { min, max }, Value::String(_)) => {
                self.length(self.blob, *min, *max);
                Ok(())
            }
            (Shape::Structure(_), _) => Err(unexpected(value, "Expected structure or null")),
            (Shape::List { .. }, _) => Err(unexpected(value, "Expected list or null")),
            (Shape::Text { .. } | Shape::Enum(_), _) => Err(wrong_type(value, "String")),
            (Shape::Number { name, .. }, _) => Err(wrong_type(value, name)),
            (Shape::Boolean, _) => Err(wrong_type(value, "Boolean")),
            (Shape::Blob { .. }, _) => Err(wrong_type(value, "Blob")),
        }
    }

    fn structure(
        &mut self,
        object: &Map<String, Value>,
        members: &'static [Member],
    ) -> Result<(), DecodeError> {
        for member in members {
            self.path.push(Step::Member(member.label));
            match object.get(member.name) {
                Some(Value::Null) | None if member.required => self.fail(|| NULL.to_owned()),
                Some(Value::Null) | None => {}
                // Some clients send an empty id and mean the caller's own registry.
                Some(Value::String(text)) if text.is_empty() && member.name == "registryId" => {}
                Some(value) => self.value(value, member.shape)?,
            }
            self.path.pop();
        }
        Ok(())
    }

    fn elements(&mut self, items: &[Value], shape: &'static Shape) -> Result<(), DecodeError> {
        let inner = matches!(shape, Shape::Structure(_) | Shape::List { .. });
        for (place, item) in (1..).zip(items) {
            if inner {
                self.path.push(Step::Element(place));
            }
            match item {
                Value::Null => self.fail(|| NULL.to_owned()),
                item => self.value(item, shape)?,
            }
            if inner {
                self.path.pop();
            }
        }
        Ok(())
    }

    fn text(&mut self, text: &str, min: usize, max: usize, pattern: Option<&Pattern>) {
        // Four megabytes of manifest are counted only if their bytes might be too many characters.
        if text.len() > max || text.len() < min.saturating_mul(4) {
            self.length(text.chars().count(), min, max);
        }
        if let Some(pattern) = pattern
            && !pattern.matches(text)
        {
            self.fail(|| format!("must satisfy regular expression '{}'", pattern.text()));
        }
    }

    fn length(&mut self, length: usize, min: usize, max: usize) {
        if length < min {
            self.fail(|| format!("Member must have length greater than or equal to {min}"));
        } else if length > max {
            self.fail(|| format!("Member must have length less than or equal to {max}"));
        }
    }

    fn number(&mut self, number: i64, min: i64, max: i64) {
        if number < min {
            self.fail(|| format!("Member must have value greater than or equal to {min}"));
        } else if number > max {
            self.fail(|| format!("Member must have value less than or equal to {max}"));
        }
    }

    fn fail(&mut self, reason: impl FnOnce() -> String) {
        if self.broken.is_none() {
            let member = self.member();
            let reason = reason();
            self.broken = Some(DecodeError::Constraint { member, reason });
        }
    }

    fn member(&self) -> String {
        let steps: Vec<String> = self
            .path
            .iter()
            .map(|step| match step {
                Step::Member(label) => (*label).to_owned(),
                Step::Element(place) => format!("{place}.member"),
            })
            .collect();
        steps.join(".")
    }
}

fn wrong_type(value: &Value, wanted: &str) -> DecodeError {
    let found = match value {
        Value::Null => "NULL_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
        Value::Array(_) | Value::Object(_) => return unexpected(value, ""),
    };
    DecodeError::Serialization(format!("{found} cannot be converted to {wanted}"))
}

fn unexpected(value: &Value, otherwise: &str) -> DecodeError {
    let text = match value {
        Value::Array(_) => "Start of list found where not expected",
        Value::Object(_) => "Start of structure or map found where not expected",
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => otherwise,
    };
    DecodeError::Serialization(text.to_owned())
}
