//! What the binary decides once, at start.
use std::path::PathBuf;

use wharf_identity::Secret;
use wharf_wire::ids::{AccountId, Region};

use crate::oidc::KeyFile;
use crate::{Micros, OutboundSettings};

/// How closely ECR is followed where the OCI text says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compat {
    /// ECR's API, and the whole of OCI distribution 1.1 beside it.
    #[default]
    Extended,
    /// As ECR, its oddities included: see [`crate::deviations`].
    Strict,
}

/// Settings of a [`crate::Service`].
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where everything that is kept lies: `metadata.db`, `objects/`, `root.key`.
    pub data_dir: PathBuf,
    /// The account that first start makes.
    pub account: AccountId,
    /// The region that tokens and answers name when a request names none.
    pub region: Region,
    /// The regions this registry serves; a request for another is refused.
    pub regions: Vec<Region>,
    /// The first account's root access key, which the binary has put in a file before.
    pub root_credentials: RootCredentials,
    /// Wall time in microseconds since 1970: the binary alone reads the clock.
    pub wall: fn() -> Micros,
    /// Whether the domain clock may be moved and failpoints armed.
    pub allow_testing: bool,
    /// Which differences from ECR are in force.
    pub compat: Compat,
    /// How long deleted things stay in the trash, in days.
    pub trash_days: u32,
    /// Uploads are refused when the disk has less than this many bytes free.
    pub low_disk_bytes: u64,
    /// Bytes of request bodies in flight in the whole process.
    pub byte_budget: usize,
    /// What connections from here trust, and where they may go.
    pub outbound: OutboundSettings,
    /// The keys of identity providers that are not asked for them.
    pub oidc_keys: Vec<KeyFile>,
}

/// The access key of an account's root.
#[derive(Clone, Debug)]
pub struct RootCredentials {
    pub access_key_id: String,
    pub secret: Secret,
}

impl RootCredentials {
    /// A new random key.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn generate() -> crate::Result<Self> {
        let made = wharf_identity::new_access_key_id().and_then(|access_key_id| {
            Ok(Self {
                access_key_id,
                secret: wharf_identity::new_secret()?,
            })
        });
        made.map_err(crate::Error::internal)
    }
}
