//! Opening a log: where the chain goes on, and what the last end of the process left unfinished.
use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::Path;

use super::chain::{
    HEAD, Head, Line, Lines, NO_HASH, Step, hash_of, index_path, segment_path, segments,
};
use super::index;
use super::writer::{Open, Place, Writer};
use super::{OpenError, Options};

/// What was found at the end of the last segment.
#[derive(Debug)]
struct End {
    place: Place,
    /// Length of its whole lines, in bytes.
    length: u64,
    /// Bytes behind them.
    torn: u64,
}

/// Reads the end of the log; cuts off a last line that is not whole, never more.
pub(super) fn open(dir: &Path, options: Options) -> Result<Writer, OpenError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(OpenError::at(dir))?;
    let numbers = segments(dir).map_err(OpenError::at(dir))?;
    let path = dir.join(HEAD);
    let head = match Head::read(dir) {
        Ok(Some(head)) => Ok(head),
        Ok(None) => Err("unreadable"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if numbers.is_empty() {
                Ok(Head::none())
            } else {
                Err("missing")
            }
        }
        Err(error) => return Err(OpenError::at(&path)(error)),
    };
    let end = match numbers.last() {
        Some(number) => Some(end_of(dir, *number).map_err(OpenError::at(dir))?),
        None => None,
    };
    let head_file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(OpenError::at(&path))?;
    let torn = end.as_ref().map_or(0, |end| end.torn);
    let (place, head_was) = go_on(end.as_ref(), head);
    let open = match &end {
        Some(end) => Some(reopen(dir, end).map_err(OpenError::at(dir))?),
        None => None,
    };
    if open.is_none() {
        let head = head_of(&place);
        head_file
            .write_all_at(&head.to_bytes(), 0)
            .map_err(OpenError::at(&path))?;
    }
    for number in numbers {
        if let Err(error) = index::mend(dir, number) {
            // Look-ups then read the segment.
            tracing::warn!(%error, segment = number, "the index of an audit segment could not be mended");
        }
    }
    let mut writer = Writer::new(dir, options, place, open, head_file);
    if torn > 0 || head_was != "good" {
        tracing::warn!(
            cut_bytes = torn,
            head = head_was,
            "the audit log did not end properly"
        );
        writer.note_recovery(torn, head_was);
    }
    Ok(writer)
}

pub(super) fn head_of(place: &Place) -> Head {
    Head {
        seq: place.seq,
        hash: hex::encode(place.hash),
        segment: place.segment,
    }
}

/// Where the next line goes on. What was on disk and is not there any more leaves a break that stays: nothing is healed.
fn go_on(end: Option<&End>, head: Result<Head, &'static str>) -> (Place, &'static str) {
    let found = end.map(|end| end.place);
    let nothing = Place {
        seq: 0,
        hash: NO_HASH,
        segment: 0,
    };
    let (head, why) = match head {
        Ok(head) => (head, "good"),
        Err(why) => return (found.unwrap_or(nothing), why),
    };
    let mut hash = NO_HASH;
    // It was read as what was written: lower-case digits, as many.
    if hex::decode_to_slice(&head.hash, &mut hash).is_err() {
        return (found.unwrap_or(nothing), "unreadable");
    }
    let said = Place {
        seq: head.seq,
        hash,
        segment: head.segment,
    };
    match found {
        Some(found) if found.seq >= said.seq => (found, why),
        // The segment's number must still be of a file that is there, or a new one.
        Some(found) => (
            Place {
                segment: found.segment,
                ..said
            },
            "ahead",
        ),
        None if said.seq > 0 => (said, "ahead"),
        None => (said, why),
    }
}

fn end_of(dir: &Path, number: u64) -> std::io::Result<End> {
    let path = segment_path(dir, number);
    let whole = path.metadata()?.len();
    let mut lines = Lines::open(&path)?;
    let mut end = End {
        place: Place {
            seq: 0,
            hash: NO_HASH,
            segment: number,
        },
        length: 0,
        torn: 0,
    };
    while lines.step()? == Step::Line {
        let seq = Line::parse(lines.line()).map_or(end.place.seq + 1, |line| line.seq);
        end.place.seq = seq;
        end.place.hash = hash_of(lines.line());
        end.length = lines.start() + lines.line().len() as u64 + 1;
    }
    end.torn = whole.saturating_sub(end.length);
    Ok(end)
}

fn reopen(dir: &Path, end: &End) -> std::io::Result<Open> {
    let number = end.place.segment;
    let file = OpenOptions::new()
        .write(true)
        .open(segment_path(dir, number))?;
    if end.torn > 0 {
        file.set_len(end.length)?;
    }
    // Before the writer appends to it; a second time by the caller costs a look.
    index::mend(dir, number).unwrap_or_default();
    let index = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(index_path(dir, number))?;
    let first = super::chain::begin_of(dir, number)?;
    let began = first.and_then(|(begin, _)| begin.micros());
    Ok(Open {
        file,
        index,
        length: end.length,
        began: began.unwrap_or_default(),
        // An empty file has no first line yet.
        lines: u64::from(end.length > 0) * 2,
    })
}
