//! HTTPS: the certificate, what is spoken over it, and who cannot disturb it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use rustls::pki_types::CertificateDer;
use serde_json::json;

use crate::support::images::Image;
use crate::support::tools::{self, Checked as _};
use crate::support::{ACCOUNT, Options, Server, http, process, tls};

mod amazon;
mod dev;
mod frames;
mod handshake;
mod http2;
mod proxy;
mod reload;

const NONE: &[(&str, &str)] = &[];

/// The certificate that a new connection is shown.
fn leaf(server: &Server) -> CertificateDer<'static> {
    let socket = TcpStream::connect(server.authority()).expect("a connection");
    let config = tls::client(&server.certificates().ca, &[]);
    let stream = tls::over(socket, server.authority(), config).expect("a handshake");
    let shown = stream.conn.peer_certificates().expect("a certificate");
    shown[0].clone().into_owned()
}

/// `curl` that trusts the server, and prints the version of HTTP and the status after the body.
fn curl(server: &Server) -> Command {
    let mut curl = server.command("curl");
    curl.args(["-sS", "-w", "\n%{http_version} %{http_code}"]);
    curl
}

/// `serve` with these files on free ports, which ends by itself only if it refuses to start.
fn serve(server: &Server, cert: &std::path::Path, key: &std::path::Path) -> Command {
    let mut serve = Command::new(tools::wharfinger());
    serve
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--operator-listen",
            "127.0.0.1:0",
        ])
        .arg("--data-dir")
        .arg(server.scratch("other"))
        .arg("--tls-cert")
        .arg(cert)
        .arg("--tls-key")
        .arg(key);
    serve
}

#[test]
fn both_planes_are_served_over_tls_and_their_answers_say_https() {
    let server = Server::start(Options::tls());
    let authority = server.authority().to_owned();
    server.create_repository("app");
    let image = Image::new(1, 2);
    let registry = server.registry();
    registry.push(&image, "app", "v1");
    registry.expect_image(&image, "app", "v1");
    let token = server.call("GetAuthorizationToken", &json!({}));
    assert_eq!(
        token["authorizationData"][0]["proxyEndpoint"],
        format!("https://{authority}")
    );
    let mut aws = server.command("aws");
    let identity = aws.args(["sts", "get-caller-identity"]).checked();
    assert!(identity.contains(ACCOUNT), "{identity}");
    let challenge = http::request(&authority, "GET", "/v2/", NONE, b"").expect_status(401);
    let realm = format!("realm=\"https://{authority}");
    let told = challenge.header("www-authenticate").expect("a challenge");
    assert!(told.contains(&realm), "{told}");
}

#[test]
fn what_env_prints_is_enough_for_a_client_to_trust_the_server() {
    let server = Server::start(Options::tls());
    let env = tools::both(&server.wharfinger(&["env"]));
    let exports = tools::exports(&env);
    assert_eq!(exports["AWS_ENDPOINT_URL"], server.url());
    let mut aws = server.command("aws");
    let listed = aws
        .env_remove("SSL_CERT_FILE")
        .env("AWS_CA_BUNDLE", &exports["AWS_CA_BUNDLE"])
        .args(["ecr", "describe-repositories"])
        .checked();
    assert!(listed.contains("repositories"), "{listed}");
    aws.env_remove("AWS_CA_BUNDLE")
        .env_remove("REQUESTS_CA_BUNDLE")
        .env("AWS_MAX_ATTEMPTS", "1");
    let untrusting = aws.refused();
    assert!(untrusting.contains("SSL validation failed"), "{untrusting}");
}

#[test]
fn http_without_tls_is_told_so_and_the_connection_is_closed() {
    let server = Server::start(Options::tls());
    for request in [
        "GET /v2/ HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
        format!(
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9999\r\n\r\n{}",
            "x".repeat(9_999)
        ),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
    ] {
        let mut socket = TcpStream::connect(server.authority()).expect("a connection");
        socket.write_all(request.as_bytes()).expect("a request");
        let mut answer = String::new();
        socket
            .read_to_string(&mut answer)
            .expect("an answer and an end");
        assert!(
            answer.starts_with("HTTP/1.1 400 Bad Request\r\n"),
            "{answer}"
        );
        assert!(
            answer.ends_with("Client sent an HTTP request to an HTTPS server.\r\n"),
            "{answer}"
        );
    }
    // What is neither HTTP nor TLS is closed, without a page for people.
    let mut socket = TcpStream::connect(server.authority()).expect("a connection");
    socket.write_all(&[0; 64]).expect("bytes");
    let mut answer = Vec::new();
    drop(socket.read_to_end(&mut answer));
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}

