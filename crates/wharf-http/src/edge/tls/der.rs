//! The one thing of a certificate that the TLS library does not tell: when it is valid (RFC 5280, 4.1).
use jiff::Unit;
use jiff::civil::{Date, Time};

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// From when to when a certificate is valid, both included, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// Not before.
    pub from: i64,
    /// Not after.
    pub until: i64,
}

impl Validity {
    /// Finds the validity of a certificate; `None` if the bytes are none.
    pub(super) fn of(certificate: &[u8]) -> Option<Self> {
        let (certificate, _) = expect(certificate, SEQUENCE)?;
        let (mut rest, _) = expect(certificate, SEQUENCE)?;
        if let Some((_, after)) = expect(rest, VERSION) {
            rest = after;
        }
        // Serial number, signature algorithm, issuer.
        for _ in 0..3 {
            (_, _, rest) = element(rest)?;
        }
        let (validity, _) = expect(rest, SEQUENCE)?;
        let (tag, from, rest) = element(validity)?;
        let from = seconds(tag, from)?;
        let (tag, until, _) = element(rest)?;
        let until = seconds(tag, until)?;
        Some(Self { from, until })
    }
}

/// The first element: its tag, its content, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        // More than 16 MiB is no certificate.
        if octets.is_empty() || octets.len() > 3 {
            return None;
        }
        let length = octets
            .iter()
            .fold(0_usize, |sum, octet| (sum << 8) | usize::from(*octet));
        (length, rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// The content of the first element, if it has this tag, and what follows it.
fn expect(bytes: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    let (tag, content, rest) = element(bytes)?;
    (tag == wanted).then_some((content, rest))
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`.
fn seconds(tag: u8, text: &[u8]) -> Option<i64> {
    let digits = text.strip_suffix(b"Z")?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let pairs: Vec<i16> = digits
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |sum, d| sum * 10 + i16::from(d - b'0')))
        .collect();
    let (year, rest) = match (tag, pairs.as_slice()) {
        // RFC 5280, 4.1.2.5.1: two digits mean 1950 to 2049.
        (UTC_TIME, [year, rest @ ..]) => (if *year < 50 { 2000 } else { 1900 } + year, rest),
        (GENERALIZED_TIME, [century, year, rest @ ..]) => (century * 100 + year, rest),
        _ => return None,
    };
    let &[month, day, hour, minute, second] = rest else {
        return None;
    };
    let small = |number: i16| i8::try_from(number).ok();
    let date = Date::new(year, small(month)?, small(day)?).ok()?;
    let time = Time::new(small(hour)?, small(minute)?, small(second)?, 0).ok()?;
    let epoch = Date::new(1970, 1, 1).ok()?;
    // Not by way of a timestamp, whose range ends before the last day of 9999, which means "never".
    let days = date.since((Unit::Day, epoch)).ok()?.get_days();
    let seconds = time.since((Unit::Second, Time::midnight())).ok()?;
    Some(i64::from(days) * 86_400 + seconds.get_seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_a_time_are_read_and_nothing_else() {
        let utc = |text: &str| seconds(UTC_TIME, text.as_bytes());
        let general = |text: &str| seconds(GENERALIZED_TIME, text.as_bytes());
        assert_eq!(utc("700101000000Z"), Some(0));
        assert_eq!(utc("491231235959Z"), Some(2_524_607_999));
        assert_eq!(utc("500101000000Z"), Some(-631_152_000));
        assert_eq!(general("20500101000000Z"), Some(2_524_608_000));
        assert_eq!(general("99991231235959Z"), Some(253_402_300_799));
        for bad in [
            "",
            "Z",
            "7001010000Z",
            "700101000000",
            "701301000000Z",
            "7001010000x0Z",
        ] {
            assert_eq!(utc(bad), None, "{bad}");
        }
        assert_eq!(general("700101000000Z"), None);
        assert_eq!(seconds(SEQUENCE, b"700101000000Z"), None);
    }

    #[test]
    fn any_part_of_a_certificate_is_refused_without_a_panic() {
        let made = rcgen::generate_simple_self_signed(vec!["a.example".to_owned()]).unwrap();
        let der = made.cert.der();
        assert!(Validity::of(der).is_some());
        for length in 0..der.len() {
            // The outer length does not fit any more.
            assert_eq!(Validity::of(&der[..length]), None, "{length}");
        }
        assert_eq!(element(&[0x30, 0x80]), None);
        assert_eq!(element(&[0x30, 0x84, 1, 0, 0, 0]), None);
        assert_eq!(element(&[0x30, 0x82, 1]), None);
        assert_eq!(element(&[2, 1, 7, 9]), Some((2, &[7][..], &[9][..])));
    }
}
