//! Handshakes that never end.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::{NONE, curl};
use crate::support::http;
use crate::support::tools::Checked as _;
use crate::support::{Options, Server};

/// The beginning of a `ClientHello`: a record of 512 bytes, of which 11 come.
const HALF_HELLO: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";

/// Opens connections that say nothing, and as many that begin a handshake.
fn half_open(authority: &str, count: usize) -> Vec<TcpStream> {
    let open = |index: usize| {
        let mut socket = TcpStream::connect(authority).expect("a connection");
        if index.is_multiple_of(2) {
            socket.write_all(HALF_HELLO).expect("half a handshake");
        }
        socket
    };
    (0..count).map(open).collect()
}

#[test]
fn a_thousand_half_open_handshakes_delay_nobody() {
    // The limits of connections are the default's; the time is longer, so that none of them ends meanwhile.
    let mut options = Options::tls();
    let time = "WHARFINGER_LIMITS_HEADER_SECONDS".to_owned();
    options.env.push((time, "600".to_owned()));
    let server = Server::start(options);
    server.create_repository("app");
    let silent = half_open(server.authority(), 1_000);
    for _ in 0..20 {
        http::request(server.authority(), "GET", "/readyz", NONE, b"").expect_status(200);
    }
    let registry = server.registry();
    registry.push(&crate::support::images::Image::new(1, 1), "app", "v1");
    for mut socket in silent {
        socket.set_nonblocking(true).expect("a socket option");
        let read = socket.read(&mut [0; 1]).expect_err("still open");
        assert_eq!(read.kind(), std::io::ErrorKind::WouldBlock);
    }
}

#[test]
fn a_handshake_has_its_time() {
    let mut options = Options::tls();
    options.env.push((
        "WHARFINGER_LIMITS_HEADER_SECONDS".to_owned(),
        "1".to_owned(),
    ));
    let server = Server::start(options);
    for mut socket in half_open(server.authority(), 4) {
        let mut said = Vec::new();
        socket.read_to_end(&mut said).expect("an end");
        assert!(said.is_empty(), "{said:?}");
    }
    // Nor is there more time after it: the first request's header has begun.
    let socket = TcpStream::connect(server.authority()).expect("a connection");
    let config = crate::support::tls::client(&server.certificates().ca, &["http/1.1"]);
    let mut stream = crate::support::tls::over(socket, server.authority(), config).expect("TLS");
    let mut said = Vec::new();
    drop(stream.read_to_end(&mut said));
    assert!(said.is_empty(), "{said:?}");
}

#[test]
fn the_share_of_one_address_leaves_the_others_theirs() {
    let mut options = Options::tls();
    let limit = "WHARFINGER_LIMITS_CONNECTIONS_PER_ADDRESS".to_owned();
    options.env.push((limit, "50".to_owned()));
    let server = Server::start(options);
    let silent = half_open(server.authority(), 200);
    let url = format!("{}/healthz", server.url());
    let mut same = curl(&server);
    same.args(["--interface", "127.0.0.1", "--max-time", "5", &url])
        .refused();
    let mut other = curl(&server);
    other
        .args(["--interface", "127.0.0.2", "--max-time", "5", &url])
        .checked();
    drop(silent);
}
