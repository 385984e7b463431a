//! The servers that are measured: started as processes, on loopback, in directories of their own.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::api::{Api, Called, Key};
use super::client::Client;
use super::content::{Layer, MEDIA_TYPE};
use crate::ci::{cargo, target_folder};

/// How long a server may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);

/// The repository that everything is pushed to.
pub(super) const REPOSITORY: &str = "bench/app";

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Wharfinger,
    DockerRegistry,
    Nginx,
    /// No server: the writer of stored objects alone, in this process.
    Pipeline,
    /// No server: the evaluation of policies alone, in this process.
    Evaluator,
}

impl Kind {
    pub(super) const ALL: &[Self] = &[
        Self::Wharfinger,
        Self::DockerRegistry,
        Self::Nginx,
        Self::Pipeline,
        Self::Evaluator,
    ];
    /// Those that take pushes.
    pub(super) const REGISTRIES: &[Self] = &[Self::Wharfinger, Self::DockerRegistry];
    pub(super) const SERVERS: &[Self] = &[Self::Wharfinger, Self::DockerRegistry, Self::Nginx];

    /// Its name in results: never changed, old results are read.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Wharfinger => "wharfinger",
            Self::DockerRegistry => "docker-registry",
            Self::Nginx => "nginx",
            Self::Pipeline => "pipeline",
            Self::Evaluator => "evaluator",
        }
    }
}

/// A running server; ended, and its directory removed, when dropped.
pub(super) struct Server {
    kind: Kind,
    child: Child,
    command: Command,
    pub(super) authority: String,
    pub(super) authorization: Option<String>,
    key: Option<Key>,
    /// Held until the process has ended.
    place: TempDir,
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
    fs::copy(target_folder()?.join("release/wharfinger"), &program)
        .map_err(|e| format!("copying wharfinger: {e}"))?;
    Ok(program)
}

/// An empty directory below `folder`, with a name that can be read.
///
/// # Errors
/// When it cannot be made.
pub(super) fn place(kind: Kind, folder: &Path) -> Result<TempDir, String> {
    tempfile::Builder::new()
        .prefix(&format!("{}-", kind.name()))
        .tempdir_in(folder)
        .map_err(|e| format!("a directory below {}: {e}", folder.display()))
}

impl Server {
    /// Starts a server in an empty directory and makes the repository, where one is needed. `settings`: environment
    /// variables of wharfinger.
    ///
    /// # Errors
    /// When it does not serve.
    pub(super) fn start(
        kind: Kind,
        program: &Path,
        folder: &Path,
        settings: &[(&str, String)],
    ) -> Result<Self, String> {
        let mut server = Self::spawn(kind, program, folder, settings)?;
        server.wait()?;
        if kind == Kind::Wharfinger {
            let key = Key::of(program, &server.data_dir())?;
            server.authorization = Some(server.prepare(&key)?);
            server.key = Some(key);
        }
        Ok(server)
    }

