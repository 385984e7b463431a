//! A started Wharfinger, and how the tests speak to it.
//!
//! ```ignore
//! let server = Server::start(Options::default());
//! server.create_repository("app");
//! let registry = server.registry();
//! let image = Image::new(7, 2);
//! registry.push(&image, "app", "v1");
//! ```

pub(crate) mod admin;
pub(crate) mod engine;
pub(crate) mod forge;
pub(crate) mod http;
pub(crate) mod images;
#[expect(
    dead_code,
    reason = "the tests of identity providers alone use all of it; those of the whole product use some"
)]
pub(crate) mod issuer;
pub(crate) mod layers;
pub(crate) mod meter;
pub(crate) mod note;
pub(crate) mod people;
pub(crate) mod process;
pub(crate) mod registry;
pub(crate) mod sign;
pub(crate) mod state;
pub(crate) mod stored;
pub(crate) mod tls;
pub(crate) mod tools;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use base64::Engine as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use self::http::Response;
use self::process::Process;
use self::registry::Registry;
use self::sign::Credentials;
use self::tools::Checked as _;

/// The account that the first start makes.
pub(crate) const ACCOUNT: &str = "123456789012";
/// The region that the first start makes.
pub(crate) const REGION: &str = "us-east-1";

/// How to start a server; the default is a new data directory and a free port.
#[derive(Clone, Default)]
pub(crate) struct Options {
    /// Environment variables for the server, beside those of the tests.
    pub(crate) env: Vec<(String, String)>,
    /// Arguments of `serve` beside `--data-dir` and the listeners.
    pub(crate) args: Vec<String>,
    /// A data directory to use instead of a new temporary one; it is kept.
    pub(crate) data_dir: Option<PathBuf>,
    /// A command that runs the server, such as `["strace", "-f", "-o", "trace"]`.
    pub(crate) under: Vec<String>,
    /// Serve HTTPS with a certificate of `wharfinger tls dev` for localhost, 127.0.0.1, `::1` and these names.
    pub(crate) tls: Option<Vec<String>>,
}

impl Options {
    /// A server that lets the tests move its clock and arm failpoints.
    pub(crate) fn testing() -> Self {
        Self {
            env: vec![("WHARFINGER_TESTING_ENABLED".to_owned(), "true".to_owned())],
            args: vec!["--allow-testing".to_owned()],
            ..Self::default()
        }
    }

    /// A server that speaks HTTPS, trusted by the clients that `Server::command` starts.
    pub(crate) fn tls() -> Self {
        Self {
            tls: Some(Vec::new()),
            ..Self::default()
        }
    }
}

/// `host:port` of a URL without a path.
fn authority_of(url: &str) -> &str {
    url.split_once("://")
        .map_or(url, |(_, authority)| authority)
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    process: Process,
    url: String,
    credentials: Credentials,
    data_dir: PathBuf,
    options: Options,
    certificates: Option<tls::Dev>,
    // Held for its drop: removes the data directory.
    folder: Arc<TempDir>,
}

