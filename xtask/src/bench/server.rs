//! The servers that are measured: started as processes, on loopback, in directories of their own.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};
use wharf_wire::oci::Digest;
use wharf_wire::sigv4::{SignedRequest, Signer, amz_date, sign};

use super::client::Client;
use super::work::{MEDIA_TYPE, REPOSITORY};
use crate::ci::cargo;

/// How long a server may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);

const REGION: &str = "us-east-1";

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Wharfinger,
    DockerRegistry,
    Nginx,
}

impl Kind {
    pub(super) const ALL: &[Self] = &[Self::Wharfinger, Self::DockerRegistry, Self::Nginx];

    /// Its program's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Wharfinger => "wharfinger",
            Self::DockerRegistry => "docker-registry",
            Self::Nginx => "nginx",
        }
    }

    pub(super) fn takes_pushes(self) -> bool {
        self != Self::Nginx
    }
}

/// A running server; ended when dropped.
pub(super) struct Server {
    child: Child,
    pub(super) authority: String,
    pub(super) authorization: Option<String>,
    data_dir: PathBuf,
    kind: Kind,
}

/// Builds what is measured; a copy in `folder` that no other build replaces meanwhile.
///
/// # Errors
/// When it does not build.
pub(super) fn build(root: &Path, folder: &Path) -> Result<PathBuf, String> {
    let status = Command::new(cargo())
        .args(["build", "--release", "-p", "wharfinger"])
        .current_dir(root)
        .status()
        .map_err(|e| format!("cargo: {e}"))?;
    if !status.success() {
        return Err("wharfinger does not build".to_owned());
    }
    let program = folder.join("wharfinger");
    fs::copy(root.join("target/release/wharfinger"), &program)
        .map_err(|e| format!("copying wharfinger: {e}"))?;
    Ok(program)
}

impl Server {
    /// Starts a server in an empty directory. nginx serves `manifest` as a file, the others hold nothing.
    pub(super) fn start(
        kind: Kind,
        program: &Path,
        place: &Path,
        manifest: &[u8],
    ) -> Result<Self, String> {
        fs::create_dir_all(place).map_err(|e| format!("{}: {e}", place.display()))?;
        let port = free_port().map_err(|e| format!("a port: {e}"))?;
        let authority = format!("127.0.0.1:{port}");
        let mut command = match kind {
            Kind::Wharfinger => wharfinger(program, place, &authority),
            Kind::DockerRegistry => docker_registry(place, &authority)?,
            Kind::Nginx => nginx(place, &authority, manifest)?,
        };
        let log = File::create(place.join("log")).map_err(|e| format!("a log: {e}"))?;
        let said = log.try_clone().map_err(|e| format!("a log: {e}"))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(said)
            .stderr(log)
            .spawn()
            .map_err(|e| format!("{} cannot be started: {e}", kind.name()))?;
        let mut server = Self {
            child,
            authority,
            authorization: None,
            data_dir: place.join("data"),
            kind,
        };
        server.wait(place)?;
        if kind == Kind::Wharfinger {
            server.authorization = Some(server.prepare(program)?);
        }
        Ok(server)
    }

