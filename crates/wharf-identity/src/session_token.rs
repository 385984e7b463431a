//! Session tokens: what goes beside a temporary access key, as a sealed reference to the session's row.
//!
//! ```text
//! token = access key id, sealed for "wharfinger session token"
//! ```
//! A token is opened together with the access key id that it came with: one key's token is no token of another's.

use crate::sealed::{self, Invalid, SealError, TokenKey};

/// Longest session token, in characters.
pub const MAX_SESSION_TOKEN_CHARS: usize = 200;

const PURPOSE: &[u8] = b"wharfinger session token";
/// Longest access key id, in bytes. Source: the STS model's `accessKeyIdType`.
const MAX_ID_BYTES: usize = 100;

/// Seals a session's access key id into its token: at most 200 characters of `A-Za-z0-9_-`.
///
/// # Errors
/// [`SealError`] if the id is longer than 100 bytes, or the operating system gives no random bytes.
pub fn seal_session_token(key: &TokenKey, access_key_id: &str) -> Result<String, SealError> {
    if access_key_id.len() > MAX_ID_BYTES {
        return Err(SealError::Claim("access_key_id"));
    }
    sealed::seal(key, PURPOSE, access_key_id.as_bytes().to_vec())
}

/// The access key id that a token was made for.
///
/// # Errors
/// [`Invalid`] for every text that was not made by [`seal_session_token`] with this key, byte for byte.
pub fn open_session_token(key: &TokenKey, token: &str) -> Result<String, Invalid> {
    if token.len() > MAX_SESSION_TOKEN_CHARS {
        return Err(Invalid);
    }
    let text = |plain: &[u8]| std::str::from_utf8(plain).ok().map(str::to_owned);
    sealed::open(key, PURPOSE, token, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{open_reference, seal_reference};

    const ID: &str = "ASIAQWERTYUIOPASDFGH";

    fn key(byte: u8) -> TokenKey {
        TokenKey::new([byte; 32])
    }

    #[test]
    fn n1_a_token_opens_under_its_own_key_only_and_shows_no_id() {
        let token = seal_session_token(&key(1), ID).unwrap();
        assert_eq!(open_session_token(&key(1), &token), Ok(ID.to_owned()));
        assert_eq!(open_session_token(&key(2), &token), Err(Invalid));
        assert!(!token.contains("ASIA"));
        assert!(token.len() <= MAX_SESSION_TOKEN_CHARS);
    }

    #[test]
    fn the_longest_id_fits_and_a_longer_one_is_refused() {
        let token = seal_session_token(&key(1), &"k".repeat(MAX_ID_BYTES)).unwrap();
        assert!(token.len() <= MAX_SESSION_TOKEN_CHARS);
        assert!(seal_session_token(&key(1), &"k".repeat(MAX_ID_BYTES + 1)).is_err());
        assert_eq!(open_session_token(&key(1), &"A".repeat(300)), Err(Invalid));
    }

    #[test]
    fn a_layer_urls_reference_is_no_token() {
        let reference = seal_reference(&key(1), ID).unwrap();
        assert_eq!(open_session_token(&key(1), &reference), Err(Invalid));
        let token = seal_session_token(&key(1), ID).unwrap();
        assert_eq!(open_reference(&key(1), &token), Err(Invalid));
    }
}
