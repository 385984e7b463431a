//! Keys of issuers that are not asked: files that the operator keeps up to date.
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use wharf_identity::{KeySet, MAX_JWKS_BYTES, TokenError};

/// A file with the keys of an issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFile {
    /// The issuer, which begins with `https://`.
    pub issuer: String,
    /// A JSON Web Key Set.
    pub path: PathBuf,
}

impl KeyFile {
    /// Reads the file once, to tell early that it cannot be used.
    ///
    /// # Errors
    /// Why not, for the operator.
    pub fn check(&self) -> Result<(), String> {
        read(&self.path).map(|_keys| ())
    }
}

/// What tells one state of a file from the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: (i64, i64),
    changed: (i64, i64),
    length: u64,
    inode: u64,
}

impl Stamp {
    fn of(path: &Path) -> Result<Self, String> {
        let problem = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
        let metadata = fs::metadata(path).map_err(|error| problem(&error))?;
        if !metadata.is_file() {
            return Err(problem(&"it is not a file"));
        }
        Ok(Self {
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            length: metadata.len(),
            inode: metadata.ino(),
        })
    }
}

/// What was last read, and from which state of the file.
#[derive(Debug)]
struct Last {
    stamp: Option<Stamp>,
    keys: Result<Arc<KeySet>, String>,
}

/// A file that is read again whenever it has changed.
#[derive(Debug, Clone)]
pub(super) struct Watched {
    path: PathBuf,
    last: Arc<Mutex<Option<Last>>>,
}

impl Watched {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            last: Arc::default(),
        }
    }

    /// The keys that are in the file now.
    ///
    /// # Errors
    /// `NoKey` if it cannot be read: keys that were taken out of it are not used on.
    pub(super) async fn keys(&self) -> Result<Arc<KeySet>, TokenError> {
        let this = self.clone();
        let look = move || this.look();
        tokio::task::spawn_blocking(look)
            .await
            .map_err(|_panicked| TokenError::NoKey)?
    }

    fn look(&self) -> Result<Arc<KeySet>, TokenError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        // Before it is read: if it changes meanwhile, the next look sees another stamp.
        let stamp = Stamp::of(&self.path);
        if let (Ok(now), Some(last)) = (&stamp, &*last)
            && last.stamp == Some(*now)
        {
            return last.keys.clone().map_err(|_logged| TokenError::NoKey);
        }
        let keys = match &stamp {
            Ok(_) => read(&self.path).map(Arc::new),
            Err(problem) => Err(problem.clone()),
        };
        let before = last.as_ref().map(|last| &last.keys);
        if let Err(problem) = &keys
            && before != Some(&keys)
        {
            tracing::warn!(problem, "the keys of an identity provider cannot be read");
        }
        let told = keys.clone().map_err(|_logged| TokenError::NoKey);
        *last = Some(Last {
            stamp: stamp.ok(),
            keys,
        });
        told
    }
}

fn read(path: &Path) -> Result<KeySet, String> {
    let problem = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
    // Of a pipe, nobody would come to the end.
    Stamp::of(path)?;
    let most = u64::try_from(MAX_JWKS_BYTES).map_err(|error| problem(&error))?;
    let mut bytes = Vec::new();
    File::open(path)
        // One byte more tells a file of the largest size from a larger one.
        .and_then(|file| file.take(most + 1).read_to_end(&mut bytes))
        .map_err(|error| problem(&error))?;
    KeySet::parse(&bytes).map_err(|error| problem(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = r#"{"keys":[]}"#;

    fn look(watched: &Watched) -> Result<usize, TokenError> {
        watched.look().map(|keys| keys.len())
    }

    #[test]
    fn a_file_is_read_again_when_it_has_changed_and_only_then() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jwks.json");
        let one = json_key("a");
        fs::write(&path, format!(r#"{{"keys":[{one}]}}"#)).unwrap();
        let watched = Watched::new(path.clone());
        let first = watched.look().unwrap();
        assert_eq!(first.len(), 1);
        assert!(Arc::ptr_eq(&first, &watched.look().unwrap()));
        fs::write(&path, format!(r#"{{"keys":[{one},{}]}}"#, json_key("b"))).unwrap();
        assert_eq!(look(&watched), Ok(2));
        let next = folder.path().join("next");
        fs::write(&next, EMPTY).unwrap();
        fs::rename(&next, &path).unwrap();
        assert_eq!(look(&watched), Ok(0));
    }

    #[test]
    fn keys_of_a_file_that_is_gone_or_broken_are_not_used_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jwks.json");
        fs::write(&path, EMPTY).unwrap();
        let watched = Watched::new(path.clone());
        assert_eq!(look(&watched), Ok(0));
        fs::write(&path, "{").unwrap();
        assert_eq!(look(&watched), Err(TokenError::NoKey));
        assert_eq!(look(&watched), Err(TokenError::NoKey));
        fs::remove_file(&path).unwrap();
        assert_eq!(look(&watched), Err(TokenError::NoKey));
        fs::write(&path, EMPTY).unwrap();
        assert_eq!(look(&watched), Ok(0));
    }

    #[test]
    fn the_operator_is_told_what_is_wrong_with_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jwks.json");
        let file = KeyFile {
            issuer: "https://idp.example".to_owned(),
            path: path.clone(),
        };
        assert!(file.check().unwrap_err().contains("No such file"));
        for (text, what) in [
            ("{", "it is not a JSON Web Key Set"),
            (&" ".repeat(MAX_JWKS_BYTES + 1), "it is larger than 1 MiB"),
            (
                r#"{"keys":[{"kty":"oct","k":"aGVsbG8"}]}"#,
                "it holds a secret or private key; only public keys belong there",
            ),
        ] {
            fs::write(&path, text).unwrap();
            let said = file.check().unwrap_err();
            assert_eq!(said, format!("{}: {what}", path.display()));
        }
        fs::write(&path, EMPTY).unwrap();
        assert_eq!(file.check(), Ok(()));
        let directory = KeyFile {
            path: folder.path().to_owned(),
            ..file
        };
        assert!(directory.check().unwrap_err().ends_with("it is not a file"));
    }

    /// A key of that id; nobody verifies with it.
    fn json_key(kid: &str) -> String {
        let part = "A".repeat(43);
        format!(r#"{{"kty":"EC","crv":"P-256","kid":"{kid}","x":"{part}","y":"{part}"}}"#)
    }
}
