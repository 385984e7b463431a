//! References: an access key's id for the eyes of this installation only.
//!
//! A presigned URL is handed on, so it names who asked for it without telling anybody else.

use crate::sealed::{self, Invalid, SealError, TokenKey};

/// Longest reference, in characters.
pub const MAX_REFERENCE_CHARS: usize = 128;

const PURPOSE: &[u8] = b"wharfinger layer url";
/// Longest access key id, in bytes: with the 45 bytes around it, the reference keeps within its limit.
const MAX_ID_BYTES: usize = 51;

/// Seals an access key's id: at most 128 characters of `A-Za-z0-9_-`, others each time.
///
/// # Errors
/// [`SealError`] if the id is longer than 51 bytes, or the operating system gives no random bytes.
pub fn seal_reference(key: &TokenKey, access_key_id: &str) -> Result<String, SealError> {
    if access_key_id.len() > MAX_ID_BYTES {
        return Err(SealError::Claim("access_key_id"));
    }
    sealed::seal(key, PURPOSE, access_key_id.as_bytes().to_vec())
}

/// The access key's id of a reference.
///
/// # Errors
/// [`Invalid`] for every text that was not made by [`seal_reference`] with this key, byte for byte.
pub fn open_reference(key: &TokenKey, reference: &str) -> Result<String, Invalid> {
    if reference.len() > MAX_REFERENCE_CHARS {
        return Err(Invalid);
    }
    let text = |plain: &[u8]| std::str::from_utf8(plain).ok().map(str::to_owned);
    sealed::open(key, PURPOSE, reference, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PasswordClaims, open_password, seal_password};

    const ID: &str = "AKIAQWERTYUIOPASDFGH";

    fn key(byte: u8) -> TokenKey {
        TokenKey::new([byte; 32])
    }

    #[test]
    fn a_reference_opens_under_its_own_key_only_and_shows_no_id() {
        let reference = seal_reference(&key(1), ID).unwrap();
        assert_eq!(open_reference(&key(1), &reference), Ok(ID.to_owned()));
        assert_eq!(open_reference(&key(2), &reference), Err(Invalid));
        assert!(!reference.contains("AKIA"));
        assert_ne!(seal_reference(&key(1), ID).unwrap(), reference);
        assert!(
            reference
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        );
    }

    #[test]
    fn the_longest_id_fits_and_a_longer_one_is_refused() {
        let reference = seal_reference(&key(1), &"k".repeat(MAX_ID_BYTES)).unwrap();
        assert_eq!(reference.len(), MAX_REFERENCE_CHARS);
        assert!(open_reference(&key(1), &reference).is_ok());
        assert!(matches!(
            seal_reference(&key(1), &"k".repeat(MAX_ID_BYTES + 1)),
            Err(SealError::Claim("access_key_id"))
        ));
        assert_eq!(
            open_reference(&key(1), &format!("{reference}A")),
            Err(Invalid)
        );
    }

    #[test]
    fn a_reference_is_no_password_and_a_password_no_reference() {
        let reference = seal_reference(&key(1), ID).unwrap();
        assert_eq!(open_password(&key(1), &reference), Err(Invalid));
        let claims = PasswordClaims {
            account: "123456789012".to_owned(),
            region: String::new(),
            principal: String::new(),
            access_key_id: String::new(),
            issued: 0,
            expires: 0,
        };
        let password = seal_password(&key(1), &claims).unwrap();
        assert!(password.len() <= MAX_REFERENCE_CHARS);
        assert_eq!(open_reference(&key(1), &password), Err(Invalid));
    }
}
