//! What can go wrong in a store, by what the caller can do about it.

/// An error of the store.
///
/// After one of the database's errors the transaction is lost: its other statements are refused, and what
/// the closure returns is an error whatever it says (`PostgreSQL` gives no other choice, so `SQLite` follows).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A row with that key exists.
    #[error("`{statement}`: a row with that key exists: {detail}")]
    Unique {
        /// The statement, `module::NAME`.
        statement: String,
        /// The database's own text.
        detail: String,
    },
    /// A row that is referred to is missing, or one still referred to was to go.
    #[error("`{statement}`: a reference between rows forbids it: {detail}")]
    ForeignKey {
        /// The statement, `module::NAME`.
        statement: String,
        /// The database's own text.
        detail: String,
    },
    /// Another transaction was in the way, also after all re-runs.
    #[error("`{statement}`: another transaction was in the way: {detail}")]
    Serialization {
        /// The statement, `module::NAME`.
        statement: String,
        /// The database's own text.
        detail: String,
    },
    /// The disk, or the database's bound, is full. Nothing was written; the store stays usable.
    #[error("the database's disk is full")]
    Full,
    /// The database could not read or write. After a write it is not known whether it happened.
    #[error("the database could not read or write: {0}")]
    Io(String),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// A flush to disk failed before: the store takes no write until the process starts anew.
    #[error("the store takes no writes since a flush failed: {0}")]
    Refused(String),
    /// A statement returned more than 1,000 rows.
    #[error("`{0}` returned more than 1,000 rows")]
    TooManyRows(&'static str),
    /// A column does not hold what was asked of it.
    #[error("column {column} holds {found}, not {wanted}")]
    Type {
        /// The column, counted from 0.
        column: usize,
        /// What it holds.
        found: &'static str,
        /// What was asked for.
        wanted: &'static str,
    },
    /// The worker's lease of the job ended and somebody else may have it.
    #[error("the lease of job {job} was lost")]
    Fenced {
        /// The job's id.
        job: i64,
    },
    /// The database was written by a newer program.
    #[error(
        "the database has schema version {found}, and this program knows versions up to {known}"
    )]
    Newer {
        /// The version found.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// The database cannot be used as it is set up.
    #[error("{0}")]
    Unsuitable(String),
    /// Anything else: a fault in a statement, a closure that panicked.
    #[error("{0}")]
    Other(String),
}

/// A result with the store's error.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The text of a panic that a closure let go.
    pub(crate) fn panicked(name: &str, payload: &(dyn std::any::Any + Send)) -> Self {
        let text = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no text");
        Self::Other(format!("the closure of `{name}` panicked: {text}"))
    }
}
