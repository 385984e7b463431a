//! Whether the log is what was written.
use std::path::{Path, PathBuf};

use super::chain::{
    First, HEAD, Hash, Head, Line, Lines, NO_HASH, Removed, Step, hash_of, segment_path, segments,
};

/// How often the log is read anew because old segments were removed meanwhile.
const ATTEMPTS: u32 = 3;

/// A log whose chain holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Segments that were read.
    pub segments: u64,
    /// Lines of all kinds.
    pub lines: u64,
    /// Lines that are calls.
    pub records: u64,
    /// Number of the first line that is kept; 0 of an empty log.
    pub first: u64,
    /// The last line.
    pub last: Last,
    /// Bytes behind it: a line that is being written, or was when the process was killed.
    pub unfinished: u64,
}

/// The last line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Last {
    /// Its number.
    pub seq: u64,
    /// Its SHA-256, in hexadecimal.
    pub hash: String,
}

/// Where a chain breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: line {line}, byte {byte}: {fault}", file.display())]
pub struct Break {
    /// The file.
    pub file: PathBuf,
    /// The line in it, from 1; 0: the file as a whole.
    pub line: u64,
    /// Where the line begins, in bytes from 0.
    pub byte: u64,
    /// What does not fit.
    pub fault: Fault,
}

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The line is not what a log holds.
    #[error("this is not a line of an audit log")]
    NotALine,
    /// The hash of the line before differs from what this line says.
    #[error("the line before this one was altered, removed or put elsewhere")]
    Hash,
    /// Lines are missing or doubled.
    #[error("line {found} follows line {last}")]
    Number {
        /// The number of the line before.
        last: u64,
        /// The number that was found.
        found: u64,
    },
    /// Bytes follow that are no line, and it is not the end.
    #[error("there is no end of a line")]
    Torn,
    /// A segment begins with something else than it should.
    #[error("the segment does not begin as segment {0}")]
    Begin(u64),
    /// A segment is not there, and no line says that it was removed for its age.
    #[error("the segment is not there")]
    Missing,
    /// The head file is not there or not whole.
    #[error("the head of the log is not readable")]
    Head,
    /// The chain ends before the line that the head file names.
    #[error("the log ends with line {found}, but line {written} was written")]
    Truncated {
        /// The last line that was on disk.
        written: u64,
        /// The last line that was found.
        found: u64,
    },
    /// The line that the head file names is another one.
    #[error("this line was altered")]
    NotTheHead,
}

/// Why a log does not verify.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The chain breaks.
    #[error(transparent)]
    Break(#[from] Break),
    /// A file cannot be read.
    #[error("{path}: {cause}")]
    Read {
        /// The file.
        path: String,
        /// What the system says.
        cause: std::io::Error,
    },
}

/// Reads the whole log, also one that is being written.
///
/// # Errors
/// [`Break`] with the place; [`VerifyError::Read`].
pub fn verify(dir: &Path) -> Result<Verified, VerifyError> {
    let mut attempt = 1;
    loop {
        let first = segments(dir).map_err(|cause| unread(dir, cause))?;
        match Reader::new(dir).read(&first) {
            // Removed for their age while it was read?
            Err(_)
                if attempt < ATTEMPTS
                    && segments(dir).is_ok_and(|now| now.first() > first.first()) =>
            {
                attempt += 1;
            }
            result => return result,
        }
    }
}

fn unread(path: &Path, cause: std::io::Error) -> VerifyError {
    VerifyError::Read {
        path: path.display().to_string(),
        cause,
    }
}

/// What is known so far.
struct Reader<'a> {
    dir: &'a Path,
    seq: u64,
    hash: Hash,
    first: Option<First>,
    removed: Option<Removed>,
    lines: u64,
    records: u64,
    unfinished: u64,
}

impl<'a> Reader<'a> {
    fn new(dir: &'a Path) -> Self {
        Self {
            dir,
            seq: 0,
            hash: NO_HASH,
            first: None,
            removed: None,
            lines: 0,
            records: 0,
            unfinished: 0,
        }
    }

