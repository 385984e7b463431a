//! Durations as people type them.
use std::time::Duration;

/// The text is not a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a duration is numbers with s, m, h, d or w behind them, such as 90s or 1d12h")]
pub(crate) struct InvalidDuration;

/// Reads `90s`, `15m`, `12h`, `7d`, `2w` and sequences of these.
pub(crate) fn parse(text: &str) -> Result<Duration, InvalidDuration> {
    let mut total = 0_u64;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(InvalidDuration);
    }
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .ok_or(InvalidDuration)?;
        let (number, unit) = rest.split_at_checked(digits).ok_or(InvalidDuration)?;
        let number: u64 = number.parse().map_err(|_number| InvalidDuration)?;
        let (seconds, behind) = [
            ("s", 1),
            ("m", 60),
            ("h", 3_600),
            ("d", 86_400),
            ("w", 604_800),
        ]
        .iter()
        .find_map(|(name, seconds)| Some((*seconds, unit.strip_prefix(name)?)))
        .ok_or(InvalidDuration)?;
        let part = number.checked_mul(seconds).ok_or(InvalidDuration)?;
        total = total.checked_add(part).ok_or(InvalidDuration)?;
        rest = behind.trim_start();
    }
    Ok(Duration::from_secs(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_add_up() {
        assert_eq!(parse("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse("1d12h"), Ok(Duration::from_hours(36)));
        assert_eq!(parse(" 1w 1m "), Ok(Duration::from_mins(7 * 24 * 60 + 1)));
        for bad in [
            "",
            "5",
            "h",
            "5x",
            "-5s",
            "1.5h",
            "99999999999999999999s",
            "9999999999999999999w",
            "5é",
        ] {
            assert_eq!(parse(bad), Err(InvalidDuration), "{bad}");
        }
    }
}
