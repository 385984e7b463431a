//! Reads an answer of which nothing is believed.

use std::io::{BufRead, Read as _};

use super::Raw;

/// The longest head of an answer.
const HEAD_BYTES: usize = 64 * 1024;
/// The longest body of an answer; the suite itself sends nothing that large.
const BODY_BYTES: u64 = 32 * 1024 * 1024;
/// How many `1xx` answers may come before the one that counts.
const INTERIM: usize = 8;

/// Reads one answer; the answer to HEAD has no body.
///
/// # Errors
/// A sentence, when it is no HTTP/1.1, too long, or does not come.
pub(super) fn answer(reader: &mut impl BufRead, head: bool) -> Result<Raw, String> {
    for _ in 0..INTERIM {
        let mut raw = start(reader)?;
        if (100..200).contains(&raw.status) {
            continue;
        }
        if !head && !matches!(raw.status, 204 | 304) {
            raw.body = body(reader, &raw.headers)?;
        }
        return Ok(raw);
    }
    Err(format!("{INTERIM} interim answers and no other"))
}

/// Status and headers.
fn start(reader: &mut impl BufRead) -> Result<Raw, String> {
    let mut room = HEAD_BYTES;
    let first = line(reader, &mut room)?;
    let mut words = first.split(' ');
    let version = words.next().unwrap_or_default();
    let status = words.next().and_then(|s| s.parse::<u16>().ok());
    let status = status
        .filter(|s| version.starts_with("HTTP/1.") && (100..600).contains(s))
        .ok_or_else(|| format!("no status line: `{}`", crate::check::shortened(&first)))?;
    let mut headers = Vec::new();
    loop {
        let line = line(reader, &mut room)?;
        if line.is_empty() {
            return Ok(Raw {
                status,
                headers,
                body: Vec::new(),
            });
        }
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| format!("no header: `{}`", crate::check::shortened(&line)))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

fn body(reader: &mut impl BufRead, headers: &[(String, String)]) -> Result<Vec<u8>, String> {
    let header = |name: &str| {
        let mut found = headers.iter().filter(|(k, _)| k == name);
        found.next().map(|(_, v)| v.as_str())
    };
    if let Some(coding) = header("transfer-encoding") {
        return if coding.eq_ignore_ascii_case("chunked") {
            chunks(reader)
        } else {
            Err(format!("Transfer-Encoding `{coding}` was not asked for"))
        };
    }
    let mut body = Vec::new();
    let Some(length) = header("content-length") else {
        let read = reader.take(BODY_BYTES + 1).read_to_end(&mut body);
        read.map_err(|e| format!("the body: {e}"))?;
        return if body.len() as u64 > BODY_BYTES {
            Err(format!("a body of more than {BODY_BYTES} bytes"))
        } else {
            Ok(body)
        };
    };
    let length: u64 = length
        .parse()
        .map_err(|e| format!("Content-Length `{}`: {e}", crate::check::shortened(length)))?;
    exactly(reader, length, &mut body)?;
    Ok(body)
}

fn chunks(reader: &mut impl BufRead) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    loop {
        let mut room = HEAD_BYTES;
        let first = line(reader, &mut room)?;
        let size = first.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16)
            .map_err(|e| format!("chunk size `{}`: {e}", crate::check::shortened(size)))?;
        if size == 0 {
            // Trailers, to the empty line.
            while !line(reader, &mut room)?.is_empty() {}
            return Ok(body);
        }
        exactly(reader, size, &mut body)?;
        if !line(reader, &mut room)?.is_empty() {
            return Err("a chunk is longer than it says".to_owned());
        }
    }
}

/// Appends so many bytes, as they come: what is promised reserves no memory.
fn exactly(reader: &mut impl BufRead, length: u64, body: &mut Vec<u8>) -> Result<(), String> {
    let room = BODY_BYTES.saturating_sub(body.len() as u64);
    if length > room {
        return Err(format!("a body of more than {BODY_BYTES} bytes"));
    }
    let read = reader.take(length).read_to_end(body);
    let read = read.map_err(|e| format!("the body: {e}"))? as u64;
    if read == length {
        Ok(())
    } else {
        Err(format!("the body ends after {read} of {length} bytes"))
    }
}

/// One line without its end, out of what room is left for the head.
fn line(reader: &mut impl BufRead, room: &mut usize) -> Result<String, String> {
    let mut bytes = Vec::new();
    let read = reader.take(*room as u64).read_until(b'\n', &mut bytes);
    let read = read.map_err(|e| format!("no answer: {e}"))?;
    *room = room.saturating_sub(read);
    if bytes.pop() != Some(b'\n') {
        return Err(if *room == 0 {
            format!("a head of more than {HEAD_BYTES} bytes")
        } else {
            "the connection ended before the answer did".to_owned()
        });
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> Result<Raw, String> {
        answer(&mut &*bytes, false)
    }

    #[test]
    fn a_body_is_read_by_length_by_chunks_and_to_the_end() {
        for text in [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, and more",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200\r\nA: b\r\n\r\nhello",
        ] {
            assert_eq!(read(text.as_bytes()).unwrap().body, b"hello", "{text}");
        }
    }

    #[test]
    fn an_answer_to_head_has_no_body() {
        let text = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
        let raw = answer(&mut &text[..], true).unwrap();
        assert_eq!(raw.headers, [("content-length".to_owned(), "5".to_owned())]);
        assert!(raw.body.is_empty());
    }

    #[test]
    fn garbage_is_an_error() {
        let long = format!("HTTP/1.1 200 OK\r\na: {}\r\n\r\n", "x".repeat(HEAD_BYTES));
        for text in [
            "",
            "hello\r\n\r\n",
            "HTTP/1.1 999999 OK\r\n\r\n",
            "HTTP/1.1 99 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nno header\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nhello\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            &"HTTP/1.1 100 Continue\r\n\r\n".repeat(100),
            &long,
        ] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_panics(bytes in prop::collection::vec(any::<u8>(), 0..400), head: bool) {
            let whole = [b"HTTP/1.1 200 OK\r\n".as_slice(), &bytes].concat();
            for text in [&bytes, &whole] {
                drop(answer(&mut text.as_slice(), head));
            }
        }
    }
}
