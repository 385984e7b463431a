//! The lines and files of the chain: their names, how they are read and what holds them together.
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::record::time;

/// Longest line that a reader takes, in bytes: a record has at most 256 KiB.
pub const MOST_LINE_BYTES: u64 = 512 * 1024;

/// A SHA-256.
pub(super) type Hash = [u8; 32];

/// What the first line of all names as the line before.
pub(super) const NO_HASH: Hash = [0; 32];

/// The name of the file that tells the last line on disk.
pub(super) const HEAD: &str = "head";

/// Bytes of the head file: written at once, in one sector.
const HEAD_BYTES: usize = 256;

pub(super) fn hash_of(line: &[u8]) -> Hash {
    let mut hash = NO_HASH;
    hash.copy_from_slice(digest(&SHA256, line).as_ref());
    hash
}

pub(super) fn segment_path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("audit-{number:012}.jsonl"))
}

pub(super) fn index_path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("audit-{number:012}.idx"))
}

/// The numbers of the segments that are there, in order.
pub(super) fn segments(dir: &Path) -> std::io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let name = entry?.file_name();
        let number = name
            .to_str()
            .and_then(|name| name.strip_prefix("audit-")?.strip_suffix(".jsonl"))
            .filter(|digits| digits.len() == 12)
            .and_then(|digits| digits.parse::<u64>().ok());
        numbers.extend(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// A line of any kind, as it is read.
#[derive(Debug, Deserialize)]
pub(super) struct Line<'a> {
    pub(super) seq: u64,
    pub(super) prev: &'a str,
    #[serde(borrow, default)]
    pub(super) call: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) begin: Option<Begin>,
    #[serde(default)]
    pub(super) removed: Option<Removed>,
}

impl<'a> Line<'a> {
    pub(super) fn parse(line: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }
}

/// The first line of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Begin {
    pub(super) segment: u64,
    pub(super) at: String,
}

/// Says that segments were removed for their age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Removed {
    pub(super) at: String,
    /// The segments, the first and the last.
    pub(super) from: u64,
    pub(super) to: u64,
    /// The first line that is kept.
    pub(super) first: First,
}

/// Where the chain begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct First {
    pub(super) segment: u64,
    pub(super) seq: u64,
    /// Hash of the last line that was removed.
    pub(super) prev: String,
}

/// The other lines that are not calls.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Note<'a> {
    Begin(&'a Begin),
    Removed(&'a Removed),
    Recovered {
        at: String,
        /// Bytes of a last line that was not whole.
        cut: u64,
        /// Whether the head file said less than it should.
        head: &'static str,
    },
    Lost(u64),
    Unknown {
        /// Where the minute begins.
        minute: String,
        source: &'a str,
        reason: &'a str,
        count: u64,
    },
}

/// The last line that is on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) seq: u64,
    pub(super) hash: String,
    pub(super) segment: u64,
}

impl Head {
    pub(super) fn none() -> Self {
        Self {
            seq: 0,
            hash: hex::encode(NO_HASH),
            segment: 0,
        }
    }

    /// The whole file: always as long.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        // Numbers and a hash: it cannot fail.
        let mut bytes = serde_json::to_vec(self).unwrap_or_default();
        bytes.resize(HEAD_BYTES.saturating_sub(1), b' ');
        bytes.push(b'\n');
        bytes
    }

    /// Reads the file; none when it is not what [`Self::to_bytes`] made.
    pub(super) fn read(dir: &Path) -> std::io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        let most = HEAD_BYTES as u64 + 1;
        File::open(dir.join(HEAD))?
            .take(most)
            .read_to_end(&mut bytes)?;
        let head: Option<Self> = serde_json::from_slice(&bytes).ok();
        Ok(head.filter(|head| head.to_bytes() == bytes))
    }
}

/// What came next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A whole line: see [`Lines::line`].
    Line,
    /// No more bytes.
    End,
    /// Bytes without an end of line, or more than a line may have.
    Torn,
}

/// The lines of a segment, one at a time.
#[derive(Debug)]
pub(super) struct Lines {
    reader: BufReader<File>,
    line: Vec<u8>,
    /// Where the line that was read last begins.
    start: u64,
    /// Where the next begins.
    next: u64,
    /// The number of the line that was read last, from 1.
    number: u64,
}

impl Lines {
    pub(super) fn open(path: &Path) -> std::io::Result<Self> {
        Ok(Self::of(File::open(path)?, 0))
    }

    /// Reads a file whose position is `start`.
    pub(super) fn of(file: File, start: u64) -> Self {
        Self {
            reader: BufReader::with_capacity(256 * 1024, file),
            line: Vec::new(),
            start,
            next: start,
            number: 0,
        }
    }

    pub(super) fn step(&mut self) -> std::io::Result<Step> {
        self.line.clear();
        self.start = self.next;
        self.number += 1;
        let read = (&mut self.reader)
            .take(MOST_LINE_BYTES)
            .read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(Step::End);
        }
        if self.line.pop_if(|byte| *byte == b'\n').is_none() {
            return Ok(Step::Torn);
        }
        self.next += read as u64;
        Ok(Step::Line)
    }

    /// The line, without its end.
    pub(super) fn line(&self) -> &[u8] {
        &self.line
    }

    pub(super) fn start(&self) -> u64 {
        self.start
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }
}

/// When a segment begins, by its first line; none when that is not one.
pub(super) fn begin_of(dir: &Path, number: u64) -> std::io::Result<Option<(Begin, First)>> {
    let mut lines = Lines::open(&segment_path(dir, number))?;
    if lines.step()? != Step::Line {
        return Ok(None);
    }
    let Some(line) = Line::parse(lines.line()) else {
        return Ok(None);
    };
    let first = First {
        segment: number,
        seq: line.seq,
        prev: line.prev.to_owned(),
    };
    Ok(line.begin.map(|begin| (begin, first)))
}

impl Begin {
    pub(super) fn new(segment: u64, at: i64) -> Self {
        Self {
            segment,
            at: time(at),
        }
    }

    /// Microseconds since 1970.
    pub(super) fn micros(&self) -> Option<i64> {
        let at: jiff::Timestamp = self.at.parse().ok()?;
        Some(at.as_microsecond())
    }
}
