//! Registries that do not even speak HTTP.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use conformance::{Options, Outcome};

use super::wire;

/// What a hostile registry says to anything.
const SAYINGS: &[&[u8]] = &[
    b"",
    b"\0\xff\xfe\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n\xff\xff\xff",
    b"HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551615\r\n\r\n",
    b"HTTP/1.1 202 x\r\nlocation: http://\r\ncontent-length: 0\r\n\r\n",
    b"HTTP/1.1 202 x\r\nlocation: //:::::/\r\nrange: -\r\ncontent-length: 0\r\n\r\n",
    b"HTTP/1.1 307 x\r\nlocation: ?\r\ncontent-length: 0\r\n\r\n",
    b"HTTP/1.1 401 x\r\nwww-authenticate: Bearer realm=\"/\"\r\ncontent-length: 0\r\n\r\n",
    b"HTTP/1.1 200 x\r\nlink: <\r\netag:\r\ncontent-length: 40\r\n\r\n{\"name\":\"conformance/one\",\"tags\":[null]}",
    b"HTTP/1.1 404 x\r\ncontent-length: 24\r\n\r\n{\"errors\":[{\"code\":[]}]}",
];

#[test]
fn garbage_fails_every_group_and_crashes_none() {
    for saying in SAYINGS {
        let url = wire::serve(move |mut stream: TcpStream| {
            // Enough of the request to answer it; who hangs up first is no matter.
            let read = stream.read(&mut [0; 1024]);
            drop(read.and_then(|_| stream.write_all(saying)));
        });
        let options = Options {
            extensions: true,
            time_limit: Duration::from_secs(20),
            ..Options::new(&url, 1)
        };
        let report = conformance::run(&options).unwrap();
        assert_eq!(report.tests.len(), conformance::catalogue().len());
        let passed: Vec<_> = report
            .tests
            .iter()
            .filter(|t| t.outcome == Outcome::Pass)
            .collect();
        // Of those that demand but a status, some have it by chance.
        assert!(passed.len() < 5, "{saying:?}: {passed:?}");
        assert!(report.has_failed());
        assert!(!report.to_string().contains('\0'));
    }
}

#[test]
fn a_registry_that_says_nothing_is_waited_for_within_the_time_limit() {
    let mut held = Vec::new();
    let url = wire::serve(move |stream| held.push(stream));
    let options = Options {
        time_limit: Duration::from_millis(200),
        ..Options::new(&url, 1)
    };
    let report = conformance::run(&options).unwrap();
    assert!(report.tests.iter().all(|t| t.outcome != Outcome::Pass));
}

#[test]
fn a_registry_that_is_not_there_passes_no_test() {
    // The port of a listener that is closed by now.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let report = conformance::run(&Options::new(&url, 1)).unwrap();
    assert!(report.tests.iter().all(|t| t.outcome != Outcome::Pass));
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let good = Options::new("http://127.0.0.1:1", 1);
    for bad in [
        Options {
            url: "ftp://host".to_owned(),
            ..good.clone()
        },
        Options {
            other_repository: good.repository.clone(),
            ..good.clone()
        },
        Options {
            repository: "a b".to_owned(),
            ..good.clone()
        },
        Options {
            groups: vec!["nothing".to_owned()],
            ..good
        },
    ] {
        assert!(conformance::run(&bad).is_err(), "{bad:?}");
    }
}
