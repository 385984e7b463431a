//! What a registry is known to do otherwise: a list that is wrong as soon as anything changes.

use std::collections::BTreeMap;

use crate::report::{Outcome, Report};

/// The outcomes other than `pass` that are known, by test.
#[derive(Clone, Debug, Default)]
pub struct Differences(BTreeMap<String, Outcome>);

impl Differences {
    /// Reads lines of the form `group.claim outcome why`; `#` begins a comment.
    ///
    /// # Errors
    /// The line that has another form, names no test, or comes again.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut known = BTreeMap::new();
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut words = line.splitn(3, ' ').map(str::trim);
            let (Some(id), Some(word), Some(_why)) = (words.next(), words.next(), words.next())
            else {
                return Err(format!("`{line}`: not of the form `test outcome why`"));
            };
            let outcome = Outcome::ALL.into_iter().find(|o| o.word() == word);
            let outcome = outcome.filter(|o| *o != Outcome::Pass);
            let outcome = outcome.ok_or_else(|| format!("`{line}`: say fail, warn or n/a"))?;
            if !crate::catalogue().iter().any(|test| test.id == id) {
                return Err(format!("`{line}`: there is no such test"));
            }
            if known.insert(id.to_owned(), outcome).is_some() {
                return Err(format!("`{line}`: listed twice"));
            }
        }
        Ok(Self(known))
    }

    /// Where a run is not as the list says: a difference that is not in it, or one that is gone.
    pub fn compare(&self, report: &Report) -> Vec<String> {
        let mut problems = Vec::new();
        for test in &report.tests {
            let known = self.0.get(&test.id).copied().unwrap_or(Outcome::Pass);
            if known != test.outcome {
                let (known, seen) = (known.word(), test.outcome.word());
                problems.push(format!("{}: {seen}, but listed as {known}", test.id));
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Tested;

    fn report(outcome: Outcome) -> Report {
        let (group, notes) = ("pull".to_owned(), Vec::new());
        let id = "pull.a_blob_is_pulled".to_owned();
        let shows = Vec::new();
        let tests = vec![Tested {
            id,
            group,
            shows,
            outcome,
            notes,
        }];
        Report {
            url: String::new(),
            seed: String::new(),
            tests,
        }
    }

    #[test]
    fn what_is_not_listed_and_what_is_listed_in_vain_are_told() {
        let none = Differences::default();
        let listed = Differences::parse("# known\npull.a_blob_is_pulled warn why\n").unwrap();
        assert!(none.compare(&report(Outcome::Pass)).is_empty());
        assert!(listed.compare(&report(Outcome::Warn)).is_empty());
        for outcome in [Outcome::Fail, Outcome::Warn, Outcome::NotOffered] {
            assert_eq!(none.compare(&report(outcome)).len(), 1);
        }
        for outcome in [Outcome::Pass, Outcome::Fail, Outcome::NotOffered] {
            assert_eq!(listed.compare(&report(outcome)).len(), 1);
        }
    }

    #[test]
    fn a_list_of_another_form_is_refused() {
        for text in [
            "pull.a_blob_is_pulled warn",
            "pull.a_blob_is_pulled pass why",
            "pull.nothing warn why",
            "pull.a_blob_is_pulled warn why\npull.a_blob_is_pulled warn why",
        ] {
            assert!(Differences::parse(text).is_err(), "{text}");
        }
    }
}
