//! The tests, one file a group.

mod base;
mod chunks;
mod conditional;
mod digests;
mod errors;
mod extensions;
mod management;
mod manifests;
mod mounts;
mod pull;
mod referrers;
mod subjects;
mod tags;
mod uploads;

use crate::check::Check;
use crate::trial::Trial;

/// Tests that belong together.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) name: &'static str,
    /// The workflow category of the specification, or the group's own name.
    pub(crate) category: &'static str,
    pub(crate) tests: &'static [Test],
}

/// A test: a claim about the registry.
#[derive(Debug)]
pub(crate) struct Test {
    /// Its function's name, which is the claim.
    pub(crate) claim: &'static str,
    /// The numbers of the requirements that it shows, with blanks between.
    pub(crate) shows: &'static str,
    pub(crate) run: fn(&Trial<'_>) -> Check,
}

/// `tests![a_claim => "PULL-01 PULL-02", …]`: the functions of a file, with what they show.
macro_rules! tests {
    ($($claim:ident => $shows:literal),+ $(,)?) => {
        &[$($crate::groups::Test { claim: stringify!($claim), shows: $shows, run: $claim }),+]
    };
}
use tests;

/// All groups, in the order in which they run. The errors are last but for the extensions: one of
/// their tests looks at every answer so far.
pub(crate) const ALL: &[Group] = &[
    base::GROUP,
    pull::GROUP,
    uploads::GROUP,
    chunks::GROUP,
    mounts::GROUP,
    manifests::GROUP,
    subjects::GROUP,
    tags::GROUP,
    referrers::GROUP,
    management::GROUP,
    digests::GROUP,
    conditional::GROUP,
    errors::GROUP,
    extensions::GROUP,
];

/// The group that is left out unless it is asked for.
pub(crate) const EXTENSIONS: &str = "extensions";
