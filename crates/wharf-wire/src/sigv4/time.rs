//! The two forms in which a signed request tells its time.

/// Microseconds since 1970-01-01 UTC.
pub type Micros = i64;

pub(super) const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Renders `YYYYMMDDTHHMMSSZ`, the form of `X-Amz-Date`; fractions of a second are cut off.
pub fn amz_date(at: Micros) -> String {
    let seconds = at.div_euclid(MICROS_PER_SECOND);
    let (year, month, day) = civil_from_days(seconds.div_euclid(SECONDS_PER_DAY));
    let second = seconds.rem_euclid(SECONDS_PER_DAY);
    format!(
        "{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// Renders `YYYY-MM-DDTHH:MM:SSZ`, the form of RFC 3339; fractions of a second are cut off.
pub(crate) fn iso_date(at: Micros) -> String {
    let seconds = at.div_euclid(MICROS_PER_SECOND);
    let (year, month, day) = civil_from_days(seconds.div_euclid(SECONDS_PER_DAY));
    let second = seconds.rem_euclid(SECONDS_PER_DAY);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// Reads `YYYYMMDDTHHMMSSZ`.
pub(super) fn parse_basic(text: &str) -> Option<Micros> {
    let bytes: &[u8; 16] = text.as_bytes().try_into().ok()?;
    let [
        y1,
        y2,
        y3,
        y4,
        m1,
        m2,
        d1,
        d2,
        b'T',
        h1,
        h2,
        n1,
        n2,
        s1,
        s2,
        b'Z',
    ] = bytes
    else {
        return None;
    };
    let (year, month, day) = (
        number(&[*y1, *y2, *y3, *y4])?,
        number(&[*m1, *m2])?,
        number(&[*d1, *d2])?,
    );
    instant(
        year,
        month,
        day,
        number(&[*h1, *h2])?,
        number(&[*n1, *n2])?,
        number(&[*s1, *s2])?,
    )
}

/// Reads RFC 1123's `Thu, 15 Jan 2026 12:00:00 GMT`; some clients write `-0000` or `+0000` for `GMT`.
pub(super) fn parse_rfc1123(text: &str) -> Option<Micros> {
    let (weekday, rest) = text.split_once(", ")?;
    if weekday.len() != 3 {
        return None;
    }
    let mut words = rest.split(' ');
    let day = number(words.next()?.as_bytes())?;
    let month_name = words.next()?;
    let month = (1..).zip(MONTHS).find(|(_, name)| *name == month_name)?.0;
    let year = words.next().filter(|year| year.len() == 4)?;
    let mut clock = words.next()?.split(':');
    let (hour, minute, second) = (clock.next()?, clock.next()?, clock.next()?);
    let ends_well = matches!(words.next(), Some("GMT" | "UTC" | "+0000" | "-0000"))
        && words.next().is_none()
        && clock.next().is_none();
    if !ends_well {
        return None;
    }
    let (hour, minute, second) = (
        number(hour.as_bytes())?,
        number(minute.as_bytes())?,
        number(second.as_bytes())?,
    );
    instant(number(year.as_bytes())?, month, day, hour, minute, second)
}

/// One to four ASCII digits.
fn number(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || digits.len() > 4 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(
        digits
            .iter()
            .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')),
    )
}

/// Refuses days that no calendar has, and leap seconds.
fn instant(year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64) -> Option<Micros> {
    let in_range = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !in_range {
        return None;
    }
    let days = days_from_civil(year, month, day);
    // A day that the month does not have comes back as one of the next month.
    if civil_from_days(days) != (year, month, day) {
        return None;
    }
    Some((days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second) * MICROS_PER_SECOND)
}

/// Days since 1970-01-01 of a date of the Gregorian calendar, by eras of 400 years that begin in March.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`]: year, month, day.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_instants_are_read_and_rendered() {
        for (text, seconds) in [
            ("19700101T000000Z", 0),
            ("20150830T123600Z", 1_440_938_160),
            ("20240229T235959Z", 1_709_251_199),
            ("20260115T120000Z", 1_768_478_400),
            ("99991231T235959Z", 253_402_300_799),
        ] {
            assert_eq!(
                parse_basic(text),
                Some(seconds * MICROS_PER_SECOND),
                "{text}"
            );
            assert_eq!(amz_date(seconds * MICROS_PER_SECOND + 999_999), text);
        }
        assert_eq!(
            parse_rfc1123("Thu, 15 Jan 2026 12:00:00 GMT"),
            parse_basic("20260115T120000Z")
        );
        assert_eq!(
            parse_rfc1123("Thu, 15 Jan 2026 12:00:00 -0000"),
            parse_basic("20260115T120000Z")
        );
    }

    #[test]
    fn other_forms_and_impossible_dates_are_refused() {
        for bad in [
            "",
            "20260115",
            "20260115T120000",
            "20260115t120000Z",
            "2026-01-15T12:00Z",
            "20260115T120000z",
            "20261301T000000Z",
            "20260230T000000Z",
            "20250229T000000Z",
            "20260100T000000Z",
            "20260115T240000Z",
            "20260115T006000Z",
            "20260115T000060Z",
            "2026０115T120000Z",
            " 0260115T120000Z",
            "+0260115T120000Z",
        ] {
            assert_eq!(parse_basic(bad), None, "{bad}");
        }
        for bad in [
            "",
            "15 Jan 2026 12:00:00 GMT",
            "Thu, 15 jan 2026 12:00:00 GMT",
            "Thu, 32 Jan 2026 12:00:00 GMT",
            "Thu, 15 Jan 26 12:00:00 GMT",
            "Thu, 15 Jan 2026 12:00:00 PST",
            "Thu, 15 Jan 2026 12:00 GMT",
            "Thu, 15 Jan 2026 12:00:00 GMT x",
            "Thu, 15 Jan 2026 12:00:00:00 GMT",
        ] {
            assert_eq!(parse_rfc1123(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_second_of_four_digit_years_survives(seconds in -62_135_596_800_i64..253_402_300_800) {
            let at = seconds * MICROS_PER_SECOND;
            prop_assert_eq!(parse_basic(&amz_date(at)), Some(at));
        }

        #[test]
        fn parsing_never_panics(text in ".{0,40}") {
            prop_assert_eq!(parse_basic(&text).and(parse_rfc1123(&text)), None);
        }
    }
}
