//! The two keys below the root: one per registry, one per blob.
use std::fmt;

use zeroize::Zeroizing;

use crate::derive::{KEY, random_key};
use crate::wrap::WrapKey;
use crate::{Error, Result};

/// What wraps of data keys are bound to, beside their context.
const DATA_KEY: &str = "data-key";

/// The key of one blob, upload or manifest: 256 bits that seal [`frames`](crate::frames).
#[derive(Clone)]
pub struct DataKey(Zeroizing<[u8; KEY]>);

impl DataKey {
    /// A fresh key from the operating system.
    ///
    /// # Errors
    /// `Random`.
    pub fn generate() -> Result<Self> {
        random_key().map(Self)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_ref()
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(…)")
    }
}

/// A registry's own key: wraps the data keys of what its AES256 repositories hold.
pub struct RegistryKey(WrapKey);

impl RegistryKey {
    /// A fresh key from the operating system.
    ///
    /// # Errors
    /// `Random`.
    pub fn generate() -> Result<Self> {
        Self::from_bytes(random_key()?)
    }

    pub(crate) fn from_bytes(bytes: Zeroizing<[u8; KEY]>) -> Result<Self> {
        WrapKey::new(bytes).map(Self)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }

    /// Wraps a data key for `context`: the repository that may use it. About 100 bytes.
    ///
    /// # Errors
    /// `Random`.
    pub fn wrap(&self, key: &DataKey, context: &str) -> Result<Vec<u8>> {
        self.0.wrap(DATA_KEY, context, key.bytes())
    }

    /// Opens a data key that was wrapped for the same context.
    ///
    /// # Errors
    /// `OtherKey` when another key, or another generation, wrapped it; `Damaged`, also for another context.
    pub fn unwrap(&self, wrapped: &[u8], context: &str) -> Result<DataKey> {
        self.0
            .unwrap(DATA_KEY, context, wrapped)
            .and_then(|plain| exact(&plain))
            .map(DataKey)
    }
}

impl fmt::Debug for RegistryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RegistryKey(…)")
    }
}

/// Takes bytes that must be a key.
pub(crate) fn exact(bytes: &[u8]) -> Result<Zeroizing<[u8; KEY]>> {
    let bytes: &[u8; KEY] = bytes.try_into().map_err(|_length| Error::Damaged)?;
    Ok(Zeroizing::new(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_key_comes_back_only_under_its_registry_key_and_context() {
        let (registry, other) = (
            RegistryKey::generate().unwrap(),
            RegistryKey::generate().unwrap(),
        );
        let key = DataKey::generate().unwrap();
        let wrapped = registry.wrap(&key, "repository/1").unwrap();
        assert_eq!(
            registry.unwrap(&wrapped, "repository/1").unwrap().bytes(),
            key.bytes()
        );
        assert!(matches!(
            registry.unwrap(&wrapped, "repository/2"),
            Err(Error::Damaged)
        ));
        assert!(matches!(
            other.unwrap(&wrapped, "repository/1"),
            Err(Error::OtherKey)
        ));
    }

    #[test]
    fn n28_no_key_is_printed() {
        let key = DataKey(Zeroizing::new([0xab; KEY]));
        let registry = RegistryKey::from_bytes(Zeroizing::new([0xab; KEY])).unwrap();
        assert_eq!(format!("{key:?} {registry:?}"), "DataKey(…) RegistryKey(…)");
    }

    #[test]
    fn n9_two_keys_are_never_alike() {
        assert_ne!(
            DataKey::generate().unwrap().bytes(),
            DataKey::generate().unwrap().bytes()
        );
    }
}
