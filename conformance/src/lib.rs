//! Does a registry keep to the OCI distribution specification 1.1? Asked from outside: the suite
//! speaks HTTP to a URL, and shares no code with any registry.
//!
//! `requirements.md` numbers what the specification demands; each test says which numbers it shows.
//! A test is a function that reads like its demand, in the file of its group below `groups/`.

mod answer;
mod auth;
mod check;
mod content;
mod differences;
mod groups;
mod http;
mod registry;
mod report;
mod trial;
mod url;

use std::time::{Duration, Instant};

pub use auth::Credentials;
pub use differences::Differences;
pub use report::{Note, Outcome, Report, Tested, Totals};

use content::Random;
use registry::Registry;
use trial::Trial;
use url::Url;

/// What to test, and as whom.
#[derive(Clone, Debug)]
pub struct Options {
    /// The registry, such as `http://localhost:5000`.
    pub url: String,
    /// Who the suite is; nobody, where there are none.
    pub credentials: Option<Credentials>,
    /// The repository of the tests. A registry that makes none by itself has to have it.
    pub repository: String,
    /// Another one.
    pub other_repository: String,
    /// Names of groups or categories; all, where there are none.
    pub groups: Vec<String>,
    /// Whether to run what lies beyond the specification, too.
    pub extensions: bool,
    /// What all content follows from. The same seed pushes the same content again.
    pub seed: u64,
    /// How long the run may take; then every test that is left fails.
    pub time_limit: Duration,
}

impl Options {
    /// All tests of the specification, as nobody.
    pub fn new(url: &str, seed: u64) -> Self {
        Self {
            url: url.to_owned(),
            credentials: None,
            repository: "conformance/one".to_owned(),
            other_repository: "conformance/other".to_owned(),
            groups: Vec::new(),
            extensions: false,
            seed,
            time_limit: Duration::from_mins(10),
        }
    }

    fn wants(&self, group: &groups::Group) -> bool {
        let wanted = |name: &String| name == group.name || name == group.category;
        let named = self.groups.iter().any(wanted);
        if group.name == groups::EXTENSIONS {
            self.extensions || named
        } else {
            self.groups.is_empty() || named
        }
    }
}

/// A test that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// `group.claim`.
    pub id: String,
    /// The numbers of the requirements that it shows.
    pub shows: Vec<String>,
}

/// All tests that there are.
pub fn catalogue() -> Vec<Listed> {
    let all = groups::ALL.iter();
    let tests = all.flat_map(|group| group.tests.iter().map(move |test| (group, test)));
    let listed = tests.map(|(group, test)| Listed {
        id: format!("{}.{}", group.name, test.claim),
        shows: test.shows.split(' ').map(str::to_owned).collect(),
    });
    listed.collect()
}

/// Runs the tests, one after another.
///
/// # Errors
/// A sentence, when an option makes no sense. A registry that cannot be reached is no error: its
/// tests fail.
pub fn run(options: &Options) -> Result<Report, String> {
    let known = |name: &String| {
        let names = groups::ALL.iter().flat_map(|g| [g.name, g.category]);
        names.into_iter().any(|n| n == name)
    };
    if let Some(unknown) = options.groups.iter().find(|name| !known(name)) {
        return Err(format!("there is no group `{unknown}`"));
    }
    if options.repository == options.other_repository {
        return Err("the other repository has to be another one".to_owned());
    }
    let root = Url::registry(&options.url)?;
    // What is asked for has to be a URL, too.
    for name in [&options.repository, &options.other_repository] {
        root.join(&format!("/v2/{name}/"))?;
    }
    let until = Instant::now() + options.time_limit;
    let registry = Registry::new(root, options.credentials.clone(), until);
    let mut tests = Vec::new();
    for group in groups::ALL.iter().filter(|group| options.wants(group)) {
        for test in group.tests {
            let id = format!("{}.{}", group.name, test.claim);
            let random = Random::new(options.seed, &id);
            let (one, other) = (&options.repository, &options.other_repository);
            let trial = Trial::new(&registry, one, other, random);
            let ended = (test.run)(&trial);
            let unmet = trial.unmet();
            tests.push(Tested::new(id, group.name, test.shows, ended, unmet));
        }
    }
    Ok(Report {
        url: options.url.clone(),
        seed: format!("{:016x}", options.seed),
        tests,
    })
}
