//! What the figures were measured on.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// Instructions that hashing and sealing live on.
const FLAGS: &[&str] = &["sha_ni", "aes", "vaes", "avx2", "avx512f"];

/// Waits for the disk that are timed.
const WAITS: u32 = 200;

/// Runnable processes, on average over the last minute.
pub(super) fn load() -> Option<f64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split(' ').next()?.parse().ok()
}

/// The machine in a few lines of Markdown.
///
/// # Errors
/// When the disk cannot be written.
pub(super) fn describe(folder: &Path, load_before: Option<f64>) -> Result<String, String> {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = info.lines().find(|l| l.starts_with(name))?;
        line.split_once(':').map(|(_, value)| value.trim())
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let flags: Vec<&str> = field("flags").unwrap_or_default().split(' ').collect();
    let flags: Vec<String> = FLAGS
        .iter()
        .map(|f| format!("`{f}` {}", if flags.contains(f) { "yes" } else { "no" }))
        .collect();
    let wait = disk_wait(folder).map_err(|e| format!("timing the disk: {e}"))?;
    let model = field("model name").unwrap_or("unknown");
    let load = load_before.map_or_else(|| "unknown".to_owned(), |l| format!("{l:.1}"));
    Ok(format!(
        "- CPU: {model}, {cores} cores; flags: {}\n\
         - one wait for the disk (4 KiB written at the end of a file, fdatasync), alone: {:.2} ms\n\
         - load of the machine when the run began: {load}",
        flags.join(", "),
        wait.as_secs_f64() * 1e3,
    ))
}

/// How long one small durable write takes, when nobody else writes.
fn disk_wait(folder: &Path) -> std::io::Result<Duration> {
    let mut file = File::create(folder.join("wait"))?;
    let begin = Instant::now();
    for _ in 0..WAITS {
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
    }
    Ok(begin.elapsed() / WAITS)
}
