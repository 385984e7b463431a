//! Clients of other people's: what each pushes comes back byte for byte, DescribeImages tells the digests that the
//! client tells, and each is refused in its own words.

mod aws;
mod buildah;
pub(crate) mod containerd;
mod containers;
mod helm;
mod oras;
mod podman;

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Options, Server, tools};

/// What the registry says of a repository that is not there, in every client that repeats it.
pub(crate) const ABSENT: &str =
    "The repository with name 'absent/app' does not exist in the registry with id '123456789012'";

/// What clients written in Go say of a certificate that nobody they trust has signed.
pub(crate) const UNTRUSTED: &str = "x509: certificate signed by unknown authority";

/// How a client reaches the server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wire {
    /// Plain HTTP, which clients take on this machine only where they are told to.
    Http,
    /// HTTPS, with the certificates of `wharfinger tls dev`.
    Https,
}

impl Wire {
    /// A server with these repositories.
    fn server(self, repositories: &[&str]) -> Server {
        let server = Server::start(match self {
            Self::Http => Options::default(),
            Self::Https => Options::tls(),
        });
        for name in repositories {
            server.create_repository(name);
        }
        server
    }
}

/// The authority that a client has to trust, if the server speaks HTTPS.
pub(crate) fn authority_file(server: &Server) -> Option<PathBuf> {
    let is_https = server.url().starts_with("https://");
    is_https.then(|| server.certificates().ca.clone())
}

/// The same as a folder, the way docker and its kin look for it.
pub(crate) fn authority_folder(server: &Server) -> Option<PathBuf> {
    let file = authority_file(server)?;
    let folder = server.scratch("certs.d");
    std::fs::copy(file, folder.join("ca.crt")).expect("a copy");
    Some(folder)
}

/// All images of a repository, as DescribeImages tells them.
fn described(server: &Server, repository: &str) -> Vec<Value> {
    let answer = server.call("DescribeImages", &json!({"repositoryName": repository}));
    answer["imageDetails"].as_array().expect("a list").clone()
}

/// The image of a tag, as DescribeImages tells it.
pub(crate) fn described_tag(server: &Server, repository: &str, tag: &str) -> Value {
    let body = json!({"repositoryName": repository, "imageIds": [{"imageTag": tag}]});
    server.call("DescribeImages", &body)["imageDetails"][0].clone()
}

/// The digests of a repository, sorted.
pub(crate) fn described_digests(server: &Server, repository: &str) -> Vec<String> {
    let images = described(server, repository);
    let digest = |image: &Value| image["imageDigest"].as_str().expect("a digest").to_owned();
    let mut digests: Vec<String> = images.iter().map(digest).collect();
    digests.sort();
    digests
}

/// A script of ours in Python, which `./test` may have installed beside the tree.
fn python(server: &Server, script: &str) -> Command {
    let cache = std::env::var_os("CI_CACHE_DIR").map(PathBuf::from);
    let places = [cache, Some(tools::workspace().join("target"))];
    let installed = places
        .into_iter()
        .flatten()
        .map(|place| place.join("test-tools/bin/python3"))
        .find(|program| program.is_file());
    let program = installed.unwrap_or_else(|| PathBuf::from("python3"));
    let mut command = server.command(&program.display().to_string());
    command.arg(tools::tests().join("clients").join(script));
    command
}
