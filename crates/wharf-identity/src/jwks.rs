//! The public keys of an identity provider: a JSON Web Key Set.
//!
//! A key is for the algorithms of its type, and of the `alg` that the set names beside it; the header of a token only
//! chooses among those. A key that cannot be used for signatures is passed over, so that it does not take the others
//! with it; a set that publishes a secret is refused.
//!
//! Source: RFC 7517 4 and 5, RFC 7518 3 and 6.
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::jwt::{TokenError, json};

/// Longest set, in bytes.
pub const MAX_JWKS_BYTES: usize = 1 << 20;
/// Most keys of each of the two types.
pub const MAX_KEYS: usize = 100;
/// Longest key id, in bytes.
const MAX_KID: usize = 255;
/// Smallest and largest modulus, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// Longest public exponent, in bytes; larger ones only make work.
const MAX_EXPONENT: usize = 4;

/// Why a key set is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwksError {
    /// More than [`MAX_JWKS_BYTES`].
    #[error("it is larger than 1 MiB")]
    TooLarge,
    /// Not an object with a list `keys` of objects that have a `kty`, or one that names a member twice.
    #[error("it is not a JSON Web Key Set")]
    Malformed,
    /// More than [`MAX_KEYS`] of a type.
    #[error("it holds more than 100 RSA keys, or more than 100 EC keys")]
    TooMany,
    /// A symmetric key, or the private part of a key: whoever reads the set can sign.
    #[error("it holds a secret or private key; only public keys belong there")]
    Secret,
}

/// The signature algorithms that tokens may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Es256,
    Es384,
    Es512,
}

impl Algorithm {
    /// By its JOSE name, whose case counts.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "ES512" => Self::Es512,
            _ => return None,
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "P-256" => Some(Self::P256),
            "P-384" => Some(Self::P384),
            "P-521" => Some(Self::P521),
            _ => None,
        }
    }

    /// Bytes of a coordinate.
    fn bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Material {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// The point, uncompressed: 4, x, y.
    Ec {
        curve: Curve,
        point: Vec<u8>,
    },
}

impl Material {
    /// Whether this kind of key makes signatures of that algorithm.
    fn fits(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Rsa { .. } => matches!(
                algorithm,
                Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512
            ),
            Self::Ec { curve, .. } => {
                algorithm
                    == match curve {
                        Curve::P256 => Algorithm::Es256,
                        Curve::P384 => Algorithm::Es384,
                        Curve::P521 => Algorithm::Es512,
                    }
            }
        }
    }
}

/// One public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    kid: Option<String>,
    /// The only algorithm it is for, if the set says so.
    algorithm: Option<Algorithm>,
    material: Material,
}

impl Key {
    fn fits(&self, algorithm: Algorithm) -> bool {
        self.material.fits(algorithm) && self.algorithm.is_none_or(|only| only == algorithm)
    }

    /// Checks a signature as JWS writes it: PKCS #1 of RSA, the two numbers side by side of ECDSA.
    pub(crate) fn verify(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), TokenError> {
        let verdict = match (&self.material, algorithm) {
            (Material::Rsa { modulus, exponent }, _) => {
                let parameters = match algorithm {
                    Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
                    Algorithm::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
                    Algorithm::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
                    Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512 => {
                        return Err(TokenError::Algorithm);
                    }
                };
                RsaPublicKeyComponents {
                    n: modulus,
                    e: exponent,
                }
                .verify(parameters, message, signature)
            }
            (Material::Ec { curve, point }, _) => {
                let parameters = match (curve, algorithm) {
                    (Curve::P256, Algorithm::Es256) => &ECDSA_P256_SHA256_FIXED,
                    (Curve::P384, Algorithm::Es384) => &ECDSA_P384_SHA384_FIXED,
                    (Curve::P521, Algorithm::Es512) => &ECDSA_P521_SHA512_FIXED,
                    _ => return Err(TokenError::Algorithm),
                };
                UnparsedPublicKey::new(parameters, point).verify(message, signature)
            }
        };
        verdict.map_err(|_unspecified| TokenError::Signature)
    }
}

/// The usable keys of a set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeySet {
    keys: Vec<Key>,
}

