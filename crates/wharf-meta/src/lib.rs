//! What is known: metadata in SQL, on `SQLite` and `PostgreSQL`.
//!
//! A [`Store`] runs *closures* on threads of its own. A closure sees only its [`Tx`], is synchronous, and
//! may run twice. Each module below holds the statements of some tables, written once in the SQL that both
//! databases take ([`statements!`]), and plain functions over them.
//!
//! ```no_run
//! # async fn example() -> Result<(), wharf_meta::Error> {
//! use wharf_meta::{Durability, Options, Store, accounts};
//! let store = Store::open_sqlite("wharf.db".as_ref(), Options::new(0))?;
//! let row = accounts::AccountRow { account: "123456789012".into(), name: "first".into(), created_at: 0, alias: None };
//! store.write("create_account", Durability::Hard, move |tx| accounts::insert(tx, &row)).await?;
//! # Ok(()) }
//! ```
mod changes;
mod dialect;
mod error;
mod migrate;
mod postgresql;
mod queue;
mod sqlite;
mod statement;
mod store;
mod threads;
mod tx;
mod value;
mod work;

pub use changes::{Changes, Moment, Scope};
pub use error::{Error, Result};
pub use statement::{Database, Statement};
pub use store::{Commits, Durability, Options, Store};
pub use tx::Tx;
pub use value::{FromValue, Row, ToValue, Value, ValueRef, bigint_list, text_list};

/// Microseconds since 1970-01-01T00:00:00Z.
pub type Micros = i64;

/// Declares the modules of rows and the list that the contract suite walks; a group's own file declares its parts.
macro_rules! modules {
    ($($name:ident),*; $($group:ident { $($part:ident,)* })*) => {
        $(pub mod $name;)*
        $(pub mod $group;)*
        /// Every module of rows with its statements.
        pub static MODULES: &[(&str, &[&Statement])] = &[
            $((stringify!($name), $name::STATEMENTS),)*
            $($((concat!(stringify!($group), "::", stringify!($part)), $group::$part::STATEMENTS),)*)*
        ];
    };
}

// A new module of rows is its file and its line here.
modules! {
    access_keys,
    accounts,
    blobs,
    events,
    extents,
    jobs,
    links,
    listing,
    manifests,
    objects,
    orphans,
    policies,
    registries,
    registry_keys,
    repositories,
    sessions,
    stats,
    store_id,
    tags,
    trash,
    uploads,
    usage,
    versions;
    iam {
        attachments,
        entities,
        inline,
        members,
        strings,
        tags,
        versions,
    }
}
