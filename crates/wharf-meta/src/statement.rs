//! Statements: written once, prepared once per connection, and known to have been executed.
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::changes::Scope;
use crate::dialect;

/// Which database a store, a transaction or an execution is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Database {
    /// The embedded one.
    Sqlite,
    /// The one that several nodes share.
    PostgreSql,
}

/// One SQL statement with numbered parameters (`$1`), made by [`statements!`](crate::statements).
#[derive(Debug)]
pub struct Statement {
    name: &'static str,
    sql: &'static str,
    scope: OnceLock<Scope>,
    sqlite: Prepared,
    postgresql: Prepared,
}

#[derive(Debug)]
struct Prepared {
    text: OnceLock<String>,
    executed: AtomicBool,
}

impl Prepared {
    const fn new() -> Self {
        Self {
            text: OnceLock::new(),
            executed: AtomicBool::new(false),
        }
    }
}

impl Statement {
    /// A statement called `module::NAME`. Used by [`statements!`](crate::statements).
    pub const fn new(name: &'static str, sql: &'static str) -> Self {
        Self {
            name,
            sql,
            scope: OnceLock::new(),
            sqlite: Prepared::new(),
            postgresql: Prepared::new(),
        }
    }

    /// Its name, with the path of its module.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether this process has executed it on that database without an error.
    pub fn executed_on(&self, database: Database) -> bool {
        self.of(database).executed.load(Ordering::Relaxed)
    }

    /// Its text in the dialect of `database`.
    pub fn text(&self, database: Database) -> &str {
        self.of(database).text.get_or_init(|| match database {
            Database::Sqlite => dialect::sqlite(self.sql),
            Database::PostgreSql => dialect::postgresql(self.sql),
        })
    }

    /// What of the watched tables it changes.
    pub fn scope(&self) -> Scope {
        *self.scope.get_or_init(|| Scope::of(self.sql))
    }

    pub(crate) fn mark_executed(&self, database: Database) {
        let executed = &self.of(database).executed;
        // Only the first execution writes, so that threads do not pull the line from each other.
        if !executed.load(Ordering::Relaxed) {
            executed.store(true, Ordering::Relaxed);
        }
    }

    fn of(&self, database: Database) -> &Prepared {
        match database {
            Database::Sqlite => &self.sqlite,
            Database::PostgreSql => &self.postgresql,
        }
    }
}

/// Declares the statements of a module and `STATEMENTS`, the list of them.
///
/// What the two databases do not share is forbidden or wrapped: no LIKE (a prefix is `>= AND <`), CAST
/// around SUM and COUNT, no lists but `IN TEXT_LIST($1)` and `IN BIGINT_LIST($1)`, NULLs not ordered.
/// ```ignore
/// statements! {
///     BY_NAME = "SELECT id FROM repositories WHERE account = $1 AND name = $2";
/// }
/// ```
#[macro_export]
macro_rules! statements {
    ($($(#[$meta:meta])* $name:ident = $sql:expr;)+) => {
        $($(#[$meta])* static $name: $crate::Statement =
            $crate::Statement::new(concat!(module_path!(), "::", stringify!($name)), $sql);)+
        /// The statements of this module.
        pub(crate) static STATEMENTS: &[&$crate::Statement] = &[$(&$name),+];
    };
}
