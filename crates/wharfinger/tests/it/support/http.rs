//! HTTP/1.1 by hand, so that a test can say exactly what travels, also what no client would.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ClientConfig;

use serde_json::Value;

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Names in lower case, in the order of the answer.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// The first header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(k, _)| k == name);
        found.next().map(|(_, v)| v.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null if it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// Demands a status.
    #[track_caller]
    pub(crate) fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:?}\n{}", self.headers, self.text());
        self
    }
}

/// What is spoken at which address: TLS, with this trust.
static TRUSTED: Mutex<BTreeMap<String, Arc<ClientConfig>>> = Mutex::new(BTreeMap::new());

/// Speaks TLS to `host:port` from here on, and trusts the authorities of the file.
pub(crate) fn trust(authority: &str, ca: &Path) {
    let config = super::tls::client(ca, &[]);
    let mut trusted = TRUSTED.lock().expect("a lock");
    trusted.insert(authority.to_owned(), config);
}

/// Bytes both ways.
trait Wire: Read + Write + Send {}

impl<T: Read + Write + Send> Wire for T {}

/// A connection that is kept for several requests.
pub(crate) struct Connection {
    stream: BufReader<Box<dyn Wire>>,
    /// The socket below.
    socket: TcpStream,
    authority: String,
}

impl Connection {
    /// Connects to `host:port`.
    pub(crate) fn open(authority: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(authority)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let socket = stream.try_clone()?;
        let trusted = TRUSTED.lock().expect("a lock").get(authority).cloned();
        let wire: Box<dyn Wire> = match trusted {
            None => Box::new(stream),
            Some(config) => Box::new(super::tls::over(stream, authority, config)?),
        };
        Ok(Self {
            stream: BufReader::new(wire),
            socket,
            authority: authority.to_owned(),
        })
    }

    /// Sends bytes as they are.
    pub(crate) fn send_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)?;
        self.stream.get_mut().flush()
    }

    /// Sends a request head with `Host` and `Content-Length` unless given, then the body.
    pub(crate) fn send<K: AsRef<str>, V: AsRef<str>>(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(K, V)],
        body: &[u8],
    ) -> io::Result<()> {
        let given = |name: &str| {
            headers
                .iter()
                .any(|(k, _)| k.as_ref().eq_ignore_ascii_case(name))
        };
        let mut lines = vec![format!("{method} {path} HTTP/1.1")];
        if !given("host") {
            lines.push(format!("host: {}", self.authority));
        }
        let bodiless = matches!(method, "GET" | "HEAD") && body.is_empty();
        if !given("content-length") && !given("transfer-encoding") && !bodiless {
            lines.push(format!("content-length: {}", body.len()));
        }
        let more = headers
            .iter()
            .map(|(k, v)| format!("{}: {}", k.as_ref(), v.as_ref()));
        lines.extend(more);
        lines.push("\r\n".to_owned());
        // One write for small requests, so that they travel as one packet.
        let mut bytes = lines.join("\r\n").into_bytes();
        bytes.extend_from_slice(body);
        self.send_raw(&bytes)
    }

    /// Says that nothing more will be sent.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.socket.shutdown(Shutdown::Write)
    }

    /// Reads one answer; `head` for the answer to a HEAD request.
    pub(crate) fn receive(&mut self, head: bool) -> io::Result<Response> {
        loop {
            let (status, headers) = self.receive_head()?;
            if (100..200).contains(&status) {
                continue;
            }
            let mut response = Response {
                status,
                headers,
                body: Vec::new(),
            };
            if !head && !matches!(status, 204 | 304) {
                response.body = self.receive_body(&response)?;
            }
            return Ok(response);
        }
    }

    /// Sends a request and reads its answer.
    pub(crate) fn request<K: AsRef<str>, V: AsRef<str>>(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(K, V)],
        body: &[u8],
    ) -> io::Result<Response> {
        // A refused upload is answered, and perhaps closed, before all of it is sent.
        let sent = self.send(method, path, headers, body);
        self.receive(method == "HEAD")
            .map_err(|e| sent.err().unwrap_or(e))
    }

    fn receive_head(&mut self) -> io::Result<(u16, Vec<(String, String)>)> {
        let first = self.line()?;
        let status = first.split(' ').nth(1).and_then(|s| s.parse().ok());
        let status = status.ok_or_else(|| invalid(&first, &"no status"))?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok((status, headers));
            }
            let (name, value) = line
                .split_once(':')
                .ok_or_else(|| invalid(&line, &"no header"))?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    fn receive_body(&mut self, response: &Response) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        if let Some(length) = response.header("content-length") {
            let length: usize = length.parse().map_err(|e| invalid(length, &e))?;
            body.resize(length, 0);
            self.stream.read_exact(&mut body)?;
        } else if response.header("transfer-encoding") == Some("chunked") {
            loop {
                let line = self.line()?;
                let size = usize::from_str_radix(&line, 16).map_err(|e| invalid(&line, &e))?;
                let start = body.len();
                body.resize(start + size, 0);
                self.stream.read_exact(&mut body[start..])?;
                self.line()?;
                if size == 0 {
                    break;
                }
            }
        } else {
            self.stream.read_to_end(&mut body)?;
        }
        Ok(body)
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }
}

fn invalid(text: &str, why: &dyn std::fmt::Display) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("no HTTP/1.1: {text:?}: {why}"),
    )
}

/// One request on a connection of its own, to a server that may die meanwhile.
pub(crate) fn try_request<K: AsRef<str>, V: AsRef<str>>(
    authority: &str,
    method: &str,
    path: &str,
    headers: &[(K, V)],
    body: &[u8],
) -> io::Result<Response> {
    Connection::open(authority)?.request(method, path, headers, body)
}

/// One request on a connection of its own.
pub(crate) fn request<K: AsRef<str>, V: AsRef<str>>(
    authority: &str,
    method: &str,
    path: &str,
    headers: &[(K, V)],
    body: &[u8],
) -> Response {
    try_request(authority, method, path, headers, body)
        .unwrap_or_else(|e| panic!("{method} {path}: {e}"))
}

/// Bytes as they are, and the first answer to them.
pub(crate) fn raw(authority: &str, bytes: &[u8]) -> io::Result<Response> {
    let mut connection = Connection::open(authority)?;
    let sent = connection.send_raw(bytes);
    drop(connection.finish());
    connection
        .receive(false)
        .map_err(|e| sent.err().unwrap_or(e))
}
