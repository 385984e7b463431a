//! containerd and its `ctr`: an image, and an index of indexes, through a containerd of the test's own.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use wharf_wire::oci::Digest;

use super::{UNTRUSTED, Wire, described_digests, described_tag};
use crate::support::Server;
use crate::support::images::{
    self, Image, OCI_INDEX, OCI_MANIFEST, descriptor, noise, tar_gz, write_layout,
};
use crate::support::process::Process;
use crate::support::tools::{self, Checked as _};

/// A running containerd; killed when dropped.
pub(crate) struct Containerd {
    process: Process,
    folder: TempDir,
}

impl Containerd {
    /// Starts it without anything that runs containers. Needs root.
    pub(crate) fn start() -> Self {
        // Paths of sockets must be short: not below the test's own folder.
        let folder = tempfile::Builder::new()
            .prefix("wc")
            .tempdir()
            .expect("a temporary directory");
        let place = folder.path().display();
        let config = format!(
            "version = 2\nroot = \"{place}/root\"\nstate = \"{place}/state\"\n\
             disabled_plugins = [\"io.containerd.grpc.v1.cri\", \"io.containerd.internal.v1.opt\"]\n\
             [grpc]\naddress = \"{place}/c.sock\"\n[ttrpc]\naddress = \"{place}/t.sock\"\n"
        );
        let file = folder.path().join("config.toml");
        std::fs::write(&file, config).expect("a file");
        let mut command = Command::new("containerd");
        command.arg("--config").arg(file);
        for name in tools::FOREIGN_ENV {
            command.env_remove(name);
        }
        let process = Process::spawn(command, folder.path());
        let containerd = Self { process, folder };
        containerd.wait();
        containerd
    }

