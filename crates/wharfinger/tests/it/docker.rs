//! The docker client with its engine: login, build from scratch, push, pull.

use std::path::{Path, PathBuf};

use crate::clients;
use crate::support::engine::Engine;
use crate::support::images::noise;
use crate::support::tools::{Checked as _, output};
use crate::support::{Options, Server};

/// Logs the engine's client in with what the AWS CLI prints.
fn log_in(engine: &Engine, server: &Server) {
    let password = server
        .command("aws")
        .args(["ecr", "get-login-password"])
        .checked();
    let file = server.scratch("login").join("password");
    std::fs::write(&file, password).expect("a file");
    let said = engine
        .docker()
        .args([
            "login",
            "--username",
            "AWS",
            "--password-stdin",
            server.authority(),
        ])
        .stdin(std::fs::File::open(file).expect("the file"))
        .checked();
    assert!(said.contains("Login Succeeded"), "{said}");
}

/// Builds an image from scratch, with one file of these bytes, and names it.
pub(crate) fn build(engine: &Engine, content: &[u8], name: &str) {
    let folder = engine.folder().join("context");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("file"), content).expect("a file");
    let text = "FROM scratch\nCOPY file /file\nENV COLOUR=blue\nCMD [\"/file\"]\n";
    std::fs::write(folder.join("Dockerfile"), text).expect("a file");
    engine
        .docker()
        .args(["build", "--network", "none", "--tag", name])
        .arg(&folder)
        .checked();
}

/// The engine's id of an image: the digest of its config.
pub(crate) fn image_id(engine: &Engine, name: &str) -> String {
    let mut inspect = engine.docker();
    inspect.args(["image", "inspect", "--format", "{{.Id}}", name]);
    inspect.checked().trim().to_owned()
}

/// The digest that `docker push` prints.
pub(crate) fn pushed_digest(said: &str) -> String {
    let (_, rest) = said.split_once("digest: ").expect("a digest");
    rest.split_whitespace().next().expect("a digest").to_owned()
}

#[test]
fn docker_builds_pushes_and_pulls_by_tag_and_by_digest() {
    let server = Server::start(Options::default());
    let engine = Engine::start();
    server.create_repository("team/app");
    log_in(&engine, &server);
    let name = format!("{}/team/app", server.authority());
    let tagged = format!("{name}:v1");

    build(&engine, &noise(1, 3_000_000), &tagged);
    let id = image_id(&engine, &tagged);
    let digest = pushed_digest(&engine.docker().args(["push", &tagged]).checked());

    // Nothing of it is left in the engine, so that a pull has to fetch every byte.
    for reference in [tagged.clone(), format!("{name}@{digest}")] {
        engine
            .docker()
            .args(["system", "prune", "--all", "--force"])
            .checked();
        let before = output(engine.docker().args(["image", "inspect", &id]));
        assert!(!before.status.success(), "the image is still in the engine");
        engine.docker().args(["pull", &reference]).checked();
        assert_eq!(image_id(&engine, &reference), id);
    }

    // The file comes back bit for bit.
    let copy = engine.folder().join("copy");
    let container = engine
        .docker()
        .args(["create", &format!("{name}@{digest}")])
        .checked();
    let from = format!("{}:/file", container.trim());
    engine.docker().args(["cp", &from]).arg(&copy).checked();
    assert!(std::fs::read(copy).expect("the file") == noise(1, 3_000_000));

    // A second push of the same image finds everything there and changes nothing.
    let by_digest = format!("{name}@{digest}");
    engine.docker().args(["tag", &by_digest, &tagged]).checked();
    let again = engine.docker().args(["push", &tagged]).checked();
    assert_eq!(pushed_digest(&again), digest);
    assert!(again.contains("Layer already exists"), "{again}");

    let absent = engine
        .docker()
        .args(["pull", &format!("{name}:absent")])
        .refused();
    assert!(
        absent.contains("manifest unknown: Requested image not found"),
        "{absent}"
    );
    let nowhere = format!("{}/absent:v1", server.authority());
    engine.docker().args(["tag", &tagged, &nowhere]).checked();
    let missing = engine.docker().args(["push", &nowhere]).refused();
    assert!(
        missing.contains(
            "name unknown: The repository with name 'absent' does not exist \
             in the registry with id '123456789012'"
        ),
        "{missing}"
    );
}

/// Where engines look for the authority of one registry; removed when dropped.
struct Trust(PathBuf);

impl Trust {
    fn of(server: &Server) -> Self {
        let folder = Path::new("/etc/docker/certs.d").join(server.authority());
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::copy(&server.certificates().ca, folder.join("ca.crt")).expect("a copy");
        Self(folder)
    }
}

impl Drop for Trust {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// An engine does not verify what registries on its own machine present, so this shows that HTTPS is spoken, and not
/// whom the engine trusts.
#[test]
fn docker_pushes_and_pulls_over_https() {
    let server = Server::start(Options::tls());
    let _trust = Trust::of(&server);
    let engine = Engine::start();
    server.create_repository("team/app");
    log_in(&engine, &server);
    let tagged = format!("{}/team/app:v1", server.authority());
    build(&engine, &noise(2, 1_000_000), &tagged);
    let id = image_id(&engine, &tagged);
    let digest = pushed_digest(&engine.docker().args(["push", &tagged]).checked());
    let image = clients::described_tag(&server, "team/app", "v1");
    assert_eq!(image["imageDigest"], digest.as_str());
    engine
        .docker()
        .args(["system", "prune", "--all", "--force"])
        .checked();
    engine.docker().args(["pull", &tagged]).checked();
    assert_eq!(image_id(&engine, &tagged), id);
}

#[test]
fn docker_is_told_that_an_immutable_tag_is_taken() {
    let server = Server::start(Options::default());
    let engine = Engine::start();
    server.create_immutable_repository("fixed");
    log_in(&engine, &server);
    let tagged = format!("{}/fixed:v1", server.authority());

    build(&engine, b"first", &tagged);
    let first = engine.docker().args(["push", &tagged]).checked();
    // The same digest again is no change.
    let again = engine.docker().args(["push", &tagged]).checked();
    assert_eq!(pushed_digest(&again), pushed_digest(&first));

    build(&engine, b"second", &tagged);
    let refused = engine.docker().args(["push", &tagged]).refused();
    assert!(
        refused.contains(
            "tag invalid: The image tag 'v1' already exists in the 'fixed' repository \
             and cannot be overwritten because the repository is immutable."
        ),
        "{refused}"
    );
    let images = server.call(
        "ListImages",
        &serde_json::json!({"repositoryName": "fixed"}),
    );
    assert_eq!(images["imageIds"][0]["imageDigest"], pushed_digest(&first));
    assert_eq!(images["imageIds"].as_array().map(Vec::len), Some(1));
}

#[test]
fn docker_without_a_valid_password_is_refused() {
    let server = Server::start(Options::default());
    let engine = Engine::start();
    server.create_repository("app");
    let mut login = engine.docker();
    login.args([
        "login",
        "--username",
        "AWS",
        "--password",
        "wrong",
        server.authority(),
    ]);
    let said = login.refused();
    assert!(
        said.contains("401 Unauthorized") || said.contains("unauthorized"),
        "{said}"
    );

    let tagged = format!("{}/app:v1", server.authority());
    build(&engine, b"content", &tagged);
    let said = engine.docker().args(["push", &tagged]).refused();
    assert!(said.contains("no basic auth credentials"), "{said}");
}
