//! What a server's process has used so far, as the system counts it.

use super::Server;

/// Ticks of a second, in which Linux tells processor time to programs.
const TICKS: u64 = 100;

/// Memory and processor time up to a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Used {
    /// The most memory that was held at once, KiB.
    pub(crate) peak_kib: u64,
    /// Milliseconds of processor time of all threads.
    pub(crate) cpu_ms: u64,
}

impl Used {
    /// What the server has used by now.
    pub(crate) fn by(server: &mut Server) -> Self {
        let id = server.process().id();
        let read = |name: &str| {
            std::fs::read_to_string(format!("/proc/{id}/{name}")).expect("the process")
        };
        let status = read("status");
        let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
        let peak = line.and_then(|l| l.split_whitespace().next()?.parse().ok());
        let stat = read("stat");
        // Behind the program's name, which may have blanks: fields 14 and 15 of all.
        let (_, rest) = stat.rsplit_once(')').expect("a name");
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let ticks: u64 = fields[11..13]
            .iter()
            .map(|field| field.parse::<u64>().expect("ticks"))
            .sum();
        Self {
            peak_kib: peak.expect("a number of KiB"),
            cpu_ms: ticks * 1_000 / TICKS,
        }
    }

    /// What was used since an earlier moment.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            peak_kib: self.peak_kib.saturating_sub(before.peak_kib),
            cpu_ms: self.cpu_ms.saturating_sub(before.cpu_ms),
        }
    }
}
