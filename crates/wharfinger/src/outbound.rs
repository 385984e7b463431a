//! What connections from here trust. Nothing connects out yet: the key is read so that a wrong one is told now.
use wharf_http::edge::tls::Roots;

use crate::Failure;
use crate::config::Config;
use crate::tls::read_small;

/// The authorities of `outbound.ca_file`, if it is set.
pub(crate) fn roots(config: &Config) -> Result<Option<Roots>, Failure> {
    let Some(path) = &config.outbound_ca else {
        return Ok(None);
    };
    let wrong = |what: &dyn std::fmt::Display| {
        Failure::new(format!("outbound.ca_file: {}: {what}", path.display()))
    };
    let text =
        read_small(path).map_err(|failure| Failure::new(format!("outbound.ca_file: {failure}")))?;
    let roots = Roots::from_pem(&text).map_err(|error| wrong(&error))?;
    Ok(Some(roots))
}
