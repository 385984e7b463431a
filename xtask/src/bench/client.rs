//! A small HTTP/1.1 client: one connection that is kept, one request at a time.

use std::io::{BufRead as _, BufReader, IoSlice, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::content::{Chunk, Layer};

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_mins(1);
/// Chunks of a layer that one system call sends.
const TOGETHER: usize = 8;
/// Bytes of an answer that is not kept are read this many at once.
const READ: usize = 256 * 1024;

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(super) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// Demands a status.
    pub(crate) fn expect(self, status: u16) -> Result<Self, String> {
        if self.status == status {
            return Ok(self);
        }
        let body = String::from_utf8_lossy(&self.body);
        Err(format!(
            "{status} expected, answered {}: {body}",
            self.status
        ))
    }

    /// Demands a status and where to go on.
    pub(super) fn location(self, status: u16) -> Result<String, String> {
        let location = self.expect(status)?.location;
        location.ok_or_else(|| format!("{status} without Location"))
    }
}

/// The beginning of an answer.
struct Head {
    status: u16,
    location: Option<String>,
    length: u64,
}

/// A connection with the credentials that each request carries.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    authority: String,
    /// The `Authorization` header, if there is one.
    authorization: Option<String>,
    /// For answers that are not kept.
    buffer: Vec<u8>,
}

