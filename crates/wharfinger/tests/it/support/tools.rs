//! Programs of the outside world: where they are and what they say.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Variables that would lead a client away from the server under test.
pub(crate) const FOREIGN_ENV: &[&str] = &[
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ENDPOINT_URL_ECR",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
];

/// The binary under test.
pub(crate) fn wharfinger() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_wharfinger"))
}

/// The root of the source tree.
pub(crate) fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("two parents").to_owned()
}

/// The folder of the files that belong to these tests.
pub(crate) fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// Runs a command to its end.
pub(crate) fn output(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|e| {
        let name = command.get_program().display();
        panic!("{name} cannot be started ({e}); `./test` installs what the tests need")
    })
}

/// Commands that have to succeed.
pub(crate) trait Checked {
    /// Runs to the end and returns standard output.
    fn checked(&mut self) -> String;
    /// Runs to the end, has to fail, and returns both outputs.
    fn refused(&mut self) -> String;
}

impl Checked for Command {
    fn checked(&mut self) -> String {
        let done = output(self);
        assert!(done.status.success(), "{self:?}: {}", both(&done));
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    fn refused(&mut self) -> String {
        let done = output(self);
        assert!(
            !done.status.success(),
            "{self:?} succeeded: {}",
            both(&done)
        );
        both(&done)
    }
}

/// Both outputs of a finished command.
pub(crate) fn both(done: &Output) -> String {
    let out = String::from_utf8_lossy(&done.stdout);
    let err = String::from_utf8_lossy(&done.stderr);
    format!("{}\n{out}{err}", done.status)
}

/// The variables that lines of `export NAME=value` set, quotes removed.
pub(crate) fn exports(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter_map(|l| l.strip_prefix("export "));
    lines
        .filter_map(|l| l.split_once('='))
        .map(|(k, v)| (k.to_owned(), v.trim_matches(['\'', '"', ';']).to_owned()))
        .collect()
}

/// A folder tree of Terraform providers: `…/registry.terraform.io/hashicorp/aws/…`.
pub(crate) fn terraform_mirror() -> PathBuf {
    if let Some(path) = std::env::var_os("TEST_TERRAFORM_MIRROR") {
        return PathBuf::from(path);
    }
    let home = std::env::var_os("HOME").map_or_else(PathBuf::new, PathBuf::from);
    let mut places: Vec<PathBuf> = ["/opt", "/usr/share", "/usr/local", "/usr/lib", "/var/lib"]
        .iter()
        .map(PathBuf::from)
        .collect();
    places.push(home.join(".terraform.d"));
    places.push(home.join(".local/share/terraform"));
    places
        .iter()
        .find_map(|p| find_folder(p, "registry.terraform.io", 4))
        .expect("no Terraform provider mirror; `./test` says how to make one")
}

/// The parent of the first folder of this name, not deeper than `depth`.
fn find_folder(place: &Path, name: &str, depth: usize) -> Option<PathBuf> {
    if place.join(name).is_dir() {
        return Some(place.to_owned());
    }
    let entries = std::fs::read_dir(place).ok().filter(|_| depth > 0)?;
    let mut folders: Vec<PathBuf> = entries
        .flatten()
        .filter(|e| e.file_type().is_ok_and(|t| t.is_dir()))
        .map(|e| e.path())
        .collect();
    folders.sort();
    folders.iter().find_map(|f| find_folder(f, name, depth - 1))
}