#[test]
fn the_client_chooses_among_two_versions_of_tls_and_two_of_http() {
    let server = Server::start(Options::tls());
    let url = format!("{}/healthz", server.url());
    for (flags, version) in [
        (&["--tls-max", "1.2", "--http2"][..], "2"),
        (&["--tls-max", "1.2", "--http1.1"], "1.1"),
        (&["--tlsv1.3", "--http2"], "2"),
        (&["--tlsv1.3", "--http1.1"], "1.1"),
        (&["--no-alpn"], "1.1"),
    ] {
        let said = curl(&server).args(flags).arg(&url).checked();
        assert_eq!(
            said.lines().last(),
            Some(&*format!("{version} 200")),
            "{flags:?}"
        );
    }
    let mut old = curl(&server);
    old.args(["--ciphers", "DEFAULT@SECLEVEL=0", "--tls-max", "1.1", &url]);
    old.refused();
}

#[test]
fn a_pair_that_cannot_be_used_stops_the_start_and_the_file_is_named() {
    let server = Server::start(Options::tls());
    let good = server.certificates().clone();
    let other = Server::start(Options::tls());
    let foreign = other.certificates();
    let (cert, key) = (good.cert.display(), good.key.display());

    let said = serve(&server, &good.cert, &foreign.key).refused();
    let named = format!(
        "tls.key: {}: the private key does not belong to the first certificate",
        foreign.key.display()
    );
    assert!(said.contains(&named), "{said}");
    let said = serve(&server, &good.key, &good.key).refused();
    assert!(
        said.contains(&format!("tls.cert: {key}: it holds no certificate")),
        "{said}"
    );
    let said = serve(&server, &good.cert, &good.cert).refused();
    assert!(
        said.contains(&format!("tls.key: {cert}: it holds no private key")),
        "{said}"
    );
    let absent = server.scratch("x").join("absent.pem");
    let said = serve(&server, &absent, &good.key).refused();
    assert!(
        said.contains(&format!("cannot read {}", absent.display())),
        "{said}"
    );
    let mut half = Command::new(tools::wharfinger());
    let said = half.args(["serve", "--tls-cert", "/x"]).refused();
    assert!(said.contains("tls.cert is set without tls.key"), "{said}");
}

#[test]
fn a_key_that_everyone_may_read_and_a_name_that_is_missing_are_warned_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::start(Options::tls());
    let files = server.certificates();
    let check = |mode: u32| {
        let open = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&files.key, open).expect("a mode");
        let mut check = Command::new(tools::wharfinger());
        check
            .args(["config", "check"])
            .env("WHARFINGER_TLS_CERT", &files.cert)
            .env("WHARFINGER_TLS_KEY", &files.key)
            .env("WHARFINGER_PUBLIC_URL", "https://registry.example:8443");
        check.checked()
    };
    let unnamed = format!(
        "warning: {} does not name registry.example, which `public_url` tells clients to use\n",
        files.cert.display()
    );
    let open = format!(
        "warning: {}: every user of this machine may use the private key\n",
        files.key.display()
    );
    let said = check(0o644);
    assert!(said.contains(&unnamed) && said.contains(&open), "{said}");
    let said = check(0o640);
    assert!(said.contains(&unnamed) && !said.contains(&open), "{said}");
}

#[test]
fn the_end_of_the_certificate_is_a_metric() {
    let server = Server::start(Options::tls());
    let running = std::fs::read(server.data_dir().join("running.json")).expect("a file");
    let running: serde_json::Value = serde_json::from_slice(&running).expect("JSON");
    let operator = running["operator"].as_str().expect("an address");
    let operator = operator.trim_start_matches("http://");
    let metrics = http::request(operator, "GET", "/metrics", NONE, b"").text();
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("wharf_tls_not_after_seconds "));
    let until: u64 = line.expect("the metric").parse().expect("a number");
    let now = std::fs::metadata(&server.certificates().cert)
        .and_then(|file| file.modified())
        .expect("a time");
    let now = now
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    let days = (until - now) / 86_400;
    assert!((363..=365).contains(&days), "{days}");
}

