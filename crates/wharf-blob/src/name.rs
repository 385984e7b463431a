//! Names of objects: opaque, but the first two digits are the subdirectory.
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::{Error, Result};

/// 32 lower-case hex digits. The first two name the subdirectory, and so which objects share the flush of a directory;
/// the other 120 bits are random.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName([u8; 16]);

/// The text is not the name of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an object's name is 32 lower-case hex digits")]
pub struct InvalidName;

impl ObjectName {
    /// A new name in the subdirectory `group`: all objects of one upload have the same.
    ///
    /// # Errors
    /// `Seal` when the operating system gives no random bytes.
    pub fn random(group: u8) -> Result<Self> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|_cause| Error::Seal(wharf_keys::Error::Random))?;
        if let Some(first) = bytes.first_mut() {
            *first = group;
        }
        Ok(Self(bytes))
    }

    /// Takes a name's text.
    ///
    /// # Errors
    /// [`InvalidName`].
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let mut bytes = [0; 16];
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(InvalidName);
        }
        hex::decode_to_slice(text, &mut bytes).map_err(|_cause| InvalidName)?;
        Ok(Self(bytes))
    }

    /// The subdirectory it lies in.
    pub fn group(self) -> u8 {
        let [group, ..] = self.0;
        group
    }

    pub(crate) fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// Where it lies below the directory: `ab/abcd…`.
    pub(crate) fn path(self) -> PathBuf {
        [group_path(self.group()), PathBuf::from(self.to_string())]
            .iter()
            .collect()
    }
}

/// The subdirectory of a group: two hex digits.
pub(crate) fn group_path(group: u8) -> PathBuf {
    PathBuf::from(hex::encode([group]))
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ObjectName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_subdirectory_and_is_read_back() {
        let name = ObjectName::random(0xab).unwrap();
        assert_eq!(name.path(), PathBuf::from("ab").join(name.to_string()));
        assert_eq!(ObjectName::parse(&name.to_string()), Ok(name));
        assert_ne!(ObjectName::random(0xab).unwrap(), name);
    }

    #[test]
    fn n34_texts_that_could_be_paths_are_no_names() {
        for bad in [
            "",
            "../../../../etc/passwd",
            "ab/cd",
            &"A".repeat(32),
            &"a".repeat(31),
            &"a".repeat(33),
            ".",
        ] {
            assert_eq!(ObjectName::parse(bad), Err(InvalidName), "{bad}");
        }
    }
}
