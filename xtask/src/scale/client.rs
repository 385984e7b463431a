//! One kept connection that speaks both protocols, one request at a time.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use wharf_wire::oci::Digest;
use wharf_wire::sigv4::{SignedRequest, Signer, amz_date, sign};

use super::server::Key;

const REGION: &str = "us-east-1";
/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// An answer, read to its end.
pub(super) struct Reply {
    pub(super) location: Option<String>,
    pub(super) body: Vec<u8>,
}

pub(super) struct Client {
    stream: BufReader<TcpStream>,
    authority: String,
    key: Key,
    /// The `Authorization` header of the registry protocol.
    pub(super) password: String,
}

impl Client {
    pub(super) fn connect(authority: &str, key: &Key) -> Result<Self, String> {
        let open = || -> std::io::Result<TcpStream> {
            let stream = TcpStream::connect(authority)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            Ok(stream)
        };
        Ok(Self {
            stream: BufReader::new(open().map_err(|e| format!("{authority}: {e}"))?),
            authority: authority.to_owned(),
            key: key.clone(),
            password: String::new(),
        })
    }

    /// Calls an ECR operation, which has to succeed.
    pub(super) fn call(&mut self, operation: &str, body: &Value) -> Result<Value, String> {
        let body = body.to_string();
        let time = now()?;
        let date = amz_date(time);
        let target = format!("{}.{operation}", wharf_wire::ecr::TARGET_PREFIX);
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-date", date.as_str()),
            ("x-amz-target", target.as_str()),
        ];
        let mut lent: Vec<(&str, &[u8])> = headers.map(|(k, v)| (k, v.as_bytes())).to_vec();
        lent.push(("host", self.authority.as_bytes()));
        let hash = Digest::of(body.as_bytes());
        let request = SignedRequest {
            method: "POST",
            path: "/",
            query: "",
            headers: &lent,
            body_sha256: Some(hash.hex()),
        };
        let signer = Signer {
            access_key_id: &self.key.id,
            secret: &self.key.secret,
            region: REGION,
            service: "ecr",
        };
        let authorization = sign(&request, &signer, time).map_err(|e| e.to_string())?;
        let mut all = headers.to_vec();
        all.push(("authorization", authorization.as_str()));
        let reply = self.exchange("POST", "/", &all, body.as_bytes(), 200)?;
        serde_json::from_slice(&reply.body).map_err(|e| format!("{operation}: {e}"))
    }

    /// Sends a request of the registry protocol, which has to be answered with a status.
    pub(super) fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        status: u16,
    ) -> Result<Reply, String> {
        let password = self.password.clone();
        let mut all = headers.to_vec();
        all.push(("authorization", password.as_str()));
        self.exchange(method, path, &all, body, status)
    }

    fn exchange(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        status: u16,
    ) -> Result<Reply, String> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.authority);
        for (name, value) in headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        if method != "GET" {
            head.extend(["content-length: ", &body.len().to_string(), "\r\n"]);
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        let sent = self.stream.get_mut().write_all(&bytes);
        let (answered, reply) = sent
            .map_err(|e| e.to_string())
            .and_then(|()| self.receive())
            .map_err(|e| format!("{method} {path}: {e}"))?;
        if answered == status {
            return Ok(reply);
        }
        let said = String::from_utf8_lossy(&reply.body);
        Err(format!(
            "{method} {path}: {status} expected, answered {answered}: {said}"
        ))
    }

    fn receive(&mut self) -> Result<(u16, Reply), String> {
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
        Ok((status, Reply { location, body }))
    }

    fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        match self.stream.read_line(&mut line) {
            Ok(0) => Err("the server closed the connection".to_owned()),
            Ok(_) => Ok(line.trim_end().to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Microseconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "a client's own clock, for its signature"
)]
fn now() -> Result<i64, String> {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_err(|e| format!("the clock: {e}"))?;
    i64::try_from(since.as_micros()).map_err(|e| format!("the clock: {e}"))
}
