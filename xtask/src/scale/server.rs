//! The registry that is measured: started as a process, on loopback.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::bench::api::{Api, Key};
use crate::bench::client::{Client, Reply};

/// How long a server may take to be ready.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running server; ended when dropped.
pub(super) struct Server {
    child: Child,
    pub(super) authority: String,
    pub(super) data_dir: PathBuf,
    key: Option<Key>,
    /// From exec to 200 on /readyz.
    pub(super) start_up: Duration,
}

impl Server {
    pub(super) fn start(program: &Path, place: &Path) -> Result<Self, String> {
        fs::create_dir_all(place).map_err(|e| format!("{}: {e}", place.display()))?;
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let authority = format!(
            "127.0.0.1:{}",
            port.map_err(|e| format!("a port: {e}"))?.port()
        );
        let log = File::create(place.join("log")).map_err(|e| format!("a log: {e}"))?;
        let said = log.try_clone().map_err(|e| format!("a log: {e}"))?;
        let data_dir = place.join("data");
        let mut command = Command::new(program);
        command
            .args(["serve", "--listen", &authority, "--operator-listen", "off"])
            .arg("--data-dir")
            .arg(&data_dir)
            .stdin(Stdio::null())
            .stdout(said)
            .stderr(log);
        let begin = Instant::now();
        let child = command
            .spawn()
            .map_err(|e| format!("wharfinger cannot be started: {e}"))?;
        let mut server = Self {
            child,
            authority,
            data_dir,
            key: None,
            start_up: Duration::ZERO,
        };
        while !is_ready(&server.authority) {
            let ended = server.child.try_wait().map_err(|e| e.to_string())?;
            if ended.is_some() || begin.elapsed() > PATIENCE {
                let log = fs::read_to_string(place.join("log")).unwrap_or_default();
                return Err(format!("wharfinger is not ready:\n{log}"));
            }
            // Another process becomes ready: there is no event of ours to wait for.
            std::thread::sleep(Duration::from_millis(1));
        }
        server.start_up = begin.elapsed();
        server.key = Some(Key::of(program, &server.data_dir)?);
        Ok(server)
    }

    /// Connections for both protocols.
    pub(super) fn caller(&self) -> Result<Caller<'_>, String> {
        let key = self.key.as_ref().ok_or("no access key")?;
        let mut api = Api::connect(&self.authority, key)?;
        let password = api.password()?;
        let registry = Client::connect(&self.authority, Some(&password))?;
        Ok(Caller { api, registry })
    }

    /// The process that was started.
    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }
}

/// A client that speaks both protocols, one request at a time, each of which has to succeed.
pub(super) struct Caller<'a> {
    api: Api<'a>,
    registry: Client,
}

impl Caller<'_> {
    /// Calls an operation.
    pub(super) fn call(&mut self, operation: &str, body: &Value) -> Result<Value, String> {
        let body = body.to_string();
        self.api.call(operation, body.as_bytes())?.done()
    }

    /// Sends a request of the registry protocol, which has to be answered with a status.
    pub(super) fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        status: u16,
    ) -> Result<Reply, String> {
        let reply = self.registry.request(method, path, headers, body)?;
        reply
            .expect(status)
            .map_err(|e| format!("{method} {path}: {e}"))
    }
}

/// Whether /readyz answers 200.
fn is_ready(authority: &str) -> bool {
    let asked = Client::connect(authority, None).and_then(|mut c| c.fetch("/readyz", &[]));
    asked.is_ok_and(|(status, _)| status == 200)
}

impl Drop for Server {
    fn drop(&mut self) {
        let id = self.child.id().to_string();
        drop(Command::new("kill").args(["-s", "TERM", &id]).status());
        drop(self.child.wait());
    }
}
