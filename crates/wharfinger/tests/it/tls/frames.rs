//! HTTP/2 frame by frame (RFC 9113), so that a test can send what no client would.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use rustls::{ClientConnection, StreamOwned};

use crate::support::{Server, tls};

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

pub(super) const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

pub(super) const REFUSED_STREAM: u32 = 7;
pub(super) const ENHANCE_YOUR_CALM: u32 = 11;

/// The largest frame that a server has to take.
const FRAME_BYTES: usize = 16_384;

#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

impl Frame {
    /// The reason of a `RST_STREAM` or a `GOAWAY`.
    pub(super) fn reason(&self) -> u32 {
        let at = if self.kind == GOAWAY { 4 } else { 0 };
        number(&self.payload[at..at + 4])
    }

    /// The status that the headers begin with. The table of fields was set to size 0, so nothing is a reference to it.
    pub(super) fn status(&self) -> u16 {
        let mut block = self.payload.as_slice();
        while block[0] & 0xe0 == 0x20 {
            block = &block[1..];
        }
        match block[0] {
            0x88 => 200,
            0x89 => 204,
            0x8a => 206,
            0x8b => 304,
            0x8c => 400,
            0x8d => 404,
            0x8e => 500,
            _ if block[1] & 0x80 == 0 => {
                let text = std::str::from_utf8(&block[2..5]).expect("digits");
                text.parse().expect("a status")
            }
            _ => digits(&block[2..2 + usize::from(block[1] & 0x7f)]),
        }
    }
}

/// Three digits in Huffman's code of RFC 7541: 0, 1 and 2 in five bits, the others in six.
fn digits(bytes: &[u8]) -> u16 {
    let bits: Vec<u16> = bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |i| u16::from(byte >> i & 1)))
        .collect();
    let take = |at: usize, count: usize| bits[at..at + count].iter().fold(0, |n, b| n << 1 | b);
    let (mut at, mut value) = (0, 0);
    for _ in 0..3 {
        let short = take(at, 5);
        let (digit, used) = if short < 3 {
            (short, 5)
        } else {
            (take(at, 6) - 0x19 + 3, 6)
        };
        value = value * 10 + digit;
        at += used;
    }
    value
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |n, byte| n << 8 | u32::from(*byte))
}

/// A connection that agreed on HTTP/2.
pub(super) struct Http2 {
    wire: StreamOwned<ClientConnection, TcpStream>,
    authority: String,
}

impl Http2 {
    /// Connects; `window` is how many bytes of an answer may come unasked.
    pub(super) fn open(server: &Server, window: u32) -> Self {
        let socket = TcpStream::connect(server.authority()).expect("a connection");
        let patience = Some(Duration::from_secs(30));
        socket.set_read_timeout(patience).expect("a socket option");
        socket.set_write_timeout(patience).expect("a socket option");
        let config = tls::client(&server.certificates().ca, &["h2", "http/1.1"]);
        let wire = tls::over(socket, server.authority(), config).expect("a handshake");
        assert_eq!(wire.conn.alpn_protocol(), Some(&b"h2"[..]));
        let mut http2 = Self {
            wire,
            authority: server.authority().to_owned(),
        };
        let mut settings = vec![0, 1, 0, 0, 0, 0, 0, 4];
        settings.extend(window.to_be_bytes());
        http2
            .write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            .expect("a preface");
        http2.send(SETTINGS, 0, 0, &settings).expect("settings");
        http2
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.wire.write_all(bytes)?;
        self.wire.flush()
    }

    pub(super) fn send(
        &mut self,
        kind: u8,
        flags: u8,
        stream: u32,
        payload: &[u8],
    ) -> io::Result<()> {
        self.write(&frame(kind, flags, stream, payload))
    }

    /// Begins a request, and ends it if `last`.
    pub(super) fn request(
        &mut self,
        stream: u32,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        last: bool,
    ) -> io::Result<()> {
        let bytes = self.request_frames(stream, method, path, headers, last);
        self.write(&bytes)
    }

    /// The frames of a request's headers.
    pub(super) fn request_frames(
        &self,
        stream: u32,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        last: bool,
    ) -> Vec<u8> {
        let mut block = Vec::new();
        let pseudo = [
            (":method", method),
            (":scheme", "https"),
            (":authority", self.authority.as_str()),
            (":path", path),
        ];
        for (name, value) in pseudo.iter().chain(headers) {
            // A literal that is not remembered, with a literal name.
            block.push(0);
            for text in [name, value] {
                length(&mut block, text.len());
                block.extend_from_slice(text.as_bytes());
            }
        }
        let mut pieces = block.chunks(FRAME_BYTES).peekable();
        let mut bytes = Vec::new();
        let (mut kind, mut flags) = (HEADERS, if last { END_STREAM } else { 0 });
        while let Some(piece) = pieces.next() {
            let end = if pieces.peek().is_none() {
                END_HEADERS
            } else {
                0
            };
            bytes.extend(frame(kind, flags | end, stream, piece));
            (kind, flags) = (CONTINUATION, 0);
        }
        bytes
    }

    /// The next frame that is not about the connection's upkeep, which is answered.
    pub(super) fn next(&mut self) -> io::Result<Frame> {
        loop {
            let mut head = [0; 9];
            self.wire.read_exact(&mut head)?;
            let mut payload = vec![0; number(&head[..3]) as usize];
            self.wire.read_exact(&mut payload)?;
            let frame = Frame {
                kind: head[3],
                flags: head[4],
                stream: number(&head[5..]),
                payload,
            };
            match frame.kind {
                SETTINGS if frame.flags & ACK == 0 => self.send(SETTINGS, ACK, 0, &[])?,
                PING if frame.flags & ACK == 0 => self.send(PING, ACK, 0, &frame.payload)?,
                DATA | HEADERS | RST_STREAM | GOAWAY => return Ok(frame),
                _ => {}
            }
        }
    }

    /// Reads to a frame of this kind on this stream.
    #[track_caller]
    pub(super) fn expect(&mut self, kind: u8, stream: u32) -> Frame {
        loop {
            let frame = self.next();
            let frame = frame.unwrap_or_else(|e| panic!("no frame {kind} on stream {stream}: {e}"));
            if (frame.kind, frame.stream) == (kind, stream) {
                return frame;
            }
        }
    }

    /// Reads to the end, and returns what came.
    pub(super) fn rest(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        loop {
            match self.next() {
                Ok(frame) => frames.push(frame),
                Err(error) => {
                    assert_ne!(error.kind(), io::ErrorKind::WouldBlock, "it stays open");
                    return frames;
                }
            }
        }
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a small frame");
    let mut bytes = length.to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// A length with a prefix of seven bits (RFC 7541, 5.1).
fn length(block: &mut Vec<u8>, mut length: usize) {
    if length < 127 {
        block.push(u8::try_from(length).expect("seven bits"));
        return;
    }
    block.push(127);
    length -= 127;
    while length >= 128 {
        block.push(u8::try_from(length % 128).expect("seven bits") | 128);
        length /= 128;
    }
    block.push(u8::try_from(length).expect("seven bits"));
}