    /// The process that was started.
    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }

    fn wait(&mut self, place: &Path) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        let log = || fs::read_to_string(place.join("log")).unwrap_or_default();
        // Wharfinger listens before its keys are there, and says when it serves.
        let ready = |server: &Self| {
            let serves = server.kind != Kind::Wharfinger || log().contains("serves http://");
            serves && TcpStream::connect(&server.authority).is_ok()
        };
        while !ready(self) {
            let ended = self.child.try_wait().map_err(|e| e.to_string())?;
            if ended.is_some() || Instant::now() > deadline {
                return Err(format!("{} does not listen:\n{}", self.kind.name(), log()));
            }
            // Another process becomes ready: there is no event of ours to wait for.
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Makes the repository, and the `Authorization` header of registry requests.
    fn prepare(&self, program: &Path) -> Result<String, String> {
        let key = Key::of(program, &self.data_dir)?;
        self.call(
            &key,
            "CreateRepository",
            &json!({"repositoryName": REPOSITORY}),
        )?;
        let answer = self.call(&key, "GetAuthorizationToken", &json!({}))?;
        let token = answer
            .pointer("/authorizationData/0/authorizationToken")
            .and_then(Value::as_str);
        let token = token.ok_or_else(|| format!("no token in {answer}"))?;
        Ok(format!("Basic {token}"))
    }

    fn call(&self, key: &Key, operation: &str, body: &Value) -> Result<Value, String> {
        let body = body.to_string();
        let time = now()?;
        let date = amz_date(time);
        let target = format!("{}.{operation}", wharf_wire::ecr::TARGET_PREFIX);
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-date", date.as_str()),
            ("x-amz-target", target.as_str()),
        ];
        let mut lent: Vec<(&str, &[u8])> = headers.map(|(k, v)| (k, v.as_bytes())).to_vec();
        lent.push(("host", self.authority.as_bytes()));
        let hash = Digest::of(body.as_bytes());
        let request = SignedRequest {
            method: "POST",
            path: "/",
            query: "",
            headers: &lent,
            body_sha256: Some(hash.hex()),
        };
        let signer = Signer {
            access_key_id: &key.id,
            secret: &key.secret,
            region: REGION,
            service: "ecr",
        };
        let authorization = sign(&request, &signer, time).map_err(|e| e.to_string())?;
        let mut client = Client::connect(&self.authority, Some(&authorization))?;
        let reply = client
            .request("POST", "/", &headers, body.as_bytes())?
            .expect(200)?;
        serde_json::from_slice(&reply.body).map_err(|e| format!("{operation}: {e}"))
    }

    /// Transactions so far that waited for the disk; `None` for a server that does not tell.
    pub(super) fn durable_waits(&self) -> Result<Option<u64>, String> {
        if self.kind != Kind::Wharfinger {
            return Ok(None);
        }
        let ask = || -> std::io::Result<String> {
            // By the directory's descriptor: a socket's own path must be short.
            let folder = File::open(&self.data_dir)?;
            let path = format!("/proc/self/fd/{}/admin.sock", folder.as_raw_fd());
            let mut socket = UnixStream::connect(path)?;
            socket.write_all(b"{\"op\":\"commits\"}\n")?;
            let mut line = String::new();
            BufReader::new(socket).read_line(&mut line)?;
            Ok(line)
        };
        let line = ask().map_err(|e| format!("the administration socket: {e}"))?;
        let answer: Value = serde_json::from_str(&line).map_err(|e| format!("{line}: {e}"))?;
        Ok(answer.get("hard_closures").and_then(Value::as_u64))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Asked, not killed, so that nginx takes its workers along.
        let id = self.child.id().to_string();
        drop(Command::new("kill").args(["-s", "TERM", &id]).status());
        drop(self.child.wait());
    }
}

/// The root access key of a data directory.
struct Key {
    id: String,
    secret: String,
}

impl Key {
    fn of(program: &Path, data_dir: &Path) -> Result<Self, String> {
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

fn wharfinger(program: &Path, place: &Path, authority: &str) -> Command {
    let mut command = Command::new(program);
    command
        .args(["serve", "--listen", authority])
        .args(["--operator-listen", "127.0.0.1:0"])
        .arg("--data-dir")
        .arg(place.join("data"));
    command
}

/// As Debian packages it: files, nobody asked who they are, the access log on.
fn docker_registry(place: &Path, authority: &str) -> Result<Command, String> {
    let config = place.join("config.yml");
    let text = format!(
        "version: 0.1\nlog:\n  level: info\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: {authority}\n",
        place.join("data").display()
    );
    fs::write(&config, text).map_err(|e| format!("{}: {e}", config.display()))?;
    let mut command = Command::new("docker-registry");
    command.arg("serve").arg(config);
    Ok(command)
}

/// One file, at the path at which a registry serves the manifest; the access log on.
fn nginx(place: &Path, authority: &str, manifest: &[u8]) -> Result<Command, String> {
    let folder = place.join(format!("www/v2/{REPOSITORY}/manifests"));
    let config = place.join("nginx.conf");
    let text = format!(
        "daemon off;\nworker_processes auto;\nuser root;\npid {place}/pid;\nerror_log {place}/error.log;\n\
         events {{ worker_connections 256; }}\n\
         http {{\n  access_log {place}/access.log;\n  sendfile on;\n  tcp_nopush on;\n  keepalive_requests 100000000;\n\
         \x20 default_type {MEDIA_TYPE};\n  server {{ listen {authority}; root {place}/www; }}\n}}\n",
        place = place.display()
    );
    let made = fs::create_dir_all(&folder)
        .and_then(|()| fs::write(folder.join("v1"), manifest))
        .and_then(|()| fs::write(&config, text));
    made.map_err(|e| format!("{}: {e}", place.display()))?;
    let mut command = Command::new("nginx");
    command
        .arg("-c")
        .arg(config)
        .arg("-e")
        .arg(place.join("error.log"));
    Ok(command)
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Microseconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "a client's own clock, for its signature"
)]
fn now() -> Result<i64, String> {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_err(|e| format!("the clock: {e}"))?;
    i64::try_from(since.as_micros()).map_err(|e| format!("the clock: {e}"))
}