#[test]
fn the_commands_of_the_documentation_work_as_pasted() {
    let text = std::fs::read_to_string(tools::workspace().join("docs/operating.md"));
    let text = text.expect("docs/operating.md");
    let (_, section) = text.split_once("\n## TLS\n").expect("a section");
    let section = section
        .split_once("\n## ")
        .map_or(section, |(section, _)| section);
    let mut blocks = section
        .split("```bash\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap_or(""));
    let (serving, using) = (blocks.next().expect("serve"), blocks.next().expect("use"));
    let home = tempfile::tempdir().expect("a directory");
    let shell = |lines: &str| {
        let program = tools::wharfinger();
        let folder = program.parent().expect("a folder").display();
        let mut bash = Command::new("bash");
        for name in tools::FOREIGN_ENV
            .iter()
            .chain(&["AWS_CA_BUNDLE", "CURL_CA_BUNDLE"])
        {
            bash.env_remove(name);
        }
        // Another port than the default's, which another test may use.
        bash.env("WHARFINGER_LISTEN", "127.0.0.1:0")
            .env("WHARFINGER_OPERATOR_LISTEN", "off")
            .env("XDG_DATA_HOME", home.path())
            .env("AWS_CONFIG_FILE", home.path().join("none"))
            .env("AWS_SHARED_CREDENTIALS_FILE", home.path().join("none"))
            .env("AWS_PAGER", "")
            .args([
                "-euo",
                "pipefail",
                "-c",
                &format!("PATH={folder}:$PATH\n{lines}"),
            ]);
        bash
    };
    let server = process::Process::spawn(shell(serving), home.path());
    server.wait_for_line("listening on https://", "listening on ");
    let said = shell(using).checked();
    assert!(
        said.contains("\"repositoryName\": \"app\"") && said.ends_with("ok\n"),
        "{said}"
    );
}

#[test]
fn authorities_for_connections_from_here_are_read_at_the_start() {
    let server = Server::start(Options::tls());
    let ca = server.certificates().ca.display().to_string();
    let key = server.certificates().key.display().to_string();
    let check = |file: &str| {
        let mut check = Command::new(tools::wharfinger());
        check
            .args(["config", "check"])
            .env("WHARFINGER_OUTBOUND_CA_FILE", file);
        check
    };
    check(&ca).checked();
    let said = check(&key).refused();
    assert!(
        said.contains(&format!("outbound.ca_file: {key}: it holds no certificate")),
        "{said}"
    );
    let said = check("/absent/ca.pem").refused();
    assert!(
        said.contains("outbound.ca_file: cannot read /absent/ca.pem: "),
        "{said}"
    );
    let mut serve = Command::new(tools::wharfinger());
    serve
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--operator-listen",
            "off",
        ])
        .arg("--data-dir")
        .arg(server.scratch("other"))
        .env("WHARFINGER_OUTBOUND_CA_FILE", &key);
    let said = serve.refused();
    assert!(said.contains("outbound.ca_file: "), "{said}");
}

#[test]
fn keys_of_identity_providers_are_read_at_the_start() {
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("jwks.json");
    let with = |text: &str, command: &[&str]| {
        std::fs::write(&file, text).expect("a file");
        let value = format!("https://idp.example={}", file.display());
        let mut wharfinger = Command::new(tools::wharfinger());
        wharfinger
            .args(command)
            .arg("--data-dir")
            .arg(folder.path());
        wharfinger.env("WHARFINGER_OIDC_JWKS", value);
        wharfinger
    };
    let check = ["config", "check"];
    let serve = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--operator-listen",
        "off",
    ];
    with(r#"{"keys":[]}"#, &check).checked();
    for (text, what) in [
        ("{}", "it is not a JSON Web Key Set"),
        (
            r#"{"keys":[{"kty":"oct","k":"SECRET"}]}"#,
            "it holds a secret or private key",
        ),
    ] {
        for command in [&check[..], &serve] {
            let said = with(text, command).refused();
            let expected = format!("oidc.jwks: {}: {what}", file.display());
            assert!(
                said.contains(&expected) && !said.contains("SECRET"),
                "{said}"
            );
        }
    }
}
