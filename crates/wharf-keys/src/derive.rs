//! Keys from keys: HKDF-SHA256, one label for each purpose.
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use zeroize::Zeroizing;

use crate::{Error, Result};

/// Bytes of every key here.
pub(crate) const KEY: usize = 32;

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// Derives `N` bytes from `secret`; other `salt` or `info`, other bytes.
pub(crate) fn derive<const N: usize>(
    secret: &[u8],
    salt: &[u8],
    info: &[&[u8]],
) -> Result<Zeroizing<[u8; N]>> {
    let mut derived = Zeroizing::new([0; N]);
    let extracted = Salt::new(HKDF_SHA256, salt).extract(secret);
    let expanded = extracted
        .expand(info, Length(N))
        .map_err(|_unspecified| Error::Refused)?;
    expanded
        .fill(derived.as_mut())
        .map_err(|_unspecified| Error::Refused)?;
    Ok(derived)
}

/// `N` bytes from the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_cause| Error::Random)?;
    Ok(bytes)
}

/// A fresh key from the operating system.
pub(crate) fn random_key() -> Result<Zeroizing<[u8; KEY]>> {
    let mut key = Zeroizing::new([0; KEY]);
    getrandom::fill(key.as_mut()).map_err(|_cause| Error::Random)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivation_is_hkdf_sha256_of_rfc_5869() {
        // Test case 1 of the RFC's appendix.
        let secret = [0x0b; 22];
        let salt: Vec<u8> = (0..=0x0c).collect();
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        let derived = derive::<42>(&secret, &salt, &[&info]).unwrap();
        let expected =
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";
        assert_eq!(hex::encode(derived.as_ref()), expected);
    }
}
