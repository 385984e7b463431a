//! Wrapping: small secrets sealed under a key, bound to a purpose and a context.
//!
//! version 1 ‖ key id 16 ‖ salt 16 ‖ nonce 12 ‖ ciphertext and tag. The salt makes a key of its own for each
//! wrap, so that no nonce is ever used twice; the key id tells another key from damage.
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::derive::{KEY, derive, random};
use crate::{Error, Result};

const VERSION: u8 = 1;
const ID: usize = 16;
const SALT: usize = 16;
const NONCE: usize = 12;
const TAG: usize = 16;

/// A key that wraps.
pub(crate) struct WrapKey {
    key: Zeroizing<[u8; KEY]>,
    id: [u8; ID],
}

impl WrapKey {
    pub(crate) fn new(key: Zeroizing<[u8; KEY]>) -> Result<Self> {
        let id = *derive::<ID>(key.as_ref(), b"", &[b"wharfinger key-id 1"])?;
        Ok(Self { key, id })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.key.as_ref()
    }

    /// Seals `plain` for one `purpose` and `context`: neither is stored, both are needed to open.
    pub(crate) fn wrap(&self, purpose: &str, context: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let salt: [u8; SALT] = random()?;
        let nonce: [u8; NONCE] = random()?;
        let mut sealed = Vec::with_capacity(1 + ID + SALT + NONCE + plain.len() + TAG);
        sealed.push(VERSION);
        sealed.extend_from_slice(&self.id);
        sealed.extend_from_slice(&salt);
        sealed.extend_from_slice(&nonce);
        let mut secret = Zeroizing::new(plain.to_vec());
        let tag = self
            .sealing_key(&salt)?
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(self.bound_to(purpose, context)),
                &mut secret,
            )
            .map_err(|_unspecified| Error::Refused)?;
        sealed.extend_from_slice(&secret);
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what [`Self::wrap`] sealed.
    pub(crate) fn unwrap(
        &self,
        purpose: &str,
        context: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>> {
        let (version, rest) = sealed.split_first().ok_or(Error::Damaged)?;
        if *version != VERSION {
            return Err(Error::Version(*version));
        }
        let (id, rest) = rest.split_first_chunk::<ID>().ok_or(Error::Damaged)?;
        if *id != self.id {
            return Err(Error::OtherKey);
        }
        let (salt, rest) = rest.split_first_chunk::<SALT>().ok_or(Error::Damaged)?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE>().ok_or(Error::Damaged)?;
        let mut plain = Zeroizing::new(rest.to_vec());
        let length = self
            .sealing_key(salt)?
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(self.bound_to(purpose, context)),
                &mut plain,
            )
            .map_err(|_unspecified| Error::Damaged)?
            .len();
        plain.truncate(length);
        Ok(plain)
    }

    fn sealing_key(&self, salt: &[u8; SALT]) -> Result<LessSafeKey> {
        let key = derive::<KEY>(self.key.as_ref(), salt, &[b"wharfinger wrap 1"])?;
        Ok(LessSafeKey::new(
            UnboundKey::new(&AES_256_GCM, key.as_ref()).map_err(|_unspecified| Error::Refused)?,
        ))
    }

    /// What is authenticated beside the secret: version, key, purpose (its length first), context.
    fn bound_to(&self, purpose: &str, context: &str) -> Vec<u8> {
        let mut bound = vec![VERSION];
        bound.extend_from_slice(&self.id);
        bound.extend_from_slice(&(purpose.len() as u64).to_be_bytes());
        bound.extend_from_slice(purpose.as_bytes());
        bound.extend_from_slice(context.as_bytes());
        bound
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn key(byte: u8) -> WrapKey {
        WrapKey::new(Zeroizing::new([byte; KEY])).unwrap()
    }

    #[test]
    fn what_is_wrapped_opens_only_for_its_key_purpose_and_context() {
        let sealed = key(1).wrap("data-key", "here", b"secret").unwrap();
        assert_eq!(
            *key(1).unwrap("data-key", "here", &sealed).unwrap(),
            b"secret"
        );
        assert!(matches!(
            key(2).unwrap("data-key", "here", &sealed),
            Err(Error::OtherKey)
        ));
        assert!(matches!(
            key(1).unwrap("data-key", "there", &sealed),
            Err(Error::Damaged)
        ));
        assert!(matches!(
            key(1).unwrap("data-ke", "yhere", &sealed),
            Err(Error::Damaged)
        ));
        assert!(matches!(
            key(1).unwrap("registry-key", "here", &sealed),
            Err(Error::Damaged)
        ));
    }

    #[test]
    fn wraps_of_one_secret_share_neither_salt_nor_nonce() {
        let wraps: Vec<_> = (0..1_000)
            .map(|_| key(1).wrap("data-key", "here", b"secret").unwrap())
            .collect();
        let salts: HashSet<_> = wraps.iter().map(|sealed| sealed[17..33].to_vec()).collect();
        let nonces: HashSet<_> = wraps.iter().map(|sealed| sealed[33..45].to_vec()).collect();
        assert_eq!((salts.len(), nonces.len()), (1_000, 1_000));
    }

    #[test]
    fn an_unknown_version_is_named() {
        let mut sealed = key(1).wrap("data-key", "here", b"secret").unwrap();
        sealed[0] = 9;
        assert!(matches!(
            key(1).unwrap("data-key", "here", &sealed),
            Err(Error::Version(9))
        ));
    }

    proptest! {
        #[test]
        fn no_altered_or_shortened_wrap_opens(at in 0..200_usize, bit in 0..8_u8, cut in 0..200_usize) {
            let sealed = key(1).wrap("data-key", "here", &[7; 32]).unwrap();
            let mut altered = sealed.clone();
            let at = at % altered.len();
            altered[at] ^= 1 << bit;
            prop_assert!(key(1).unwrap("data-key", "here", &altered).is_err());
            let cut = cut % sealed.len();
            prop_assert!(key(1).unwrap("data-key", "here", &sealed[..cut]).is_err());
        }
    }
}
