//! Helm: a chart is pushed, found by its version, and pulled.

use std::process::Command;

use serde_json::Value;

use super::{ABSENT, UNTRUSTED, Wire, described_digests, described_tag, python};
use crate::support::Server;
use crate::support::tools::Checked as _;

/// What Helm's charts say they are.
const CHART_CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";

/// Helm with a home of its own.
fn helm(server: &Server, words: &[&str]) -> Command {
    let mut command = python(server, "helm_client.py");
    let home = server.scratch("helm");
    let wire = server
        .url()
        .split_once("://")
        .map_or("", |(scheme, _)| scheme);
    command.arg(&home).arg(wire).args(words).env("HOME", &home);
    command
}

fn answer(command: &mut Command) -> Value {
    serde_json::from_str(&command.checked()).expect("JSON")
}

/// Makes a chart and returns its archive.
fn create(server: &Server, version: &str) -> String {
    let path = answer(&mut helm(server, &["create", "web", version]));
    path.as_str().expect("a path").to_owned()
}

fn goes_in_and_comes_out(wire: Wire) {
    let server = wire.server(&["charts/web"]);
    let host = server.authority();
    helm(&server, &["login", host, "AWS", &server.password()]).checked();
    let remote = format!("oci://{host}/charts");
    let chart = format!("{remote}/web");
    for version in ["0.1.0", "0.2.0-rc.1"] {
        let archive = create(&server, version);
        helm(&server, &["push", &archive, &remote]).checked();
        let resolved = answer(&mut helm(
            &server,
            &["resolve", &format!("{chart}:{version}")],
        ));
        let image = described_tag(&server, "charts/web", version);
        assert_eq!(image["imageDigest"], resolved["digest"]);
        assert_eq!(image["artifactMediaType"], CHART_CONFIG);

        let back = server.scratch("back");
        let folder = back.display().to_string();
        helm(&server, &["pull", &chart, version, &folder]).checked();
        let received = std::fs::read(back.join(format!("web-{version}.tgz"))).expect("a chart");
        assert!(received == std::fs::read(archive).expect("the chart"));
    }
    let tags = answer(&mut helm(&server, &["tags", &chart]));
    assert_eq!(tags, serde_json::json!(["0.2.0-rc.1", "0.1.0"]));
}

#[test]
fn helm_pulls_the_chart_that_it_pushed() {
    goes_in_and_comes_out(Wire::Http);
}

#[test]
fn helm_pulls_over_https_the_chart_that_it_pushed() {
    goes_in_and_comes_out(Wire::Https);
}

#[test]
fn helm_takes_no_certificate_of_an_authority_it_does_not_trust() {
    let server = Wire::Https.server(&[]);
    let login = ["login", server.authority(), "AWS", &server.password()];
    let said = helm(&server, &login).env_remove("SSL_CERT_FILE").refused();
    assert!(said.contains(UNTRUSTED), "{said}");
}

#[test]
fn helm_is_refused_in_its_own_words() {
    let server = Wire::Http.server(&["charts/web"]);
    let host = server.authority();
    let said = helm(&server, &["login", host, "AWS", "wrong"]).refused();
    assert!(
        said.contains("response status code 401: unauthorized: Not Authorized"),
        "{said}"
    );

    let archive = create(&server, "0.1.0");
    let remote = format!("oci://{host}/charts");
    let said = helm(&server, &["push", &archive, &remote]).refused();
    assert!(
        said.contains("HelmRegistryError") && said.contains("credential"),
        "{said}"
    );

    helm(&server, &["login", host, "AWS", &server.password()]).checked();
    server.create_repository("absent/other");
    let said = helm(
        &server,
        &["push", &archive, &format!("oci://{host}/absent")],
    )
    .refused();
    let word = ABSENT.replace("absent/app", "absent/web");
    assert!(
        said.contains(&format!("404: name unknown: {word}")),
        "{said}"
    );

    let folder = server.scratch("back").display().to_string();
    let pull = ["pull", &format!("{remote}/web"), "0.9.0", &folder];
    let said = helm(&server, &pull).refused();
    assert!(said.contains("charts/web:0.9.0: not found"), "{said}");
    assert!(described_digests(&server, "charts/web").is_empty());
}
