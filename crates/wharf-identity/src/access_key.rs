//! Access keys: how new ones are made.

use zeroize::Zeroizing;

use crate::secret::{RandomError, Secret, random};

/// Characters behind `AKIA`: 32 of them, so five random bits choose one evenly.
const ID_ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Characters of a secret. AWS also uses `+` and `/`, on which some clients break.
const SECRET_ALPHABET: &[u8; 62] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// Length of a secret access key.
const SECRET_CHARS: usize = 40;

/// Makes an access key id: `AKIA` and 16 of `A-Z2-7`.
///
/// # Errors
/// [`RandomError`] if the operating system gives no random bytes.
pub fn new_access_key_id() -> Result<String, RandomError> {
    new_id::<16>("AKIA")
}

/// Makes the access key id of a session: `ASIA` and 16 of `A-Z2-7`.
///
/// # Errors
/// [`RandomError`] if the operating system gives no random bytes.
pub fn new_session_key_id() -> Result<String, RandomError> {
    new_id::<16>("ASIA")
}

/// Makes a unique id of IAM: a prefix such as `AIDA`, and 17 of `A-Z2-7`.
///
/// # Errors
/// [`RandomError`] if the operating system gives no random bytes.
pub fn new_unique_id(prefix: &str) -> Result<String, RandomError> {
    new_id::<17>(prefix)
}

fn new_id<const N: usize>(prefix: &str) -> Result<String, RandomError> {
    let random = random::<N>()?;
    let characters = random.iter().filter_map(|byte| {
        ID_ALPHABET
            .get(usize::from(byte & 31))
            .copied()
            .map(char::from)
    });
    Ok(prefix.chars().chain(characters).collect())
}

/// Makes a secret access key: 40 of `A-Za-z0-9`, 238 bits.
///
/// # Errors
/// [`RandomError`] if the operating system gives no random bytes.
pub fn new_secret() -> Result<Secret, RandomError> {
    let mut secret = String::with_capacity(SECRET_CHARS);
    while secret.len() < SECRET_CHARS {
        let bytes = Zeroizing::new(random::<64>()?);
        // Six bits make 64 numbers; the two that have no character are thrown away, so that all are equally likely.
        let characters = bytes.iter().filter_map(|byte| {
            SECRET_ALPHABET
                .get(usize::from(byte & 63))
                .copied()
                .map(char::from)
        });
        secret.extend(characters.take(SECRET_CHARS - secret.len()));
    }
    Ok(Secret::new(secret))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn access_key_ids_have_awss_form_and_differ() {
        let ids: HashSet<_> = (0..100).map(|_| new_access_key_id().unwrap()).collect();
        assert_eq!(ids.len(), 100);
        for id in ids {
            let tail = id.strip_prefix("AKIA").unwrap();
            assert!(
                tail.len() == 16 && tail.bytes().all(|byte| ID_ALPHABET.contains(&byte)),
                "{id}"
            );
        }
    }

    #[test]
    fn n7_n9_secrets_are_random_letters_and_digits() {
        let secrets: HashSet<_> = (0..100)
            .map(|_| new_secret().unwrap().expose().to_owned())
            .collect();
        assert_eq!(secrets.len(), 100);
        assert!(
            secrets
                .iter()
                .all(|it| it.len() == 40 && it.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        );
        let used: HashSet<_> = secrets.iter().flat_map(|it| it.bytes()).collect();
        assert_eq!(used.len(), SECRET_ALPHABET.len());
    }
}
