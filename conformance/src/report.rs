//! What came out of a run.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::check::{Stop, shortened};

/// What came out of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// All that the test demands is met.
    Pass,
    /// A MUST is not met.
    Fail,
    /// A SHOULD is not met.
    Warn,
    /// The registry does not offer what the test is about, and need not.
    #[serde(rename = "n/a")]
    NotOffered,
}

impl Outcome {
    /// All outcomes, as columns of a table.
    pub const ALL: [Self; 4] = [Self::Pass, Self::Fail, Self::Warn, Self::NotOffered];

    /// The word for it in reports and in files of differences.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::NotOffered => "n/a",
        }
    }
}

/// What was expected, and what came instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// What the specification lets one expect.
    pub expected: String,
    /// What came.
    pub seen: String,
}

/// One test of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tested {
    /// `group.claim`.
    pub id: String,
    /// The group alone.
    pub group: String,
    /// The numbers of the requirements that it shows.
    pub shows: Vec<String>,
    /// What came out.
    pub outcome: Outcome,
    /// Why it did not pass; empty where it did.
    pub notes: Vec<Note>,
}

impl Tested {
    pub(crate) fn new(
        id: String,
        group: &str,
        shows: &str,
        ended: Result<(), Stop>,
        unmet: Vec<(String, String)>,
    ) -> Self {
        let unmet = unmet.into_iter();
        let mut notes: Vec<Note> = unmet.map(|(e, s)| Note::new(&e, &s)).collect();
        let outcome = match ended {
            Err(Stop::Failed { expected, seen }) => {
                notes.insert(0, Note::new(&expected, &seen));
                Outcome::Fail
            }
            Err(Stop::NotOffered(why)) => {
                notes = vec![Note::new("nothing: it need not be offered", &why)];
                Outcome::NotOffered
            }
            Ok(()) if notes.is_empty() => Outcome::Pass,
            Ok(()) => Outcome::Warn,
        };
        Self {
            id,
            group: group.to_owned(),
            shows: shows.split(' ').map(str::to_owned).collect(),
            outcome,
            notes,
        }
    }
}

impl Note {
    fn new(expected: &str, seen: &str) -> Self {
        // What is shown may come from a hostile registry: printable, and not endless.
        let line = |text: &str| {
            let parts = text.split_inclusive(": ").map(shortened);
            parts.collect::<String>().chars().take(600).collect()
        };
        Self {
            expected: line(expected),
            seen: line(seen),
        }
    }
}

/// How many tests of a group had which outcome.
pub type Totals = BTreeMap<&'static str, usize>;

/// A whole run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The registry.
    pub url: String,
    /// What the content followed from.
    pub seed: String,
    /// The tests, in the order in which they ran.
    pub tests: Vec<Tested>,
}

impl Report {
    /// Whether a MUST is not met.
    pub fn has_failed(&self) -> bool {
        self.tests.iter().any(|t| t.outcome == Outcome::Fail)
    }

    /// The totals of each group, in the order in which they ran, and of all.
    pub fn totals(&self) -> Vec<(String, Totals)> {
        let mut totals: Vec<(String, Totals)> = Vec::new();
        let mut sum = Totals::new();
        for test in &self.tests {
            if totals.last().is_none_or(|(group, _)| *group != test.group) {
                totals.push((test.group.clone(), Totals::new()));
            }
            let word = test.outcome.word();
            *sum.entry(word).or_default() += 1;
            if let Some((_, last)) = totals.last_mut() {
                *last.entry(word).or_default() += 1;
            }
        }
        totals.push(("all".to_owned(), sum));
        totals
    }

    /// The table of totals.
    pub fn table(&self) -> String {
        let row = |name: &str, cells: [String; 4]| {
            let [pass, fail, warn, none] = cells;
            format!("{name:<14}{pass:>6}{fail:>6}{warn:>6}{none:>6}\n")
        };
        let mut table = row("group", Outcome::ALL.map(|o| o.word().to_owned()));
        for (group, totals) in self.totals() {
            let count = |o: Outcome| totals.get(o.word()).copied().unwrap_or_default();
            table.push_str(&row(&group, Outcome::ALL.map(|o| count(o).to_string())));
        }
        table
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, seed {}", self.url, self.seed)?;
        let told = self.tests.iter().filter(|t| t.outcome != Outcome::Pass);
        for test in told {
            let (word, shows) = (test.outcome.word(), test.shows.join(" "));
            writeln!(f, "{word:<5} {} ({shows})", test.id)?;
            for note in &test.notes {
                if test.outcome != Outcome::NotOffered {
                    writeln!(f, "      expected {}", note.expected)?;
                }
                writeln!(f, "      seen     {}", note.seen)?;
            }
        }
        write!(f, "{}", self.table())
    }
}
