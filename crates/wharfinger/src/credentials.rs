//! The root access key of the first account, in a file for `wharfinger env`, and where the registry listens.
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use wharf_registry::{RootCredentials, Secret};

use crate::Failure;
use crate::data_dir::write_private;

const CREDENTIALS: &str = "credentials.json";
const RUNNING: &str = "running.json";

/// `credentials.json`. Its secret is shown by no Debug output.
#[derive(Serialize, Deserialize)]
pub(crate) struct Credentials {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// `running.json`: how to reach the registry that ran here last.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Running {
    /// What `AWS_ENDPOINT_URL` is set to.
    pub(crate) endpoint: String,
    /// The main listeners' addresses.
    pub(crate) listen: Vec<String>,
    /// The operator's listener's address.
    pub(crate) operator: Option<String>,
    /// The file of the authority that clients need to trust, if it lies beside the certificate.
    #[serde(default)]
    pub(crate) ca: Option<PathBuf>,
    pub(crate) pid: u32,
}

/// Reads the credentials of a data directory; `None` if it has none (yet).
pub(crate) fn read(data_dir: &Path) -> Result<Option<Credentials>, Failure> {
    read_json(&data_dir.join(CREDENTIALS))
}

/// The credentials that the service is opened with: those of the file, or new ones that are written there first.
///
/// Written before the account exists, so that a crash between the two leaves a file that the next start uses.
pub(crate) fn load_or_create(
    data_dir: &Path,
    account: &str,
    region: &str,
) -> Result<RootCredentials, Failure> {
    if let Some(kept) = read(data_dir)? {
        return Ok(RootCredentials {
            access_key_id: kept.access_key_id,
            secret: Secret::new(kept.secret_access_key),
        });
    }
    let made = RootCredentials::generate()
        .map_err(|error| Failure::new(format!("cannot make an access key: {error}")))?;
    if data_dir.join("metadata.db").is_file() {
        tracing::warn!(
            "credentials.json is gone: `wharfinger env` has nothing to print until it is put back"
        );
        return Ok(made);
    }
    let file = Credentials {
        account: account.to_owned(),
        region: region.to_owned(),
        access_key_id: made.access_key_id.clone(),
        secret_access_key: made.secret.expose().to_owned(),
    };
    write(data_dir, &file)?;
    Ok(made)
}

/// Writes the credentials that `wharfinger env` prints.
pub(crate) fn write(data_dir: &Path, credentials: &Credentials) -> Result<(), Failure> {
    write_json(&data_dir.join(CREDENTIALS), credentials)
}

/// Remembers how to reach the registry.
pub(crate) fn write_running(data_dir: &Path, running: &Running) -> Result<(), Failure> {
    write_json(&data_dir.join(RUNNING), running)
}

/// How to reach the registry that ran here last.
pub(crate) fn read_running(data_dir: &Path) -> Result<Option<Running>, Failure> {
    read_json(&data_dir.join(RUNNING))
}

fn read_json<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<Option<T>, Failure> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(Failure::new(format!(
                "cannot read {}: {error}",
                path.display()
            )));
        }
    };
    // The parser's message may quote the text, which holds a secret: it is left out.
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(|_error| Failure::new(format!("{} is damaged", path.display())))
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), Failure> {
    let mut text =
        serde_json::to_vec_pretty(value).map_err(|error| Failure::new(error.to_string()))?;
    text.push(b'\n');
    write_private(path, &text)
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_start_uses_the_key_of_the_first() {
        let directory = tempfile::tempdir().unwrap();
        let first = load_or_create(directory.path(), "123456789012", "us-east-1").unwrap();
        let second = load_or_create(directory.path(), "123456789012", "us-east-1").unwrap();
        assert_eq!(first.access_key_id, second.access_key_id);
        assert_eq!(first.secret.expose(), second.secret.expose());
        let other = tempfile::tempdir().unwrap();
        let third = load_or_create(other.path(), "123456789012", "us-east-1").unwrap();
        assert_ne!(first.access_key_id, third.access_key_id);
        assert_ne!(first.secret.expose(), third.secret.expose());
    }

    #[test]
    fn no_file_is_made_for_a_registry_that_has_another_key() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("metadata.db"), "").unwrap();
        load_or_create(directory.path(), "123456789012", "us-east-1").unwrap();
        assert!(read(directory.path()).unwrap().is_none());
    }

    #[test]
    fn a_damaged_file_is_not_quoted() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(
            directory.path().join(CREDENTIALS),
            "{\"secret_access_key\":\"HUNTER2\"",
        )
        .unwrap();
        let refused = read(directory.path()).unwrap_err().to_string();
        assert!(
            refused.ends_with("is damaged") && !refused.contains("HUNTER2"),
            "{refused}"
        );
    }
}
