//! What a server keeps: the rows of every table and the files of stored objects.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::{Server, admin, stored};

/// How long what a refused request has begun may take to go.
const PATIENCE: Duration = Duration::from_secs(10);

/// Everything that is kept, by number and by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    tables: BTreeMap<String, u64>,
    files: BTreeSet<String>,
}

impl State {
    /// What the server keeps now.
    pub(crate) fn of(server: &Server) -> Self {
        Self {
            tables: admin::tables(server),
            files: stored::object_files(server.data_dir())
                .into_keys()
                .collect(),
        }
    }

    /// The state with so many rows more, by table.
    pub(crate) fn with_rows(mut self, more: &BTreeMap<String, u64>) -> Self {
        for (table, rows) in more {
            let known = self.tables.get_mut(table);
            *known.unwrap_or_else(|| panic!("there is no table {table}")) += rows;
        }
        self
    }

    /// Whether the server keeps exactly this now.
    pub(crate) fn look_once(&self, server: &Server) -> Result<(), String> {
        let now = Self::of(server);
        if now == *self {
            return Ok(());
        }
        Err(self.difference(&now))
    }

    /// Waits until the server keeps exactly this: what a client left behind goes after it has left.
    pub(crate) fn wait_for(&self, server: &Server) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let looked = self.look_once(server);
            if looked.is_ok() || Instant::now() > deadline {
                return looked;
            }
        }
    }

    fn difference(&self, now: &Self) -> String {
        let mut lines = Vec::new();
        for (table, rows) in &now.tables {
            let before = self.tables.get(table).copied().unwrap_or(0);
            if before != *rows {
                lines.push(format!(
                    "table {table}: {before} rows expected, {rows} found"
                ));
            }
        }
        for file in now.files.symmetric_difference(&self.files) {
            let gone = self.files.contains(file);
            let what = if gone { "gone" } else { "left behind" };
            lines.push(format!("file {file}: {what}"));
        }
        lines.join("; ")
    }
}
