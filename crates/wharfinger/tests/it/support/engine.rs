//! A docker engine of the test's own: its data, socket and configuration in a temporary directory.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::process::Process;
use super::tools;

/// A running engine; killed when dropped.
pub(crate) struct Engine {
    process: Process,
    socket: PathBuf,
    // Held for its drop, after the process.
    folder: TempDir,
}

impl Engine {
    /// Starts `dockerd` without network and waits until it answers. Needs root.
    pub(crate) fn start() -> Self {
        Self::start_with(&[], &[])
    }

    /// Starts an engine that reaches these registries (`host:port`, by plain HTTP) through a proxy, whatever their names
    /// resolve to.
    pub(crate) fn start_behind(proxy: &str, registries: &[String]) -> Self {
        let insecure = registries
            .iter()
            .map(|it| format!("--insecure-registry={it}"));
        let env = [("HTTP_PROXY", proxy), ("HTTPS_PROXY", proxy)];
        Self::start_with(&insecure.collect::<Vec<_>>(), &env)
    }

    fn start_with(args: &[String], env: &[(&str, &str)]) -> Self {
        // Paths of sockets must be short: not below the test's own folder.
        let folder = tempfile::Builder::new()
            .prefix("wd")
            .tempdir()
            .expect("a temporary directory");
        let path = |name: &str| folder.path().join(name);
        let socket = path("docker.sock");
        // The machine's own configuration is not ours.
        std::fs::write(path("daemon.json"), "{}").expect("a file");
        let mut command = Command::new("dockerd");
        command
            .args(["--iptables=false", "--bridge=none", "--storage-driver=vfs"])
            .arg("--config-file")
            .arg(path("daemon.json"))
            .arg("--data-root")
            .arg(path("data"))
            .arg("--exec-root")
            .arg(path("exec"))
            .arg("--pidfile")
            .arg(path("pid"))
            .arg("--host")
            .arg(format!("unix://{}", socket.display()));
        for name in tools::FOREIGN_ENV {
            command.env_remove(name);
        }
        command.args(args).envs(env.iter().copied());
        let process = Process::spawn(command, folder.path());
        let engine = Self {
            process,
            socket,
            folder,
        };
        engine.wait();
        engine
    }

    fn wait(&self) {
        for _ in 0..300 {
            let answers = tools::output(self.docker().arg("info")).status.success();
            if answers {
                return;
            }
            // Another process becomes ready: there is no event of ours to wait for.
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("dockerd does not answer:\n{}", self.process.log_tail());
    }

    /// The docker client, talking to this engine, with an own configuration.
    pub(crate) fn docker(&self) -> Command {
        let mut command = Command::new("docker");
        for (name, value) in self.env() {
            command.env(name, value);
        }
        command.env_remove("DOCKER_CONTEXT");
        command
    }

    /// What leads a docker client to this engine.
    pub(crate) fn env(&self) -> [(&'static str, String); 3] {
        let config = self.folder.path().join("config").display().to_string();
        [
            ("DOCKER_HOST", format!("unix://{}", self.socket.display())),
            ("DOCKER_CONFIG", config),
            // The engine's own builder: the other one needs a plug-in that not every client has.
            ("DOCKER_BUILDKIT", "0".to_owned()),
        ]
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Asked first, so that it takes its containerd along.
        self.process.signal("TERM");
        self.process.wait();
    }
}
