//! The conformance suite, on Wharfinger and on Debian's docker-registry. That the other one is known to
//! differ exactly as listed tests the suite itself: a test that notices nothing would pass there, too.

use std::path::Path;

use conformance::{Credentials, Differences, Options};

use crate::support::note::note;
use crate::support::process::Process;
use crate::support::{self, Server, tools};

/// Runs every test, extensions too, and demands that what differs is what the list says.
#[track_caller]
fn differs_as_listed(registry: &str, options: Options) {
    let path = format!("conformance/differences/{registry}.txt");
    let path = tools::workspace().join(path);
    let known = std::fs::read_to_string(&path).expect("a list of differences");
    let known = Differences::parse(&known).expect("a list of differences");
    let options = Options {
        extensions: true,
        ..options
    };
    let report = conformance::run(&options).expect("a report");
    note(&format!("{registry}\n{}", report.table()));
    let problems = known.compare(&report);
    assert!(
        problems.is_empty(),
        "{report}\n{registry} is not as listed in {}:\n{}",
        path.display(),
        problems.join("\n")
    );
}

#[test]
fn wharfinger_keeps_to_the_specification_as_listed() {
    let server = Server::start(support::Options::default());
    let options = Options {
        credentials: Some(Credentials {
            user: "AWS".to_owned(),
            password: server.password(),
        }),
        ..Options::new(server.url(), 1)
    };
    for name in [&options.repository, &options.other_repository] {
        server.create_repository(name);
    }
    differs_as_listed("wharfinger", options);
}

/// Starts docker-registry on a free port; it says there which one.
fn docker_registry(folder: &Path) -> (Process, String) {
    let config = folder.join("config.yml");
    let text = format!(
        "version: 0.1\nlog:\n  level: info\n  accesslog:\n    disabled: true\n\
         storage:\n  delete:\n    enabled: true\n  filesystem:\n    rootdirectory: {}\n\
         http:\n  addr: 127.0.0.1:0\n",
        folder.join("data").display()
    );
    std::fs::write(&config, text).expect("a configuration");
    // It logs to its standard error, where it says its port, too.
    let line = format!("exec docker-registry serve {} 2>&1", config.display());
    let line = ["sh", "-c", &line].map(str::to_owned);
    let process = Process::start(&line, folder);
    let address = process.wait_for_line("listening on 127.0.0.1:", "listening on ");
    let url = format!("http://{}", address.trim_end_matches('"'));
    (process, url)
}

#[test]
fn docker_registry_differs_from_the_specification_as_listed() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let (process, url) = docker_registry(folder.path());
    differs_as_listed("docker-registry", Options::new(&url, 1));
    drop(process);
}
