//! Faults, each of which some tests have to notice.

use std::collections::BTreeSet;

use conformance::{Credentials, Options, Outcome, Report};

use super::model::Model;
use super::table::{self, Row};
use super::wire::{self, Request, Response};

/// What goes wrong on the way to the model, and on the way back.
#[derive(Clone, Copy)]
pub(crate) struct Fault {
    before: fn(&mut Request),
    after: fn(&Request, &mut Response),
}

const NONE: Fault = Fault {
    before: |_| {},
    after: |_, _| {},
};

/// Something is left out of account, or misread.
pub(crate) const fn before(before: fn(&mut Request)) -> Fault {
    Fault { before, ..NONE }
}

/// Something is answered that is not so.
pub(crate) const fn after(after: fn(&Request, &mut Response)) -> Fault {
    Fault { after, ..NONE }
}

/// Both.
pub(crate) const fn both(before: fn(&mut Request), after: fn(&Request, &mut Response)) -> Fault {
    Fault { before, after }
}

/// Runs some groups, or all, on a model with a fault.
fn run(fault: Fault, groups: &[&str]) -> Report {
    let mut model = Model::default();
    let url = wire::serve(move |stream| {
        let Some(mut request) = wire::receive(&stream) else {
            return;
        };
        let head = request.method == "HEAD";
        (fault.before)(&mut request);
        let mut response = model.answer(&request);
        (fault.after)(&request, &mut response);
        wire::send(&stream, &response, head);
    });
    let options = Options {
        credentials: Some(Credentials {
            user: "me".to_owned(),
            password: "secret".to_owned(),
        }),
        extensions: groups.is_empty(),
        groups: groups.iter().map(ToString::to_string).collect(),
        ..Options::new(&url, 1)
    };
    conformance::run(&options).unwrap()
}

/// The tests that do not pass.
fn noticed(report: &Report) -> BTreeSet<&str> {
    let tests = report.tests.iter();
    let noticed = tests.filter(|t| t.outcome != Outcome::Pass);
    noticed.map(|t| t.id.as_str()).collect()
}

#[test]
fn a_registry_that_does_everything_right_passes_every_test() {
    let report = run(NONE, &[]);
    assert_eq!(report.tests.len(), conformance::catalogue().len());
    assert!(noticed(&report).is_empty(), "{report}");
}

/// Demands that each fault is noticed by all tests that are about it.
fn are_noticed(rows: &[Row]) {
    let mut missed = Vec::new();
    for (what, fault, tests) in rows {
        let groups: BTreeSet<&str> = tests.iter().filter_map(|t| t.split('.').next()).collect();
        let groups: Vec<&str> = groups.into_iter().collect();
        let report = run(*fault, &groups);
        let noticed = noticed(&report);
        let blind = tests.iter().filter(|t| !noticed.contains(*t));
        missed.extend(blind.map(|test| format!("{what}: {test} passes")));
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn faults_of_reads_are_noticed() {
    are_noticed(table::pull::ROWS);
}

#[test]
fn faults_of_writes_are_noticed() {
    are_noticed(table::push::ROWS);
}

#[test]
fn faults_of_lists_are_noticed() {
    are_noticed(table::discovery::ROWS);
}

#[test]
fn faults_of_all_else_are_noticed() {
    are_noticed(table::others::ROWS);
}

#[test]
fn no_test_is_blind_to_every_fault() {
    let rows = table::ALL.into_iter().flatten();
    let seeing: BTreeSet<&str> = rows.flat_map(|(_, _, tests)| *tests).copied().collect();
    let tests = conformance::catalogue();
    let all: BTreeSet<&str> = tests.iter().map(|t| t.id.as_str()).collect();
    let blind: Vec<_> = all.difference(&seeing).collect();
    assert!(blind.is_empty(), "{blind:#?}");
    let unknown: Vec<_> = seeing.difference(&all).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
}