impl Server {
    /// Starts the binary and waits until it listens.
    pub(crate) fn start(options: Options) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a temporary directory"));
        Self::start_in(options, folder)
    }

    fn start_in(options: Options, folder: Arc<TempDir>) -> Self {
        let data_dir = options
            .data_dir
            .clone()
            .unwrap_or_else(|| folder.path().join("data"));
        let certificates = options
            .tls
            .as_ref()
            .map(|names| tls::dev(&options, &data_dir, names));
        let mut line = Self::serve(&options, &data_dir);
        line.extend(certificates.iter().flat_map(tls::Dev::flags));
        let process = Process::start(&line, folder.path());
        let url = process.wait_for_line("listening on http", "listening on ");
        if let Some(certificates) = &certificates {
            // Whatever of these tests connects to this address trusts its authority from here on.
            http::trust(authority_of(&url), &certificates.ca);
            http::request::<&str, &str>(authority_of(&url), "GET", "/readyz", &[], b"")
                .expect_status(200);
        }
        let env = Command::new(tools::wharfinger())
            .args(["env", "--data-dir"])
            .arg(&data_dir)
            .checked();
        let credentials = Credentials::from_exports(&tools::exports(&env));
        Self {
            process,
            url,
            credentials,
            data_dir,
            options,
            certificates,
            folder,
        }
    }

    /// The command line of the server, the program first.
    fn serve(options: &Options, data_dir: &Path) -> Vec<String> {
        let mut line = options.under.clone();
        line.push(tools::wharfinger().display().to_string());
        line.extend(["serve".to_owned(), "--data-dir".to_owned()]);
        line.push(data_dir.display().to_string());
        for listener in ["--listen", "--operator-listen"] {
            if !options.args.iter().any(|a| a == listener) {
                line.extend([listener.to_owned(), "127.0.0.1:0".to_owned()]);
            }
        }
        line.extend(options.args.iter().cloned());
        // `env NAME=value … program`: the variables reach the server and nothing else.
        if !options.env.is_empty() {
            let pairs = options.env.iter().map(|(k, v)| format!("{k}={v}"));
            line.splice(0..0, std::iter::once("env".to_owned()).chain(pairs));
        }
        line
    }

    /// `http://127.0.0.1:port`, or `https://`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// `127.0.0.1:port`, as image names begin.
    pub(crate) fn authority(&self) -> &str {
        authority_of(&self.url)
    }

    /// The certificates of a server that speaks HTTPS.
    pub(crate) fn certificates(&self) -> &tls::Dev {
        self.certificates.as_ref().expect("Options::tls()")
    }

    pub(crate) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// A directory for the test's own files; removed with the server.
    pub(crate) fn scratch(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(&path).expect("a scratch directory");
        path
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    pub(crate) fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Ends the server as a power switch would end a process: SIGKILL, nothing drained.
    pub(crate) fn kill9(&mut self) {
        self.process.kill9();
    }

    /// Starts the server again on the same data, on a new port; kills it first if it runs.
    pub(crate) fn restart(mut self) -> Self {
        self.process.kill9();
        let mut options = self.options.clone();
        options.data_dir = Some(self.data_dir.clone());
        Self::start_in(options, Arc::clone(&self.folder))
    }

    /// A command whose environment points at this server and at no other account.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        for (name, value) in self.client_env() {
            command.env(name, value);
        }
        for name in tools::FOREIGN_ENV {
            command.env_remove(name);
        }
        command
    }

    /// What `eval "$(wharfinger env)"` sets, and what keeps clients from the outside world.
    pub(crate) fn client_env(&self) -> BTreeMap<&'static str, String> {
        let none = self.folder.path().join("none").display().to_string();
        let mut env = BTreeMap::from([
            ("AWS_ENDPOINT_URL", self.url.clone()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_DEFAULT_REGION", REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", self.credentials.access_key_id.clone()),
            ("AWS_SECRET_ACCESS_KEY", self.credentials.secret.clone()),
            ("AWS_CONFIG_FILE", none.clone()),
            ("AWS_SHARED_CREDENTIALS_FILE", none),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_PAGER", String::new()),
            ("NO_PROXY", "127.0.0.1,localhost".to_owned()),
        ]);
        if let Some(certificates) = &self.certificates {
            let ca = certificates.ca.display().to_string();
            // Each program looks at one of them first.
            for name in ["AWS_CA_BUNDLE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"] {
                env.insert(name, ca.clone());
            }
            env.insert("SSL_CERT_FILE", ca);
        }
        env
    }

    /// Runs the AWS CLI against this server.
    pub(crate) fn aws(&self, args: &[&str]) -> Output {
        tools::output(self.command("aws").args(args))
    }

    /// Runs another command of the binary on this server's data directory.
    pub(crate) fn wharfinger(&self, args: &[&str]) -> Output {
        let mut command = self.command(&tools::wharfinger().display().to_string());
        tools::output(command.args(args).arg("--data-dir").arg(&self.data_dir))
    }

    /// Calls an ECR operation, signed with the root key.
    pub(crate) fn signed(&self, operation: &str, body: &Value) -> (u16, Value) {
        let answer = self
            .try_signed(operation, body)
            .unwrap_or_else(|e| panic!("{operation}: {e}"));
        (answer.status, answer.json())
    }

    /// Like `signed`, for a server that may die meanwhile.
    pub(crate) fn try_signed(&self, operation: &str, body: &Value) -> std::io::Result<Response> {
        let body = body.to_string();
        let headers = self.ecr_headers(operation, body.as_bytes());
        http::try_request(self.authority(), "POST", "/", &headers, body.as_bytes())
    }

    /// The headers of a signed ECR call with this body.
    pub(crate) fn ecr_headers(&self, operation: &str, body: &[u8]) -> Vec<(String, String)> {
        sign::sign_ecr(&self.credentials, self.authority(), operation, body)
    }

    /// Calls an operation that has to succeed.
    pub(crate) fn call(&self, operation: &str, body: &Value) -> Value {
        let (status, answer) = self.signed(operation, body);
        assert_eq!(status, 200, "{operation} {body}: {answer}");
        answer
    }

    pub(crate) fn create_repository(&self, name: &str) {
        self.call("CreateRepository", &json!({"repositoryName": name}));
    }

    pub(crate) fn create_immutable_repository(&self, name: &str) {
        self.call(
            "CreateRepository",
            &json!({"repositoryName": name, "imageTagMutability": "IMMUTABLE"}),
        );
    }

    /// A password for user `AWS` of the docker plane.
    pub(crate) fn password(&self) -> String {
        let answer = self.call("GetAuthorizationToken", &json!({}));
        let token = answer["authorizationData"][0]["authorizationToken"]
            .as_str()
            .expect("a token");
        let decoded = base64::engine::general_purpose::STANDARD
            .decode(token)
            .expect("base64");
        let decoded = String::from_utf8(decoded).expect("text");
        decoded.strip_prefix("AWS:").expect("user AWS").to_owned()
    }

    /// The docker plane, with a password of its own.
    pub(crate) fn registry(&self) -> Registry {
        Registry::new(self.authority(), &self.password())
    }
}
