//! The registry that is measured: started as a process, on loopback.

use std::fs::{self, File};
use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::Client;

/// How long a server may take to be ready.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running server; ended when dropped.
pub(super) struct Server {
    child: Child,
    pub(super) authority: String,
    pub(super) data_dir: PathBuf,
    pub(super) key: Key,
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
            key: Key::default(),
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
        server.key = Key::of(program, &server.data_dir)?;
        Ok(server)
    }

    /// A connection that signs, or, for the registry protocol, has a password.
    pub(super) fn client(&self) -> Result<Client, String> {
        let mut client = Client::connect(&self.authority, &self.key)?;
        let token = client.call("GetAuthorizationToken", &json!({}))?;
        let token = token
            .pointer("/authorizationData/0/authorizationToken")
            .and_then(Value::as_str)
            .ok_or("no token")?;
        client.password = format!("Basic {token}");
        Ok(client)
    }

    /// Bytes of memory that it has in use.
    pub(super) fn memory(&self) -> Result<u64, String> {
        let path = format!("/proc/{}/status", self.child.id());
        let text = fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok())
            .map(|kib| kib * 1_024)
            .ok_or_else(|| format!("{path}: no VmRSS"))
    }
}

/// Whether /readyz answers 200.
fn is_ready(authority: &str) -> bool {
    let ask = || -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(authority)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let request =
            format!("GET /readyz HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n");
        std::io::Write::write_all(&mut stream, request.as_bytes())?;
        let mut answer = Vec::new();
        stream.take(4_096).read_to_end(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with(b"HTTP/1.1 200"))
}

impl Drop for Server {
    fn drop(&mut self) {
        let id = self.child.id().to_string();
        drop(Command::new("kill").args(["-s", "TERM", &id]).status());
        drop(self.child.wait());
    }
}

/// The root access key of a data directory.
#[derive(Default, Clone)]
pub(super) struct Key {
    pub(super) id: String,
    pub(super) secret: String,
}

impl Key {
    pub(super) fn of(program: &Path, data_dir: &Path) -> Result<Self, String> {
        let done = Command::new(program)
            .args(["env", "--data-dir"])
            .arg(data_dir)
            .output()
            .map_err(|e| format!("wharfinger env: {e}"))?;
        let text = String::from_utf8_lossy(&done.stdout);
        let value = |name: &str| {
            let line = text.lines().find_map(|l| l.split_once(&format!("{name}=")));
            line.map(|(_, value)| value.trim_matches(['\'', '"', ';']).to_owned())
                .ok_or_else(|| format!("wharfinger env says no {name}"))
        };
        Ok(Self {
            id: value("AWS_ACCESS_KEY_ID")?,
            secret: value("AWS_SECRET_ACCESS_KEY")?,
        })
    }
}
