//! A transaction as closures see it.
use std::collections::BTreeMap;

use crate::changes::{Scope, Touched};
use crate::{Database, Error, Result, Row, Statement, ToValue, ValueRef, postgresql, sqlite};

/// The most rows that one statement may return.
const MOST_ROWS: usize = 1_000;

/// A transaction. Closures of [`Store::read`](crate::Store::read) and [`Store::write`](crate::Store::write) get one.
///
/// It reads at most 1,000 rows or for 50 ms, and writes at most 1,000 rows: whoever has more to do
/// takes several transactions. After an error of the database nothing more can be done in it.
#[derive(Debug)]
pub struct Tx {
    session: Session,
    failure: Option<Error>,
    /// The next `events.seq`; only the writer of `SQLite` has it.
    next_event_seq: Option<i64>,
    /// Pages written, by a rough estimate, since it was last taken.
    pages: u64,
    /// What statements changed since it was last taken, whether or not they stayed.
    touched: Touched,
}

#[derive(Debug)]
pub(crate) enum Session {
    Sqlite(sqlite::Session),
    // Boxed because it is several times as large.
    PostgreSql(Box<postgresql::Session>),
}

impl Tx {
    pub(crate) fn new(session: Session) -> Self {
        Self {
            session,
            failure: None,
            next_event_seq: None,
            pages: 0,
            touched: Touched::default(),
        }
    }

    /// All rows of a statement.
    ///
    /// # Errors
    /// `TooManyRows` if there are more than 1,000; those of the database.
    pub fn rows(
        &mut self,
        statement: &'static Statement,
        params: &[&dyn ToValue],
    ) -> Result<Vec<Row>> {
        let rows = self.query(statement, params, MOST_ROWS + 1)?;
        if rows.len() > MOST_ROWS {
            return Err(Error::TooManyRows(statement.name()));
        }
        Ok(rows)
    }

    /// The first row of a statement, if it returns any.
    ///
    /// # Errors
    /// Those of the database.
    pub fn row(
        &mut self,
        statement: &'static Statement,
        params: &[&dyn ToValue],
    ) -> Result<Option<Row>> {
        Ok(self.query(statement, params, 1)?.pop())
    }

    /// Runs a statement that returns no rows; how many rows it changed.
    ///
    /// # Errors
    /// Those of the database.
    pub fn run(&mut self, statement: &'static Statement, params: &[&dyn ToValue]) -> Result<u64> {
        let values = self.prepare(statement, params)?;
        let result = match &mut self.session {
            Session::Sqlite(session) => session.run(statement, &values),
            Session::PostgreSql(session) => session.run(statement, &values),
        };
        self.remember(statement, result)
    }

    /// The `seq` for an event that this transaction inserts, on `SQLite`.
    ///
    /// Nothing on `PostgreSQL`, where a sequencer stamps the rows later, and nothing in a read.
    pub fn next_event_seq(&mut self) -> Option<i64> {
        let next = self.next_event_seq.as_mut()?;
        let seq = *next;
        *next += 1;
        Some(seq)
    }

    /// Which database this is a transaction of.
    pub fn database(&self) -> Database {
        match self.session {
            Session::Sqlite(_) => Database::Sqlite,
            Session::PostgreSql(_) => Database::PostgreSql,
        }
    }

    fn query(
        &mut self,
        statement: &'static Statement,
        params: &[&dyn ToValue],
        most: usize,
    ) -> Result<Vec<Row>> {
        let values = self.prepare(statement, params)?;
        let result = match &mut self.session {
            Session::Sqlite(session) => session.query(statement, &values, most),
            Session::PostgreSql(session) => session.query(statement, &values, most),
        };
        self.remember(statement, result)
    }

