//! A small HTTP/1.1 client: one connection that is kept, one request at a time.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    /// Demands a status.
    pub(super) fn expect(self, status: u16) -> Result<Self, String> {
        if self.status == status {
            return Ok(self);
        }
        let body = String::from_utf8_lossy(&self.body);
        Err(format!(
            "{status} expected, answered {}: {body}",
            self.status
        ))
    }
}

/// A connection with the credentials that each request carries.
pub(super) struct Client {
    stream: BufReader<TcpStream>,
    authority: String,
    /// The `Authorization` header, if there is one.
    authorization: Option<String>,
}

impl Client {
    /// Connects to `host:port`.
    pub(super) fn connect(authority: &str, authorization: Option<&str>) -> Result<Self, String> {
        let open = || -> std::io::Result<TcpStream> {
            let stream = TcpStream::connect(authority)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            Ok(stream)
        };
        Ok(Self {
            stream: BufReader::new(open().map_err(|e| format!("{authority}: {e}"))?),
            authority: authority.to_owned(),
            authorization: authorization.map(str::to_owned),
        })
    }

    /// Sends a request and reads its answer.
    pub(super) fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Reply, String> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.authority);
        let own = self.authorization.as_deref().map(|a| ("authorization", a));
        for (name, value) in own.iter().chain(headers) {
            head.extend([name, ": ", value, "\r\n"]);
        }
        if method != "GET" {
            head.extend(["content-length: ", &body.len().to_string(), "\r\n"]);
        }
        head.push_str("\r\n");
        // One write, so that head and body travel together.
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        let sent = self.stream.get_mut().write_all(&bytes);
        sent.map_err(|e| e.to_string())
            .and_then(|()| self.receive())
            .map_err(|e| format!("{method} {path}: {e}"))
    }

    fn receive(&mut self) -> Result<Reply, String> {
        let first = self.line()?;
        let status = first.split(' ').nth(1).and_then(|s| s.parse().ok());
        let status = status.ok_or_else(|| format!("no status in {first:?}"))?;
        let (mut location, mut length) = (None, 0);
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().map_err(|e| format!("{line:?}: {e}"))?;
            } else if name.eq_ignore_ascii_case("location") {
                location = Some(value.trim().to_owned());
            }
        }
        let mut body = vec![0; length];
        self.stream
            .read_exact(&mut body)
            .map_err(|e| e.to_string())?;
        Ok(Reply {
            status,
            location,
            body,
        })
    }

    fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line);
        match read {
            Ok(0) => Err("the server closed the connection".to_owned()),
            Ok(_) => Ok(line.trim_end().to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// An answer's `Location` without scheme and host.
    pub(super) fn path_of(&self, location: &str) -> String {
        let prefix = format!("http://{}", self.authority);
        location
            .strip_prefix(&prefix)
            .unwrap_or(location)
            .to_owned()
    }
}
