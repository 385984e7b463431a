//! The edge against raw sockets: what a client sees when something is refused, breaks, or takes too long.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "the test's process ends its tasks"
)]
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::{Response, StatusCode, request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use wharf_http::edge::{Answer, Edge, Fault, Handler, Payload, Phase, Plain, Request, empty};
use wharf_http::limits::Limits;
use wharf_http::outcome::{Keeping, Outcome, Sink};

/// What the tests ask of the server, by path.
struct Desk {
    entered: Arc<Notify>,
    release: Arc<Notify>,
}

impl Handler for Desk {
    fn time_limit(&self, parts: &request::Parts) -> Duration {
        match parts.uri.path() {
            "/slow" => Duration::from_millis(50),
            _ => Duration::from_mins(1),
        }
    }

    async fn handle(&self, request: Request) -> Answer {
        match request.parts.uri.path() {
            "/panic" => panic!("asked for"),
            "/slow" => std::future::pending().await,
            "/wait" => {
                self.entered.notify_one();
                self.release.notified().await;
                whole("waited")
            }
            "/refuse" => empty(StatusCode::FORBIDDEN),
            "/head" => {
                let mut answer = empty(StatusCode::OK);
                answer
                    .headers_mut()
                    .insert("content-length", "12345".parse().unwrap());
                answer
            }
            "/broken" => {
                let pieces = futures_util::stream::iter([
                    Ok(Bytes::from_static(b"half")),
                    Err("disk".into()),
                ]);
                Response::new(Payload::Stream {
                    pieces: Box::pin(pieces),
                    left: 8,
                })
            }
            _ => {
                let count = |sum, piece: Result<Bytes, _>| {
                    std::future::ready(sum + piece.map_or(0, |piece| piece.len()))
                };
                let length = request.body.fold(0, count).await;
                whole(&length.to_string())
            }
        }
    }

    fn fault(&self, _path: &str, _request_id: &str, fault: Fault) -> Answer {
        empty(match fault {
            Fault::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
            Fault::TooSlow | Fault::NotKept => StatusCode::SERVICE_UNAVAILABLE,
            Fault::HeaderTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        })
    }
}

fn whole(text: &str) -> Answer {
    Response::new(Payload::Whole(Bytes::from(text.to_owned())))
}

/// Keeps a note of what is asked under `/kept`, fails to under `/lost`, and has nothing to do with the rest.
struct Keeper;

impl Sink for Keeper {
    fn record(&self, _outcome: &Outcome) {}

    fn keeps(&self) -> bool {
        true
    }

    fn keep(&self, outcome: &Outcome) -> Option<Keeping> {
        match outcome.target.as_str() {
            "/kept" => Some(Box::pin(std::future::ready(true))),
            "/lost" => Some(Box::pin(std::future::ready(false))),
            _ => None,
        }
    }
}

#[derive(Default)]
struct Kept(Mutex<Vec<Outcome>>, Notify);

impl Sink for Kept {
    fn record(&self, outcome: &Outcome) {
        self.0.lock().unwrap().push(outcome.clone());
        self.1.notify_one();
    }
}

impl Kept {
    async fn next(&self) -> Outcome {
        loop {
            let waiting = self.1.notified();
            if let Some(outcome) = self.0.lock().unwrap().pop() {
                return outcome;
            }
            waiting.await;
        }
    }
}

struct Running {
    address: std::net::SocketAddr,
    outcomes: Arc<Kept>,
    phase: watch::Sender<Phase>,
    entered: Arc<Notify>,
    release: Arc<Notify>,
    drained: std::pin::Pin<Box<dyn Future<Output = ()>>>,
}

async fn start(limits: Limits) -> Running {
    let outcomes = Arc::new(Kept::default());
    let (entered, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (phase, heard) = watch::channel(Phase::Serving);
    let desk = Desk {
        entered: Arc::clone(&entered),
        release: Arc::clone(&release),
    };
    let edge = Edge::new(
        desk,
        limits,
        vec![outcomes.clone() as Arc<dyn Sink>, Arc::new(Keeper)],
        || 7,
        heard,
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(Arc::clone(&edge).run(listener, Plain));
    let drained = Box::pin(async move { edge.drained().await });
    Running {
        address,
        outcomes,
        phase,
        entered,
        release,
        drained,
    }
}

#[tokio::test]
async fn an_answer_that_waits_for_its_note_is_sent_only_when_that_is_kept() {
    let running = start(Limits::default()).await;
    for (path, status, kept) in [
        ("/kept", 200, true),
        ("/lost", 503, false),
        ("/a", 200, false),
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let answer = talk(&running, &request).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
        let outcome = running.outcomes.next().await;
        assert_eq!((outcome.status, outcome.kept), (status, kept), "{path}");
    }
}

/// Sends the text and reads until the server closes.
async fn talk(running: &Running, text: &str) -> String {
    let mut socket = TcpStream::connect(running.address).await.unwrap();
    socket.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A reset after the answer is as good an end as any.
    socket.read_to_end(&mut answer).await.unwrap_or(0);
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn every_answer_carries_a_request_id_and_leaves_one_outcome() {
    let running = start(Limits::default()).await;
    let answer = talk(&running, "POST /a?X-Amz-Signature=SECRET HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello").await;
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\n5"),
        "{answer}"
    );
    let outcome = running.outcomes.next().await;
    assert!(
        answer.contains(&format!("x-amzn-requestid: {}\r\n", outcome.request_id)),
        "{answer}"
    );
    assert_eq!(
        (
            outcome.status,
            outcome.bytes_in,
            outcome.bytes_out,
            outcome.complete
        ),
        (200, 5, 1, true)
    );
    assert_eq!(outcome.target.as_str(), "/a?X-Amz-Signature=***");
    assert_eq!(outcome.at, 7);
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_connection_goes_on() {
    let running = start(Limits::default()).await;
    let answer = talk(
        &running,
        "GET /panic HTTP/1.1\r\nHost: x\r\n\r\nGET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
    assert!(answer.contains("HTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn a_handler_past_its_deadline_is_answered_for() {
    let running = start(Limits::default()).await;
    let answer = talk(
        &running,
        "GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
}

#[tokio::test]
async fn a_refused_upload_is_answered_before_its_body_comes() {
    let running = start(Limits::default()).await;
    let mut socket = TcpStream::connect(running.address).await.unwrap();
    socket
        .write_all(b"PUT /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap_or(0);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert!(answer.contains("connection: close\r\n"), "{answer}");
    assert_eq!(running.outcomes.next().await.bytes_in, 0);
}

#[tokio::test]
async fn a_small_refused_body_is_drained_and_the_connection_reused() {
    let running = start(Limits::default()).await;
    let body = "x".repeat(60_000);
    let answer = talk(
        &running,
        &format!(
            "PUT /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n{body}GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        ),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert!(answer.contains("HTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn a_head_answer_keeps_the_length_of_what_get_would_send() {
    let running = start(Limits::default()).await;
    let answer = talk(
        &running,
        "HEAD /head HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.contains("content-length: 12345\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    assert!(running.outcomes.next().await.complete);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_cut_and_logged_as_cut() {
    let running = start(Limits::default()).await;
    // Without `Connection: close`: that the server closes is how the client learns of it.
    let answer = talk(&running, "GET /broken HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    assert!(body.len() < 8, "{answer}");
    let outcome = running.outcomes.next().await;
    assert_eq!((outcome.status, outcome.complete), (200, false));
}

#[tokio::test]
async fn a_client_that_leaves_is_an_outcome_too() {
    let running = start(Limits::default()).await;
    let mut socket = TcpStream::connect(running.address).await.unwrap();
    socket
        .write_all(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    running.entered.notified().await;
    drop(socket);
    assert_eq!(running.outcomes.next().await.status, 499);
}

#[tokio::test]
async fn too_many_headers_too_large_headers_and_slow_headers_end_the_connection() {
    let running = start(Limits {
        header: Duration::from_millis(100),
        ..Limits::default()
    })
    .await;
    let many = "a: b\r\n".repeat(101);
    let answer = talk(
        &running,
        &format!("GET / HTTP/1.1\r\nHost: x\r\n{many}\r\n"),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let large = format!("a: {}\r\n", "b".repeat(70_000));
    let answer = talk(
        &running,
        &format!("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{large}\r\n"),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    assert_eq!(talk(&running, "GET / HTTP/1.1\r\nHos").await, "");
    assert_eq!(talk(&running, "").await, "");
}

#[tokio::test]
async fn a_body_that_stalls_ends_the_request() {
    let running = start(Limits {
        body_idle: Duration::from_millis(100),
        ..Limits::default()
    })
    .await;
    let answer = talk(
        &running,
        "PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
    )
    .await;
    assert!(answer.ends_with("\r\n\r\n3"), "{answer}");
}

#[tokio::test]
async fn draining_lets_requests_end_closes_idle_connections_and_accepts_no_more() {
    let mut running = start(Limits::default()).await;
    let mut idle = TcpStream::connect(running.address).await.unwrap();
    idle.write_all(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    running.outcomes.next().await;
    let mut busy = TcpStream::connect(running.address).await.unwrap();
    busy.write_all(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    running.entered.notified().await;
    running.phase.send_replace(Phase::Draining);
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
    running.release.notify_one();
    let mut answer = String::new();
    busy.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("waited"), "{answer}");
    (&mut running.drained).await;
    assert!(TcpStream::connect(running.address).await.is_err());
}