    fn read(mut self, numbers: &[u64]) -> Result<Verified, VerifyError> {
        // Before the segments: what it names must be in them.
        let head = self.head()?;
        let mut before = None;
        for number in numbers {
            if let Some(before) = before
                && before + 1 != *number
            {
                return Err(Self::whole(
                    &segment_path(self.dir, before + 1),
                    Fault::Missing,
                ));
            }
            before = Some(*number);
            self.segment(*number, numbers.last() == Some(number), &head)?;
        }
        self.beginning()?;
        if head.seq > self.seq {
            let fault = Fault::Truncated {
                written: head.seq,
                found: self.seq,
            };
            let last = numbers.last().map_or(head.segment, |last| *last);
            return Err(Self::whole(&segment_path(self.dir, last.max(1)), fault));
        }
        Ok(Verified {
            segments: numbers.len() as u64,
            lines: self.lines,
            records: self.records,
            first: self.first.as_ref().map_or(0, |first| first.seq),
            last: Last {
                seq: self.seq,
                hash: hex::encode(self.hash),
            },
            unfinished: self.unfinished,
        })
    }

    fn whole(file: &Path, fault: Fault) -> VerifyError {
        VerifyError::Break(Break {
            file: file.to_owned(),
            line: 0,
            byte: 0,
            fault,
        })
    }

    fn head(&self) -> Result<Head, VerifyError> {
        let path = self.dir.join(HEAD);
        // It is rewritten in place: once more if it was read between.
        for _ in 0..ATTEMPTS {
            match Head::read(self.dir) {
                Ok(Some(head)) => return Ok(head),
                Ok(None) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => break,
                Err(cause) => return Err(unread(&path, cause)),
            }
        }
        Err(Self::whole(&path, Fault::Head))
    }

    fn segment(&mut self, number: u64, is_last: bool, head: &Head) -> Result<(), VerifyError> {
        let path = segment_path(self.dir, number);
        let mut lines = Lines::open(&path).map_err(|cause| unread(&path, cause))?;
        loop {
            let step = lines.step().map_err(|cause| unread(&path, cause))?;
            let fault = match step {
                Step::End => None,
                Step::Torn if is_last && self.seq >= head.seq => {
                    let length = path.metadata().map_or(0, |it| it.len());
                    self.unfinished = length.saturating_sub(lines.start());
                    None
                }
                Step::Torn => Some(Fault::Torn),
                Step::Line => match self.line(&lines, number, head) {
                    Ok(()) => continue,
                    Err(fault) => Some(fault),
                },
            };
            let Some(fault) = fault else {
                return Ok(());
            };
            return Err(VerifyError::Break(Break {
                file: path,
                line: lines.number(),
                byte: lines.start(),
                fault,
            }));
        }
    }

    fn line(&mut self, lines: &Lines, number: u64, head: &Head) -> Result<(), Fault> {
        let line = Line::parse(lines.line()).ok_or(Fault::NotALine)?;
        let mut prev = NO_HASH;
        hex::decode_to_slice(line.prev, &mut prev).map_err(|_not_hex| Fault::NotALine)?;
        if self.first.is_none() {
            self.first = Some(First {
                segment: number,
                seq: line.seq,
                prev: line.prev.to_owned(),
            });
        } else if prev != self.hash {
            return Err(Fault::Hash);
        } else if line.seq != self.seq + 1 {
            return Err(Fault::Number {
                last: self.seq,
                found: line.seq,
            });
        }
        let begins = line.begin.as_ref().map(|begin| begin.segment);
        if (lines.number() == 1) != begins.is_some() || begins.is_some_and(|its| its != number) {
            return Err(Fault::Begin(number));
        }
        self.seq = line.seq;
        self.hash = hash_of(lines.line());
        if line.seq == head.seq && hex::encode(self.hash) != head.hash {
            return Err(Fault::NotTheHead);
        }
        self.lines += 1;
        self.records += u64::from(line.call.is_some());
        if line.removed.is_some() {
            self.removed = line.removed;
        }
        Ok(())
    }

    /// The first line kept is the first of all, or one that a later line names as such.
    fn beginning(&self) -> Result<(), VerifyError> {
        let Some(first) = &self.first else {
            return Ok(());
        };
        let known = match &self.removed {
            // Said, and not yet done, or not to its end.
            Some(removed) if first.segment < removed.first.segment => true,
            Some(removed) => removed.first == *first,
            None => first.segment == 1 && first.seq == 1 && first.prev == hex::encode(NO_HASH),
        };
        if known {
            return Ok(());
        }
        let missing = segment_path(self.dir, first.segment.saturating_sub(1).max(1));
        Err(Self::whole(&missing, Fault::Missing))
    }
}
