//! Values that go into statements and come out of rows.
use crate::{Error, Result};

/// A value on its way into a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueRef<'a> {
    /// SQL NULL.
    Null,
    /// BIGINT.
    Integer(i64),
    /// TEXT.
    Text(&'a str),
    /// BYTEA.
    Bytes(&'a [u8]),
}

/// A value out of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Value {
    /// SQL NULL.
    #[default]
    Null,
    /// BIGINT.
    Integer(i64),
    /// TEXT.
    Text(String),
    /// BYTEA.
    Bytes(Vec<u8>),
}

impl Value {
    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Integer(_) => "an integer",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
        }
    }
}

/// What can be a parameter of a statement.
pub trait ToValue {
    /// The value as the database takes it.
    fn to_value(&self) -> ValueRef<'_>;
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> ValueRef<'_> {
        (**self).to_value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> ValueRef<'_> {
        self.as_ref().map_or(ValueRef::Null, ToValue::to_value)
    }
}

impl ToValue for i64 {
    fn to_value(&self) -> ValueRef<'_> {
        ValueRef::Integer(*self)
    }
}

impl ToValue for bool {
    fn to_value(&self) -> ValueRef<'_> {
        ValueRef::Integer(i64::from(*self))
    }
}

impl ToValue for str {
    fn to_value(&self) -> ValueRef<'_> {
        ValueRef::Text(self)
    }
}

impl ToValue for String {
    fn to_value(&self) -> ValueRef<'_> {
        ValueRef::Text(self)
    }
}

impl ToValue for [u8] {
    fn to_value(&self) -> ValueRef<'_> {
        ValueRef::Bytes(self)
    }
}

impl ToValue for Vec<u8> {
    fn to_value(&self) -> ValueRef<'_> {
        ValueRef::Bytes(self)
    }
}

/// What a column can be read as.
pub trait FromValue: Sized {
    /// What is wanted, for the text of the error.
    const WANTED: &'static str;

    /// Takes the value, or gives it back if it is something else.
    ///
    /// # Errors
    /// The value itself.
    fn from_value(value: Value) -> std::result::Result<Self, Value>;
}

impl FromValue for i64 {
    const WANTED: &'static str = "an integer";

    fn from_value(value: Value) -> std::result::Result<Self, Value> {
        match value {
            Value::Integer(integer) => Ok(integer),
            other => Err(other),
        }
    }
}

impl FromValue for bool {
    const WANTED: &'static str = "0 or 1";

    fn from_value(value: Value) -> std::result::Result<Self, Value> {
        match value {
            Value::Integer(0) => Ok(false),
            Value::Integer(1) => Ok(true),
            other => Err(other),
        }
    }
}

impl FromValue for String {
    const WANTED: &'static str = "text";

    fn from_value(value: Value) -> std::result::Result<Self, Value> {
        match value {
            Value::Text(text) => Ok(text),
            other => Err(other),
        }
    }
}

impl FromValue for Vec<u8> {
    const WANTED: &'static str = "bytes";

    fn from_value(value: Value) -> std::result::Result<Self, Value> {
        match value {
            Value::Bytes(bytes) => Ok(bytes),
            other => Err(other),
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    const WANTED: &'static str = T::WANTED;

    fn from_value(value: Value) -> std::result::Result<Self, Value> {
        match value {
            Value::Null => Ok(None),
            other => T::from_value(other).map(Some),
        }
    }
}

/// One row of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub(crate) values: Vec<Value>,
}

impl Row {
    /// A copy of the value of a column, counted from 0.
    ///
    /// # Errors
    /// `Type` if there is no such column or it holds something else.
    pub fn get<T: FromValue>(&self, column: usize) -> Result<T> {
        read(column, self.values.get(column).cloned())
    }

    /// The value of a column without copying it; the column is NULL afterwards. For large bytes.
    ///
    /// # Errors
    /// `Type` if there is no such column or it holds something else.
    pub fn take<T: FromValue>(&mut self, column: usize) -> Result<T> {
        read(column, self.values.get_mut(column).map(std::mem::take))
    }
}

fn read<T: FromValue>(column: usize, value: Option<Value>) -> Result<T> {
    let wanted = T::WANTED;
    let value = value.ok_or(Error::Type {
        column,
        found: "nothing",
        wanted,
    })?;
    T::from_value(value).map_err(|value| Error::Type {
        column,
        found: value.kind(),
        wanted,
    })
}

/// The parameter for `IN TEXT_LIST($n)` of a statement: any number of texts as one.
///
/// The rows that match come in no order of the list. Bound the list: a transaction reads at most 1,000 rows.
pub fn text_list<T: AsRef<str>>(items: &[T]) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    serde_json::Value::from(items).to_string()
}

/// The parameter for `IN BIGINT_LIST($n)` of a statement: any number of integers as one.
pub fn bigint_list(items: &[i64]) -> String {
    serde_json::Value::from(items).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_another_type_is_an_error_that_names_both() {
        let row = Row {
            values: vec![Value::Text("a".into()), Value::Null],
        };
        assert_eq!(
            row.get::<i64>(0),
            Err(Error::Type {
                column: 0,
                found: "text",
                wanted: "an integer"
            })
        );
        assert_eq!(
            row.get::<i64>(1),
            Err(Error::Type {
                column: 1,
                found: "NULL",
                wanted: "an integer"
            })
        );
        assert_eq!(
            row.get::<i64>(2),
            Err(Error::Type {
                column: 2,
                found: "nothing",
                wanted: "an integer"
            })
        );
        assert_eq!(row.get::<Option<i64>>(1), Ok(None));
        assert_eq!(row.get::<String>(0), Ok("a".to_owned()));
    }

    #[test]
    fn taking_a_column_leaves_null() {
        let mut row = Row {
            values: vec![Value::Bytes(vec![1, 2])],
        };
        assert_eq!(row.take::<Vec<u8>>(0), Ok(vec![1, 2]));
        assert_eq!(row.take::<Option<Vec<u8>>>(0), Ok(None));
    }

    #[test]
    fn lists_are_json() {
        assert_eq!(text_list(&["a", "q\"uote"]), r#"["a","q\"uote"]"#);
        assert_eq!(bigint_list(&[1, -2]), "[1,-2]");
    }
}