    fn wait(&self) {
        for _ in 0..300 {
            if tools::output(self.ctr().arg("version")).status.success() {
                return;
            }
            // Another process becomes ready: there is no event of ours to wait for.
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("containerd does not answer:\n{}", self.process.log_tail());
    }

    fn ctr(&self) -> Command {
        let mut command = Command::new("ctr");
        command
            .arg("--address")
            .arg(self.folder.path().join("c.sock"));
        for name in tools::FOREIGN_ENV {
            command.env_remove(name);
        }
        command
    }

    /// A command that reaches the registry, the way its server is to be reached.
    pub(crate) fn remote(&self, server: &Server, words: &[&str], password: &str) -> Command {
        let mut command = self.ctr();
        command
            .args(words)
            .args(["--user", &format!("AWS:{password}")]);
        match super::authority_file(server) {
            None => command.arg("--plain-http"),
            Some(file) => command.arg("--hosts-dir").arg(hosts(server, Some(&file))),
        };
        command
    }

    /// Takes an OCI layout whose tag is the whole name.
    pub(crate) fn import(&self, layout: &Path) {
        let archive = self.folder.path().join("layout.tar");
        let mut tar = Command::new("tar");
        tar.arg("-C").arg(layout).arg("-cf").arg(&archive).arg(".");
        tar.checked();
        let words = ["images", "import", "--all-platforms", "--no-unpack"];
        self.ctr().args(words).arg(archive).checked();
    }

    /// Removes an image, and with it all content, so that a pull has to fetch every byte.
    fn forget(&self, name: &str) {
        self.ctr().args(["images", "rm", "--sync", name]).checked();
        let left = self.ctr().args(["content", "ls", "--quiet"]).checked();
        assert_eq!(left.trim(), "", "content is still there");
    }

    /// Content as it is stored.
    fn content(&self, digest: &Digest) -> Vec<u8> {
        let done = tools::output(self.ctr().args(["content", "get", digest.as_str()]));
        assert!(done.status.success(), "{digest}: {}", tools::both(&done));
        done.stdout
    }
}

/// Says that the server is to be reached by HTTPS, which containerd would not use on this machine, and whom to
/// trust.
fn hosts(server: &Server, ca: Option<&Path>) -> PathBuf {
    let folder = server.scratch("hosts");
    let own = server.scratch(&format!("hosts/{}", server.authority()));
    let mut text = format!("[host.\"https://{}\"]\n", server.authority());
    if let Some(ca) = ca {
        writeln!(text, "ca = {:?}", ca.display().to_string()).expect("a string");
    }
    std::fs::write(own.join("hosts.toml"), text).expect("a file");
    folder
}

/// An image that containerd can unpack.
pub(crate) fn image(scratch: &Path, seed: u64) -> Image {
    let content = noise(seed, 200_000);
    let layer = tar_gz(scratch, &format!("file{seed}"), &content);
    let mut unpacked = Command::new("gzip");
    let file = scratch.join(format!("file{seed}.tar.gz"));
    let tar = tools::output(unpacked.args(["--decompress", "--stdout"]).arg(file)).stdout;
    let config = json!({
        "os": "linux",
        "architecture": "amd64",
        "rootfs": {"type": "layers", "diff_ids": [Digest::of(&tar).as_str()]},
    });
    Image::of(&config, vec![layer])
}

pub(crate) fn layout(server: &Server, name: &str, top: &Value, blobs: &[Vec<u8>]) -> PathBuf {
    let folder = server.scratch("layout");
    write_layout(&folder, name, top, blobs);
    folder
}

/// Pushes what a layout holds, pulls it again and compares every piece.
fn goes_in_and_comes_out(server: &Server, pull: &[&str], top: &Value, blobs: &[Vec<u8>]) {
    let containerd = Containerd::start();
    let name = format!("{}/team/app:v1", server.authority());
    containerd.import(&layout(server, &name, top, blobs));
    let password = server.password();
    let mut push = containerd.remote(server, &["images", "push"], &password);
    push.arg(&name).checked();
    assert_eq!(
        described_tag(server, "team/app", "v1")["imageDigest"],
        top["digest"]
    );

    containerd.forget(&name);
    let mut pull = containerd.remote(server, pull, &password);
    pull.arg(&name).checked();
    for blob in blobs {
        let digest = Digest::of(blob);
        assert!(
            containerd.content(&digest) == *blob,
            "{digest} came back changed"
        );
    }
    containerd.forget(&name);
}

fn an_image_goes_in_and_comes_out(wire: Wire) {
    let server = wire.server(&["team/app"]);
    let image = image(&server.scratch("layers"), 31);
    let mut blobs = image.blobs.clone();
    blobs.push(image.manifest.clone());
    let top = descriptor(OCI_MANIFEST, &image.manifest);
    let pull = ["images", "pull", "--snapshotter", "native"];
    goes_in_and_comes_out(&server, &pull, &top, &blobs);
}

#[test]
fn containerd_pulls_and_unpacks_what_it_pushed() {
    an_image_goes_in_and_comes_out(Wire::Http);
}

#[test]
fn containerd_pulls_over_https_what_it_pushed() {
    an_image_goes_in_and_comes_out(Wire::Https);
}

#[test]
fn containerd_takes_no_certificate_of_an_authority_it_does_not_trust() {
    let server = Wire::Https.server(&[]);
    let containerd = Containerd::start();
    let mut pull = containerd.ctr();
    pull.args(["images", "pull", "--hosts-dir"]);
    pull.arg(hosts(&server, None));
    pull.args(["--user", &format!("AWS:{}", server.password())]);
    let said = pull
        .arg(format!("{}/team/app:v1", server.authority()))
        .refused();
    assert!(said.contains(UNTRUSTED), "{said}");
}

#[test]
fn containerd_pushes_and_pulls_an_index_of_indexes() {
    let server = Wire::Http.server(&["team/app"]);
    let scratch = server.scratch("layers");
    let members: Vec<Image> = (41..44).map(|seed| image(&scratch, seed)).collect();
    let inner = images::index(&members[..2]);
    let outer = json!({
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [descriptor(OCI_INDEX, &inner), descriptor(OCI_MANIFEST, &members[2].manifest)],
    });
    let outer = outer.to_string().into_bytes();
    let manifests = members.iter().map(|m| &m.manifest).chain([&inner, &outer]);
    let mut digests: Vec<String> = manifests
        .clone()
        .map(|m| Digest::of(m).to_string())
        .collect();
    digests.sort();
    let blobs: Vec<Vec<u8>> = members
        .iter()
        .flat_map(|m| &m.blobs)
        .chain(manifests)
        .cloned()
        .collect();
    let top = descriptor(OCI_INDEX, &outer);
    let fetch = ["content", "fetch", "--all-platforms"];
    goes_in_and_comes_out(&server, &fetch, &top, &blobs);
    assert_eq!(described_digests(&server, "team/app"), digests);
}

#[test]
fn containerd_is_refused_in_its_own_words() {
    let server = Wire::Http.server(&["team/app"]);
    let containerd = Containerd::start();
    let image = image(&server.scratch("layers"), 32);
    let mut blobs = image.blobs.clone();
    blobs.push(image.manifest.clone());
    let name = |rest: &str| format!("{}/{rest}", server.authority());
    let top = descriptor(OCI_MANIFEST, &image.manifest);
    containerd.import(&layout(&server, &name("team/app:v1"), &top, &blobs));

    let mut push = containerd.remote(&server, &["images", "push"], "wrong");
    let said = push.arg(name("team/app:v1")).refused();
    assert!(said.contains("401 Unauthorized"), "{said}");

    let password = server.password();
    let absent = name("absent/app:v1");
    let tag = ["images", "tag", &name("team/app:v1"), &absent];
    containerd.ctr().args(tag).checked();
    let mut push = containerd.remote(&server, &["images", "push"], &password);
    let said = push.arg(&absent).refused();
    assert!(said.contains("404 Not Found"), "{said}");

    let mut pull = containerd.remote(&server, &["images", "pull"], &password);
    let said = pull.arg(name("team/app:absent")).refused();
    let word = format!("{}: not found", name("team/app:absent"));
    assert!(said.contains(&word), "{said}");
    assert!(described_digests(&server, "team/app").is_empty());
}
