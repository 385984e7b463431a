//! The certificate of the main listeners: read at start, and again whenever it changes.
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::MissedTickBehavior;
use wharf_http::edge::Tls;
use wharf_http::edge::tls::{Identity, Roots, Validity};

use crate::Failure;
use crate::serve::wall_seconds;

pub(crate) mod dev;
mod names;

/// The authority's file beside a certificate of `wharfinger tls dev`.
const AUTHORITY: &str = "ca.pem";

/// How often the files are looked at. They are small, and no system call tells of every way to replace them.
const LOOK: Duration = Duration::from_secs(2);

/// More than any chain or bundle: the largest is the list of public authorities, some 300 KiB.
const FILE_BYTES: u64 = 4 << 20;

/// A certificate that ends sooner is warned of, in seconds.
const SOON: i64 = 14 * 24 * 60 * 60;

/// Where the chain and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Files {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

/// What the two files hold, or why they cannot be read.
#[derive(Debug)]
struct Texts {
    cert: Result<Vec<u8>, String>,
    key: Result<Vec<u8>, String>,
}

/// What is in use, and how to know that the files hold something else.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) tls: Tls,
    files: Files,
    validity: Validity,
    print: u64,
}

/// Reads a file that has to be small.
pub(crate) fn read_small(path: &Path) -> Result<Vec<u8>, Failure> {
    small(path).map_err(Failure::new)
}

fn small(path: &Path) -> Result<Vec<u8>, String> {
    let read = || {
        let mut bytes = Vec::new();
        // One byte more tells a file of the largest size from a larger one.
        File::open(path)?
            .take(FILE_BYTES + 1)
            .read_to_end(&mut bytes)?;
        Ok::<_, std::io::Error>(bytes)
    };
    let bytes = read().map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > FILE_BYTES) {
        return Err(format!("{} is larger than 4 MiB", path.display()));
    }
    Ok(bytes)
}

impl Files {
    /// Reads both files and puts them to use; what is doubtful about them is logged.
    pub(crate) fn serve(self, public_host: Option<&str>) -> Result<Served, Failure> {
        let texts = self.texts();
        let identity = self.identity(&texts).map_err(Failure::new)?;
        for warning in self.warnings(&identity, public_host) {
            tracing::warn!("{warning}");
        }
        Ok(Served {
            tls: Tls::new(&identity),
            validity: identity.validity(),
            print: texts.print(),
            files: self,
        })
    }

    /// Reads both files as `serve` would, and tells what is doubtful about them.
    pub(crate) fn check(&self, public_host: Option<&str>) -> Result<Vec<String>, Failure> {
        let identity = self.identity(&self.texts()).map_err(Failure::new)?;
        Ok(self.warnings(&identity, public_host))
    }

    fn texts(&self) -> Texts {
        Texts {
            cert: small(&self.cert),
            key: small(&self.key),
        }
    }

    fn identity(&self, texts: &Texts) -> Result<Identity, String> {
        let (cert, key) = (texts.cert.as_ref()?, texts.key.as_ref()?);
        Identity::from_pem(cert, key).map_err(|(of_key, error)| {
            let (name, path) = if of_key {
                ("tls.key", &self.key)
            } else {
                ("tls.cert", &self.cert)
            };
            format!("{name}: {}: {error}", path.display())
        })
    }

    fn warnings(&self, identity: &Identity, public_host: Option<&str>) -> Vec<String> {
        let mut warnings: Vec<String> = Standing::of(identity.validity(), wall_seconds())
            .warning(&self.cert, identity.validity())
            .into_iter()
            .collect();
        // An error was told by reading the file.
        let mode = self.key.metadata().map_or(0, |m| m.permissions().mode());
        if mode & 0o007 != 0 {
            let path = self.key.display();
            warnings.push(format!(
                "{path}: every user of this machine may use the private key"
            ));
        }
        if let Some(host) = public_host.filter(|host| !identity.names(host)) {
            let path = self.cert.display();
            warnings.push(format!(
                "{path} does not name {host}, which `public_url` tells clients to use"
            ));
        }
        warnings
    }

    /// The authority beside the certificate, if it is the one that clients need to trust.
    pub(crate) fn authority(&self) -> Option<PathBuf> {
        let path = std::path::absolute(&self.cert)
            .ok()?
            .with_file_name(AUTHORITY);
        let roots = Roots::from_pem(&small(&path).ok()?).ok()?;
        let now = u64::try_from(wall_seconds()).ok()?;
        roots.trusts(&small(&self.cert).ok()?, now).ok()?;
        Some(path)
    }
}

