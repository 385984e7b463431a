//! Reads JSON that has one meaning: no key twice, bounded depth, a bounded number of values.

use std::cell::Cell;
use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

use super::DecodeError;

/// Deepest nesting. The deepest request of the model has seven levels.
const MAX_DEPTH: usize = 64;

/// Most values of one body, so that megabytes of `[[],[],…` do not become sixteen times as much memory.
/// The largest lawful request (replication rules) has some 4,000.
const MAX_VALUES: usize = 100_000;

const NOT_JSON: &str = "the request body is not valid JSON";

/// What was read.
pub(super) struct Tree {
    pub(super) value: Value,
    /// Where the blob's string lies in the body, quotes included; an empty string stands in its place in the tree.
    pub(super) blob: Option<Range<usize>>,
}

/// Reads one value and nothing behind it. `blob`: a member of the whole that is not copied if it is a string.
pub(super) fn read(body: &[u8], blob: Option<&'static str>) -> Result<Tree, DecodeError> {
    let state = State {
        values: Cell::new(0),
        failure: Cell::new(NOT_JSON),
        blob,
        begins: body.as_ptr().addr(),
        place: Cell::new(None),
    };
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let strict = Strict {
        state: &state,
        depth: 0,
    };
    let value = strict.deserialize(&mut deserializer);
    // serde's text tells a place in the body, and is dropped: clients never wrote this JSON by hand.
    let value = value
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|_place| DecodeError::Serialization(state.failure.get().to_owned()))?;
    let blob = state.place.get().map(|(start, end)| start..end);
    Ok(Tree { value, blob })
}

struct State {
    values: Cell<usize>,
    /// What is told if reading fails.
    failure: Cell<&'static str>,
    /// The member of the whole that is left where it lies.
    blob: Option<&'static str>,
    /// The address of the body.
    begins: usize,
    /// From where to where that member was found.
    place: Cell<Option<(usize, usize)>>,
}

impl State {
    fn fail<E: Error>(&self, text: &'static str) -> E {
        self.failure.set(text);
        E::custom(text)
    }
}

/// A value as it stands in the body, checked to be JSON and nothing else.
struct Lying<'a> {
    strict: Strict<'a>,
}

impl<'de> DeserializeSeed<'de> for Lying<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let text = <&'de RawValue as serde::Deserialize>::deserialize(deserializer)?.get();
        let state = self.strict.state;
        if !text.starts_with('"') {
            let mut inner = serde_json::Deserializer::from_str(text);
            let value = self.strict.deserialize(&mut inner);
            return value.map_err(|_place| state.fail(state.failure.get()));
        }
        let start = text.as_ptr().addr().saturating_sub(state.begins);
        state.place.set(Some((start, start + text.len())));
        Ok(Value::String(String::new()))
    }
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    state: &'a State,
    depth: usize,
}

impl Strict<'_> {
    fn inner<E: Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(self
                .state
                .fail("the request body is nested deeper than 64 levels"));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let values = self.state.values.get() + 1;
        self.state.values.set(values);
        if values > MAX_VALUES {
            return Err(self
                .state
                .fail("the request body has more than 100000 values"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| self.state.fail(NOT_JSON))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            let value = if self.depth == 0 && self.state.blob == Some(key.as_str()) {
                members.next_value_seed(Lying { strict: inner })?
            } else {
                members.next_value_seed(inner)?
            };
            if object.insert(key, value).is_some() {
                return Err(self.state.fail("the request body has a key twice"));
            }
        }
        Ok(Value::Object(object))
    }
}
