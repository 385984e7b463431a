//! Many parts at once: memory stays within its bounds, and who does not send holds nobody up.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Mutex;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use wharf_wire::oci::Digest;

use super::{MIB, PART, REPOSITORY, layers};
use crate::support::http::{Connection, Response};
use crate::support::images::noise;
use crate::support::layers::exception;
use crate::support::note::note;
use crate::support::{Options, Server};

/// Clients that push at once.
const CLIENTS: usize = 64;
/// Parts that each sends.
const PARTS: usize = 3;
/// What the server may have in memory at most, in KiB.
const MAY_HAVE: u64 = 200 << 10;

/// The most memory that the process ever had, in KiB.
fn most(server: &mut Server) -> u64 {
    let path = format!("/proc/{}/status", server.process().id());
    let status = std::fs::read_to_string(path).expect("the process's status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|n| n.parse().ok()).expect("a number")
}

/// A part whose base64 many requests share.
struct Shared {
    base64: String,
    /// One request is put together and signed at a time: 64 whole bodies would need a gigabyte.
    signing: Mutex<()>,
}

impl Shared {
    fn send(
        &self,
        server: &Server,
        connection: &mut Option<Connection>,
        upload: &str,
        number: usize,
    ) -> io::Result<Response> {
        let first = number * PART;
        let before = format!(
            r#"{{"repositoryName":"{REPOSITORY}","uploadId":"{upload}","partFirstByte":{first},"partLastByte":{},"layerPartBlob":""#,
            first + PART - 1
        );
        let turn = self.signing.lock().expect("a lock");
        let body = format!("{before}{}\"}}", self.base64);
        let headers = server.ecr_headers("UploadLayerPart", body.as_bytes());
        let length = body.len();
        drop(body);
        drop(turn);
        let lines: Vec<String> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let head = format!(
            "POST / HTTP/1.1\r\n{}content-length: {length}\r\n\r\n",
            lines.concat()
        );
        // Opened when there is something to send: a new connection must not wait for its first header.
        let connection = match connection {
            Some(connection) => connection,
            None => connection.insert(Connection::open(server.authority())?),
        };
        connection.send_raw(head.as_bytes())?;
        for piece in [before.as_str(), &self.base64, "\"}"] {
            connection.send_raw(piece.as_bytes())?;
        }
        connection.receive(false)
    }
}

#[test]
fn parts_of_64_clients_at_once_stay_within_200_mib() {
    let mut server = Server::start(Options::default());
    server.create_repository(REPOSITORY);
    let content = noise(1, PART);
    let shared = Shared {
        base64: STANDARD.encode(&content),
        signing: Mutex::new(()),
    };
    let digest = Digest::of(&content.repeat(PARTS));
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let layers = layers(&server);
                let upload = layers.begin().expect("an upload");
                let mut connection = None;
                for number in 0..PARTS {
                    let answer = shared.send(&server, &mut connection, &upload, number);
                    answer.expect("an answer").expect_status(200);
                }
                // All push the same layer: one of them stores it.
                let done = layers.complete(&upload, &digest).expect("an answer");
                assert!(
                    ["", "LayerAlreadyExistsException"].contains(&exception(&done).as_str()),
                    "{done:?}"
                );
            });
        }
    });
    let (most, took) = (most(&mut server), began.elapsed());
    note(&format!(
        "{CLIENTS} clients with {PARTS} parts each: {took:.1?}, {} MiB at most",
        most >> 10
    ));
    assert!(most < MAY_HAVE, "{most} KiB");
    let answer = server.registry().get_blob(REPOSITORY, &digest);
    assert!(
        answer.expect_status(200).body == content.repeat(PARTS),
        "it came back changed"
    );
}

/// The beginning of a part of 27 MiB, signed for other bytes: that shows only at the end.
fn beginning(server: &Server) -> String {
    let headers = server.ecr_headers("UploadLayerPart", b"another body");
    let lines: Vec<String> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    format!(
        "POST / HTTP/1.1\r\n{}content-length: {}\r\n\r\n{}",
        lines.concat(),
        27 * MIB,
        " ".repeat(100_000)
    )
}

/// Connects from another address of this machine than the tests use otherwise.
fn open_from_elsewhere(server: &Server) -> TcpStream {
    let here = "127.0.0.2:0".parse().expect("an address");
    let there = server.authority().parse().expect("an address");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .expect("a runtime");
    let opened = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.bind(here)?;
        socket.connect(there).await?.into_std()
    });
    let stream = opened.expect("a connection");
    stream.set_nonblocking(false).expect("a blocking stream");
    stream
}

#[test]
fn bodies_that_one_address_begins_and_does_not_send_hold_up_no_other_address() {
    let server = Server::start(Options {
        env: vec![("WHARFINGER_LIMITS_BUFFERED_MIB".to_owned(), "64".to_owned())],
        ..Options::default()
    });
    server.create_repository(REPOSITORY);
    let layers = layers(&server);
    let upload = layers.begin().expect("an upload");
    let begun = beginning(&server);
    let silent: Vec<TcpStream> = (0..8)
        .map(|_| {
            let mut stream = open_from_elsewhere(&server);
            stream.write_all(begun.as_bytes()).expect("a beginning");
            stream
        })
        .collect();
    for _ in 0..20 {
        layers.begin().expect("an upload");
    }
    let answer = layers.part(&upload, 0, &noise(3, PART));
    answer.expect("an answer").expect_status(200);
    // It had its room beside them: none was given up for it.
    for mut stream in silent {
        stream.set_nonblocking(true).expect("a stream");
        let told = stream.read(&mut [0; 100]);
        let waits = told.as_ref().map_err(io::Error::kind);
        assert_eq!(waits.err(), Some(io::ErrorKind::WouldBlock), "{told:?}");
    }
}

#[test]
fn who_announces_parts_and_does_not_send_them_holds_up_nobody_for_long() {
    let server = Server::start(Options {
        env: vec![("WHARFINGER_LIMITS_BUFFERED_MIB".to_owned(), "32".to_owned())],
        ..Options::default()
    });
    server.create_repository(REPOSITORY);
    let layers = layers(&server);
    let content = noise(2, PART);
    let upload = layers.begin().expect("an upload");
    // Room for one such body: this one has it, and sends no more than its beginning.
    let mut silent = Connection::open(server.authority()).expect("a connection");
    silent
        .send_raw(beginning(&server).as_bytes())
        .expect("a beginning");
    // It is given up because this one waits, and not before; small calls do not wait for it.
    std::thread::scope(|scope| {
        let large = scope.spawn(|| layers.part(&upload, 0, &content).expect("an answer"));
        for _ in 0..20 {
            layers.begin().expect("an upload");
        }
        large.join().expect("an answer").expect_status(200);
    });
    let given_up = silent.receive(false).expect("an answer");
    assert_eq!(
        (given_up.status, exception(&given_up).as_str()),
        (408, "RequestTimeoutException")
    );
    let digest = Digest::of(&content);
    layers
        .complete(&upload, &digest)
        .expect("an answer")
        .expect_status(200);
    let announced = json!({"layerDigests": [digest.as_str()]});
    layers
        .call("BatchCheckLayerAvailability", &announced)
        .expect("an answer")
        .expect_status(200);
}
