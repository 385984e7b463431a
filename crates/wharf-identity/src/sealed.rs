//! Short texts that only this installation can make and read, sealed under the token key for one purpose each.
//!
//! ```text
//! text = base64url without padding ( version ‖ salt(16) ‖ nonce(12) ‖ AES-256-GCM(plain) ‖ tag(16) )
//! key  = HKDF-SHA256(ikm = token key, salt = salt, info = purpose ‖ version)
//! aad  = version ‖ salt
//! ```
//!
//! No (key, nonce) pair is used twice: every text has its own key, derived from a random salt of 128 bits, and its
//! own random nonce of 96 bits. A repetition needs both to repeat, which after 2^64 texts has a chance of less than
//! 2^-96; the nonce alone would have reached AES-GCM's limit of 2^32 messages under one key.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hkdf,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::secret::{RandomError, random};

const VERSION: u8 = 1;
const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 12;

/// The key that seals passwords and references: 32 bytes, derived from the root key by its own label.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct TokenKey([u8; 32]);

impl TokenKey {
    /// Takes the key's bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey(…)")
    }
}

/// A text could not be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// No random bytes for salt and nonce.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The account is not 12 digits, or another claim is longer than its limit.
    #[error("the claim `{0}` does not fit")]
    Claim(&'static str),
    /// The cryptographic library refused, which it does for no input of this size.
    #[error("sealing failed")]
    Cipher,
}

/// The text is none that this key sealed for this purpose. Nothing tells what is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not what was sealed here")]
pub struct Invalid;

/// Seals bytes for a purpose.
pub(crate) fn seal(
    key: &TokenKey,
    purpose: &[u8],
    mut sealed: Vec<u8>,
) -> Result<String, SealError> {
    let salt = random::<SALT_BYTES>()?;
    let nonce = random::<NONCE_BYTES>()?;
    let aead = derive(key, purpose, &salt).ok_or(SealError::Cipher)?;
    aead.seal_in_place_append_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::from(aad(&salt)),
        &mut sealed,
    )
    .map_err(|_unspecified| SealError::Cipher)?;
    let mut bytes = Vec::with_capacity(1 + SALT_BYTES + NONCE_BYTES + sealed.len());
    bytes.push(VERSION);
    bytes.extend_from_slice(&salt);
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(&sealed);
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Opens what [`seal`] made with the same key and purpose, and hands the plain bytes to `read`. The caller bounds the
/// length.
pub(crate) fn open<T>(
    key: &TokenKey,
    purpose: &[u8],
    text: &str,
    read: impl FnOnce(&[u8]) -> Option<T>,
) -> Result<T, Invalid> {
    let bytes = URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_undecodable| Invalid)?;
    let (&version, rest) = bytes.split_first().ok_or(Invalid)?;
    let (salt, rest) = rest.split_first_chunk::<SALT_BYTES>().ok_or(Invalid)?;
    let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(Invalid)?;
    if version != VERSION {
        return Err(Invalid);
    }
    let aead = derive(key, purpose, salt).ok_or(Invalid)?;
    let mut sealed = sealed.to_vec();
    let plain = aead
        .open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(aad(salt)),
            &mut sealed,
        )
        .map_err(|_unspecified| Invalid)?;
    read(plain).ok_or(Invalid)
}

fn aad(salt: &[u8; SALT_BYTES]) -> [u8; 1 + SALT_BYTES] {
    let mut aad = [VERSION; 1 + SALT_BYTES];
    if let Some(tail) = aad.last_chunk_mut::<SALT_BYTES>() {
        *tail = *salt;
    }
    aad
}

/// The key of one text.
fn derive(key: &TokenKey, purpose: &[u8], salt: &[u8; SALT_BYTES]) -> Option<LessSafeKey> {
    let pseudo_random = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(&key.0);
    let info = [purpose, &[VERSION]];
    let mut bytes = Zeroizing::new([0; 32]);
    pseudo_random
        .expand(&info, hkdf::HKDF_SHA256)
        .ok()?
        .fill(bytes.as_mut_slice())
        .ok()?;
    UnboundKey::new(&AES_256_GCM, bytes.as_slice())
        .ok()
        .map(LessSafeKey::new)
}
