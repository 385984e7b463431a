//! Values of conditions other than text and dates.

use std::net::IpAddr;

/// Digits kept on each side of the decimal point.
const DIGITS: usize = 18;

/// Reads an integer or decimal with an optional sign, exactly: in units of 10⁻¹⁸.
///
/// At most 18 digits on each side of the point count, beside zeros that mean nothing; a number with more is none.
pub(crate) fn decimal(text: &str) -> Option<i128> {
    let (negative, digits) = match (text.strip_prefix('-'), text.strip_prefix('+')) {
        (Some(digits), _) => (true, digits),
        (None, Some(digits)) => (false, digits),
        (None, None) => (false, text),
    };
    let (whole, fraction) = match digits.split_once('.') {
        None => (digits, ""),
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return None,
    };
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) {
        return None;
    }
    let (whole, fraction) = (
        whole.trim_start_matches('0'),
        fraction.trim_end_matches('0'),
    );
    if whole.len() > DIGITS || fraction.len() > DIGITS {
        return None;
    }
    let shown = whole.bytes().chain(fraction.bytes());
    let filled = shown.chain(std::iter::repeat_n(b'0', DIGITS - fraction.len()));
    let number = filled.fold(0, |number, digit| number * 10 + i128::from(digit - b'0'));
    Some(if negative { -number } else { number })
}

/// Reads `true` or `false`, in any case.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// Whether the text is base64 with padding and without stray bits, so that equal bytes have equal texts.
pub(crate) fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let padding = text.len() - body.len();
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let stray = match padding {
        0 => 0,
        1 => 0b11,
        2 => 0b1111,
        _ => return false,
    };
    let last = body.bytes().next_back().and_then(digit);
    text.len().is_multiple_of(4)
        && body.bytes().all(|byte| digit(byte).is_some())
        && (padding == 0 || last.is_some_and(|bits| bits & stray == 0))
}

/// An address with a prefix length. IPv4 and IPv6 never contain each other; IPv4 in IPv6 is IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Reads an address, perhaps with a prefix length; bits behind the prefix mean nothing.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            None => (text, None),
            Some((address, prefix)) => {
                let plain = (1..=3).contains(&prefix.len())
                    && prefix.bytes().all(|byte| byte.is_ascii_digit());
                (
                    address,
                    Some(plain.then(|| prefix.parse::<u8>().ok()).flatten()?),
                )
            }
        };
        let written: IpAddr = address.parse().ok()?;
        let longest = if written.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(longest);
        if prefix > longest {
            return None;
        }
        let address = written.to_canonical();
        match (written, address) {
            (IpAddr::V6(_), IpAddr::V4(_)) if prefix >= 96 => Some(Self {
                address,
                prefix: prefix - 96,
            }),
            _ => Some(Self {
                address: written,
                prefix,
            }),
        }
    }

    /// Whether the address lies inside.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(its), IpAddr::V4(address)) => {
                let differ = its.to_bits() ^ address.to_bits();
                differ.checked_shr(32 - u32::from(self.prefix)).unwrap_or(0) == 0
            }
            (IpAddr::V6(its), IpAddr::V6(address)) => {
                let differ = its.to_bits() ^ address.to_bits();
                differ
                    .checked_shr(128 - u32::from(self.prefix))
                    .unwrap_or(0)
                    == 0
            }
            _ => false,
        }
    }

    /// Whether every address of the other lies inside.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.prefix <= other.prefix && self.contains(other.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_compared_by_value() {
        assert_eq!(decimal("300"), decimal("300.0"));
        assert_eq!(decimal("+0300.50"), decimal("300.5"));
        assert_eq!(decimal("-0"), decimal("0"));
        assert!(decimal("-1.5") < decimal("-1.4"));
        assert!(decimal("0.000000000000000001") > decimal("0"));
        assert!(decimal("999999999999999999") < decimal("1000000000000000000").or(Some(i128::MAX)));
        for text in [
            "", "-", ".", "1.", ".5", "1e3", "0x1", "1 ", "--1", "\u{661}", "1_0",
        ] {
            assert_eq!(decimal(text), None, "{text}");
        }
        assert!(decimal(&"9".repeat(18)).is_some() && decimal(&"9".repeat(19)).is_none());
        assert!(decimal(&format!("0.{}", "9".repeat(18))).is_some());
        assert!(decimal(&format!("0.{}", "9".repeat(19))).is_none());
    }

    #[test]
    fn base64_has_one_form() {
        for text in ["", "QQ==", "QUI=", "QUJD", "+/+/"] {
            assert!(is_base64(text), "{text}");
        }
        for text in [
            "QQ", "QQ=", "QR==", "QUJ=", "QQ===", "====", "=QQ=", "QUJD=", "Q-_=", "QUJ D",
        ] {
            assert!(!is_base64(text), "{text}");
        }
    }

    #[test]
    fn networks_contain_their_addresses_and_no_others() {
        let contains = |network: &str, address: &str| {
            Network::parse(network)
                .unwrap()
                .contains(address.parse().unwrap())
        };
        assert!(contains("10.0.0.0/8", "10.255.0.1"));
        assert!(contains("10.1.2.3/8", "10.255.0.1"));
        assert!(!contains("10.0.0.0/8", "11.0.0.0"));
        assert!(contains("10.0.0.1", "10.0.0.1") && !contains("10.0.0.1", "10.0.0.2"));
        assert!(contains("0.0.0.0/0", "203.0.113.9") && !contains("0.0.0.0/0", "2001:db8::1"));
        assert!(contains("::/0", "2001:db8::1") && !contains("::/0", "203.0.113.9"));
        assert!(contains("2001:db8::/32", "2001:db8:ffff::1"));
        assert!(!contains("2001:db8::/32", "2001:db9::1"));
        assert!(contains("203.0.113.0/24", "::ffff:203.0.113.9"));
        assert!(contains("::ffff:203.0.113.0/120", "203.0.113.9"));
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0/8",
            "::1/129",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/8/8",
            "10.0.0.*",
            "010.0.0.1",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
