//! The index beside a segment: for each call, in their order, the request's id and where its line begins.
use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::chain::{Line, Lines, Step, hash_of, index_path, segment_path};
use super::record::Record;

/// Bytes of an entry: 16 of the id, 8 of the offset.
pub(super) const ENTRY: usize = 24;

/// What stands for a request's id: a UUID's bytes, or the beginning of a hash of something else.
pub(super) fn key(request_id: &str) -> [u8; 16] {
    let mut key = [0; 16];
    let digits: String = request_id.chars().filter(|c| *c != '-').collect();
    if hex::decode_to_slice(&digits, &mut key).is_err() {
        let hash = hash_of(request_id.as_bytes());
        key.copy_from_slice(hash.first_chunk::<16>().unwrap_or(&[0; 16]));
    }
    key
}

/// One entry.
pub(super) fn entry(request_id: &str, offset: u64) -> [u8; ENTRY] {
    let mut entry = [0; ENTRY];
    let (id, place) = entry.split_at_mut(16);
    id.copy_from_slice(&key(request_id));
    place.copy_from_slice(&offset.to_be_bytes());
    entry
}

fn parts(entry: &[u8; ENTRY]) -> ([u8; 16], u64) {
    let id = entry.first_chunk().copied().unwrap_or_default();
    let place = entry.last_chunk().copied().unwrap_or_default();
    (id, u64::from_be_bytes(place))
}

/// The entry of a line, if it is a call.
pub(super) fn entry_of(line: &[u8], offset: u64) -> Option<[u8; ENTRY]> {
    let call = Line::parse(line)?.call?;
    let record: Record<'_> = serde_json::from_str(call.get()).ok()?;
    Some(entry(&record.request_id, offset))
}

/// Where in a segment calls with this key are said to be.
pub(super) fn places(dir: &Path, number: u64, key: [u8; 16]) -> std::io::Result<Vec<u64>> {
    let mut reader = BufReader::with_capacity(64 * 1024, File::open(index_path(dir, number))?);
    let mut found = Vec::new();
    let mut entry = [0; ENTRY];
    loop {
        match reader.read_exact(&mut entry) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(found),
            Err(error) => return Err(error),
        }
        let (id, place) = parts(&entry);
        if id == key && found.len() < 64 {
            found.push(place);
        }
    }
}

/// Makes the index of a segment anew if it is not there or does not reach to the segment's last call.
pub(super) fn mend(dir: &Path, number: u64) -> std::io::Result<()> {
    if is_whole(dir, number).unwrap_or(false) {
        return Ok(());
    }
    let mut lines = Lines::open(&segment_path(dir, number))?;
    let mut index = Vec::new();
    while lines.step()? == Step::Line {
        index.extend(entry_of(lines.line(), lines.start()).into_iter().flatten());
    }
    create(dir, number)?.write_all(&index)
}

/// Whether no call follows the one that the index names last.
fn is_whole(dir: &Path, number: u64) -> std::io::Result<bool> {
    let mut index = File::open(index_path(dir, number))?;
    let length = index.metadata()?.len();
    if length % ENTRY as u64 != 0 {
        return Ok(false);
    }
    let mut segment = File::open(segment_path(dir, number))?;
    let mut start = 0;
    if length > 0 {
        index.seek(SeekFrom::End(-24))?;
        let mut last = [0; ENTRY];
        index.read_exact(&mut last)?;
        start = parts(&last).1;
        segment.seek(SeekFrom::Start(start))?;
        let mut lines = Lines::of(segment.try_clone()?, start);
        if lines.step()? != Step::Line || entry_of(lines.line(), start) != Some(last) {
            return Ok(false);
        }
        start += lines.line().len() as u64 + 1;
        segment.seek(SeekFrom::Start(start))?;
    }
    let mut lines = Lines::of(segment, start);
    while lines.step()? == Step::Line {
        if entry_of(lines.line(), lines.start()).is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// An empty index.
pub(super) fn create(dir: &Path, number: u64) -> std::io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(index_path(dir, number))
}