impl KeySet {
    /// Reads a set. Keys of unknown types, for encryption, or too weak are passed over.
    ///
    /// # Errors
    /// [`JwksError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, JwksError> {
        if bytes.len() > MAX_JWKS_BYTES {
            return Err(JwksError::TooLarge);
        }
        let set = json::object(bytes).ok_or(JwksError::Malformed)?;
        let listed = set.get("keys").and_then(Value::as_array);
        let (mut rsa, mut ec) = (0_usize, 0_usize);
        let mut keys = Vec::new();
        for member in listed.ok_or(JwksError::Malformed)? {
            let member = member.as_object().ok_or(JwksError::Malformed)?;
            let (count, read): (_, fn(&_) -> _) = match text(member, "kty") {
                Some("RSA") => (&mut rsa, rsa_key),
                Some("EC") => (&mut ec, ec_key),
                Some("oct") => return Err(JwksError::Secret),
                Some(_) => continue,
                None => return Err(JwksError::Malformed),
            };
            if member.contains_key("d") {
                return Err(JwksError::Secret);
            }
            *count += 1;
            if *count > MAX_KEYS {
                return Err(JwksError::TooMany);
            }
            keys.extend(read(member).and_then(|material| key(member, material)));
        }
        Ok(Self { keys })
    }

    /// How many usable keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether no key can be used.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The key for a token: the first of its id that fits, or without an id the only one that fits.
    ///
    /// # Errors
    /// `NoKey` if there is none, `Algorithm` if the keys of that id are for others.
    pub(crate) fn select(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<&Key, TokenError> {
        let mut fitting = self.keys.iter().filter(|key| key.fits(algorithm));
        let Some(kid) = kid else {
            return match (fitting.next(), fitting.next()) {
                (Some(only), None) => Ok(only),
                _ => Err(TokenError::NoKey),
            };
        };
        let has_id = |key: &&Key| key.kid.as_deref() == Some(kid);
        fitting
            .find(has_id)
            .ok_or_else(|| match self.keys.iter().find(has_id) {
                Some(_unfit) => TokenError::Algorithm,
                None => TokenError::NoKey,
            })
    }
}

fn text<'a>(member: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    member.get(name).and_then(Value::as_str)
}

fn bytes(member: &Map<String, Value>, name: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text(member, name)?).ok()
}

fn rsa_key(member: &Map<String, Value>) -> Option<Material> {
    let unsigned = |name| {
        let mut bytes = bytes(member, name)?;
        // Some publishers keep a sign's zero in front.
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        bytes.drain(..zeros);
        Some(bytes)
    };
    let (modulus, exponent) = (unsigned("n")?, unsigned("e")?);
    let unused = modulus.first()?.leading_zeros();
    let bits = modulus.len() * 8 - usize::try_from(unused).ok()?;
    let odd = exponent.last().is_some_and(|byte| byte % 2 == 1) && exponent != [1];
    let usable = RSA_BITS.contains(&bits) && odd && exponent.len() <= MAX_EXPONENT;
    usable.then_some(Material::Rsa { modulus, exponent })
}

fn ec_key(member: &Map<String, Value>) -> Option<Material> {
    let curve = Curve::parse(text(member, "crv")?)?;
    let (x, y) = (bytes(member, "x")?, bytes(member, "y")?);
    if x.len() != curve.bytes() || y.len() != curve.bytes() {
        return None;
    }
    let point = [&[4_u8][..], &x, &y].concat();
    Some(Material::Ec { curve, point })
}

/// The key of this material, if it is for signatures that tokens may have.
fn key(member: &Map<String, Value>, material: Material) -> Option<Key> {
    let for_signatures = match member.get("use") {
        None => true,
        Some(purpose) => purpose == "sig",
    };
    let verifies = match member.get("key_ops") {
        None => true,
        Some(Value::Array(uses)) => uses.iter().any(|one| one == "verify"),
        Some(_) => false,
    };
    if !(for_signatures && verifies) {
        return None;
    }
    let kid = match member.get("kid") {
        None => None,
        Some(Value::String(kid)) if kid.len() <= MAX_KID => Some(kid.clone()),
        Some(_) => return None,
    };
    let algorithm = match member.get("alg") {
        None => None,
        Some(name) => {
            let only = Algorithm::parse(name.as_str()?)?;
            material.fits(only).then_some(Some(only))?
        }
    };
    Some(Key {
        kid,
        algorithm,
        material,
    })
}

#[cfg(test)]
mod tests;
