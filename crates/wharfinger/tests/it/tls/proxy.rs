//! Proxies in front: believed if listed, over TLS and without it.

use super::curl;
use crate::support::tools::Checked as _;
use crate::support::{Options, Server};

/// The challenge of the docker plane, which names the address that clients are to use.
fn challenge(server: &Server, from: &str, headers: &[&str]) -> String {
    let mut curl = curl(server);
    curl.args(["--interface", from, "-D", "-", "-o", "/dev/null"]);
    for header in headers {
        curl.args(["-H", header]);
    }
    let said = curl.arg(format!("{}/v2/", server.url())).checked();
    let line = said
        .lines()
        .find(|line| line.to_ascii_lowercase().starts_with("www-authenticate:"));
    let line = line.unwrap_or_else(|| panic!("no challenge: {said}"));
    let (_, realm) = line.split_once("realm=\"").expect("a realm");
    let realm = realm.split('"').next().unwrap_or("");
    realm.trim_end_matches('/').to_owned()
}

#[test]
fn forwarded_headers_count_from_a_listed_proxy_only() {
    for tls in [None, Some(Vec::new())] {
        let (own, other) = match tls {
            None => ("http", "https"),
            Some(_) => ("https", "http"),
        };
        let mut options = Options {
            tls,
            ..Options::default()
        };
        let list = "WHARFINGER_TRUSTED_PROXIES".to_owned();
        options.env.push((list, "127.0.0.2,10.0.0.0/8".to_owned()));
        let server = Server::start(options);
        let itself = format!("{own}://{}", server.authority());
        let proto = format!("X-Forwarded-Proto: {other}");
        let headers = [proto.as_str(), "X-Forwarded-Host: 10.9.8.7:444"];
        assert_eq!(
            challenge(&server, "127.0.0.2", &headers),
            format!("{other}://10.9.8.7:444")
        );
        assert_eq!(challenge(&server, "127.0.0.1", &headers), itself);
        assert_eq!(challenge(&server, "127.0.0.3", &headers), itself);
        assert_eq!(challenge(&server, "127.0.0.2", &[]), itself);
        // A name that anybody could send is no address to come back to.
        let named = ["X-Forwarded-Host: evil.example"];
        assert_eq!(challenge(&server, "127.0.0.2", &named), itself);
        let standard = ["Forwarded: for=1.1.1.1;host=10.9.8.7;proto=gopher"];
        assert_eq!(challenge(&server, "127.0.0.2", &standard), itself);
    }
}

#[test]
fn the_log_tells_the_client_that_a_listed_proxy_names() {
    let mut options = Options::tls();
    let list = "WHARFINGER_TRUSTED_PROXIES".to_owned();
    options.env.push((list, "127.0.0.2".to_owned()));
    let mut server = Server::start(options);
    for from in ["127.0.0.2", "127.0.0.3"] {
        challenge(&server, from, &["X-Forwarded-For: 192.0.2.1, 192.0.2.77"]);
    }
    server.process().signal("TERM");
    server.process().wait();
    let log = server.process().log_tail();
    let lines: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("GET /v2/"))
        .collect();
    assert_eq!(lines.len(), 2, "{log}");
    assert!(lines[0].contains(" 192.0.2.77 "), "{log}");
    assert!(
        lines[1].contains(" 127.0.0.3 ") && !lines[1].contains("192.0.2"),
        "{log}"
    );
}
