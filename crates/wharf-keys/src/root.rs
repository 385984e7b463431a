//! The root key: a file beside the data, never in the database. Whoever loses it loses everything.
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use zeroize::Zeroizing;

use crate::derive::{KEY, derive, random, random_key};
use crate::keys::exact;
use crate::wrap::WrapKey;
use crate::{Error, RegistryKey, Result};

const REGISTRY_KEY: &str = "registry-key";
const SECRET: &str = "secret";
const CHECK: &str = "root-key-check";
/// The constant whose sealed form tells whether a root key is the one the data was made with.
const CHECK_VALUE: &[u8] = b"wharfinger root key check";

/// The root key, taken apart into one key for each purpose; the root itself is forgotten.
pub struct RootKey {
    /// Label `kek-wrap`: wraps registry keys.
    keys: WrapKey,
    /// Label `secret-store`: seals access keys' secrets and the like.
    secrets: WrapKey,
    /// Label `session-token`: seals passwords and tokens.
    tokens: Zeroizing<[u8; KEY]>,
    /// Label `layer-url`: what URLs of layers are signed with.
    urls: Zeroizing<[u8; KEY]>,
}

impl RootKey {
    /// Reads the root key from a file, or makes the file with a fresh key: 64 hex digits, mode 0600.
    ///
    /// True: it was made. A made file is on disk, under its final name, when this returns; of two makers one
    /// makes it and both use it.
    ///
    /// # Errors
    /// `RootKeyFile` when the file cannot be read or made, others may read it, or it holds no key; `Random`.
    pub fn load_or_create(path: &Path) -> Result<(Self, bool)> {
        let created = match fs::symlink_metadata(path) {
            Ok(_) => false,
            Err(error) if error.kind() == io::ErrorKind::NotFound => create(path)?,
            Err(error) => return Err(unusable(path, &error)),
        };
        Ok((Self::from_bytes(&*load(path)?)?, created))
    }

    fn from_bytes(root: &[u8; KEY]) -> Result<Self> {
        Ok(Self {
            keys: WrapKey::new(derive(root, b"", &[b"kek-wrap"])?)?,
            secrets: WrapKey::new(derive(root, b"", &[b"secret-store"])?)?,
            tokens: derive(root, b"", &[b"session-token"])?,
            urls: derive(root, b"", &[b"layer-url"])?,
        })
    }

    /// A sealed constant, to be stored with the data that this key locks.
    ///
    /// # Errors
    /// `Random`.
    pub fn check_value(&self) -> Result<Vec<u8>> {
        self.keys.wrap(CHECK, "", CHECK_VALUE)
    }

    /// Whether this is the key that a [`Self::check_value`] was made with.
    ///
    /// # Errors
    /// `OtherKey` if it is not; `Damaged`, `Version`.
    pub fn check(&self, sealed: &[u8]) -> Result<()> {
        let opened = self.keys.unwrap(CHECK, "", sealed)?;
        if opened.as_slice() == CHECK_VALUE {
            Ok(())
        } else {
            Err(Error::Damaged)
        }
    }

    /// Wraps the key of an account's registry in a region.
    ///
    /// # Errors
    /// `Random`.
    pub fn wrap_registry_key(
        &self,
        key: &RegistryKey,
        account: &str,
        region: &str,
    ) -> Result<Vec<u8>> {
        self.keys
            .wrap(REGISTRY_KEY, &registry(account, region), key.bytes())
    }

    /// Opens the key of an account's registry in a region.
    ///
    /// # Errors
    /// `OtherKey`, `Damaged`, also for another account or region; `Version`.
    pub fn unwrap_registry_key(
        &self,
        wrapped: &[u8],
        account: &str,
        region: &str,
    ) -> Result<RegistryKey> {
        RegistryKey::from_bytes(exact(&self.keys.unwrap(
            REGISTRY_KEY,
            &registry(account, region),
            wrapped,
        )?)?)
    }

