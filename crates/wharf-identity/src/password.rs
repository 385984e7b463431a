//! The password of `docker login`: sealed claims that only this installation can make and read.
//!
//! ```text
//! password = claims, sealed for "wharfinger docker password"
//! claims   = kind(1) ‖ account(5) ‖ issued(8) ‖ expires(8) ‖ text(region) ‖ text(principal) ‖ text(access key id)
//! ```
//! Numbers are big-endian, a text is its length in one byte and then its bytes. `kind` is 1 for a long-term
//! access key; sessions will take the next number.

use crate::sealed::{self, Invalid, SealError, TokenKey};

/// Longest password, in characters: Windows' credential store holds 2,560 bytes of everything together.
pub const MAX_PASSWORD_CHARS: usize = 300;

const KIND_ACCESS_KEY: u8 = 1;
const PURPOSE: &[u8] = b"wharfinger docker password";
/// Longest region, principal and access key id, in bytes; together they keep the password within its limit.
const MAX_REGION_BYTES: usize = 25;
const MAX_NAME_BYTES: usize = 64;

/// What a password says: who logs in, with which access key, and how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordClaims {
    /// The account, 12 digits.
    pub account: String,
    /// The Region whose registry it is for; up to 25 bytes.
    pub region: String,
    /// The principal's unique id; up to 64 bytes.
    pub principal: String,
    /// The access key it was made with, and with which it dies; up to 64 bytes.
    pub access_key_id: String,
    /// When it was made, in seconds since 1970.
    pub issued: i64,
    /// From which second on it is expired, in seconds since 1970.
    pub expires: i64,
}

/// Seals claims into a password: at most 300 characters of `A-Za-z0-9_-`.
///
/// # Errors
/// [`SealError`] if a claim does not fit, or the operating system gives no random bytes.
pub fn seal_password(key: &TokenKey, claims: &PasswordClaims) -> Result<String, SealError> {
    sealed::seal(key, PURPOSE, encode(claims)?)
}

/// Opens a password. Whether it is expired is the caller's to judge, who owns the clock.
///
/// # Errors
/// [`Invalid`] for every text that was not made by [`seal_password`] with this key, byte for byte.
pub fn open_password(key: &TokenKey, password: &str) -> Result<PasswordClaims, Invalid> {
    if password.len() > MAX_PASSWORD_CHARS {
        return Err(Invalid);
    }
    sealed::open(key, PURPOSE, password, decode)
}

fn encode(claims: &PasswordClaims) -> Result<Vec<u8>, SealError> {
    let account = parse_account(&claims.account).ok_or(SealError::Claim("account"))?;
    let mut bytes = vec![KIND_ACCESS_KEY];
    // Twelve digits fit 40 bits.
    let [_, _, _, account @ ..] = account.to_be_bytes();
    bytes.extend_from_slice(&account);
    bytes.extend_from_slice(&claims.issued.to_be_bytes());
    bytes.extend_from_slice(&claims.expires.to_be_bytes());
    for (name, text, limit) in [
        ("region", &claims.region, MAX_REGION_BYTES),
        ("principal", &claims.principal, MAX_NAME_BYTES),
        ("access_key_id", &claims.access_key_id, MAX_NAME_BYTES),
    ] {
        let length = u8::try_from(text.len())
            .ok()
            .filter(|_| text.len() <= limit)
            .ok_or(SealError::Claim(name))?;
        bytes.push(length);
        bytes.extend_from_slice(text.as_bytes());
    }
    Ok(bytes)
}

fn decode(bytes: &[u8]) -> Option<PasswordClaims> {
    let (kind, rest) = bytes.split_first()?;
    if *kind != KIND_ACCESS_KEY {
        return None;
    }
    let (account, rest) = rest.split_first_chunk::<5>()?;
    let account = account
        .iter()
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    let (issued, rest) = rest.split_first_chunk::<8>()?;
    let (expires, rest) = rest.split_first_chunk::<8>()?;
    let (region, rest) = take_text(rest)?;
    let (principal, rest) = take_text(rest)?;
    let (access_key_id, rest) = take_text(rest)?;
    rest.is_empty().then_some(PasswordClaims {
        account: format!("{account:012}"),
        region,
        principal,
        access_key_id,
        issued: i64::from_be_bytes(*issued),
        expires: i64::from_be_bytes(*expires),
    })
}

fn take_text(bytes: &[u8]) -> Option<(String, &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let (text, rest) = rest.split_at_checked(usize::from(*length))?;
    Some((std::str::from_utf8(text).ok()?.to_owned(), rest))
}

