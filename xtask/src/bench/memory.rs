//! Memory of a process, from `/proc`.

use std::fs;

/// Megabytes (MiB) that a process holds now.
///
/// # Errors
/// When the process is gone.
pub(crate) fn resident(process: u32) -> Result<f64, String> {
    field(process, "VmRSS:")
}

/// The most megabytes (MiB) that a process has held since [`forget_peak`].
///
/// # Errors
/// When the process is gone.
pub(super) fn peak(process: u32) -> Result<f64, String> {
    field(process, "VmHWM:")
}

/// Lets the peak begin anew, at what is held now.
///
/// # Errors
/// When the process is gone, or another user's.
pub(super) fn forget_peak(process: u32) -> Result<(), String> {
    // 5: proc(5) names it as the one that resets the peak.
    fs::write(format!("/proc/{process}/clear_refs"), "5")
        .map_err(|e| format!("/proc/{process}/clear_refs: {e}"))
}

fn field(process: u32, name: &str) -> Result<f64, String> {
    let text = fs::read_to_string(format!("/proc/{process}/status"))
        .map_err(|e| format!("process {process}: {e}"))?;
    parse(&text, name).ok_or_else(|| format!("process {process}: no {name}"))
}

fn parse(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_told_in_megabytes() {
        let status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1536 kB\n";
        assert_eq!(parse(status, "VmHWM:"), Some(2.0));
        assert_eq!(parse(status, "VmRSS:"), Some(1.5));
        assert_eq!(parse(status, "VmSwap:"), None);
    }

    #[test]
    fn the_peak_is_that_since_it_was_forgotten() {
        let own = std::process::id();
        // Written to, so that it is held.
        let held = std::hint::black_box(vec![1_u8; 64 << 20]);
        assert!(peak(own).unwrap() >= 64.0);
        drop(held);
        forget_peak(own).unwrap();
        assert!(peak(own).unwrap() < 64.0 + resident(own).unwrap());
    }
}
