//! One connection to `PostgreSQL`.
use std::collections::HashMap;
use std::error::Error as StdError;

use ::postgres::error::SqlState;
use ::postgres::fallible_iterator::FallibleIterator;
use ::postgres::types::{IsNull, ToSql, Type};
use ::postgres::{Client, NoTls};
use bytes::BytesMut;

use crate::{Database, Error, Result, Row, Statement, Value, ValueRef};

/// A connection that prepares each statement once.
pub(crate) struct Session {
    client: Client,
    /// By the address of the statement, which is a static.
    prepared: HashMap<usize, ::postgres::Statement>,
    given_up: bool,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Session")
            .field("prepared", &self.prepared.len())
            .finish_non_exhaustive()
    }
}

impl Session {
    pub(super) fn connect(config: &::postgres::Config) -> Result<Self> {
        let client = config
            .connect(NoTls)
            .map_err(|error| classify("connect", &error))?;
        Ok(Self {
            client,
            prepared: HashMap::new(),
            given_up: false,
        })
    }

    pub(crate) fn query(
        &mut self,
        statement: &'static Statement,
        params: &[ValueRef<'_>],
        most: usize,
    ) -> Result<Vec<Row>> {
        let failed = |error: ::postgres::Error| classify(statement.name(), &error);
        let prepared = self.prepare(statement)?;
        let params = params.iter().map(|value| Param(*value));
        let mut answer = self
            .client
            .query_raw(&prepared, params.collect::<Vec<_>>())
            .map_err(failed)?;
        let mut rows = Vec::new();
        // Read to the end, so that an error after the rows wanted is not lost.
        while let Some(row) = answer.next().map_err(failed)? {
            if rows.len() < most {
                rows.push(read_row(statement.name(), &row)?);
            }
        }
        Ok(rows)
    }

    pub(crate) fn run(
        &mut self,
        statement: &'static Statement,
        params: &[ValueRef<'_>],
    ) -> Result<u64> {
        let prepared = self.prepare(statement)?;
        let params: Vec<Param<'_>> = params.iter().map(|value| Param(*value)).collect();
        let params: Vec<&(dyn ToSql + Sync)> = params
            .iter()
            .map(|param| param as &(dyn ToSql + Sync))
            .collect();
        self.client
            .execute(&prepared, &params)
            .map_err(|error| classify(statement.name(), &error))
    }

    pub(crate) fn batch(&mut self, sql: &str) -> Result<()> {
        self.client
            .batch_execute(sql)
            .map_err(|error| classify("batch", &error))
    }

    pub(crate) fn ad_hoc(&mut self, sql: &str) -> Result<Vec<Row>> {
        let rows = self
            .client
            .query(sql, &[])
            .map_err(|error| classify("ad hoc", &error))?;
        rows.iter().map(|row| read_row("ad hoc", row)).collect()
    }

    pub(crate) fn is_connected(&self) -> bool {
        !self.given_up && !self.client.is_closed()
    }

    /// Marks the connection as one that nobody should use again.
    pub(super) fn give_up(&mut self) {
        self.given_up = true;
    }

    fn prepare(&mut self, statement: &'static Statement) -> Result<::postgres::Statement> {
        let key = std::ptr::from_ref(statement).addr();
        if let Some(prepared) = self.prepared.get(&key) {
            return Ok(prepared.clone());
        }
        let text = statement.text(Database::PostgreSql);
        let prepared = self
            .client
            .prepare(text)
            .map_err(|error| classify(statement.name(), &error))?;
        self.prepared.insert(key, prepared.clone());
        Ok(prepared)
    }
}

/// A parameter in the type that `PostgreSQL` worked out for it.
#[derive(Debug)]
struct Param<'a>(ValueRef<'a>);

impl ToSql for Param<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn StdError + Sync + Send>> {
        let wrong = || {
            format!(
                "a parameter of type {kind} cannot take {:?}; use CAST",
                self.0
            )
            .into()
        };
        match self.0 {
            ValueRef::Null => Ok(IsNull::Yes),
            ValueRef::Integer(integer) if *kind == Type::INT8 => integer.to_sql(kind, out),
            ValueRef::Integer(integer) if *kind == Type::INT4 => {
                i32::try_from(integer)?.to_sql(kind, out)
            }
            ValueRef::Text(text) if <&str as ToSql>::accepts(kind) => text.to_sql(kind, out),
            ValueRef::Bytes(bytes) if *kind == Type::BYTEA => bytes.to_sql(kind, out),
            ValueRef::Integer(_) | ValueRef::Text(_) | ValueRef::Bytes(_) => Err(wrong()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn StdError + Sync + Send>> {
        self.to_sql(kind, out)
    }
}

fn read_row(statement: &str, row: &::postgres::Row) -> Result<Row> {
    let values = row.columns().iter().enumerate().map(|(index, column)| {
        let failed = |error: ::postgres::Error| classify(statement, &error);
        let kind = column.type_();
        let integer = |integer: Option<i64>| integer.map_or(Value::Null, Value::Integer);
        Ok(match *kind {
            Type::INT8 => integer(row.try_get(index).map_err(failed)?),
            Type::INT4 => integer(
                row.try_get::<_, Option<i32>>(index)
                    .map_err(failed)?
                    .map(i64::from),
            ),
            Type::BOOL => integer(
                row.try_get::<_, Option<bool>>(index)
                    .map_err(failed)?
                    .map(i64::from),
            ),
            Type::BYTEA => row
                .try_get::<_, Option<Vec<u8>>>(index)
                .map_err(failed)?
                .map_or(Value::Null, Value::Bytes),
            Type::TEXT | Type::VARCHAR => row
                .try_get::<_, Option<String>>(index)
                .map_err(failed)?
                .map_or(Value::Null, Value::Text),
            _ => {
                let name = column.name();
                return Err(Error::Other(format!(
                    "`{statement}`: column `{name}` has type {kind}; use CAST"
                )));
            }
        })
    });
    Ok(Row {
        values: values.collect::<Result<_>>()?,
    })
}

fn classify(statement: &str, error: &::postgres::Error) -> Error {
    let statement = statement.to_owned();
    let Some(code) = error.code() else {
        // Without a code it is not the server that speaks: the connection broke, or a value did not fit.
        let mut detail = error.to_string();
        if let Some(source) = error.source() {
            detail = format!("{detail}: {source}");
        }
        let fits = !error.is_closed()
            && error
                .source()
                .is_none_or(|source| !source.is::<std::io::Error>());
        let text = format!("`{statement}`: {detail}");
        return if fits {
            Error::Other(text)
        } else {
            Error::Io(text)
        };
    };
    let detail = error
        .as_db_error()
        .map_or_else(|| error.to_string(), |error| error.message().to_owned());
    match code {
        &SqlState::UNIQUE_VIOLATION => Error::Unique { statement, detail },
        &SqlState::FOREIGN_KEY_VIOLATION | &SqlState::RESTRICT_VIOLATION => {
            Error::ForeignKey { statement, detail }
        }
        &SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED => {
            Error::Serialization { statement, detail }
        }
        &SqlState::DISK_FULL => Error::Full,
        &SqlState::IO_ERROR
        | &SqlState::ADMIN_SHUTDOWN
        | &SqlState::CRASH_SHUTDOWN
        | &SqlState::CANNOT_CONNECT_NOW
        | &SqlState::TOO_MANY_CONNECTIONS => Error::Io(format!("`{statement}`: {detail}")),
        other if other.code().starts_with("08") => Error::Io(format!("`{statement}`: {detail}")),
        other => Error::Other(format!(
            "`{statement}`: {detail} (SQLSTATE {})",
            other.code()
        )),
    }
}
