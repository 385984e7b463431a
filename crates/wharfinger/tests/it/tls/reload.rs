//! Certificates are replaced while serving.

use std::time::{Duration, Instant};

use super::{NONE, leaf};
use crate::support::http::Connection;
use crate::support::tools;
use crate::support::{Options, Server};

/// Longer than any look at the files may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Makes connections until one shows something else than `old`.
fn next_leaf(server: &Server, old: &[u8]) -> Vec<u8> {
    let begun = Instant::now();
    loop {
        let shown = leaf(server);
        if shown.as_ref() != old {
            return shown.to_vec();
        }
        assert!(begun.elapsed() < PATIENCE, "the certificate stays the same");
    }
}

/// Makes connections, which show `old`, until the log says something.
fn keeps_until_told(server: &mut Server, old: &[u8], sign: &str) {
    let begun = Instant::now();
    while !server.process().log_tail().contains(sign) {
        assert_eq!(leaf(server).as_ref(), old);
        assert!(begun.elapsed() < PATIENCE, "the log does not say {sign:?}");
    }
    assert_eq!(leaf(server).as_ref(), old);
}

/// Makes a new certificate as its operator would.
fn renew(server: &Server) {
    let made = server.wharfinger(&["tls", "dev"]);
    assert!(made.status.success(), "{}", tools::both(&made));
}

#[test]
fn a_new_certificate_is_shown_without_a_restart_and_old_connections_go_on() {
    let server = Server::start(Options::tls());
    let mut old = Connection::open(server.authority()).expect("a connection");
    let get = |connection: &mut Connection| {
        let answer = connection.request("GET", "/healthz", NONE, b"");
        answer.expect("an answer").expect_status(200);
    };
    get(&mut old);
    let first = leaf(&server);
    renew(&server);
    let second = next_leaf(&server, &first);
    get(&mut old);
    // At once when asked.
    renew(&server);
    let mut server = server;
    server.process().signal("HUP");
    next_leaf(&server, &second);
    get(&mut old);
}

#[test]
fn a_broken_pair_is_told_and_the_old_one_stays_in_use() {
    let mut server = Server::start(Options::tls());
    let first = leaf(&server);
    let files = server.certificates().clone();
    let key = std::fs::read(&files.key).expect("a key");
    let cert = std::fs::read(&files.cert).expect("a certificate");

    std::fs::write(&files.cert, "no certificate").expect("a file");
    keeps_until_told(
        &mut server,
        &first,
        "it holds no certificate; the old certificate stays in use",
    );
    std::fs::remove_file(&files.key).expect("a file");
    std::fs::write(&files.cert, &cert).expect("a file");
    server.process().signal("HUP");
    keeps_until_told(&mut server, &first, "server.key: No such file");
    // Back to what is in use: nothing to do.
    std::fs::write(&files.key, &key).expect("a file");
    server.process().signal("HUP");
    keeps_until_told(&mut server, &first, "the certificate has not changed");
    // A certificate whose key is not there yet is no fault, if the key follows.
    renew(&server);
    let renewed = std::fs::read(&files.cert).expect("a certificate");
    let next = next_leaf(&server, &first);
    assert_ne!(renewed, cert);
    assert_ne!(next, first.as_ref());
    let log = server.process().log_tail();
    let secret = String::from_utf8(key).expect("text");
    let secret = secret.lines().nth(1).expect("a line of the key").to_owned();
    assert!(!log.contains(&secret), "{log}");
}
