//! What the operating system holds of a file in memory: taken without waiting for the disk, and asked for ahead of time.
use std::fs::File;
use std::ops::Range;

/// Fills `place` from `at` on if all of it is in memory. False: it is not, or this system does not tell.
#[cfg(target_os = "linux")]
pub(crate) fn read(file: &File, place: &mut [u8], at: u64) -> bool {
    use rustix::io::{ReadWriteFlags, preadv2};

    let wanted = place.len();
    let mut places = [std::io::IoSliceMut::new(place)];
    preadv2(file, &mut places, at, ReadWriteFlags::NOWAIT).is_ok_and(|read| read == wanted)
}

/// Asks for bytes that are read soon. Only a hint; may wait a little for the disk.
#[cfg(target_os = "linux")]
pub(crate) fn ask_for(file: &File, bytes: &Range<u64>) {
    use rustix::fs::{Advice, fadvise};

    let length = std::num::NonZeroU64::new(bytes.end.saturating_sub(bytes.start));
    // No length would mean all the rest.
    if length.is_some()
        && let Err(cause) = fadvise(file, bytes.start, length, Advice::WillNeed)
    {
        tracing::debug!(%cause, "reading ahead");
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn read(_file: &File, _place: &mut [u8], _at: u64) -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn ask_for(_file: &File, _bytes: &Range<u64>) {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn all_or_nothing_is_read() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"just written").unwrap();
        let mut place = [0; 4];
        assert_eq!(read(&file, &mut place, 5), cfg!(target_os = "linux"));
        if cfg!(target_os = "linux") {
            assert_eq!(&place, b"writ");
        }
        assert!(!read(&file, &mut place, 10), "it ends before");
        ask_for(&file, &(0..4));
        ask_for(&file, &(4..4));
    }
}
