//! With `domain = "amazonaws.com"`, a client that resolves Amazon's names to this server works unchanged.
//!
//! The client runs in a mount namespace of its own, where `/etc/hosts` names this server.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::support::images::{self, Image, OCI_MANIFEST, descriptor, layout_blobs, write_layout};
use crate::support::tools::Checked as _;
use crate::support::{ACCOUNT, Options, Server};

/// A server at port 443 of a loopback address that no other test has.
struct Amazon {
    server: Server,
    hosts: PathBuf,
}

impl Amazon {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a directory").keep();
        let config = folder.join("c.toml");
        let text = "domain = \"amazonaws.com\"\nregions = [\"us-east-1\", \"eu-west-1\"]\n";
        std::fs::write(&config, text).expect("a file");
        let id = std::process::id();
        let address = format!("127.44.{}.{}", (id >> 8) & 0xff, (id & 0xff).clamp(1, 254));
        let options = Options {
            args: vec![
                "--listen".to_owned(),
                format!("{address}:443"),
                "--config".to_owned(),
                config.display().to_string(),
            ],
            tls: Some(vec![address.clone()]),
            ..Options::default()
        };
        let server = Server::start(options);
        let hosts = server.scratch("names").join("hosts");
        std::fs::write(&hosts, names(&address)).expect("a file");
        std::fs::remove_dir_all(&folder).expect("a directory");
        Self { server, hosts }
    }

    /// A client that is told nothing but the names, the authority and the access key.
    fn client(&self, program: &str) -> Command {
        let mut command = self.server.command("unshare");
        command
            .env_remove("AWS_ENDPOINT_URL")
            .args([
                "--mount",
                "sh",
                "-ec",
                "mount --bind \"$0\" /etc/hosts; exec \"$@\"",
            ])
            .arg(&self.hosts)
            .arg(program);
        command
    }

    fn python(&self, script: &str) -> Value {
        let said = self.client("python3").args(["-c", script]).checked();
        serde_json::from_str(&said).unwrap_or_else(|e| panic!("{e}: {said}"))
    }

    /// `skopeo copy` with credentials on one side.
    fn copy(&self, from: &str, to: &str, password: &str) {
        let flag = if from.starts_with("docker:") {
            "--src-creds"
        } else {
            "--dest-creds"
        };
        let credentials = format!("AWS:{password}");
        let mut skopeo = self.client("skopeo");
        skopeo.args([
            "--insecure-policy",
            "copy",
            "--preserve-digests",
            flag,
            &credentials,
        ]);
        skopeo.args([from, to]).checked();
    }
}

/// Lines of `/etc/hosts`.
fn names(address: &str) -> String {
    let names = [
        "api.ecr.us-east-1.amazonaws.com",
        "api.ecr.eu-west-1.amazonaws.com",
        "ecr.us-east-1.amazonaws.com",
        "ecr.us-east-1.api.aws",
        "sts.us-east-1.amazonaws.com",
        "sts.amazonaws.com",
        "123456789012.dkr.ecr.us-east-1.amazonaws.com",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "123456789012.dkr-ecr.us-east-1.on.aws",
        "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com",
    ];
    let line = |name: &&str| format!("{address} {name}\n");
    names.iter().map(line).collect()
}

/// An image whose layer skopeo recognises.
fn layout(scratch: &Path) -> PathBuf {
    let layer = images::tar_gz(scratch, "file", &images::noise(7, 50_000));
    let config = json!({"os": "linux", "architecture": "amd64"});
    let image = Image::of(&config, vec![layer]);
    let layout = scratch.join("layout");
    let mut blobs = image.blobs.clone();
    blobs.push(image.manifest.clone());
    write_layout(
        &layout,
        "v1",
        &descriptor(OCI_MANIFEST, &image.manifest),
        &blobs,
    );
    layout
}

const BOTO: &str = r#"
import boto3, json
from botocore.config import Config
ecr = boto3.client("ecr")
made = ecr.create_repository(repositoryName="boto")["repository"]["repositoryUri"]
token = ecr.get_authorization_token()["authorizationData"][0]["proxyEndpoint"]
far = boto3.client("ecr", region_name="eu-west-1")
dual = boto3.client("ecr", config=Config(use_dualstack_endpoint=True))
print(json.dumps({
    "endpoints": [c.meta.endpoint_url for c in (ecr, far, dual)],
    "made": made,
    "token": token,
    "far": far.create_repository(repositoryName="boto")["repository"]["repositoryUri"],
    "dual": dual.describe_repositories()["repositories"][0]["repositoryUri"],
    "who": boto3.client("sts").get_caller_identity()["Account"],
    "whoever": boto3.client("sts", endpoint_url="https://sts.amazonaws.com").get_caller_identity()["Account"],
}))
"#;

#[test]
fn the_sdk_for_python_works_unchanged_and_is_told_amazons_names() {
    let amazon = Amazon::start();
    let said = amazon.python(BOTO);
    let registry = |region: &str| format!("{ACCOUNT}.dkr.ecr.{region}.amazonaws.com");
    let near = format!("{}/boto", registry("us-east-1"));
    assert_eq!(
        said,
        json!({
            "endpoints": [
                "https://api.ecr.us-east-1.amazonaws.com",
                "https://api.ecr.eu-west-1.amazonaws.com",
                "https://ecr.us-east-1.api.aws",
            ],
            "made": near,
            "token": format!("https://{}", registry("us-east-1")),
            "far": format!("{}/boto", registry("eu-west-1")),
            "dual": near,
            "who": ACCOUNT,
            "whoever": ACCOUNT,
        })
    );
}

#[test]
fn the_command_line_and_skopeo_work_unchanged_at_every_name_of_the_registry() {
    let amazon = Amazon::start();
    let registry = format!("{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com");
    let mut aws = amazon.client("aws");
    let made = aws
        .args(["ecr", "create-repository", "--repository-name", "app"])
        .args(["--query", "repository.repositoryUri", "--output", "text"])
        .checked();
    assert_eq!(made.trim(), format!("{registry}/app"));
    let mut aws = amazon.client("aws");
    aws.args(["--endpoint-url", "https://ecr.us-east-1.amazonaws.com"]);
    let old = aws
        .args(["ecr", "describe-repositories", "--repository-names", "app"])
        .checked();
    assert!(old.contains(&format!("{registry}/app")), "{old}");

    let mut login = amazon.client("aws");
    let password = login.args(["ecr", "get-login-password"]).checked();
    let password = password.trim();
    let layout = layout(&amazon.server.scratch("image"));
    let local = |path: &Path| format!("oci:{}:v1", path.display());
    amazon.copy(
        &local(&layout),
        &format!("docker://{registry}/app:v1"),
        password,
    );
    for host in [
        registry,
        format!("{ACCOUNT}.dkr-ecr.us-east-1.on.aws"),
        format!("{ACCOUNT}.dkr.ecr-fips.us-east-1.amazonaws.com"),
    ] {
        let back = amazon.server.scratch(&host);
        amazon.copy(&format!("docker://{host}/app:v1"), &local(&back), password);
        assert!(layout_blobs(&back) == layout_blobs(&layout), "{host}");
    }
}
