//! Dates of conditions: the W3C's profile of ISO 8601, and seconds since 1970.

/// Nanoseconds since 1970.
pub(crate) type Instant = i128;

const NANOSECONDS: i128 = 1_000_000_000;

/// Reads a date, or seconds since 1970. Four digits are a year; a missing part is its first; a day without a time
/// begins at midnight UTC.
///
/// Forms: `2026`, `2026-01`, `2026-01-02`, `2026-01-02T03:04Z`, `…:05Z`, `…:05.678Z` with up to nine digits, with `Z` or
/// an offset such as `+02:00`. Source: the IAM reference of date condition operators.
pub(crate) fn parse(text: &str) -> Option<Instant> {
    let year_only = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    if year_only || text.get(4..5) == Some("-") {
        return calendar(text);
    }
    seconds(text)
}

/// Seconds since 1970, perhaps with a fraction and a sign.
pub(crate) fn seconds(text: &str) -> Option<Instant> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    // Past the year 300,000.
    if whole.len() > 13 {
        return None;
    }
    let nanoseconds = i128::from(number(whole)?) * NANOSECONDS + i128::from(nanoseconds(fraction)?);
    Some(if negative { -nanoseconds } else { nanoseconds })
}

fn calendar(text: &str) -> Option<Instant> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let year = digits(parts.next()?, 4)?;
    let month = parts.next().map_or(Some(1), |it| digits(it, 2))?;
    let day = match parts.next() {
        None if time.is_some() => return None,
        None => 1,
        Some(day) => digits(day, 2)?,
    };
    if parts.next().is_some() || !(1..=12).contains(&month) || day < 1 || day > days(year, month) {
        return None;
    }
    let midnight = i128::from(days_since_1970(year, month, day)) * 86_400 * NANOSECONDS;
    Some(midnight + time.map_or(Some(0), time_of_day)?)
}

/// `03:04Z`, `03:04:05Z`, `03:04:05.678+02:00`.
fn time_of_day(text: &str) -> Option<Instant> {
    let (clock, offset) = if let Some(clock) = text.strip_suffix('Z') {
        (clock, 0)
    } else {
        let (clock, zone) = text.split_at_checked(text.len().checked_sub(6)?)?;
        let sign = match zone.chars().next()? {
            '+' => 1,
            '-' => -1,
            _ => return None,
        };
        (clock, sign * minutes(zone.get(1..)?)?)
    };
    let (hours_minutes, rest) = clock.split_at_checked(5)?;
    let (second, fraction) = match rest.strip_prefix(':') {
        None if rest.is_empty() => (0, 0),
        None => return None,
        Some(rest) => {
            let (second, fraction) = rest.split_once('.').unwrap_or((rest, "0"));
            (digits(second, 2)?, nanoseconds(fraction)?)
        }
    };
    if second > 59 {
        return None;
    }
    let seconds = (minutes(hours_minutes)? - offset) * 60 + second;
    Some(i128::from(seconds) * NANOSECONDS + i128::from(fraction))
}

/// `03:04`, in minutes.
fn minutes(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute) = (digits(hour, 2)?, digits(minute, 2)?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

/// Digits behind a decimal point, as nanoseconds.
fn nanoseconds(fraction: &str) -> Option<i64> {
    let length = u32::try_from(fraction.len()).ok().filter(|it| *it <= 9)?;
    Some(number(fraction)? * 10_i64.pow(9 - length))
}

fn digits(text: &str, length: usize) -> Option<i64> {
    (text.len() == length).then(|| number(text)).flatten()
}

/// Up to 13 digits.
fn number(text: &str) -> Option<i64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

fn days(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 on, in the Gregorian calendar: years begin in March, so that leap days end them.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // From March on, months have 153 days in every five.
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// Whole seconds since 1970.
pub(crate) fn of_seconds(seconds: i64) -> Instant {
    i128::from(seconds) * NANOSECONDS
}

/// Whether a text is a date as conditions read it: ISO 8601, or seconds since 1970.
pub fn is_date(text: &str) -> bool {
    parse(text).is_some()
}

/// A date as condition keys have it: `2026-01-02T03:04:05Z`. `at`: microseconds since 1970.
pub fn date_text(at: i64) -> String {
    text(at.div_euclid(1_000_000))
}

/// Seconds since 1970 as `2026-01-02T03:04:05Z`.
pub(crate) fn text(seconds: i64) -> String {
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // A guess that is never too late, and at most two years early.
    let mut year = 1970 + days.div_euclid(366);
    if days < 0 {
        year = 1970 + days.div_euclid(365);
    }
    while days_since_1970(year + 1, 1, 1) <= days {
        year += 1;
    }
    let mut month = 1;
    while month < 12 && days_since_1970(year, month + 1, 1) <= days {
        month += 1;
    }
    let day = days - days_since_1970(year, month, 1) + 1;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_forms_of_the_profile_are_read() {
        for (text, seconds) in [
            ("1970", 0_i64),
            ("1970-02", 31 * 86_400),
            ("2000-03-01", 951_868_800),
            ("2026-01-02T03:04Z", 1_767_323_040),
            ("2026-01-02T03:04:05Z", 1_767_323_045),
            ("2026-01-02T03:04:05.000Z", 1_767_323_045),
            ("2026-01-02T05:04:05+02:00", 1_767_323_045),
            ("2026-01-01T21:34:05-05:30", 1_767_323_045),
            ("1969-12-31T23:59:59Z", -1),
            ("0001-01-01", -62_135_596_800),
            ("1767323045", 1_767_323_045),
            ("-1", -1),
            ("1767323045.0", 1_767_323_045),
            ("12345", 12_345),
            ("0", 0),
        ] {
            assert_eq!(
                parse(text),
                Some(i128::from(seconds) * NANOSECONDS),
                "{text}"
            );
        }
        assert_eq!(parse("1970-01-01T00:00:00.123456789Z"), Some(123_456_789));
        assert_eq!(parse("0.5"), Some(NANOSECONDS / 2));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "-",
            "x",
            "2026-",
            "2026-1",
            "2026-13",
            "2026-00",
            "2026-02-29",
            "2026-01-32",
            "2026-01-00",
            "2026T00:00Z",
            "2026-01T00:00Z",
            "2026-01-02T",
            "2026-01-02T03",
            "2026-01-02T03:04",
            "2026-01-02T03:04:05",
            "2026-01-02T24:00Z",
            "2026-01-02T03:60Z",
            "2026-01-02T03:04:60Z",
            "2026-01-02T03:04:05.Z",
            "2026-01-02T03:04:05.1234567890Z",
            "2026-01-02T03:04:05+0200",
            "2026-01-02T03:04:05+25:00",
            "2026-01-02 03:04Z",
            "2026-01-02-03",
            "+5",
            "1e3",
            "12345678901234",
            "20 26",
            "2026-*",
            "\u{e9}\u{e9}-1",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(seconds in -62_135_596_800_i64..253_402_300_800) {
            let text = text(seconds);
            prop_assert_eq!(parse(&text), Some(of_seconds(seconds)), "{}", text);
        }

        #[test]
        fn reading_never_panics(text in ".{0,40}") {
            let _never_panics = parse(&text);
        }
    }
}
