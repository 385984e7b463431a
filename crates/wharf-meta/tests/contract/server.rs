//! A `PostgreSQL` server in a temporary directory, for as long as a test runs.
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// The server; it is shut down by its process id when this is dropped.
pub struct Server {
    directory: TempDir,
    child: Child,
}

impl Server {
    /// Makes a database cluster with locale `C` and waits until it takes connections.
    pub fn start() -> Self {
        let directory = tempfile::Builder::new()
            .prefix("pg")
            .tempdir_in("/tmp")
            .unwrap();
        let owner = owner(directory.path());
        let data = directory.path().join("data");
        let mut initdb = program("initdb", owner);
        initdb.args([
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C",
            "--auth=trust",
            "--username=wharf",
            "--pgdata",
        ]);
        let made = initdb
            .arg(&data)
            .current_dir(directory.path())
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&made.stderr)
        );

        let mut postgres = program("postgres", owner);
        postgres
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(directory.path());
        for setting in [
            "listen_addresses=",
            "fsync=off",
            "max_connections=100",
            "shared_buffers=32MB",
        ] {
            postgres.args(["-c", setting]);
        }
        postgres
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = postgres.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut log = String::new();
        loop {
            let Some(Ok(line)) = lines.next() else {
                panic!("the server ended: {log}")
            };
            if line.contains("ready to accept connections") {
                break;
            }
            log.push_str(&line);
            log.push('\n');
        }
        // What it writes later must not fill the pipe; the thread ends with the server.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self { directory, child }
    }

    /// A connection string for a database of the server.
    pub fn database(&self, name: &str) -> String {
        format!(
            "host={} user=wharf dbname={name}",
            self.directory.path().display()
        )
    }

    /// A connection string for a new schema, which holds nothing yet.
    pub fn new_schema(&self, name: &str) -> String {
        self.execute(&format!("CREATE SCHEMA {name}"));
        format!(
            "{} options='-c search_path={name}'",
            self.database("postgres")
        )
    }

    /// Runs statements as the superuser of the server.
    pub fn execute(&self, sql: &str) {
        let (url, sql) = (self.database("postgres"), sql.to_owned());
        // The client does not work on a thread of the test's runtime.
        let run = move || postgres::Client::connect(&url, postgres::NoTls)?.batch_execute(&sql);
        std::thread::spawn(run).join().unwrap().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fast shutdown: it ends its sessions and then itself.
        let kill = Command::new("kill")
            .args(["-INT", &self.child.id().to_string()])
            .status();
        assert!(
            kill.is_ok_and(|status| status.success()),
            "the server cannot be told to end"
        );
        self.child.wait().unwrap();
    }
}

/// The server refuses to run as root, so root lends it to the user `postgres`.
fn owner(directory: &Path) -> Option<(u32, u32)> {
    let id = |args: &[&str]| -> u32 {
        let output = Command::new("id").args(args).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.trim()
            .parse()
            .unwrap_or_else(|_| panic!("`id {args:?}` says `{text}`; is there a user postgres?"))
    };
    if id(&["-u"]) != 0 {
        return None;
    }
    let owner = (id(&["-u", "postgres"]), id(&["-g", "postgres"]));
    std::os::unix::fs::chown(directory, Some(owner.0), Some(owner.1)).unwrap();
    Some(owner)
}

/// A program of `PostgreSQL`, from PATH or where Debian keeps the versions.
fn program(name: &str, owner: Option<(u32, u32)>) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| {
            entries
                .flatten()
                .map(|entry| entry.path().join("bin"))
                .collect()
        })
        .unwrap_or_default();
    versions.sort();
    places.extend(versions.into_iter().rev());
    let found = places
        .iter()
        .map(|place| place.join(name))
        .find(|program| program.is_file());
    let mut command = Command::new(found.unwrap_or_else(|| panic!("`{name}` is not installed")));
    if let Some((user, group)) = owner {
        command.uid(user).gid(group);
    }
    command
}
