//! How the databases go about each statement: a lost index, or a new scan of a table that grows, fails here.
//!
//! The plans of `SQLite` are recorded in `plans.txt`, which is read as code is; `UPDATE_RECORDED=1` rewrites it. They
//! follow from the schema alone, since the product gathers no statistics. `PostgreSQL`'s depend on its version and on
//! what the tables hold, so of them only the rules are checked, with everything switched off that an index could do.
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use wharf_meta::{Database, MODULES, Options, Statement, Store};

use super::server::Server;

/// Tables that stay small whatever is stored.
const SMALL: &[&str] = &["store_id"];

/// Tables of which one repository may have millions of rows: a look-up by the repository alone may meet them all.
const LARGE_IN_ONE_REPOSITORY: &[&str] = &[
    "blob_keys",
    "digest_aliases",
    "links",
    "manifest_children",
    "manifest_links",
    "manifests",
    "tags",
    "trash_manifests",
    "untagged",
    "uploads",
    "usage",
];

/// Statements that break a rule, each with its reason. `PostgreSQL` need not break it where `SQLite` does.
const EXCUSED: &[(&str, &str)] = &[
    (
        "blobs::OBJECT_STATES",
        "groups the extents of one blob, 10,000 at most, when an operator asks why",
    ),
    (
        "events::UNSTAMPED",
        "sorts what the sequencer has not seen yet: on SQLite nothing, on PostgreSQL its last moment's events",
    ),
    (
        "iam::members::OF_MEMBER",
        "sorts the groups of one user or the instance profiles of one role: ten or so",
    ),
    (
        "iam::members::OF_OWNER",
        "sorts the users of one group, whose names stand in their own rows: no more than an account may have",
    ),
    (
        "jobs::SUMMARY",
        "counts the jobs that wait, for the operator: rows go when the work is done",
    ),
    (
        "listing::TAGGED",
        "sorts one page of digests, which a walk over the index has found in order",
    ),
    (
        "manifests::ANY",
        "one row, whichever, of those a repository has",
    ),
    ("manifests::A_PARENT", "the first row of a repository"),
    (
        "usage::REMOVE",
        "some rows, whichever: as many as are asked for",
    ),
];

/// The same of `PostgreSQL` alone.
const EXCUSED_ON_POSTGRESQL: &[(&str, &str)] = &[(
    "events::OF_DIGEST_ALONE",
    "sorts the events of one digest's blob: its making and its end",
)];

/// A step of a plan that breaks a rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fault {
    statement: &'static str,
    step: String,
}

fn statements() -> impl Iterator<Item = &'static Statement> {
    MODULES
        .iter()
        .flat_map(|(_, statements)| statements.iter().copied())
}

/// `blobs::FIND` of `wharf_meta::blobs::FIND`.
fn name(statement: &'static Statement) -> &'static str {
    let name = statement.name();
    name.split_once("::").map_or(name, |(_, rest)| rest)
}

/// Demands that the faults are of statements in [`EXCUSED`] or `more`, and where `all` is set, that none of these is idle.
fn only_excused(faults: &[Fault], more: &[(&str, &str)], all: bool) {
    let excused: BTreeSet<&str> = EXCUSED.iter().chain(more).map(|(name, _)| *name).collect();
    let new: Vec<&Fault> = faults
        .iter()
        .filter(|fault| !excused.contains(fault.statement))
        .collect();
    assert!(
        new.is_empty(),
        "these statements read more than they need: give them an index, or a line in EXCUSED: {new:#?}"
    );
    let met: BTreeSet<&str> = faults.iter().map(|fault| fault.statement).collect();
    let idle: Vec<&&str> = excused.difference(&met).collect();
    assert!(
        !all || idle.is_empty(),
        "these need no excuse any more: {idle:?}"
    );
}

/// A database file with the schema and nothing else.
fn empty_sqlite(directory: &tempfile::TempDir) -> Connection {
    let path = directory.path().join("plans.db");
    let store = Store::open_sqlite(&path, Options::new(7)).unwrap();
    tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(store.close());
    let connection = Connection::open(&path).unwrap();
    // As the store opens it: a plan does not depend on what is bound.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .unwrap();
    connection
        .execute_batch("PRAGMA foreign_keys = ON")
        .unwrap();
    connection
}

/// The steps of a plan with their depth.
fn sqlite_plan(connection: &Connection, statement: &Statement) -> Vec<(usize, String)> {
    let text = statement.text(Database::Sqlite);
    let mut prepared = connection
        .prepare(&format!("EXPLAIN QUERY PLAN {text}"))
        .unwrap();
    let mut depths = BTreeMap::from([(0_i64, 0_usize)]);
    // The parameters stay unbound.
    let mut rows = prepared.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let (id, parent): (i64, i64) = (row.get(0).unwrap(), row.get(1).unwrap());
        let depth = depths[&parent];
        depths.insert(id, depth + 1);
        steps.push((depth, row.get(3).unwrap()));
    }
    steps
}