    /// Starts a server in an empty directory, and does not wait for it.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub(super) fn spawn(
        kind: Kind,
        program: &Path,
        folder: &Path,
        settings: &[(&str, String)],
    ) -> Result<Self, String> {
        let place = place(kind, folder)?;
        let port = free_port().map_err(|e| format!("a port: {e}"))?;
        let authority = format!("127.0.0.1:{port}");
        let mut command = match kind {
            Kind::Wharfinger => wharfinger(program, place.path(), &authority),
            Kind::DockerRegistry => docker_registry(place.path(), &authority)?,
            Kind::Nginx => nginx(place.path(), &authority)?,
            Kind::Pipeline | Kind::Evaluator => return Err("that is no server".to_owned()),
        };
        if kind == Kind::Wharfinger {
            command.envs(settings.iter().map(|(name, value)| (name, value)));
        }
        let log = File::create(place.path().join("log")).map_err(|e| format!("a log: {e}"))?;
        let said = log.try_clone().map_err(|e| format!("a log: {e}"))?;
        command.stdin(Stdio::null()).stdout(said).stderr(log);
        Ok(Self {
            kind,
            child: spawn(kind, &mut command)?,
            command,
            authority,
            authorization: None,
            key: None,
            place,
        })
    }

    /// Starts a server that was ended again, in the same directory; does not wait for it.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub(super) fn restart(&mut self) -> Result<(), String> {
        self.child = spawn(self.kind, &mut self.command)?;
        Ok(())
    }

    /// The process that was started.
    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// A connection with the registry's credentials.
    pub(super) fn client(&self) -> Result<Client, String> {
        Client::connect(&self.authority, self.authorization.as_deref())
    }

    /// A connection for the API.
    ///
    /// # Errors
    /// When it is not wharfinger.
    pub(super) fn api(&self) -> Result<Api<'_>, String> {
        let key = self.key.as_ref();
        let key = key.ok_or_else(|| format!("{} has no API", self.kind.name()))?;
        Api::connect(&self.authority, key)
    }

    fn data_dir(&self) -> PathBuf {
        self.place.path().join("data")
    }

    /// What it has said so far.
    fn log(&self) -> String {
        fs::read_to_string(self.place.path().join("log")).unwrap_or_default()
    }

    fn wait(&mut self) -> Result<(), String> {
        // Wharfinger listens before its keys are there, and says when it serves.
        self.poll(Duration::from_millis(10), |server| {
            let serves = server.kind != Kind::Wharfinger || server.log().contains("serves http://");
            serves && TcpStream::connect(&server.authority).is_ok()
        })
    }

    /// Waits until a path is answered with 200.
    ///
    /// # Errors
    /// When the process ends before, or takes too long.
    pub(super) fn wait_for(&mut self, path: &str) -> Result<(), String> {
        self.poll(Duration::from_micros(500), |server| {
            let reply = server.client().and_then(|mut c| c.fetch(path, &[]));
            reply.is_ok_and(|(status, _)| status == 200)
        })
    }

    fn poll(&mut self, pause: Duration, ready: impl Fn(&Self) -> bool) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        while !ready(self) {
            let ended = self.child.try_wait().map_err(|e| e.to_string())?;
            if ended.is_some() || Instant::now() > deadline {
                return Err(format!(
                    "{} does not serve:\n{}",
                    self.kind.name(),
                    self.log()
                ));
            }
            // Another process becomes ready: there is no event of ours to wait for.
            std::thread::sleep(pause);
        }
        Ok(())
    }

    /// Makes the repository, and the `Authorization` header of registry requests.
    fn prepare(&self, key: &Key) -> Result<String, String> {
        let mut api = Api::connect(&self.authority, key)?;
        let create = json!({"repositoryName": REPOSITORY}).to_string();
        api.call("CreateRepository", create.as_bytes())
            .and_then(Called::done)?;
        api.password()
    }

    /// Puts a file where nginx serves it, `write` its bytes.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn put_file(
        &self,
        path: &str,
        write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
    ) -> Result<(), String> {
        let path = self
            .place
            .path()
            .join("www")
            .join(path.trim_start_matches('/'));
        let folder = path.parent().unwrap_or(self.place.path());
        let written = fs::create_dir_all(folder)
            .and_then(|()| File::create(&path))
            .and_then(|file| write(&mut BufWriter::new(file)));
        written.map_err(|e| format!("{}: {e}", path.display()))
    }

    /// Puts a layer where nginx serves it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn put_layer_file(&self, layer: &Layer) -> Result<(), String> {
        let path = format!("/v2/{REPOSITORY}/blobs/{}", layer.digest);
        self.put_file(&path, |file| layer.write_to(file))
    }

    /// Transactions so far that waited for the disk; `None` for a server that does not tell.
    pub(super) fn durable_waits(&self) -> Result<Option<u64>, String> {
        if self.kind != Kind::Wharfinger {
            return Ok(None);
        }
        let ask = || -> std::io::Result<String> {
            // By the directory's descriptor: a socket's own path must be short.
            let folder = File::open(self.data_dir())?;
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

    /// Ends the process and waits for its end.
    pub(super) fn end(&mut self) {
        // Asked, not killed, so that nginx takes its workers along.
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            let id = self.child.id().to_string();
            drop(Command::new("kill").args(["-s", "TERM", &id]).status());
            drop(self.child.wait());
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

fn spawn(kind: Kind, command: &mut Command) -> Result<Child, String> {
    command
        .spawn()
        .map_err(|e| format!("{} cannot be started: {e}", kind.name()))
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

/// Files, at the paths at which a registry serves their bytes; the access log on.
fn nginx(place: &Path, authority: &str) -> Result<Command, String> {
    let config = place.join("nginx.conf");
    let text = format!(
        "daemon off;\nworker_processes auto;\nuser root;\npid {place}/pid;\nerror_log {place}/error.log;\n\
         events {{ worker_connections 256; }}\n\
         http {{\n  access_log {place}/access.log;\n  sendfile on;\n  tcp_nopush on;\n  keepalive_requests 100000000;\n\
         \x20 default_type {MEDIA_TYPE};\n  server {{ listen {authority}; root {place}/www; }}\n}}\n",
        place = place.display()
    );
    fs::create_dir_all(place.join("www"))
        .and_then(|()| fs::write(&config, text))
        .map_err(|e| format!("{}: {e}", place.display()))?;
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
