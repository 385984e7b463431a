//! Writes answers: XML that every SDK reads, and JSON for those who ask for it.
//!
//! Members stand in the order of their structure, absent ones are left out. A list is `<X><member>…</member></X>`, a
//! map `<X><entry><key>…</key><value>…</value></entry></X>`, what is empty `<X/>`.

use std::fmt;

use serde::ser::{
    Error, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple,
    SerializeTupleStruct, Serializer,
};
use serde_json::{Map, Value, json};

use super::{Input, Service, Timestamp, element, escape};
use crate::sigv4::iso_date;

/// The XML document of an answer. `()` or `None` has no result element, a structure without members an empty one.
pub fn render<T: Serialize>(namespace: &str, action: &str, answer: &T, request_id: &str) -> String {
    xml(namespace, action, request_id, |out, name| {
        put(out, name, answer).is_ok()
    })
}

/// The same as JSON, for those who send `Accept: application/json`. Times are seconds since 1970.
pub fn render_json<T: Serialize>(action: &str, answer: &T, request_id: &str) -> String {
    json_of(action, request_id, tree(answer))
}

/// What an operation answers, until it is known in which form.
pub struct Answer {
    service: &'static Service,
    action: &'static str,
    members: Box<dyn Members>,
}

impl Answer {
    /// The answer to a request: `Answer::to::<GetUserRequest>(GetUserResponse { … })`.
    pub fn to<T: Input>(answer: T::Output) -> Self {
        Self {
            service: T::SERVICE,
            action: T::ACTION,
            members: Box::new(answer),
        }
    }

    /// The XML document; see [`render`].
    pub fn xml(&self, request_id: &str) -> String {
        xml(
            self.service.namespace,
            self.action,
            request_id,
            |out, name| self.members.put(out, name),
        )
    }

    /// The JSON document; see [`render_json`].
    pub fn json(&self, request_id: &str) -> String {
        json_of(self.action, request_id, self.members.tree())
    }
}

/// Without members: some are secrets.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("action", &self.action)
            .finish_non_exhaustive()
    }
}

/// Any answer, with its type forgotten.
trait Members: Send {
    fn put(&self, out: &mut String, name: &str) -> bool;
    fn tree(&self) -> Value;
}

impl<T: Serialize + Send> Members for T {
    fn put(&self, out: &mut String, name: &str) -> bool {
        put(out, name, self).is_ok()
    }

    fn tree(&self) -> Value {
        tree(self)
    }
}

fn xml(
    namespace: &str,
    action: &str,
    request_id: &str,
    result: impl FnOnce(&mut String, &str) -> bool,
) -> String {
    let mut out = format!("<{action}Response xmlns=\"{}\">", escape(namespace));
    let start = out.len();
    if !result(&mut out, &format!("{action}Result")) {
        // No shape has what cannot be written.
        out.truncate(start);
    }
    let metadata = element("RequestId", &escape(request_id));
    out.push_str(&element("ResponseMetadata", &metadata));
    for part in ["</", action, "Response>"] {
        out.push_str(part);
    }
    out
}

fn json_of(action: &str, request_id: &str, result: Value) -> String {
    let mut response = Map::new();
    if !result.is_null() {
        response.insert(format!("{action}Result"), result);
    }
    response.insert(
        "ResponseMetadata".to_owned(),
        json!({ "RequestId": request_id }),
    );
    json!({ format!("{action}Response"): response }).to_string()
}

/// The answer without absent members.
fn tree<T: Serialize>(answer: &T) -> Value {
    let mut value = serde_json::to_value(answer).unwrap_or_default();
    prune(&mut value);
    value
}

fn prune(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(prune);
        }
        Value::Array(items) => items.iter_mut().for_each(prune),
        _ => {}
    }
}

/// Writes an element, unless its value is absent.
fn put<T: Serialize + ?Sized>(out: &mut String, name: &str, value: &T) -> Result<(), Unwritable> {
    let start = out.len();
    out.push('<');
    out.push_str(name);
    out.push('>');
    let inner = out.len();
    let writer = Writer {
        out: &mut *out,
        seconds: false,
    };
    if !value.serialize(writer)? {
        out.truncate(start);
    } else if out.len() == inner {
        out.pop();
        out.push_str("/>");
    } else {
        out.push_str("</");
        out.push_str(name);
        out.push('>');
    }
    Ok(())
}

/// A type that no shape has: bytes, or an enum with data.
#[derive(Debug, thiserror::Error)]
#[error("a type that the query protocol does not write")]
struct Unwritable;

impl Error for Unwritable {
    fn custom<T: fmt::Display>(_text: T) -> Self {
        Self
    }
}

/// Writes the content of an element, and tells whether there is one to write.
struct Writer<'a> {
    out: &'a mut String,
    /// A number is a point in time.
    seconds: bool,
}

/// The content of an element with others in it.
struct Content<'a> {
    out: &'a mut String,
}

