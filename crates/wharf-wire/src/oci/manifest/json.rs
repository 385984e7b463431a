//! Reads JSON that has one meaning: no duplicate keys, bounded depth, a bounded number of values.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{MAX_DEPTH, MAX_DESCRIPTORS, ManifestError, excerpt};

/// Most values of one manifest, so that 4 MiB of `[[],[],…` do not become a hundred MiB of memory.
/// Generous: a hundred for each descriptor, annotations included.
const MAX_VALUES: usize = 100 * MAX_DESCRIPTORS;

/// Reads one JSON object and nothing behind it.
pub(super) fn read_object(bytes: &[u8]) -> Result<Map<String, Value>, ManifestError> {
    let state = State {
        values: Cell::new(0),
        failure: RefCell::new(None),
    };
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict {
        state: &state,
        depth: 0,
    }
    .deserialize(&mut deserializer);
    let value = value.and_then(|value| deserializer.end().map(|()| value));
    match value {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(ManifestError::InvalidJson),
        Err(_syntax) => Err(state
            .failure
            .into_inner()
            .unwrap_or(ManifestError::InvalidJson)),
    }
}

/// What one reading has seen. `failure` carries our own error past serde's, which keeps only a text.
struct State {
    values: Cell<usize>,
    failure: RefCell<Option<ManifestError>>,
}

impl State {
    fn fail<E: serde::de::Error>(&self, error: ManifestError) -> E {
        let text = E::custom(&error);
        *self.failure.borrow_mut() = Some(error);
        text
    }
}

struct Strict<'a> {
    state: &'a State,
    depth: usize,
}

impl Strict<'_> {
    fn inner<E: serde::de::Error>(&self) -> Result<Strict<'_>, E> {
        if self.depth >= MAX_DEPTH {
            return Err(self.state.fail(ManifestError::TooDeep));
        }
        Ok(Strict {
            state: self.state,
            depth: self.depth + 1,
        })
    }

    fn count<E: serde::de::Error>(&self) -> Result<(), E> {
        let values = self.state.values.get() + 1;
        self.state.values.set(values);
        if values > MAX_VALUES {
            Err(self.state.fail(ManifestError::TooMany))
        } else {
            Ok(())
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.count()?;
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

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        serde_json::Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(self.inner()?)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(self
                    .state
                    .fail(ManifestError::DuplicateKey { key: excerpt(&key) }));
            }
            let value = members.next_value_seed(self.inner()?)?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}
