//! The results of a run, and the file they are kept in.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::machine::Machine;
use super::measure::{Point, median};
use super::rows::{ROWS, Row};
use super::server::Kind;

/// The version of the file's form: greater when a reader of the old one would be misled.
const SCHEMA: u32 = 1;

/// Everything that one run has measured.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Results {
    schema: u32,
    /// The commit that was measured; `-dirty` behind it: with changes that no commit has.
    pub(super) commit: String,
    /// Microseconds since 1970 at the run's beginning.
    pub(super) begun_at: i64,
    /// Seconds that the run took.
    pub(super) took_s: f64,
    /// The arguments of the command line.
    pub(super) arguments: Vec<String>,
    pub(super) machine: Machine,
    pub(super) series: Vec<Series>,
}

/// What was measured of one row for one server with so many clients.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Series {
    pub(super) row: String,
    pub(super) title: String,
    /// What one unit is: see `rows::Unit`.
    pub(super) unit: String,
    pub(super) server: String,
    pub(super) clients: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<String>,
    /// By name, every round's value.
    pub(super) figures: BTreeMap<String, Vec<f64>>,
}

impl Series {
    /// The median of a figure's rounds.
    pub(super) fn median(&self, figure: &str) -> Option<f64> {
        self.figures.get(figure).map(|values| median(values))
    }

    /// Whether it is the same thing measured, perhaps at another time.
    pub(super) fn is_of(&self, other: &Self) -> bool {
        (&self.row, &self.server, self.clients) == (&other.row, &other.server, other.clients)
    }
}

impl Results {
    pub(super) fn new(machine: Machine, arguments: &[String], commit: String, begun: i64) -> Self {
        Self {
            schema: SCHEMA,
            commit,
            begun_at: begun,
            took_s: 0.0,
            arguments: arguments.to_vec(),
            machine,
            series: Vec::new(),
        }
    }

    /// Adds one round.
    pub(super) fn add(&mut self, row: &Row, kind: Kind, points: Vec<Point>) {
        for point in points {
            let new = Series {
                row: row.id.to_owned(),
                title: row.title.to_owned(),
                unit: row.unit.name().to_owned(),
                server: kind.name().to_owned(),
                clients: point.clients,
                note: None,
                figures: BTreeMap::new(),
            };
            let at = self.series.iter().position(|old| old.is_of(&new));
            let at = at.unwrap_or_else(|| {
                self.series.push(new);
                self.series.len() - 1
            });
            let Some(series) = self.series.get_mut(at) else {
                continue;
            };
            series.note = point.note.or_else(|| series.note.take());
            for (name, value) in point.figures {
                series.figures.entry(name).or_default().push(value);
            }
        }
    }

    /// Everything of one row, in the order in which it was measured.
    pub(super) fn of_row(&self, row: &str) -> impl Iterator<Item = &Series> {
        let row = row.to_owned();
        self.series.iter().filter(move |series| series.row == row)
    }

    /// The clients that a row is judged by: those of its first measurement.
    pub(super) fn clients(&self, row: &str) -> Option<usize> {
        self.of_row(row).next().map(|series| series.clients)
    }

    /// The median of a figure, at the clients that the row is judged by.
    pub(super) fn figure(&self, row: &str, kind: Kind, figure: &str) -> Option<f64> {
        let clients = self.clients(row)?;
        self.of_row(row)
            .find(|s| s.server == kind.name() && s.clients == clients)?
            .median(figure)
    }

    /// Whether every row was measured for every server, in more than a smoke run.
    pub(super) fn is_whole(&self) -> bool {
        let measured =
            |row: &Row, kind: &Kind| self.of_row(row.id).any(|s| s.server == kind.name());
        let all = ROWS
            .iter()
            .all(|row| row.kinds.iter().all(|kind| measured(row, kind)));
        all && !self.arguments.iter().any(|a| a == "--smoke")
    }

    /// Reads a file of results.
    ///
    /// # Errors
    /// When there is none, or one of another form.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        let text = fs::read_to_string(path).map_err(|e| format!("{shown}: {e}"))?;
        let results: Self = serde_json::from_str(&text).map_err(|e| format!("{shown}: {e}"))?;
        if results.schema != SCHEMA {
            let theirs = results.schema;
            return Err(format!("{shown}: form {theirs}, {SCHEMA} is known here"));
        }
        Ok(results)
    }

    /// Writes them to a file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write(&self, path: &Path) -> Result<(), String> {
        let failed = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
        let mut text = serde_json::to_string_pretty(self).map_err(|e| failed(&e))?;
        text.push('\n');
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|e| failed(&e))?;
        }
        fs::write(path, text).map_err(|e| failed(&e))
    }
}

/// The commit of the source tree.
pub(super) fn commit(root: &Path) -> String {
    let git = |arguments: &[&str]| {
        let done = Command::new("git")
            .args(arguments)
            .current_dir(root)
            .output();
        let done = done.ok().filter(|done| done.status.success())?;
        Some(String::from_utf8_lossy(&done.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) else {
        return "unknown".to_owned();
    };
    match git(&["status", "--porcelain", "--untracked-files=no"]) {
        Some(changes) if changes.is_empty() => commit,
        _ => format!("{commit}-dirty"),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::bench::rows;

    /// Results with the rounds of one figure each.
    pub(in crate::bench) fn results(all: &[(&str, Kind, usize, &str, &[f64])]) -> Results {
        let mut results = Results::new(
            Machine::default(),
            &[],
            "0123".to_owned(),
            1_700_000_000_000_000,
        );
        for (row, kind, clients, figure, values) in all {
            for value in *values {
                let point = Point::new(*clients, [((*figure).to_owned(), *value)].into());
                results.add(rows::find(row).unwrap(), *kind, vec![point]);
            }
        }
        results
    }

    #[test]
    fn rounds_of_the_same_thing_are_one_series_and_the_first_clients_are_judged() {
        let results = results(&[
            ("manifest-get", Kind::Nginx, 16, "rate", &[3.0, 1.0, 2.0]),
            ("manifest-get", Kind::Nginx, 1, "rate", &[9.0]),
        ]);
        assert_eq!(results.series.len(), 2);
        assert_eq!(
            results.figure("manifest-get", Kind::Nginx, "rate"),
            Some(2.0)
        );
        assert_eq!(
            results.figure("manifest-get", Kind::Wharfinger, "rate"),
            None
        );
    }

    #[test]
    fn what_was_written_is_read_and_another_form_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/results.json");
        let written = results(&[("limit", Kind::Pipeline, 4, "rate", &[0.5, 0.7])]);
        written.write(&path).unwrap();
        let read = Results::read(&path).unwrap();
        assert_eq!(read.figure("limit", Kind::Pipeline, "rate"), Some(0.7));
        assert_eq!(read.commit, "0123");
        assert!(!read.is_whole());

        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("\"schema\": 1", "\"schema\": 2")).unwrap();
        let error = Results::read(&path).unwrap_err();
        assert!(error.ends_with("form 2, 1 is known here"), "{error}");
        assert!(Results::read(Path::new("/nowhere")).is_err());
    }
}