impl<'a> Serializer for Writer<'a> {
    type Ok = bool;
    type Error = Unwritable;
    type SerializeSeq = Content<'a>;
    type SerializeTuple = Content<'a>;
    type SerializeTupleStruct = Content<'a>;
    type SerializeTupleVariant = Impossible<bool, Unwritable>;
    type SerializeMap = Content<'a>;
    type SerializeStruct = Content<'a>;
    type SerializeStructVariant = Impossible<bool, Unwritable>;

    fn serialize_bool(self, value: bool) -> Result<bool, Unwritable> {
        self.serialize_str(&value.to_string())
    }

    fn serialize_i8(self, value: i8) -> Result<bool, Unwritable> {
        self.serialize_str(&value.to_string())
    }

    fn serialize_i16(self, value: i16) -> Result<bool, Unwritable> {
        self.serialize_str(&value.to_string())
    }

    fn serialize_i32(self, value: i32) -> Result<bool, Unwritable> {
        self.serialize_str(&value.to_string())
    }

    fn serialize_i64(self, value: i64) -> Result<bool, Unwritable> {
        if self.seconds {
            return self.serialize_str(&iso_date(value.saturating_mul(1_000_000)));
        }
        self.serialize_str(&value.to_string())
    }

    fn serialize_u8(self, value: u8) -> Result<bool, Unwritable> {
        self.serialize_str(&value.to_string())
    }

    fn serialize_u16(self, value: u16) -> Result<bool, Unwritable> {
        self.serialize_str(&value.to_string())
    }

    fn serialize_u32(self, value: u32) -> Result<bool, Unwritable> {
        self.serialize_str(&value.to_string())
    }

    fn serialize_u64(self, value: u64) -> Result<bool, Unwritable> {
        self.serialize_str(&value.to_string())
    }

    fn serialize_f32(self, value: f32) -> Result<bool, Unwritable> {
        self.serialize_str(&value.to_string())
    }

    fn serialize_f64(self, value: f64) -> Result<bool, Unwritable> {
        self.serialize_str(&value.to_string())
    }

    fn serialize_char(self, value: char) -> Result<bool, Unwritable> {
        self.serialize_str(&value.to_string())
    }

    fn serialize_str(self, value: &str) -> Result<bool, Unwritable> {
        self.out.push_str(&escape(value));
        Ok(true)
    }

    fn serialize_bytes(self, _value: &[u8]) -> Result<bool, Unwritable> {
        Err(Unwritable)
    }

    fn serialize_none(self) -> Result<bool, Unwritable> {
        Ok(false)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<bool, Unwritable> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<bool, Unwritable> {
        Ok(false)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<bool, Unwritable> {
        Ok(true)
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<bool, Unwritable> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<bool, Unwritable> {
        value.serialize(Writer {
            seconds: name == Timestamp::NAME,
            ..self
        })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Result<bool, Unwritable> {
        Err(Unwritable)
    }

    fn serialize_seq(self, _length: Option<usize>) -> Result<Content<'a>, Unwritable> {
        Ok(Content { out: self.out })
    }

    fn serialize_tuple(self, _length: usize) -> Result<Content<'a>, Unwritable> {
        Ok(Content { out: self.out })
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        _length: usize,
    ) -> Result<Content<'a>, Unwritable> {
        Ok(Content { out: self.out })
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeTupleVariant, Unwritable> {
        Err(Unwritable)
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<Content<'a>, Unwritable> {
        Ok(Content { out: self.out })
    }

    fn serialize_struct(
        self,
        _name: &'static str,
        _length: usize,
    ) -> Result<Content<'a>, Unwritable> {
        Ok(Content { out: self.out })
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeStructVariant, Unwritable> {
        Err(Unwritable)
    }
}

impl SerializeSeq for Content<'_> {
    type Ok = bool;
    type Error = Unwritable;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        put(self.out, "member", value)
    }

    fn end(self) -> Result<bool, Unwritable> {
        Ok(true)
    }
}

impl SerializeTuple for Content<'_> {
    type Ok = bool;
    type Error = Unwritable;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        put(self.out, "member", value)
    }

    fn end(self) -> Result<bool, Unwritable> {
        Ok(true)
    }
}

impl SerializeTupleStruct for Content<'_> {
    type Ok = bool;
    type Error = Unwritable;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        put(self.out, "member", value)
    }

    fn end(self) -> Result<bool, Unwritable> {
        Ok(true)
    }
}

impl SerializeMap for Content<'_> {
    type Ok = bool;
    type Error = Unwritable;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unwritable> {
        self.out.push_str("<entry>");
        put(self.out, "key", key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        put(self.out, "value", value)?;
        self.out.push_str("</entry>");
        Ok(())
    }

    fn end(self) -> Result<bool, Unwritable> {
        Ok(true)
    }
}

impl SerializeStruct for Content<'_> {
    type Ok = bool;
    type Error = Unwritable;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Unwritable> {
        put(self.out, name, value)
    }

    fn end(self) -> Result<bool, Unwritable> {
        Ok(true)
    }
}
