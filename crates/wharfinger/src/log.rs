//! Where log lines go and how they look: standard error, text or JSON.
use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::Failure;

/// Starts logging for the whole process.
pub(crate) fn start(json: bool, level: &str) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(level)
        .map_err(|error| Failure::new(format!("log.level: `{level}`: {error}")))?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let started = if json {
        lines.json().flatten_event(true).try_init()
    } else {
        lines.with_ansi(std::io::stderr().is_terminal()).try_init()
    };
    started.map_err(|error| Failure::new(format!("cannot start logging: {error}")))
}