/// The steps of a plan of `SQLite` that break a rule.
fn sqlite_faults(plan: &[(usize, String)]) -> Vec<String> {
    // What a subquery found is walked, of course, and so is a list that was handed in.
    let subqueries = plan.iter().filter_map(|(_, step)| {
        let named = step.strip_prefix("CO-ROUTINE ");
        named.or_else(|| step.strip_prefix("MATERIALIZE "))
    });
    let walked: Vec<&str> = subqueries.chain(["json_each", "CONSTANT"]).collect();
    let is_fault = |step: &&String| {
        let table = step.split(' ').nth(1).unwrap_or_default();
        if step.starts_with("SCAN ") {
            return !walked.contains(&table) && !SMALL.contains(&table);
        }
        // Nearly all rows that there are, in a registry with one large repository, or with many objects in one state.
        let nearly_all = (step.ends_with("(repository=?)")
            && LARGE_IN_ONE_REPOSITORY.contains(&table))
            || step.ends_with("(state=?)");
        step.starts_with("USE TEMP B-TREE") || step.contains("AUTOMATIC") || nearly_all
    };
    plan.iter()
        .map(|(_, step)| step)
        .filter(is_fault)
        .cloned()
        .collect()
}

#[test]
fn the_plans_of_sqlite_are_those_recorded_and_scan_nothing_that_grows() {
    let directory = tempfile::tempdir().unwrap();
    let connection = empty_sqlite(&directory);
    let mut text = String::new();
    let mut faults = Vec::new();
    for statement in statements() {
        writeln!(text, "{}", name(statement)).unwrap();
        let plan = sqlite_plan(&connection, statement);
        for (depth, step) in &plan {
            writeln!(text, "    {}{step}", "  ".repeat(*depth)).unwrap();
        }
        faults.extend(sqlite_faults(&plan).into_iter().map(|step| Fault {
            statement: name(statement),
            step,
        }));
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/contract/plans.txt");
    if std::env::var_os("UPDATE_RECORDED").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let recorded = std::fs::read_to_string(path).unwrap();
    let (was, is): (BTreeSet<&str>, BTreeSet<&str>) =
        (blocks(&recorded).collect(), blocks(&text).collect());
    let changed: Vec<&&str> = was.symmetric_difference(&is).collect();
    assert!(
        recorded == text,
        "plans have changed; UPDATE_RECORDED=1 records them anew: {changed:#?}"
    );
    only_excused(&faults, &[], true);
}

/// One statement's lines each.
fn blocks(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest.match_indices('\n').map(|(at, _)| at + 1).find(|at| {
            !rest
                .get(*at..)
                .is_some_and(|behind| behind.starts_with(' '))
        })?;
        let (block, behind) = rest.split_at(end);
        rest = behind;
        Some(block)
    })
}

#[test]
fn a_lost_index_is_a_fault() {
    let directory = tempfile::tempdir().unwrap();
    let connection = empty_sqlite(&directory);
    let faults = |connection: &Connection, wanted: &str| -> Vec<String> {
        let statement = statements().find(|statement| name(statement) == wanted);
        sqlite_faults(&sqlite_plan(connection, statement.unwrap()))
    };
    for wanted in ["links::DUE", "tags::OF_DIGEST", "links::OF_BLOB"] {
        assert_eq!(faults(&connection, wanted), Vec::<String>::new());
    }
    connection
        .execute_batch("DROP INDEX links_due; DROP INDEX tags_digest; DROP INDEX links_blob")
        .unwrap();
    assert_eq!(
        faults(&connection, "links::DUE"),
        ["SCAN links", "USE TEMP B-TREE FOR ORDER BY"]
    );
    // The rows of one repository are what it would read.
    assert_eq!(
        faults(&connection, "tags::OF_DIGEST"),
        ["SEARCH tags USING INDEX sqlite_autoindex_tags_1 (repository=?)"]
    );
    assert_ne!(faults(&connection, "links::OF_BLOB"), Vec::<String>::new());
}