    /// Seals a secret that must be had back, such as an access key's, for `context`: whose it is.
    ///
    /// # Errors
    /// `Random`.
    pub fn seal_secret(&self, plain: &[u8], context: &str) -> Result<Vec<u8>> {
        self.secrets.wrap(SECRET, context, plain)
    }

    /// Opens a secret that was sealed for the same context.
    ///
    /// # Errors
    /// `OtherKey`, `Damaged`, also for another context; `Version`.
    pub fn open_secret(&self, sealed: &[u8], context: &str) -> Result<Zeroizing<Vec<u8>>> {
        self.secrets.unwrap(SECRET, context, sealed)
    }

    /// The key that seals passwords and session tokens. The caller keeps it as it keeps keys.
    pub fn token_key(&self) -> [u8; KEY] {
        *self.tokens
    }

    /// The secret that signs URLs of layers of an account's registry in a region: 64 hex digits, the same on every
    /// node that has this root key, and nobody's access key.
    ///
    /// # Errors
    /// `Refused`, which happens for no input of this size.
    pub fn layer_url_secret(&self, account: &str, region: &str) -> Result<Zeroizing<String>> {
        let registry = registry(account, region);
        let secret = derive::<KEY>(self.urls.as_ref(), b"", &[registry.as_bytes()])?;
        Ok(Zeroizing::new(hex::encode(secret.as_ref())))
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootKey(…)")
    }
}

fn registry(account: &str, region: &str) -> String {
    format!("{account}/{region}")
}

fn unusable(path: &Path, reason: &dyn fmt::Display) -> Error {
    Error::RootKeyFile {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

fn load(path: &Path) -> Result<Zeroizing<[u8; KEY]>> {
    let mut file = File::open(path).map_err(|error| unusable(path, &error))?;
    let metadata = file.metadata().map_err(|error| unusable(path, &error))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(unusable(
            path,
            &format!("its mode is {mode:o}, and nobody but its owner may read it (chmod 600)"),
        ));
    }
    // One byte more than a key with its line end, to see that there is no more.
    let mut text = Zeroizing::new([0_u8; 2 * KEY + 2]);
    let length = read_up_to(&mut file, text.as_mut()).map_err(|error| unusable(path, &error))?;
    let digits = text.get(..length).unwrap_or_default().trim_ascii_end();
    let mut key = Zeroizing::new([0; KEY]);
    hex::decode_to_slice(digits, key.as_mut())
        .map_err(|_cause| unusable(path, &"it does not hold 64 hex digits"))?;
    Ok(key)
}

fn read_up_to(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read(rest)? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

/// Makes the file complete under another name and links it: it is there with its whole key or not at all.
/// False: somebody else made it meanwhile.
fn create(path: &Path) -> Result<bool> {
    let key = random_key()?;
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".new-{}", hex::encode(random::<8>()?)));
    let temporary = Path::new(&temporary);
    let made =
        write_synced(temporary, key.as_ref()).and_then(|()| match fs::hard_link(temporary, path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            linked => linked.map(|()| true),
        });
    // Also after a failure: half a key is of use to nobody.
    let removed = fs::remove_file(temporary);
    let made = made.map_err(|error| unusable(path, &error))?;
    removed
        .and_then(|()| sync_parent(path))
        .map_err(|error| unusable(path, &error))?;
    Ok(made)
}

fn write_synced(path: &Path, key: &[u8]) -> io::Result<()> {
    let mut text = Zeroizing::new([0_u8; 2 * KEY + 1]);
    if let Some((line_end, digits)) = text.split_last_mut() {
        hex::encode_to_slice(key, digits).map_err(io::Error::other)?;
        *line_end = b'\n';
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_ref())?;
    file.sync_all()
}

fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(byte: u8) -> RootKey {
        RootKey::from_bytes(&[byte; KEY]).unwrap()
    }

    #[test]
    fn the_file_is_made_once_for_its_owner_alone_and_then_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("root.key");
        let (made, created) = RootKey::load_or_create(&path).unwrap();
        assert!(created);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(
            fs::read_dir(directory.path()).unwrap().count(),
            1,
            "nothing temporary is left"
        );
        let (read, created) = RootKey::load_or_create(&path).unwrap();
        assert!(!created);
        assert_eq!(made.token_key(), read.token_key());
        read.check(&made.check_value().unwrap()).unwrap();
    }

    #[test]
    fn n9_two_fresh_installs_have_different_root_keys() {
        let directory = tempfile::tempdir().unwrap();
        let (one, _) = RootKey::load_or_create(&directory.path().join("one")).unwrap();
        let (other, _) = RootKey::load_or_create(&directory.path().join("other")).unwrap();
        assert_ne!(one.token_key(), other.token_key());
        assert!(matches!(
            other.check(&one.check_value().unwrap()),
            Err(Error::OtherKey)
        ));
    }

    #[test]
    fn a_file_that_others_may_read_or_that_holds_no_key_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("root.key");
        RootKey::load_or_create(&path).unwrap();
        let whole = fs::read(&path).unwrap();
        for mode in [0o640, 0o604, 0o660] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = RootKey::load_or_create(&path).unwrap_err();
            assert!(
                error.to_string().contains("nobody but its owner"),
                "{error}"
            );
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        for content in [
            b"".to_vec(),
            whole[..63].to_vec(),
            [whole.as_slice(), b"00"].concat(),
            vec![b'g'; 64],
        ] {
            fs::write(&path, content).unwrap();
            let error = RootKey::load_or_create(&path).unwrap_err();
            assert!(error.to_string().contains("64 hex digits"), "{error}");
        }
    }

    #[test]
    fn each_purpose_has_a_key_of_its_own() {
        let root = root(1);
        assert_ne!(root.keys.bytes(), root.secrets.bytes());
        assert_ne!(root.keys.bytes(), root.token_key());
        assert_ne!(root.secrets.bytes(), root.token_key());
    }

    #[test]
    fn urls_of_each_registry_are_signed_with_a_secret_of_its_own() {
        let secret = |root_byte, account, region| {
            let root = root(root_byte);
            root.layer_url_secret(account, region).unwrap().to_string()
        };
        let one = secret(1, "123456789012", "us-east-1");
        assert_eq!(one, secret(1, "123456789012", "us-east-1"));
        assert_eq!(one.len(), 64);
        for other in [
            secret(2, "123456789012", "us-east-1"),
            secret(1, "210987654321", "us-east-1"),
            secret(1, "123456789012", "eu-west-1"),
            hex::encode(root(1).token_key()),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn a_registry_key_opens_only_for_its_account_and_region() {
        let root = root(1);
        let key = RegistryKey::generate().unwrap();
        let wrapped = root
            .wrap_registry_key(&key, "123456789012", "us-east-1")
            .unwrap();
        let opened = root
            .unwrap_registry_key(&wrapped, "123456789012", "us-east-1")
            .unwrap();
        assert_eq!(opened.bytes(), key.bytes());
        assert!(
            root.unwrap_registry_key(&wrapped, "123456789012", "eu-west-1")
                .is_err()
        );
        assert!(
            root.unwrap_registry_key(&wrapped, "210987654321", "us-east-1")
                .is_err()
        );
    }

    #[test]
    fn a_secret_opens_only_under_its_root_and_context() {
        let sealed = root(1).seal_secret(b"a secret", "AKIA").unwrap();
        assert_eq!(
            root(1).open_secret(&sealed, "AKIA").unwrap().as_slice(),
            b"a secret"
        );
        assert!(root(1).open_secret(&sealed, "AKIB").is_err());
        assert!(matches!(
            root(2).open_secret(&sealed, "AKIA"),
            Err(Error::OtherKey)
        ));
        assert!(root(1).unwrap_registry_key(&sealed, "AKIA", "").is_err());
    }
}