impl Texts {
    /// Differs when anything that was read differs.
    fn print(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.cert.hash(&mut hasher);
        self.key.hash(&mut hasher);
        hasher.finish()
    }
}

/// How a certificate stands to the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Early,
    Good,
    Soon,
    Expired,
}

impl Standing {
    fn of(validity: Validity, now: i64) -> Self {
        if now < validity.from {
            Self::Early
        } else if now > validity.until {
            Self::Expired
        } else if now > validity.until.saturating_sub(SOON) {
            Self::Soon
        } else {
            Self::Good
        }
    }

    /// Clients would refuse such a certificate, but a registry that does not start helps nobody.
    fn warning(self, path: &Path, validity: Validity) -> Option<String> {
        let path = path.display();
        let until = date(validity.until);
        match self {
            Self::Good => None,
            Self::Early => {
                let from = date(validity.from);
                Some(format!(
                    "{path}: the certificate is not valid before {from}"
                ))
            }
            Self::Soon => Some(format!("{path}: the certificate expires at {until}")),
            Self::Expired => Some(format!("{path}: the certificate expired at {until}")),
        }
    }
}

/// Seconds since 1970 as people write them.
fn date(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_far| "?".to_owned(), |t| t.to_string())
}

/// SIGHUP, heard from the moment this is made.
pub(crate) fn hangup() -> Result<Signal, Failure> {
    signal(SignalKind::hangup())
        .map_err(|error| Failure::new(format!("cannot listen for signals: {error}")))
}

/// What a look at the files may lead to.
#[derive(Debug, PartialEq, Eq)]
enum Finding {
    Nothing,
    Replaced,
    Broken(String),
}

/// Looks at the files for ever, at intervals and at SIGHUP; a broken pair is told and the old one kept.
pub(crate) async fn watch(mut served: Served, mut hangup: Signal) {
    let mut tick = tokio::time::interval(LOOK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut doubt = Doubt::default();
    let mut standing = Standing::of(served.validity, wall_seconds());
    loop {
        let asked = tokio::select! {
            _ = tick.tick() => false,
            _ = hangup.recv() => true,
        };
        let looked = tokio::task::spawn_blocking(move || {
            let finding = served.look(&mut doubt, asked);
            (served, doubt, finding)
        });
        let Ok((back, doubts, finding)) = looked.await else {
            // Only a panic, which the hook has logged, or the end of the process.
            return;
        };
        (served, doubt) = (back, doubts);
        let cert = served.files.cert.display();
        match finding {
            Finding::Nothing if asked => tracing::info!(%cert, "the certificate has not changed"),
            Finding::Nothing => {}
            Finding::Replaced => {
                let until = date(served.validity.until);
                tracing::info!(%cert, %until, "serving a new certificate");
            }
            Finding::Broken(why) => tracing::warn!("{why}; the old certificate stays in use"),
        }
        let now = Standing::of(served.validity, wall_seconds());
        if now != standing {
            standing = now;
            if let Some(warning) = now.warning(&served.files.cert, served.validity) {
                tracing::warn!("{warning}");
            }
        }
    }
}

/// What was seen that could not be used.
#[derive(Debug, Default)]
struct Doubt {
    /// Seen once: perhaps one of the two files is about to be replaced as well.
    seen: Option<u64>,
    /// Told, and not to be told at every look.
    told: Option<u64>,
}

impl Served {
    fn look(&mut self, doubt: &mut Doubt, asked: bool) -> Finding {
        let texts = self.files.texts();
        let print = texts.print();
        if print == self.print {
            *doubt = Doubt::default();
            return Finding::Nothing;
        }
        if doubt.told == Some(print) && !asked {
            return Finding::Nothing;
        }
        match self.files.identity(&texts) {
            Ok(identity) => {
                self.tls.replace(&identity);
                self.validity = identity.validity();
                self.print = print;
                *doubt = Doubt::default();
                Finding::Replaced
            }
            Err(why) if asked || doubt.seen == Some(print) => {
                doubt.told = Some(print);
                Finding::Broken(why)
            }
            Err(_first) => {
                doubt.seen = Some(print);
                Finding::Nothing
            }
        }
    }
}

#[cfg(test)]
mod tests;
