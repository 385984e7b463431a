//! Content by its hash.

use std::fmt;

/// The hash functions that a digest may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// Always computed here, and the identity of content.
    Sha256,
    /// Taken as a second name of content.
    Sha512,
}

impl Algorithm {
    /// The name in front of the colon.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// How many hex digits a digest of this algorithm has.
    pub fn hex_len(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

/// The text is no digest that this registry takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a digest is `sha256:` and 64, or `sha512:` and 128, lower-case hex digits")]
pub struct InvalidDigest;

/// `sha256:` and 64 or `sha512:` and 128 lower-case hex digits, nothing else.
///
/// Other algorithms, upper case and other lengths are refused before any path or statement is made from them.
/// Source: OCI image specification, "Digests".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    algorithm: Algorithm,
    text: Box<str>,
}

impl Digest {
    /// Takes a digest's text.
    ///
    /// # Errors
    /// [`InvalidDigest`] for every other text.
    pub fn parse(text: &str) -> Result<Self, InvalidDigest> {
        let (name, hex) = text.split_once(':').ok_or(InvalidDigest)?;
        let algorithm = match name {
            "sha256" => Algorithm::Sha256,
            "sha512" => Algorithm::Sha512,
            _ => return Err(InvalidDigest),
        };
        let is_hex = hex
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if hex.len() == algorithm.hex_len() && is_hex {
            Ok(Self {
                algorithm,
                text: text.into(),
            })
        } else {
            Err(InvalidDigest)
        }
    }

    /// The digest of which `hash` is the SHA-256 value.
    pub fn from_sha256(hash: [u8; 32]) -> Self {
        Self {
            algorithm: Algorithm::Sha256,
            text: format!("sha256:{}", hex::encode(hash)).into(),
        }
    }

    /// The SHA-256 digest of the bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
        Self {
            algorithm: Algorithm::Sha256,
            text: format!("sha256:{}", hex::encode(hash)).into(),
        }
    }

    /// The digest of the bytes by an algorithm.
    pub fn with(algorithm: Algorithm, bytes: &[u8]) -> Self {
        match algorithm {
            Algorithm::Sha256 => Self::of(bytes),
            Algorithm::Sha512 => {
                let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA512, bytes);
                Self {
                    algorithm,
                    text: format!("sha512:{}", hex::encode(hash)).into(),
                }
            }
        }
    }

    /// The digest of which `hash` is the SHA-512 value.
    pub fn from_sha512(hash: [u8; 64]) -> Self {
        Self {
            algorithm: Algorithm::Sha512,
            text: format!("sha512:{}", hex::encode(hash)).into(),
        }
    }

    /// The hash function.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The hex digits behind the colon.
    pub fn hex(&self) -> &str {
        self.text.split_once(':').map_or("", |(_, hex)| hex)
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl AsRef<str> for Digest {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl std::str::FromStr for Digest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn digest_of_nothing_is_the_known_value() {
        let digest = Digest::of(b"");
        assert_eq!(digest.as_str(), EMPTY);
        assert_eq!(Digest::parse(EMPTY), Ok(digest.clone()));
        let mut hash = [0; 32];
        hex::decode_to_slice(digest.hex(), &mut hash).unwrap();
        assert_eq!(Digest::from_sha256(hash), digest);
    }

    #[test]
    fn sha512_of_the_right_length_is_taken() {
        let digest = Digest::parse(&format!("sha512:{}", "a".repeat(128))).unwrap();
        assert_eq!(digest.algorithm(), Algorithm::Sha512);
        assert_eq!(digest.hex().len(), 128);
        let of_abc = Digest::with(Algorithm::Sha512, b"abc");
        assert!(
            of_abc
                .as_str()
                .starts_with("sha512:ddaf35a193617abacc417349")
        );
        assert_eq!(Digest::parse(of_abc.as_str()), Ok(of_abc));
        assert_eq!(Digest::with(Algorithm::Sha256, b"abc"), Digest::of(b"abc"));
    }

    #[test]
    fn n34_digest_strings_that_could_be_paths_are_refused() {
        let upper = EMPTY.to_uppercase();
        let upper_hex = format!("sha256:{}", "A".repeat(64));
        let short = format!("sha256:{}", "a".repeat(63));
        let long = format!("sha256:{}", "a".repeat(65));
        let half = format!("sha512:{}", "a".repeat(64));
        let newline = format!("{EMPTY}\n");
        for bad in [
            "",
            "sha256",
            "sha256:",
            "sha256:../../x",
            &upper,
            &upper_hex,
            &short,
            &long,
            &half,
            &newline,
            ":abc",
        ] {
            assert_eq!(Digest::parse(bad), Err(InvalidDigest), "{bad}");
        }
    }

    #[test]
    fn n59_weak_and_unknown_algorithms_are_refused() {
        for (name, length) in [
            ("md5", 32),
            ("sha1", 40),
            ("sha384", 96),
            ("blake3", 64),
            ("SHA256", 64),
        ] {
            assert_eq!(
                Digest::parse(&format!("{name}:{}", "a".repeat(length))),
                Err(InvalidDigest),
                "{name}"
            );
        }
    }
}
