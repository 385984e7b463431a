//! What connections from here trust, and where they may go.
use std::path::Path;

use wharf_http::edge::tls::Roots;
use wharf_registry::OutboundSettings;

use crate::Failure;
use crate::config::Config;
use crate::tls::read_small;

/// Where systems keep the authorities that are publicly trusted; the first that is there counts.
const SYSTEM: [&str; 5] = [
    // Debian, Alpine, Arch.
    "/etc/ssl/certs/ca-certificates.crt",
    // Fedora and its kin, old and new.
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    // SUSE.
    "/etc/ssl/ca-bundle.pem",
    // BSD, macOS.
    "/etc/ssl/cert.pem",
];

/// Reads what `outbound.*` and `oidc.*` name, so that a wrong file is told at the start and not when it is needed.
pub(crate) fn settings(config: &Config) -> Result<OutboundSettings, Failure> {
    for file in &config.oidc_keys {
        file.check()
            .map_err(|problem| Failure::new(format!("oidc.jwks: {problem}")))?;
    }
    let roots = match &config.outbound_ca {
        Some(path) => named(path)?,
        None => system(),
    };
    Ok(OutboundSettings {
        roots: roots.store(),
        allow_private: config.outbound_private,
        ..OutboundSettings::default()
    })
}

/// The authorities of `outbound.ca_file`.
fn named(path: &Path) -> Result<Roots, Failure> {
    let wrong = |what: &dyn std::fmt::Display| {
        Failure::new(format!("outbound.ca_file: {}: {what}", path.display()))
    };
    let text =
        read_small(path).map_err(|failure| Failure::new(format!("outbound.ca_file: {failure}")))?;
    Roots::from_pem(&text).map_err(|error| wrong(&error))
}

/// The system's authorities. A system without any is none to refuse: its providers have thumbprints, or files.
fn system() -> Roots {
    let mut texts = SYSTEM
        .iter()
        .filter_map(|path| read_small(Path::new(path)).ok());
    let roots = Roots::from_pem_in_part(&texts.next().unwrap_or_default());
    tracing::debug!(authorities = roots.count(), "the system's authorities");
    roots
}
