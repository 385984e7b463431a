//! One connection to `SQLite`.
use rusqlite::types::{ToSqlOutput, ValueRef as SqliteValue};
use rusqlite::{CachedStatement, Connection, ErrorCode, ffi};

use crate::{Database, Error, Result, Row, Statement, Value, ValueRef};

/// A connection that prepares each statement once.
#[derive(Debug)]
pub(crate) struct Session {
    connection: Connection,
    #[cfg(test)]
    pub(super) fail_next_commit: Option<std::ffi::c_int>,
}

impl Session {
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            connection,
            #[cfg(test)]
            fail_next_commit: None,
        }
    }

    pub(crate) fn query(
        &mut self,
        statement: &Statement,
        params: &[ValueRef<'_>],
        most: usize,
    ) -> Result<Vec<Row>> {
        let failed = |error| classify(statement.name(), &error);
        let mut prepared = prepare(&self.connection, statement, params).map_err(failed)?;
        let columns = prepared.column_count();
        // A statement that writes is run to its end also if not all its rows are wanted.
        let stops_early = prepared.readonly();
        let mut answer = prepared.raw_query();
        let mut rows = Vec::new();
        while let Some(row) = answer.next().map_err(failed)? {
            if rows.len() < most {
                let values = (0..columns).map(|column| value(row.get_ref(column).map_err(failed)?));
                rows.push(Row {
                    values: values.collect::<Result<_>>()?,
                });
            }
            if stops_early && rows.len() == most {
                break;
            }
        }
        Ok(rows)
    }

    pub(crate) fn run(&mut self, statement: &Statement, params: &[ValueRef<'_>]) -> Result<u64> {
        let failed = |error| classify(statement.name(), &error);
        let mut prepared = prepare(&self.connection, statement, params).map_err(failed)?;
        let changed = prepared.raw_execute().map_err(failed)?;
        Ok(changed as u64)
    }

    /// Transaction control, prepared once.
    pub(crate) fn control(&mut self, sql: &'static str) -> Result<()> {
        let failed = |error| classify(sql, &error);
        #[cfg(test)]
        if sql == "COMMIT"
            && let Some(code) = self.fail_next_commit.take()
        {
            // As SQLite does it: a failed COMMIT has rolled back.
            self.connection.execute_batch("ROLLBACK").map_err(failed)?;
            return Err(failed(rusqlite::Error::SqliteFailure(
                ffi::Error::new(code),
                None,
            )));
        }
        let mut prepared = self.connection.prepare_cached(sql).map_err(failed)?;
        prepared.raw_execute().map_err(failed)?;
        Ok(())
    }

    /// Never from the cache: a PRAGMA takes effect while it is prepared.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<()> {
        self.connection
            .execute_batch(sql)
            .map_err(|error| classify("batch", &error))
    }

    pub(crate) fn ad_hoc(&mut self, sql: &str) -> Result<Vec<Row>> {
        let failed = |error| classify("ad hoc", &error);
        let mut prepared = self.connection.prepare(sql).map_err(failed)?;
        let columns = prepared.column_count();
        let mut answer = prepared.raw_query();
        let mut rows = Vec::new();
        while let Some(row) = answer.next().map_err(failed)? {
            let values = (0..columns).map(|column| value(row.get_ref(column).map_err(failed)?));
            rows.push(Row {
                values: values.collect::<Result<_>>()?,
            });
        }
        Ok(rows)
    }

    pub(crate) fn is_open(&self) -> bool {
        !self.connection.is_autocommit()
    }
}

fn prepare<'a>(
    connection: &'a Connection,
    statement: &Statement,
    params: &[ValueRef<'_>],
) -> rusqlite::Result<CachedStatement<'a>> {
    let mut prepared = connection.prepare_cached(statement.text(Database::Sqlite))?;
    let wanted = prepared.parameter_count();
    if wanted != params.len() {
        return Err(rusqlite::Error::InvalidParameterCount(params.len(), wanted));
    }
    for (index, param) in params.iter().enumerate() {
        let value = match *param {
            ValueRef::Null => SqliteValue::Null,
            ValueRef::Integer(integer) => SqliteValue::Integer(integer),
            ValueRef::Text(text) => SqliteValue::Text(text.as_bytes()),
            ValueRef::Bytes(bytes) => SqliteValue::Blob(bytes),
        };
        prepared.raw_bind_parameter(index + 1, ToSqlOutput::Borrowed(value))?;
    }
    Ok(prepared)
}

fn value(value: SqliteValue<'_>) -> Result<Value> {
    Ok(match value {
        SqliteValue::Null => Value::Null,
        SqliteValue::Integer(integer) => Value::Integer(integer),
        SqliteValue::Blob(bytes) => Value::Bytes(bytes.to_vec()),
        SqliteValue::Text(text) => {
            let text = String::from_utf8(text.to_vec());
            Value::Text(
                text.map_err(|error| Error::Other(format!("a text is not UTF-8: {error}")))?,
            )
        }
        SqliteValue::Real(_) => {
            return Err(Error::Other(
                "a column holds a floating point number".to_owned(),
            ));
        }
    })
}

/// An error while a database is opened.
pub(super) fn open_error(error: &rusqlite::Error) -> Error {
    classify("open", error)
}

fn classify(statement: &str, error: &rusqlite::Error) -> Error {
    let (statement, detail) = (statement.to_owned(), error.to_string());
    let Some(code) = error.sqlite_error() else {
        return Error::Other(format!("`{statement}`: {detail}"));
    };
    match (code.code, code.extended_code) {
        (
            _,
            ffi::SQLITE_CONSTRAINT_UNIQUE
            | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | ffi::SQLITE_CONSTRAINT_ROWID,
        ) => Error::Unique { statement, detail },
        // ON DELETE RESTRICT is a trigger inside SQLite; the schema has no other triggers.
        (_, ffi::SQLITE_CONSTRAINT_FOREIGNKEY | ffi::SQLITE_CONSTRAINT_TRIGGER) => {
            Error::ForeignKey { statement, detail }
        }
        (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => {
            Error::Serialization { statement, detail }
        }
        (ErrorCode::DiskFull, _) => Error::Full,
        (
            ErrorCode::SystemIoFailure
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::CannotOpen
            | ErrorCode::FileLockingProtocolFailed,
            extended,
        ) => Error::Io(format!("`{statement}`: {detail} (SQLite code {extended})")),
        _ => Error::Other(format!("`{statement}`: {detail}")),
    }
}