    /// Refuses what could never succeed, alike on both databases.
    fn prepare<'a>(
        &mut self,
        statement: &'static Statement,
        params: &'a [&'a dyn ToValue],
    ) -> Result<Vec<ValueRef<'a>>> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let values: Vec<ValueRef<'a>> = params.iter().map(|param| param.to_value()).collect();
        let mut bytes = 0;
        for value in &values {
            match value {
                // PostgreSQL has no NUL in its texts.
                ValueRef::Text(text) if text.contains('\0') => {
                    return Err(Error::Other(format!(
                        "`{}`: a text contains a NUL",
                        statement.name()
                    )));
                }
                ValueRef::Text(text) => bytes += text.len(),
                ValueRef::Bytes(part) => bytes += part.len(),
                ValueRef::Null | ValueRef::Integer(_) => {}
            }
        }
        self.pages += 1 + bytes as u64 / 4_096;
        let scope = statement.scope();
        if scope != Scope::Nothing {
            let first = match values.first() {
                Some(ValueRef::Integer(id)) => Some(*id),
                _ => None,
            };
            self.touched.note(scope, first);
        }
        Ok(values)
    }

    fn remember<T>(&mut self, statement: &'static Statement, result: Result<T>) -> Result<T> {
        match &result {
            Ok(_) => statement.mark_executed(self.database()),
            Err(error) => self.failure = Some(error.clone()),
        }
        result
    }

    /// Forgets what an earlier closure did to this transaction's state.
    pub(crate) fn begin_closure(&mut self) {
        self.failure = None;
    }

    /// The database's error since [`Self::begin_closure`], whatever the closure made of it.
    pub(crate) fn failure(&self) -> Option<&Error> {
        self.failure.as_ref()
    }

    pub(crate) fn event_seq(&self) -> Option<i64> {
        self.next_event_seq
    }

    pub(crate) fn set_event_seq(&mut self, next: Option<i64>) {
        self.next_event_seq = next;
    }

    pub(crate) fn take_pages(&mut self) -> u64 {
        std::mem::take(&mut self.pages)
    }

    pub(crate) fn take_touched(&mut self) -> Touched {
        std::mem::take(&mut self.touched)
    }

    /// Runs a statement of transaction control.
    pub(crate) fn control(&mut self, sql: &'static str) -> Result<()> {
        match &mut self.session {
            Session::Sqlite(session) => session.control(sql),
            Session::PostgreSql(session) => session.batch(sql),
        }
    }

    /// Runs any number of statements as they stand: schemas and settings.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<()> {
        match &mut self.session {
            Session::Sqlite(session) => session.batch(sql),
            Session::PostgreSql(session) => session.batch(sql),
        }
    }

    /// Rows of a text made at run time: the catalog, counts of tables.
    pub(crate) fn ad_hoc(&mut self, sql: &str) -> Result<Vec<Row>> {
        match &mut self.session {
            Session::Sqlite(session) => session.ad_hoc(sql),
            Session::PostgreSql(session) => session.ad_hoc(sql),
        }
    }

    /// One integer of a text made at run time; 0 if it is NULL or there is no row.
    pub(crate) fn ad_hoc_integer(&mut self, sql: &str) -> Result<i64> {
        let row = self.ad_hoc(sql)?.pop();
        Ok(row
            .map(|row| row.get::<Option<i64>>(0))
            .transpose()?
            .flatten()
            .unwrap_or(0))
    }

    /// Whether a transaction is open; `SQLite` may have rolled it back by itself.
    pub(crate) fn is_open(&self) -> bool {
        match &self.session {
            Session::Sqlite(session) => session.is_open(),
            Session::PostgreSql(session) => session.is_connected(),
        }
    }

    /// How many rows each table has, by name of the table.
    pub(crate) fn table_counts(&mut self) -> Result<BTreeMap<String, i64>> {
        let tables = match self.database() {
            Database::Sqlite => {
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*'"
            }
            Database::PostgreSql => {
                "SELECT CAST(tablename AS TEXT) FROM pg_catalog.pg_tables WHERE schemaname = current_schema()"
            }
        };
        let mut counts = BTreeMap::new();
        for row in self.ad_hoc(tables)? {
            let table: String = row.get(0)?;
            let count = self.ad_hoc_integer(&format!("SELECT COUNT(*) FROM \"{table}\""))?;
            counts.insert(table, count);
        }
        Ok(counts)
    }

    #[cfg(test)]
    pub(crate) fn sqlite(&mut self) -> Option<&mut sqlite::Session> {
        match &mut self.session {
            Session::Sqlite(session) => Some(session),
            Session::PostgreSql(_) => None,
        }
    }

    pub(crate) fn postgresql(&mut self) -> Option<&mut postgresql::Session> {
        match &mut self.session {
            Session::PostgreSql(session) => Some(session),
            Session::Sqlite(_) => None,
        }
    }
}
