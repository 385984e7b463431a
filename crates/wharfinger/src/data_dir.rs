//! The data directory: who may look into it, and that only one server uses it.
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, Mode, flock};

use crate::Failure;

/// The lock on a data directory; released when dropped, or by the system when the process ends however it does.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the directory if it is not there, and locks it.
    pub(crate) fn lock(path: &Path) -> Result<Self, Failure> {
        // Whatever is made from here on, by whatever library, is for this user alone.
        rustix::process::umask(Mode::RWXG | Mode::RWXO);
        let cannot = |what: &str, error: std::io::Error| {
            Failure::new(format!("{what} {}: {error}", path.display()))
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(|error| cannot("cannot make the data directory", error))?;
        let metadata = path
            .metadata()
            .map_err(|error| cannot("cannot look at", error))?;
        // Not changed here: the directory may be one that others share.
        if metadata.permissions().mode() & 0o077 != 0 {
            tracing::warn!(directory = %path.display(), "other users may look into the data directory");
        }
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path.join("lock"))
            .map_err(|error| cannot("cannot open the lock in", error))?;
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            let mut holder = String::new();
            // The number only helps to find the other one.
            lock.read_to_string(&mut holder).unwrap_or_default();
            return Err(Failure::new(format!(
                "another wharfinger (process {}) already serves {}",
                holder.trim(),
                path.display()
            )));
        }
        let owned = lock
            .set_len(0)
            .and_then(|()| writeln!(lock, "{}", std::process::id()));
        owned.map_err(|error| cannot("cannot write the lock in", error))?;
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Writes a small file that is complete or not there, readable by its owner only.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    write_whole(path, bytes, 0o600)
}

/// Writes a small file that is complete or not there; the process's umask narrows the mode.
pub(crate) fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> std::io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)?;
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_server_is_refused_and_told_who_holds_the_lock() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/b");
        let first = DataDir::lock(&path).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        let refused = DataDir::lock(&path).unwrap_err().to_string();
        assert!(
            refused.contains(&std::process::id().to_string()),
            "{refused}"
        );
        assert!(refused.contains("already serves"), "{refused}");
        drop(first);
        assert!(DataDir::lock(&path).is_ok());
    }

    #[test]
    fn a_private_file_is_for_its_owner() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret.json");
        for text in ["a longer text", "short"] {
            write_private(&path, text.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
