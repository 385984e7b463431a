//! `wharfinger tls dev`.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::support::tls::Dev;
use crate::support::tools::{self, Checked as _};

fn dev(data_dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(tools::wharfinger());
    command.args(["tls", "dev", "--data-dir"]).arg(data_dir);
    command.args(args);
    command
}

/// What OpenSSL, another reader of certificates, says.
fn openssl(args: &[&str], file: &Path) -> String {
    Command::new("openssl").args(args).arg(file).checked()
}

/// Whether a client of OpenSSL would accept the certificate for a name.
fn accepted(files: &Dev, name: &str) -> bool {
    let kind = match name.parse::<std::net::IpAddr>() {
        Ok(_) => "-verify_ip",
        Err(_) => "-verify_hostname",
    };
    let mut verify = Command::new("openssl");
    verify
        .args([
            "verify",
            "-x509_strict",
            "-purpose",
            "sslserver",
            kind,
            name,
            "-CAfile",
        ])
        .arg(&files.ca)
        .arg(&files.cert);
    tools::output(&mut verify).status.success()
}

#[test]
fn the_authority_is_kept_and_the_certificate_is_new_each_time() {
    let folder = tempfile::tempdir().expect("a directory");
    let data = folder.path().join("data");
    let said = dev(&data, &[]).checked();
    let files = Dev::at(&data.join("tls"));
    for path in [&files.ca, &files.cert, &files.key] {
        assert!(said.contains(&path.display().to_string()), "{said}");
    }
    assert!(said.starts_with("made the authority "), "{said}");
    for name in ["localhost", "127.0.0.1", "::1"] {
        assert!(accepted(&files, name), "{name}");
    }
    for name in ["example.com", "127.0.0.2", "a.localhost"] {
        assert!(!accepted(&files, name), "{name}");
    }
    let mode = |path: &Path| path.metadata().expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(&files.key), 0o600);
    assert_eq!(mode(&data.join("tls/ca.key")), 0o600);
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&files.ca) & 0o444, 0o444);

    let read = |path: &Path| std::fs::read(path).expect("a file");
    let (ca, cert, key) = (read(&files.ca), read(&files.cert), read(&files.key));
    let said = dev(&data, &["--days", "7", "--name", "127.1.2.3"]).checked();
    assert!(said.starts_with("kept the authority "), "{said}");
    assert_eq!(read(&files.ca), ca);
    assert!(read(&files.cert) != cert && read(&files.key) != key);
    assert!(accepted(&files, "127.1.2.3"));
    // Expires within eight days, and not within six.
    let lasts = |days: u64| {
        let seconds = (days * 24 * 60 * 60).to_string();
        let mut check = Command::new("openssl");
        check.args(["x509", "-noout", "-checkend", &seconds, "-in"]);
        tools::output(check.arg(&files.cert)).status.success()
    };
    assert!(lasts(5) && !lasts(8));
}

#[test]
fn the_authority_may_certify_the_names_it_was_made_for_and_no_others() {
    let folder = tempfile::tempdir().expect("a directory");
    let data = folder.path().join("data");
    dev(&data, &["--name", "registry.example", "--name", "10.1.2.3"]).checked();
    let files = Dev::at(&data.join("tls"));
    assert!(accepted(&files, "registry.example") && accepted(&files, "10.1.2.3"));
    let text = openssl(&["x509", "-noout", "-text", "-in"], &files.ca);
    for constraint in [
        "X509v3 Name Constraints: critical",
        "DNS:registry.example",
        "IP:10.1.2.3/255.255.255.255",
        "CA:TRUE, pathlen:0",
    ] {
        assert!(text.contains(constraint), "{text}");
    }
    let before = std::fs::read(&files.cert).expect("a file");
    let said = dev(&data, &["--name", "bank.example"]).refused();
    assert!(
        said.contains("a name is outside the constraints of the authority")
            && said.contains("--new-ca"),
        "{said}"
    );
    assert_eq!(std::fs::read(&files.cert).expect("a file"), before);
    dev(&data, &["--name", "bank.example", "--new-ca"]).checked();
    assert!(accepted(&files, "bank.example"));
}

#[test]
fn a_configured_domain_is_covered_for_each_region() {
    let folder = tempfile::tempdir().expect("a directory");
    let config = folder.path().join("c.toml");
    let text = "domain = \"reg.example\"\nregions = [\"us-east-1\", \"home\"]\n\
                public_url = \"https://Front.example:8443\"\n";
    std::fs::write(&config, text).expect("a file");
    let out = folder.path().join("out");
    let mut command = dev(&folder.path().join("data"), &["--config"]);
    command.arg(&config).arg("--out").arg(&out).checked();
    assert!(!folder.path().join("data").is_dir());
    let files = Dev::at(&out);
    for name in [
        "123456789012.dkr.ecr.us-east-1.reg.example",
        "123456789012.dkr.ecr.home.reg.example",
        "api.ecr.home.reg.example",
        "ecr.us-east-1.reg.example",
        "sts.us-east-1.reg.example",
        "sts.reg.example",
        "reg.example",
        "front.example",
    ] {
        assert!(accepted(&files, name), "{name}");
    }
    for name in [
        "123456789012.dkr.ecr.eu-west-1.reg.example",
        "x.reg.example",
    ] {
        assert!(!accepted(&files, name), "{name}");
    }
}

#[test]
fn what_is_missing_or_wrong_is_told_and_nothing_is_made() {
    let folder = tempfile::tempdir().expect("a directory");
    let data = folder.path().join("data");
    for name in ["", "a_b", "https://a", "*", "a:443"] {
        let said = dev(&data, &["--name", name]).refused();
        assert!(
            said.contains("neither a DNS name nor an address"),
            "{name}: {said}"
        );
    }
    for days in ["0", "397", "x"] {
        dev(&data, &["--days", days]).refused();
    }
    assert!(!data.is_dir());
    dev(&data, &[]).checked();
    let ca_key = data.join("tls/ca.key");
    let kept = std::fs::read(&ca_key).expect("a file");
    std::fs::write(&ca_key, "-----BEGIN PRIVATE KEY-----\nAAAA\n").expect("a file");
    let said = dev(&data, &[]).refused();
    assert!(said.contains("is not a key of this program"), "{said}");
    std::fs::remove_file(&ca_key).expect("a file");
    let said = dev(&data, &[]).refused();
    assert!(said.contains("is there, but its key"), "{said}");
    // Another authority's key does not sign what clients of this one accept.
    let other = folder.path().join("other");
    dev(&other, &[]).checked();
    std::fs::copy(other.join("tls/ca.key"), &ca_key).expect("a copy");
    let said = dev(&data, &[]).refused();
    assert!(said.contains("cannot certify this"), "{said}");
    std::fs::write(&ca_key, kept).expect("a file");
    dev(&data, &[]).checked();
}
