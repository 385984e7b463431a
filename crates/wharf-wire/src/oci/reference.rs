//! What stands after `/manifests/` in a path: a tag or a digest.

use std::fmt;

use super::Digest;
use crate::ids::ImageTag;

/// Names an image inside a repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reference {
    /// By its mutable name.
    Tag(ImageTag),
    /// By its content.
    Digest(Digest),
}

/// The text is neither a tag nor a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidReference {
    /// It has a colon, which no tag has, and is no digest.
    #[error("the reference is not a digest")]
    Digest,
    /// It has no colon, and is no tag.
    #[error("the reference is not a tag")]
    Tag,
}

impl Reference {
    /// Takes a tag or a digest; the colon tells which.
    ///
    /// # Errors
    /// [`InvalidReference`] names which of the two the text failed to be.
    pub fn parse(text: &str) -> Result<Self, InvalidReference> {
        if text.contains(':') {
            Digest::parse(text)
                .map(Self::Digest)
                .map_err(|_invalid| InvalidReference::Digest)
        } else {
            ImageTag::parse(text)
                .map(Self::Tag)
                .map_err(|_invalid| InvalidReference::Tag)
        }
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Tag(tag) => tag.as_str(),
            Self::Digest(digest) => digest.as_str(),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colon_makes_it_a_digest() {
        assert!(matches!(Reference::parse("latest"), Ok(Reference::Tag(_))));
        let digest = Digest::of(b"x");
        assert_eq!(
            Reference::parse(digest.as_str()),
            Ok(Reference::Digest(digest))
        );
        assert_eq!(Reference::parse("sha256:x"), Err(InvalidReference::Digest));
        assert_eq!(Reference::parse("a+b"), Err(InvalidReference::Tag));
        assert_eq!(Reference::parse(""), Err(InvalidReference::Tag));
    }
}