fn parse_account(text: &str) -> Option<u64> {
    let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_account.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;

    use super::*;

    fn key(byte: u8) -> TokenKey {
        TokenKey::new([byte; 32])
    }

    fn claims() -> PasswordClaims {
        PasswordClaims {
            account: "001234567890".to_owned(),
            region: "ap-southeast-1".to_owned(),
            principal: "AIDAQWERTYUIOPASDFGHJ".to_owned(),
            access_key_id: "AKIAQWERTYUIOPASDFGH".to_owned(),
            issued: 1_768_478_400,
            expires: 1_768_521_600,
        }
    }

    #[test]
    fn a_password_opens_to_its_claims() {
        let password = seal_password(&key(1), &claims()).unwrap();
        assert_eq!(open_password(&key(1), &password), Ok(claims()));
    }

    #[test]
    fn the_longest_claims_make_a_password_within_the_limit() {
        let longest = PasswordClaims {
            region: "r".repeat(MAX_REGION_BYTES),
            principal: "p".repeat(MAX_NAME_BYTES),
            access_key_id: "k".repeat(MAX_NAME_BYTES),
            issued: i64::MIN,
            expires: i64::MAX,
            ..claims()
        };
        let password = seal_password(&key(1), &longest).unwrap();
        assert!(password.len() <= MAX_PASSWORD_CHARS, "{}", password.len());
        assert!(
            password
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        );
        assert_eq!(open_password(&key(1), &password), Ok(longest));
    }

    #[test]
    fn claims_that_do_not_fit_are_refused() {
        let long = "x".repeat(MAX_NAME_BYTES + 1);
        for bad in [
            PasswordClaims {
                account: "1".to_owned(),
                ..claims()
            },
            PasswordClaims {
                account: "12345678901x".to_owned(),
                ..claims()
            },
            PasswordClaims {
                region: "r".repeat(MAX_REGION_BYTES + 1),
                ..claims()
            },
            PasswordClaims {
                principal: long.clone(),
                ..claims()
            },
            PasswordClaims {
                access_key_id: "x".repeat(300),
                ..claims()
            },
        ] {
            assert!(
                matches!(seal_password(&key(1), &bad), Err(SealError::Claim(_))),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn equal_claims_make_different_passwords() {
        let first = seal_password(&key(1), &claims()).unwrap();
        let second = seal_password(&key(1), &claims()).unwrap();
        assert_ne!(first, second);
        // Salt and nonce both: 28 bytes behind the version are 37 characters, of which the first holds the version.
        assert_ne!(first.get(2..20), second.get(2..20));
    }

    #[test]
    fn n1_another_key_opens_nothing() {
        let password = seal_password(&key(1), &claims()).unwrap();
        assert_eq!(open_password(&key(2), &password), Err(Invalid));
    }

    #[test]
    fn another_version_is_refused() {
        let mut bytes = URL_SAFE_NO_PAD
            .decode(seal_password(&key(1), &claims()).unwrap())
            .unwrap();
        for version in [0, 2, 255] {
            bytes[0] = version;
            assert_eq!(
                open_password(&key(1), &URL_SAFE_NO_PAD.encode(&bytes)),
                Err(Invalid)
            );
        }
    }

    #[test]
    fn a_password_is_refused_after_any_change_of_any_character() {
        let password = seal_password(&key(1), &claims()).unwrap();
        for at in 0..password.len() {
            for replacement in (0_u8..128)
                .map(char::from)
                .filter(|char| !password.get(at..).unwrap().starts_with(*char))
            {
                let mut changed = password.clone();
                changed.replace_range(at..=at, &replacement.to_string());
                assert_eq!(
                    open_password(&key(1), &changed),
                    Err(Invalid),
                    "{at} {replacement:?}"
                );
            }
            assert_eq!(
                open_password(&key(1), password.get(..at).unwrap()),
                Err(Invalid),
                "cut at {at}"
            );
        }
        for tail in ["A", "=", "==", "\n", " ", &password] {
            assert_eq!(
                open_password(&key(1), &format!("{password}{tail}")),
                Err(Invalid),
                "{tail:?}"
            );
        }
    }

    #[test]
    fn n28_debug_output_of_the_key_does_not_show_it() {
        assert_eq!(format!("{:?}", key(7)), "TokenKey(…)");
    }

    proptest! {
        #[test]
        fn every_claim_survives(
            account in "[0-9]{12}",
            region in "[a-z0-9-]{0,25}",
            principal in "[A-Z0-9]{0,64}",
            access_key_id in "[A-Z0-9]{0,64}",
            issued in any::<i64>(),
            expires in any::<i64>(),
        ) {
            let claims = PasswordClaims { account, region, principal, access_key_id, issued, expires };
            let password = seal_password(&key(3), &claims).unwrap();
            prop_assert!(password.len() <= MAX_PASSWORD_CHARS);
            prop_assert_eq!(open_password(&key(3), &password), Ok(claims));
        }

        #[test]
        fn tampering_with_any_byte_refuses(at in 0_usize..200, flip in 1_u8..=255) {
            let mut bytes = URL_SAFE_NO_PAD.decode(seal_password(&key(1), &claims()).unwrap()).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= flip;
            prop_assert_eq!(open_password(&key(1), &URL_SAFE_NO_PAD.encode(&bytes)), Err(Invalid));
        }

        #[test]
        fn open_never_panics(text in ".{0,320}") {
            prop_assert_eq!(open_password(&key(1), &text), Err(Invalid));
        }
    }
}
