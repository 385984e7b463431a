//! The schema and its versions: newer is refused, older is backed up and brought forward.
use crate::{Database, Error, Micros, Result, Tx};

/// One step of the schema.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Migration {
    pub(crate) version: i64,
    pub(crate) sql: &'static str,
}

/// All steps, in order of version.
pub(crate) static MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: include_str!("../schema/0001_first.sql"),
}];

/// Two nodes that start at once migrate one after the other.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7449363)";

/// Brings the schema of a database to the newest of `migrations`.
///
/// `backup` gets the version found and runs before anything is changed in a database that holds data.
///
/// # Errors
/// `Newer` if the database has a version that is not among them; those of the database and of `backup`.
pub(crate) fn migrate(
    tx: &mut Tx,
    migrations: &[Migration],
    now: Micros,
    backup: impl FnOnce(&mut Tx, i64) -> Result<()>,
) -> Result<()> {
    let known = migrations.last().map_or(0, |migration| migration.version);
    let found = version(tx)?;
    if found > known {
        return Err(Error::Newer { found, known });
    }
    if found == known {
        return Ok(());
    }
    if found > 0 {
        backup(tx, found)?;
    }
    let begin = match tx.database() {
        Database::Sqlite => "BEGIN IMMEDIATE",
        Database::PostgreSql => "BEGIN",
    };
    tx.control(begin)?;
    let done = steps(tx, migrations, now).and_then(|()| tx.control("COMMIT"));
    if done.is_err() && tx.is_open() {
        tx.control("ROLLBACK")?;
    }
    done
}

fn steps(tx: &mut Tx, migrations: &[Migration], now: Micros) -> Result<()> {
    if tx.database() == Database::PostgreSql {
        tx.batch(LOCK)?;
    }
    // Read again: another node may have been faster.
    let found = version(tx)?;
    for migration in migrations
        .iter()
        .filter(|migration| migration.version > found)
    {
        tx.batch(migration.sql)?;
        let version = migration.version;
        tx.batch(&format!(
            "INSERT INTO schema_version (version, applied_at) VALUES ({version}, {now})"
        ))?;
    }
    Ok(())
}

/// The version of the schema in the database; 0 if it has none.
fn version(tx: &mut Tx) -> Result<i64> {
    let has_table = match tx.database() {
        Database::Sqlite => {
            "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'"
        }
        Database::PostgreSql => {
            "SELECT COUNT(*) FROM pg_catalog.pg_tables
             WHERE schemaname = current_schema() AND tablename = 'schema_version'"
        }
    };
    if tx.ad_hoc_integer(has_table)? == 0 {
        return Ok(0);
    }
    tx.ad_hoc_integer("SELECT MAX(version) FROM schema_version")
}
