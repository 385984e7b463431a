//! AWS JSON 1.1: one generic pair of decode and encode for every operation.
//!
//! A request is read once into a tree of bounded depth and size, the tree is checked against the operation's
//! table of shapes, and only then becomes the request's type. So the texts that clients see come from one place,
//! and a request that reaches an operation keeps every bound of the service's model.
//!
//! **Source:** ECR API reference, "Common errors" and the constraints of the service's public model.

mod blob;
mod check;
pub(crate) mod matchers;
mod read;
mod shape;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

pub use shape::{Member, Pattern, Shape};

/// A request: what it may hold is told by its table.
pub trait Input: DeserializeOwned {
    /// The table that a body must keep to.
    fn shape() -> &'static Shape;

    /// The member that carries bytes, if the request has one.
    fn blob(&mut self) -> Option<&mut Bytes> {
        None
    }
}

/// A response.
pub trait Output: Serialize {}

/// Why a body is not a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not JSON, or a member of another type than the model's: `SerializationException`.
    #[error("{0}")]
    Serialization(String),
    /// A member that breaks a rule of the model: `InvalidParameterException`.
    #[error("Invalid parameter at '{member}' failed to satisfy constraint: '{reason}'")]
    Constraint {
        /// The member as ECR's texts call it, with its path: `maxResults`, `PolicyText`, `tags.1.member.key`.
        member: String,
        /// The rule that is broken, in ECR's words.
        reason: String,
    },
}

/// Reads a request.
///
/// An empty body, or `null`, stands for `{}`, `null` for an absent member; unknown members are ignored.
/// # Errors
/// `Serialization` for what is not one JSON object of the right types (or one with a key twice, nested deeper
/// than 64, or of more than 100,000 values); it goes before any `Constraint`. Of several broken constraints the
/// first in the order of the model is told.
pub fn decode<T: Input>(body: &[u8]) -> Result<T, DecodeError> {
    decode_owned(Bytes::copy_from_slice(body))
}

/// Reads a request from a body that is given away: a blob is decoded where it lies, so that it takes no second buffer.
/// # Errors
/// Those of [`decode`].
pub fn decode_owned<T: Input>(body: Bytes) -> Result<T, DecodeError> {
    let tree = match &*body {
        b"" | b"null" => read::Tree {
            value: Value::Object(Map::new()),
            blob: None,
        },
        text => read::read(text, T::shape().blob_member())?,
    };
    let blob = match &tree.blob {
        Some(place) => blob::take(body, place)?,
        None => Bytes::new(),
    };
    check::check(&tree.value, T::shape(), blob.len())?;
    let mut request: T = serde_json::from_value(tree.value)
        .map_err(|error| DecodeError::Serialization(error.to_string()))?;
    if let Some(member) = request.blob() {
        *member = blob;
    }
    Ok(request)
}

/// Writes a response; absent members are left out.
pub fn encode<T: Output>(value: &T) -> Vec<u8> {
    // Writing to memory cannot fail, and no shape has keys that are not strings.
    serde_json::to_vec(value).unwrap_or_else(|_impossible| b"{}".to_vec())
}

/// A point in time as AWS JSON writes it: seconds since 1970 as a number, with milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    millis: i64,
}

impl Timestamp {
    /// From microseconds since 1970; what is finer than a millisecond is cut off.
    pub const fn from_micros(micros: i64) -> Self {
        Self {
            millis: micros.div_euclid(1_000),
        }
    }
}

impl Serialize for Timestamp {
    #[expect(
        clippy::cast_precision_loss,
        reason = "exact for 285,000 years from 1970"
    )]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.millis as f64 / 1_000.0)
    }
}
