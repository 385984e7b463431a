//! A child process that prints lines, and ends with the test.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// How long a process may take to say what a test waits for.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Default)]
struct Said {
    lines: Mutex<(Vec<String>, bool)>,
    more: Condvar,
}

/// A running child. Its standard output is read line by line, its standard error goes to a file.
pub(crate) struct Process {
    child: Child,
    said: Arc<Said>,
    log: PathBuf,
    ended: Option<ExitStatus>,
}

impl Process {
    /// Starts a command line; the log is written in `folder`.
    pub(crate) fn start(line: &[String], folder: &Path) -> Self {
        let mut command = Command::new(&line[0]);
        command.args(&line[1..]);
        Self::spawn(command, folder)
    }

    /// Starts a command.
    pub(crate) fn spawn(mut command: Command, folder: &Path) -> Self {
        let log = folder.join("stderr.log");
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .expect("a log file");
        // Its own group, so that what it starts (strace's child, an engine's helpers) ends with it.
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file)
            .process_group(0)
            .spawn()
            .unwrap_or_else(|e| panic!("cannot start {command:?}: {e}"));
        let said = Arc::new(Said::default());
        let output = child.stdout.take().expect("a pipe");
        let heard = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                let Ok(line) = line else { break };
                heard.lines.lock().expect("a lock").0.push(line);
                heard.more.notify_all();
            }
            heard.lines.lock().expect("a lock").1 = true;
            heard.more.notify_all();
        });
        Self {
            child,
            said,
            log,
            ended: None,
        }
    }

    /// Waits for a line that contains `sign`, and returns what follows `before` in it, to the next blank.
    pub(crate) fn wait_for_line(&self, sign: &str, before: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut lines = self.said.lines.lock().expect("a lock");
        loop {
            if let Some(line) = lines.0.iter().find(|l| l.contains(sign)) {
                let (_, rest) = line.split_once(before).expect("the text before it");
                return rest.split_whitespace().next().unwrap_or("").to_owned();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !lines.1,
                "the process said no {sign:?}:\n{}\n{}",
                lines.0.join("\n"),
                self.log_tail(),
            );
            (lines, _) = self.said.more.wait_timeout(lines, left).expect("a lock");
        }
    }

    /// The lines of standard output so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.said.lines.lock().expect("a lock").0.clone()
    }

    /// The end of standard error.
    pub(crate) fn log_tail(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal such as `TERM` to the process.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args(["-s", name, &self.id().to_string()])
            .status();
        assert!(status.is_ok_and(|s| s.success()), "kill -s {name}");
    }

    /// Waits for the end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        let mut lines = self.said.lines.lock().expect("a lock");
        while !lines.1 {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the process does not end");
            (lines, _) = self.said.more.wait_timeout(lines, left).expect("a lock");
        }
        drop(lines);
        let status = self.child.wait().expect("a status");
        self.ended = Some(status);
        status
    }

    /// Ends the process group at once.
    pub(crate) fn kill9(&mut self) {
        if self.ended.is_some() {
            return;
        }
        let group = format!("-{}", self.id());
        // The group may be gone already; the wait below tells.
        drop(
            Command::new("kill")
                .args(["-s", "KILL", "--", &group])
                .stderr(Stdio::null())
                .status(),
        );
        drop(self.child.kill());
        self.ended = Some(self.child.wait().expect("a status"));
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill9();
        if std::thread::panicking() {
            super::note::note(&format!(
                "--- end of the process's log\n{}",
                self.log_tail()
            ));
        }
    }
}
