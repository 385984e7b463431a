//! The little HTTP that a registry in a test needs: one request a connection.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// A request, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// The path, with what is percent-encoded as it came.
    pub(crate) path: String,
    /// The parameters, decoded.
    pub(crate) query: Vec<(String, String)>,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether all of the body came that was promised.
    pub(crate) whole: bool,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(k, _)| k == name);
        found.next().map(|(_, v)| v.as_str())
    }

    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let mut found = self.query.iter().filter(|(k, _)| k == name);
        found.next().map(|(_, v)| v.as_str())
    }

    pub(crate) fn forget_header(&mut self, name: &str) {
        self.headers.retain(|(k, _)| k != name);
    }

    pub(crate) fn forget_query(&mut self, name: &str) {
        self.query.retain(|(k, _)| k != name);
    }
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn new(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, bytes: &[u8]) -> Self {
        self.body = bytes.to_vec();
        self
    }

    pub(crate) fn forget(&mut self, name: &str) {
        self.headers.retain(|(k, _)| k != name);
    }

    /// Replaces a header where it is.
    pub(crate) fn change(&mut self, name: &str, value: &str) {
        for (_, old) in self.headers.iter_mut().filter(|(k, _)| k == name) {
            value.clone_into(old);
        }
    }
}

/// Serves each connection in turn on a thread that ends with the process, and says where.
pub(crate) fn serve(mut handle: impl FnMut(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            handle(stream.unwrap());
        }
    });
    url
}

/// Reads a request; none where there is none.
pub(crate) fn receive(stream: &TcpStream) -> Option<Request> {
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let mut words = lines.first()?.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let decode = |text: &str| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8_lossy()
            .into_owned()
    };
    let pairs = query.split('&').filter(|p| !p.is_empty());
    let pairs = pairs.map(|p| p.split_once('=').unwrap_or((p, "")));
    let headers = lines.iter().skip(1).filter_map(|l| l.split_once(':'));
    let mut request = Request {
        method,
        path: path.to_owned(),
        query: pairs.map(|(k, v)| (decode(k), decode(v))).collect(),
        headers: headers
            .map(|(k, v)| (k.to_ascii_lowercase(), v.trim().to_owned()))
            .collect(),
        body: Vec::new(),
        whole: true,
    };
    if request.header("transfer-encoding").is_some() {
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let size = u64::from_str_radix(line.trim(), 16).ok()?;
            reader
                .by_ref()
                .take(size)
                .read_to_end(&mut request.body)
                .ok()?;
            reader.read_line(&mut String::new()).ok()?;
            if size == 0 {
                break;
            }
        }
    } else {
        let length = request
            .header("content-length")
            .unwrap_or("0")
            .parse()
            .ok()?;
        let read = reader.take(length).read_to_end(&mut request.body).ok()?;
        request.whole = read as u64 == length;
    }
    Some(request)
}

/// Sends an answer; whoever does not wait for it is left alone.
pub(crate) fn send(mut stream: &TcpStream, response: &Response, head: bool) {
    let mut lines = vec![format!("HTTP/1.1 {} x", response.status)];
    let headers = response.headers.iter();
    lines.extend(headers.map(|(name, value)| format!("{name}: {value}")));
    if !response.headers.iter().any(|(k, _)| k == "content-length") && response.status != 204 {
        lines.push(format!("content-length: {}", response.body.len()));
    }
    let text = format!("{}\r\n\r\n", lines.join("\r\n"));
    let mut bytes = text.into_bytes();
    if !head && response.status != 204 {
        bytes.extend_from_slice(&response.body);
    }
    drop(stream.write_all(&bytes));
}
