//! One contract, two databases: every case runs on `SQLite` and on a `PostgreSQL` that the test starts.
//!
//! A module of rows adds its file to `tests/contract/`, with functions that take a [`wharf_meta::Store`] of
//! their own and a list of them, and its line below. Both tests end by naming the statements that no case
//! has executed. `WHARF_CASE=jobs::` runs the cases whose name contains that text.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]
#![expect(unreachable_pub, reason = "the suites write `pub` for each other")]
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;

use wharf_meta::{Database, MODULES, Options, Store};

use contract::SUITES;
use contract::server::Server;

/// A named case.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    run: for<'a> fn(&'a Store) -> Pin<Box<dyn Future<Output = ()> + 'a>>,
}

/// Lists the cases of a module: `pub static CASES: &[Case] = &cases![one, another];`.
macro_rules! cases {
    ($($case:ident),+ $(,)?) => {
        [$($crate::Case {
            name: concat!(module_path!(), "::", stringify!($case)),
            run: |store| Box::pin($case(store)),
        }),+]
    };
}

macro_rules! suites {
    ($($module:ident,)+) => {
        $(pub mod $module;)+
        pub static SUITES: &[&[crate::Case]] = &[$($module::CASES),+];
    };
}

mod contract {
    mod plans;
    pub mod postgresql;
    pub mod rows;
    pub mod server;

    // A suite is its file and its line here.
    suites! {
        access_keys,
        accounts,
        blobs,
        engine,
        events,
        extents,
        iam_entities,
        iam_parts,
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
        temporary,
        trash,
        uploads,
        usage,
        versions,
    }
}

#[test]
fn every_case_holds_and_every_statement_runs_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    run_all(Database::Sqlite, |number| {
        let path = directory.path().join(format!("case{number}.db"));
        Store::open_sqlite(&path, Options::new(7)).unwrap()
    });
}

#[test]
fn every_case_holds_and_every_statement_runs_on_postgresql() {
    let server = Server::start();
    run_all(Database::PostgreSql, |number| {
        let options = Options {
            connections: 4,
            ..Options::new(7)
        };
        Store::open_postgres(&server.new_schema(&format!("case{number}")), options).unwrap()
    });
}

/// Runs every case in a store of its own, and names those that failed and the statements not executed.
fn run_all(database: Database, open: impl Fn(usize) -> Store) {
    let wanted = std::env::var_os("WHARF_CASE").map(|text| text.into_string().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut failed = Vec::new();
    for (number, case) in SUITES.iter().copied().flatten().enumerate() {
        if wanted
            .as_ref()
            .is_some_and(|wanted| !case.name.contains(wanted))
        {
            continue;
        }
        let store = open(number);
        assert_eq!(store.database(), database);
        if catch_unwind(AssertUnwindSafe(|| runtime.block_on((case.run)(&store)))).is_err() {
            failed.push(case.name);
        }
        runtime.block_on(store.close());
    }
    assert!(
        failed.is_empty(),
        "on {database:?} these cases failed: {failed:#?}"
    );
    if wanted.is_none() {
        let missing: Vec<&str> = MODULES
            .iter()
            .flat_map(|(_, statements)| statements.iter())
            .filter(|statement| !statement.executed_on(database))
            .map(|statement| statement.name())
            .collect();
        assert!(
            missing.is_empty(),
            "no case executes these statements on {database:?}: {missing:#?}"
        );
    }
}