impl Client {
    /// Connects to `host:port`.
    pub(crate) fn connect(authority: &str, authorization: Option<&str>) -> Result<Self, String> {
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
            buffer: Vec::new(),
        })
    }

    /// The connection alone, to be kept open.
    pub(super) fn into_stream(self) -> TcpStream {
        self.stream.into_inner()
    }

    /// Sends a request and reads its answer.
    pub(crate) fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Reply, String> {
        let length = body.len().to_string();
        let more = (method != "GET").then_some(("content-length", length.as_str()));
        let head = self.head(method, path, headers, more);
        // Both in one call, so that they travel together; an empty slice at the end would look like no progress.
        let mut slices = [&head, body].map(IoSlice::new);
        let count = if body.is_empty() { 1 } else { 2 };
        let (slices, _) = slices.split_at_mut(count);
        let sent = write_all(self.stream.get_mut(), slices);
        self.answer(sent)
            .map_err(|e| format!("{method} {path}: {e}"))
    }

    /// Sends a layer as docker does, without saying how long it will be, and reads the answer.
    pub(super) fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        layer: &Layer,
    ) -> Result<Reply, String> {
        let chunked = Some(("transfer-encoding", "chunked"));
        let head = self.head(method, path, headers, chunked);
        let sent = self.send_chunks(&head, layer);
        self.answer(sent)
            .map_err(|e| format!("{method} {path}: {e}"))
    }

    /// Sends a GET and reads the answer without keeping it; its status and length.
    pub(crate) fn fetch(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<(u16, u64), String> {
        let bytes = self.head("GET", path, headers, None);
        let sent = self.stream.get_mut().write_all(&bytes);
        let read = || -> Result<(u16, u64), String> {
            sent.map_err(|e| e.to_string())?;
            let head = self.receive_head()?;
            self.buffer.resize(READ, 0);
            let mut left = head.length;
            while left > 0 {
                let most = usize::try_from(left).unwrap_or(READ).min(READ);
                let (place, _) = self.buffer.split_at_mut(most);
                let read = self.stream.read(place).map_err(|e| e.to_string())?;
                if read == 0 {
                    return Err(format!("{left} bytes are missing"));
                }
                left -= read as u64;
            }
            Ok((head.status, head.length))
        };
        read().map_err(|e| format!("GET {path}: {e}"))
    }

    fn head(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        more: Option<(&str, &str)>,
    ) -> Vec<u8> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.authority);
        let own = self.authorization.as_deref().map(|a| ("authorization", a));
        for (name, value) in own.iter().chain(headers).chain(&more) {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    fn send_chunks(&mut self, head: &[u8], layer: &Layer) -> std::io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(head)?;
        let mut chunks = layer.chunks().peekable();
        while chunks.peek().is_some() {
            let some: Vec<(String, Chunk)> = chunks
                .by_ref()
                .take(TOGETHER)
                .map(|chunk| (format!("{:x}\r\n", chunk.len()), chunk))
                .collect();
            let mut slices: Vec<IoSlice<'_>> = some
                .iter()
                .flat_map(|(size, chunk)| {
                    let [stamp, rest] = chunk.pieces();
                    [size.as_bytes(), stamp, rest, b"\r\n"].map(IoSlice::new)
                })
                .collect();
            write_all(stream, &mut slices)?;
        }
        stream.write_all(b"0\r\n\r\n")
    }

    /// Reads the answer; one that came before the request was sent tells more than the broken connection.
    fn answer(&mut self, sent: std::io::Result<()>) -> Result<Reply, String> {
        match (self.receive(), sent) {
            (Ok(reply), _) => Ok(reply),
            (Err(_), Err(error)) => Err(error.to_string()),
            (Err(error), Ok(())) => Err(error),
        }
    }

    fn receive(&mut self) -> Result<Reply, String> {
        let head = self.receive_head()?;
        let length = usize::try_from(head.length).map_err(|e| e.to_string())?;
        let mut body = vec![0; length];
        self.stream
            .read_exact(&mut body)
            .map_err(|e| e.to_string())?;
        Ok(Reply {
            status: head.status,
            location: head.location,
            body,
        })
    }

    fn receive_head(&mut self) -> Result<Head, String> {
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
        Ok(Head {
            status,
            location,
            length,
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

/// Writes all slices, with as few calls as the operating system allows.
fn write_all(stream: &mut TcpStream, slices: &mut [IoSlice<'_>]) -> std::io::Result<()> {
    let mut left = slices;
    while !left.is_empty() {
        let written = stream.write_vectored(left)?;
        if written == 0 {
            return Err(std::io::ErrorKind::WriteZero.into());
        }
        IoSlice::advance_slices(&mut left, written);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Answers one request with `answer` after it has read `until`; what it read.
    fn serve(answer: &'static [u8], until: &'static [u8]) -> (String, thread::JoinHandle<Vec<u8>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        let served = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut read = Vec::new();
            let mut buffer = [0; 4096];
            while !read.ends_with(until) {
                let count = stream.read(&mut buffer).unwrap();
                read.extend_from_slice(&buffer[..count]);
            }
            stream.write_all(answer).unwrap();
            read
        });
        (authority, served)
    }

    #[test]
    fn a_layer_is_sent_in_chunks_that_make_up_its_bytes() {
        let (authority, served) = serve(
            b"HTTP/1.1 202 Accepted\r\nLocation: /next\r\ncontent-length: 0\r\n\r\n",
            b"\r\n0\r\n\r\n",
        );
        let layer = Layer::many(1, 300_000).remove(0);
        let mut client = Client::connect(&authority, Some("Basic x")).unwrap();
        let reply = client.send("PATCH", "/up", &[], &layer).unwrap();
        assert_eq!(reply.location(202).unwrap(), "/next");
        let read = served.join().unwrap();
        let end = read.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
        let head = String::from_utf8(read[..end].to_vec()).unwrap();
        assert!(head.contains("authorization: Basic x\r\n"), "{head}");
        assert!(head.contains("transfer-encoding: chunked\r\n"), "{head}");
        let (mut rest, mut bytes) = (&read[end..], Vec::new());
        loop {
            let line = rest.iter().position(|b| *b == b'\r').unwrap();
            let size = std::str::from_utf8(&rest[..line]).unwrap();
            let size = usize::from_str_radix(size, 16).unwrap();
            if size == 0 {
                break;
            }
            bytes.extend_from_slice(&rest[line + 2..line + 2 + size]);
            rest = &rest[line + 2 + size + 2..];
        }
        let mut whole = Vec::new();
        layer.write_to(&mut whole).unwrap();
        assert!(bytes == whole, "the chunks are the layer");
    }

    #[test]
    fn an_answer_that_ends_early_is_an_error() {
        let (authority, served) = serve(
            b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort",
            b"\r\n\r\n",
        );
        let mut client = Client::connect(&authority, None).unwrap();
        let error = client.fetch("/blob", &[]).unwrap_err();
        assert!(error.contains("5 bytes are missing"), "{error}");
        served.join().unwrap();
    }
}
