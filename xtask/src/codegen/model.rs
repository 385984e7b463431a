//! The service model as botocore stores it. A key that is not known here is an error.

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

/// An object whose order counts: of members, for instance, which are checked in the model's order.
#[derive(Debug)]
pub(super) struct Ordered<T>(Vec<(String, T)>);

impl<T> Ordered<T> {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    fn find(&self, name: &str) -> Option<&T> {
        self.iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }
}

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
            type Value = Vec<(String, T)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(entries)
            }
        }
        deserializer.deserialize_map(Object(PhantomData)).map(Self)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Model {
    pub(super) operations: Ordered<Operation>,
    shapes: Ordered<Shape>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Operation {
    pub(super) input: Option<Target>,
    pub(super) output: Option<Target>,
    #[serde(default)]
    pub(super) errors: Vec<Target>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Target {
    pub(super) shape: String,
    /// The element that holds an answer of the query protocol.
    pub(super) result_wrapper: Option<String>,
    #[serde(rename = "documentation")]
    _documentation: Option<IgnoredAny>,
    #[serde(rename = "deprecated")]
    _deprecated: Option<IgnoredAny>,
    #[serde(rename = "deprecatedMessage")]
    _deprecated_message: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shape {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) members: Ordered<Target>,
    #[serde(default)]
    pub(super) required: BTreeSet<String>,
    pub(super) member: Option<Target>,
    pub(super) key: Option<Target>,
    pub(super) value: Option<Target>,
    #[serde(default, rename = "enum")]
    pub(super) values: Vec<String>,
    pub(super) min: Option<i64>,
    pub(super) max: Option<i64>,
    pub(super) pattern: Option<String>,
    #[serde(default)]
    pub(super) exception: bool,
    /// What an exception of the query protocol is called on the wire.
    error: Option<QueryError>,
    #[serde(default)]
    pub(super) sensitive: bool,
    #[serde(rename = "box")]
    _nullable: Option<IgnoredAny>,
    #[serde(rename = "fault")]
    _fault: Option<IgnoredAny>,
    #[serde(rename = "documentation")]
    _documentation: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct QueryError {
    code: String,
    #[serde(rename = "httpStatusCode")]
    _status: IgnoredAny,
    #[serde(rename = "senderFault")]
    _whose: Option<IgnoredAny>,
}

impl Model {
    /// Leaves only some operations.
    pub(super) fn keep(&mut self, keep: impl Fn(&str) -> bool) {
        self.operations.0.retain(|(name, _)| keep(name));
    }

    /// Takes members for absent at times that the model calls required.
    pub(super) fn relax(&mut self, members: &[(&str, &str)]) -> Result<(), String> {
        for (name, member) in members {
            let shape = self.shapes.0.iter_mut().find(|(key, _)| key == name);
            let (_, shape) = shape.ok_or_else(|| format!("the model has no shape {name}"))?;
            if !shape.required.remove(*member) {
                return Err(format!("{name} does not require {member}"));
            }
        }
        Ok(())
    }

    pub(super) fn shape(&self, name: &str) -> Result<&Shape, String> {
        let shape = self.shapes.find(name);
        shape.ok_or_else(|| format!("the model has no shape {name}"))
    }

    pub(super) fn shapes(&self) -> impl Iterator<Item = (&str, &Shape)> {
        self.shapes.iter()
    }

    /// The names of all shapes that can be reached from some.
    pub(super) fn reachable<'a>(
        &'a self,
        from: impl Iterator<Item = &'a Target>,
    ) -> Result<BTreeSet<&'a str>, String> {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&str> = from.map(|target| target.shape.as_str()).collect();
        while let Some(name) = open.pop() {
            if seen.insert(name) {
                open.extend(
                    self.shape(name)?
                        .targets()
                        .map(|target| target.shape.as_str()),
                );
            }
        }
        Ok(seen)
    }
}

impl Shape {
    /// The code of an exception, where it is not the shape's name.
    pub(super) fn code(&self) -> Option<&str> {
        self.error.as_ref().map(|error| error.code.as_str())
    }

    fn targets(&self) -> impl Iterator<Item = &Target> {
        let members = self.members.iter().map(|(_, target)| target);
        members
            .chain(&self.member)
            .chain(&self.key)
            .chain(&self.value)
    }
}

/// Reads botocore's JSON.
pub(super) fn parse(text: &[u8]) -> Result<Model, String> {
    serde_json::from_slice(text).map_err(|error| format!("the service model: {error}"))
}