#[test]
fn every_reference_between_rows_has_an_index_on_both_sides() {
    let directory = tempfile::tempdir().unwrap();
    let connection = empty_sqlite(&directory);
    let all = |sql: &str| -> Vec<Vec<String>> {
        let mut prepared = connection.prepare(sql).unwrap();
        let columns = prepared.column_count();
        let rows = prepared.query_map([], |row| {
            (0..columns)
                .map(|column| row.get::<_, Option<String>>(column))
                .map(|value| value.map(Option::unwrap_or_default))
                .collect()
        });
        rows.unwrap().map(Result::unwrap).collect()
    };
    let references = all(
        "SELECT m.name, CAST(f.id AS TEXT), f.\"from\" FROM sqlite_master AS m JOIN pragma_foreign_key_list(m.name) AS f
         WHERE m.type = 'table' ORDER BY m.name, f.id, f.seq",
    );
    let columns_of_indexes = all("SELECT m.name, i.name, c.name FROM sqlite_master AS m JOIN pragma_index_list(m.name) AS i
         JOIN pragma_index_info(i.name) AS c WHERE m.type = 'table' AND i.partial = 0 ORDER BY m.name, i.name, c.seqno");
    let group = |rows: Vec<Vec<String>>| {
        let mut groups: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for row in rows {
            let key = (row[0].clone(), row[1].clone());
            groups.entry(key).or_default().push(row[2].clone());
        }
        groups
    };
    let indexes = group(columns_of_indexes);
    let mut checked = 0;
    for ((table, _), columns) in group(references) {
        // Deleting what is referred to asks whether such a row is left: without an index, of all rows.
        let found = indexes.iter().any(|((of, _), index)| {
            let first: BTreeSet<&String> = index.iter().take(columns.len()).collect();
            *of == table && first == columns.iter().collect()
        });
        assert!(found, "{table} has no index that begins with {columns:?}");
        checked += 1;
    }
    assert!(checked >= 32, "only {checked} references were seen");
}

#[test]
fn postgresql_finds_an_index_for_each_statement() {
    let server = Server::start();
    let url = server.new_schema("plans");
    let options = Options {
        connections: 1,
        ..Options::new(7)
    };
    let store = Store::open_postgres(&url, options).unwrap();
    tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(store.close());
    let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
    let mut faults = Vec::new();
    // Switched off is what it would do to tables that are empty: it stays possible, at a high price.
    client
        .batch_execute(
            "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off; SET plan_cache_mode = force_generic_plan",
        )
        .unwrap();
    for statement in statements() {
        for step in postgresql_faults(&mut client, statement) {
            faults.push(Fault {
                statement: name(statement),
                step,
            });
        }
    }
    only_excused(&faults, EXCUSED_ON_POSTGRESQL, false);
}

/// What a plan of `PostgreSQL` does without an index.
fn postgresql_faults(client: &mut postgres::Client, statement: &'static Statement) -> Vec<String> {
    let text = statement.text(Database::PostgreSql);
    let prepared = client.prepare(text).unwrap();
    let nulls = vec!["NULL"; prepared.params().len()].join(", ");
    let types: Vec<&str> = prepared
        .params()
        .iter()
        .map(postgres::types::Type::name)
        .collect();
    let (open, close) = if nulls.is_empty() {
        ("", "")
    } else {
        ("(", ")")
    };
    client
        .batch_execute(&format!(
            "PREPARE asked {open}{}{close} AS {text}",
            types.join(", ")
        ))
        .unwrap();
    let explain = format!("EXPLAIN (COSTS OFF) EXECUTE asked {open}{nulls}{close}");
    let answer = client.simple_query(&explain).unwrap();
    client.batch_execute("DEALLOCATE asked").unwrap();
    let lines: Vec<String> = answer
        .iter()
        .filter_map(|message| match message {
            postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        })
        .collect();
    let steps = lines.iter().map(|line| {
        let step = line.trim_start().trim_start_matches("->");
        step.trim_start().to_owned()
    });
    steps
        .filter(|step| step.starts_with("Seq Scan") || step == "Sort")
        .filter(|step| !SMALL.iter().any(|table| step.contains(table)))
        .collect()
}
