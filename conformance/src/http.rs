//! HTTP/1.1 over a socket: one request, one connection, bounded in bytes and in time.
//!
//! Written here, because the suite has to send what no client library lets one send (a body that
//! breaks off, a method with an odd header), and has to survive what a hostile registry answers.

mod read;

use std::io::{BufReader, Read, Write as _};
use std::net::{Shutdown, TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use crate::url::Url;

/// How the end of a body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// By `Content-Length`.
    Length,
    /// By `Transfer-Encoding: chunked`.
    Chunked,
    /// Not at all: twice the length is promised, and the connection ends.
    BreaksOff,
}

/// What is sent.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) method: &'static str,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) framing: Framing,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Raw {
    pub(crate) status: u16,
    /// Names in lower case, in the order of the answer.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// Sends a message and reads the answer; both end at the deadline.
///
/// # Errors
/// A sentence, when there is no answer that is HTTP/1.1.
pub(crate) fn exchange(message: &Message, deadline: Instant) -> Result<Raw, String> {
    let stream = connect(message.url.authority(), deadline)?;
    let bytes = encoded(message);
    let breaks_off = message.framing == Framing::BreaksOff;
    std::thread::scope(|scope| {
        // Beside the reading: a refusal may come before the body is sent, and must not be lost.
        let sending = scope.spawn(|| send(&stream, &bytes, breaks_off, deadline));
        let timed = Timed {
            stream: &stream,
            deadline,
        };
        let answer = read::answer(&mut BufReader::new(timed), message.method == "HEAD");
        // Frees the sender, if it is still at it. An error means that the connection is gone already.
        drop(stream.shutdown(Shutdown::Both));
        let sent = sending.join();
        answer.map_err(|unread| match sent {
            Ok(Err(unsent)) => format!("{unread} (and when sending: {unsent})"),
            _ => unread,
        })
    })
}

fn connect(authority: &str, deadline: Instant) -> Result<TcpStream, String> {
    let problem = |e: std::io::Error| format!("{authority}: {e}");
    let has_port = authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let address = if has_port {
        authority.to_owned()
    } else {
        format!("{authority}:80")
    };
    let mut last = format!("{authority}: no address");
    for found in address.to_socket_addrs().map_err(problem)? {
        let left = left_until(deadline).ok_or("time is up")?;
        match TcpStream::connect_timeout(&found, left) {
            Ok(stream) => {
                stream.set_nodelay(true).map_err(problem)?;
                return Ok(stream);
            }
            Err(e) => last = problem(e),
        }
    }
    Err(last)
}

fn encoded(message: &Message) -> Vec<u8> {
    let mut lines = vec![
        format!("{} {} HTTP/1.1", message.method, message.url.target()),
        format!("host: {}", message.url.authority()),
        "connection: close".to_owned(),
        "user-agent: oci-conformance".to_owned(),
    ];
    let headers = message.headers.iter();
    lines.extend(headers.map(|(name, value)| format!("{name}: {value}")));
    let bodiless = matches!(message.method, "GET" | "HEAD" | "DELETE") && message.body.is_empty();
    match message.framing {
        Framing::Length if bodiless => {}
        Framing::Length => lines.push(format!("content-length: {}", message.body.len())),
        Framing::BreaksOff => lines.push(format!("content-length: {}", 2 * message.body.len())),
        Framing::Chunked => lines.push("transfer-encoding: chunked".to_owned()),
    }
    lines.push("\r\n".to_owned());
    let mut bytes = lines.join("\r\n").into_bytes();
    if message.framing == Framing::Chunked {
        for chunk in message.body.chunks(4096) {
            bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
            bytes.extend_from_slice(chunk);
            bytes.extend(b"\r\n");
        }
        bytes.extend(b"0\r\n\r\n");
    } else {
        bytes.extend_from_slice(&message.body);
    }
    bytes
}

fn send(
    mut stream: &TcpStream,
    bytes: &[u8],
    breaks_off: bool,
    deadline: Instant,
) -> std::io::Result<()> {
    const PIECE: usize = 256 * 1024;
    for piece in bytes.chunks(PIECE) {
        let left = left_until(deadline).ok_or(std::io::ErrorKind::TimedOut)?;
        stream.set_write_timeout(Some(left))?;
        stream.write_all(piece)?;
    }
    if breaks_off {
        stream.shutdown(Shutdown::Write)?;
    }
    Ok(())
}

/// A socket whose reads end at a deadline, however slowly the bytes drip.
struct Timed<'a> {
    stream: &'a TcpStream,
    deadline: Instant,
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let left = left_until(self.deadline).ok_or(std::io::ErrorKind::TimedOut)?;
        self.stream.set_read_timeout(Some(left))?;
        self.stream.read(buffer)
    }
}

/// The time that is left, if any.
fn left_until(deadline: Instant) -> Option<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    (!left.is_zero()).then_some(left)
}
