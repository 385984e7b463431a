//! What the figures were measured on.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// Instructions that hashing and sealing live on.
const FLAGS: &[&str] = &["sha_ni", "aes", "vaes", "avx2", "avx512f"];

/// Waits for the disk that are timed.
const WAITS: u32 = 200;

/// A machine, as it was when the run began.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Machine {
    /// The processor's name for itself.
    pub(super) cpu: String,
    pub(super) cores: usize,
    pub(super) flags: BTreeMap<String, bool>,
    /// Seconds of one small durable write, when nobody else writes.
    pub(super) disk_wait_s: f64,
    /// Runnable processes, on average over the minute before.
    pub(super) load_before: Option<f64>,
    /// What the programs beside ours say they are.
    pub(super) versions: BTreeMap<String, String>,
}

impl Machine {
    /// This machine; `folder` lies on the disk that is measured.
    ///
    /// # Errors
    /// When the disk cannot be written.
    pub(super) fn here(folder: &Path) -> Result<Self, String> {
        let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let field = |name: &str| {
            let line = info.lines().find(|l| l.starts_with(name))?;
            line.split_once(':').map(|(_, value)| value.trim())
        };
        let flags: Vec<&str> = field("flags").unwrap_or_default().split(' ').collect();
        let load = fs::read_to_string("/proc/loadavg").ok();
        let versions = [
            ("docker-registry", "--version"),
            ("nginx", "-v"),
            ("wrk", "-v"),
        ];
        Ok(Self {
            cpu: field("model name").unwrap_or("unknown").to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            flags: FLAGS
                .iter()
                .map(|f| ((*f).to_owned(), flags.contains(f)))
                .collect(),
            load_before: load.and_then(|text| text.split(' ').next()?.parse().ok()),
            disk_wait_s: disk_wait(folder)
                .map_err(|e| format!("timing the disk: {e}"))?
                .as_secs_f64(),
            versions: versions
                .into_iter()
                .filter_map(|(program, flag)| Some((program.to_owned(), version(program, flag)?)))
                .collect(),
        })
    }

    /// Whether the processor seals several blocks at once.
    pub(super) fn has_vaes(&self) -> bool {
        self.flags.get("vaes").is_some_and(|has| *has)
    }

    /// In a few lines of Markdown.
    pub(super) fn describe(&self) -> String {
        let flags: Vec<String> = self
            .flags
            .iter()
            .map(|(flag, has)| format!("`{flag}` {}", if *has { "yes" } else { "no" }))
            .collect();
        let versions: Vec<&str> = self.versions.values().map(String::as_str).collect();
        let load = self.load_before;
        let load = load.map_or_else(|| "unknown".to_owned(), |l| format!("{l:.1}"));
        format!(
            "- CPU: {}, {} cores; flags: {}\n\
             - one wait for the disk (4 KiB written at the end of a file, fdatasync), alone: {:.2} ms\n\
             - load of the machine when the run began: {load}\n\
             - beside: {}",
            self.cpu,
            self.cores,
            flags.join(", "),
            self.disk_wait_s * 1e3,
            versions.join("; "),
        )
    }
}

/// The first line that a program says of itself.
fn version(program: &str, flag: &str) -> Option<String> {
    let done = Command::new(program).arg(flag).output().ok()?;
    let text = [done.stdout, done.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().find(|line| !line.trim().is_empty())?;
    Some(line.chars().take(60).collect())
}

/// How long one small durable write takes.
fn disk_wait(folder: &Path) -> std::io::Result<Duration> {
    let mut file = File::create(folder.join("wait"))?;
    let begin = Instant::now();
    for _ in 0..WAITS {
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
    }
    Ok(begin.elapsed() / WAITS)
}
