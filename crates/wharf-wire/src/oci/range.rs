//! Ranges of bytes: what a download asks for, and where a chunk of an upload lies.

/// What part of a blob is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// From the first byte named to the last, inclusive, or to the end.
    From(u64, Option<u64>),
    /// The last so many bytes.
    Last(u64),
}

impl Part {
    /// Reads a `Range` header. Several ranges, another unit, and what is malformed are `None`: all of the blob is meant,
    /// as RFC 9110, 14.2 allows. A number too large for 64 bits counts as the largest.
    pub fn parse(header: &str) -> Option<Self> {
        let (first, last) = header.strip_prefix("bytes=")?.trim().split_once('-')?;
        match (first, last) {
            ("", last) => Some(Self::Last(clamped(last)?)),
            (first, "") => Some(Self::From(clamped(first)?, None)),
            (first, last) => {
                let (first, last) = (clamped(first)?, clamped(last)?);
                (first <= last).then_some(Self::From(first, Some(last)))
            }
        }
    }
}

/// First and last byte of a chunk, inclusive: `Content-Range: {first}-{last}`.
///
/// Docker and OCI leave out the unit; some clients send `bytes {first}-{last}/{total}`. `None`: it is neither.
/// Source: OCI distribution, "Pushing a blob in chunks".
pub fn chunk(header: &str) -> Option<(u64, u64)> {
    let text = header.strip_prefix("bytes ").unwrap_or(header);
    let range = text.split_once('/').map_or(text, |(range, _total)| range);
    let (first, last) = range.split_once('-')?;
    let (first, last) = (number(first)?, number(last)?);
    (first <= last).then_some((first, last))
}

fn number(text: &str) -> Option<u64> {
    is_digits(text).then(|| text.parse().ok()).flatten()
}

fn clamped(text: &str) -> Option<u64> {
    is_digits(text).then(|| text.parse().unwrap_or(u64::MAX))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_served_and_everything_else_means_all() {
        assert_eq!(Part::parse("bytes=0-0"), Some(Part::From(0, Some(0))));
        assert_eq!(Part::parse("bytes=7-"), Some(Part::From(7, None)));
        assert_eq!(Part::parse("bytes=-5"), Some(Part::Last(5)));
        for all in [
            "bytes=5-4",
            "bytes=0-1,5-6",
            "bytes=-",
            "bytes=a-b",
            "items=0-1",
            "bytes=0",
        ] {
            assert_eq!(Part::parse(all), None, "{all}");
        }
    }

    #[test]
    fn chunk_ranges_are_inclusive_and_strict() {
        assert_eq!(chunk("0-0"), Some((0, 0)));
        assert_eq!(chunk("bytes 10-19/20"), Some((10, 19)));
        for bad in [
            "",
            "-",
            "5-4",
            "0",
            "a-b",
            "0-18446744073709551616",
            "+0-1",
            "0 - 1",
            "bytes=0-1",
        ] {
            assert_eq!(chunk(bad), None, "{bad}");
        }
    }
}
