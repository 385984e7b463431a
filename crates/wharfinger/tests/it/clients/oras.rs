//! ORAS: files as artifacts, also in chunks, and artifacts that refer to others.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::{ABSENT, Wire, described_digests, described_tag, python};
use crate::support::Server;
use crate::support::images::{OCI_INDEX, OCI_MANIFEST, noise};
use crate::support::tools::Checked as _;

const SBOM: &str = "application/vnd.example.sbom";

/// ORAS in the folder of the files.
fn oras(server: &Server, password: &str, words: &[&str]) -> Command {
    let mut command = python(server, "oras_client.py");
    let home = server.scratch("oras");
    let wire =
        super::authority_file(server).map_or("http".into(), |file| file.display().to_string());
    command
        .args([server.authority(), &wire, password])
        .args(words);
    // Its library would take the certificates from here, too.
    command
        .env_remove("SSL_CERT_FILE")
        .env("HOME", &home)
        .current_dir(home);
    command
}

fn answer(command: &mut Command) -> Value {
    let said = command.checked();
    // Its log comes before.
    let last = said.lines().last().unwrap_or_default();
    serde_json::from_str(last).expect("JSON")
}

fn file(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).expect("a file")
}

fn goes_in_and_comes_out(wire: Wire) {
    let server = wire.server(&["team/files"]);
    let password = server.password();
    let home = server.scratch("oras");
    for (name, size) in [("small", 1), ("exact", 200_000), ("large", 350_001)] {
        std::fs::write(home.join(name), noise(51, size)).expect("a file");
    }
    let typed = format!("small:{SBOM}");
    for (command, tag) in [("push", "v1"), ("chunked", "v2")] {
        let target = format!("team/files:{tag}");
        let words = [command, &target, &typed, "exact", "large"];
        let pushed = answer(&mut oras(&server, &password, &words));
        assert_eq!(pushed["status"], 201);
        let image = described_tag(&server, "team/files", tag);
        assert_eq!(image["imageDigest"], pushed["docker-content-digest"]);

        let back = server.scratch(&format!("back-{tag}"));
        let folder = back.display().to_string();
        oras(&server, &password, &["pull", &target, &folder]).checked();
        for name in ["small", "exact", "large"] {
            assert!(
                file(&back, name) == file(&home, name),
                "{name} came back changed"
            );
        }
    }
    let tags = answer(&mut oras(&server, &password, &["tags", "team/files"]));
    assert_eq!(tags, json!(["v1", "v2"]));
}

#[test]
fn oras_pulls_the_files_that_it_pushed_whole_and_in_chunks() {
    goes_in_and_comes_out(Wire::Http);
}

#[test]
fn oras_pulls_over_https_the_files_that_it_pushed() {
    goes_in_and_comes_out(Wire::Https);
}

#[test]
fn oras_attaches_an_artifact_to_an_image_and_finds_it_there() {
    let server = Wire::Http.server(&["team/files"]);
    let password = server.password();
    let home = server.scratch("oras");
    std::fs::write(home.join("app"), noise(52, 5_000)).expect("a file");
    std::fs::write(home.join("sbom.json"), noise(53, 3_000)).expect("a file");
    let pushed = answer(&mut oras(
        &server,
        &password,
        &["push", "team/files:v1", "app"],
    ));
    let subject = pushed["docker-content-digest"].clone();

    let attach = ["attach", "team/files:v1", SBOM, "sbom.json"];
    let attached = answer(&mut oras(&server, &password, &attach));
    assert_eq!(attached["oci-subject"], subject);
    let image = described_tag(&server, "team/files", "attached");
    assert_eq!(image["imageDigest"], attached["docker-content-digest"]);
    assert_eq!(image["artifactMediaType"], SBOM);
    assert_eq!(image["subjectManifestDigest"], subject);
    assert_eq!(image["imageManifestMediaType"], OCI_MANIFEST);

    let subject_digest = subject.as_str().expect("a digest");
    let listed = |artifact_type: &str| {
        let words = ["referrers", "team/files", subject_digest, artifact_type];
        answer(&mut oras(&server, &password, &words))
    };
    let index = listed(SBOM);
    assert_eq!(index["mediaType"], OCI_INDEX);
    assert_eq!(index["filters"], "artifactType");
    let referrers = index["manifests"].as_array().expect("a list");
    assert_eq!(referrers.len(), 1, "{index}");
    assert_eq!(referrers[0]["digest"], image["imageDigest"]);
    assert_eq!(referrers[0]["artifactType"], SBOM);
    assert_eq!(
        listed("application/vnd.example.none")["manifests"],
        json!([])
    );

    // What the tag named is untouched.
    assert_eq!(
        described_tag(&server, "team/files", "v1")["imageDigest"],
        subject
    );
}

#[test]
fn oras_deletes_by_tag() {
    let server = Wire::Http.server(&["team/files"]);
    let password = server.password();
    std::fs::write(server.scratch("oras").join("app"), b"content").expect("a file");
    oras(&server, &password, &["push", "team/files:v1", "app"]).checked();
    let gone = answer(&mut oras(&server, &password, &["delete", "team/files:v1"]));
    assert_eq!(gone, json!(["v1"]));
    assert!(described_digests(&server, "team/files").is_empty());
}

#[test]
fn oras_is_refused_in_its_own_words() {
    let server = Wire::Http.server(&["team/files"]);
    std::fs::write(server.scratch("oras").join("app"), b"content").expect("a file");
    let said = oras(&server, "wrong", &["push", "team/files:v1", "app"]).refused();
    assert!(said.contains("Not Authorized"), "{said}");

    let password = server.password();
    let said = oras(&server, &password, &["push", "absent/app:v1", "app"]).refused();
    assert!(
        said.contains("NAME_UNKNOWN") && said.contains(ABSENT),
        "{said}"
    );

    let said = oras(&server, &password, &["pull", "team/files:absent", "back"]).refused();
    assert!(said.contains("manifests/absent: Not Found"), "{said}");
    assert!(described_digests(&server, "team/files").is_empty());
}
