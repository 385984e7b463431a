//! buildah and podman: one library, one store of images, one set of options.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::Server;
use crate::support::tools::Checked as _;

/// A store of the test's own, and the server that its images go to.
pub(super) struct Store<'a> {
    server: &'a Server,
    program: &'static str,
    home: PathBuf,
}

impl<'a> Store<'a> {
    /// An empty store for `buildah` or `podman`.
    pub(super) fn new(server: &'a Server, program: &'static str) -> Self {
        let home = server.scratch(program);
        let write = |name: &str, text: &str| std::fs::write(home.join(name), text).expect("a file");
        write("registries.conf", "unqualified-search-registries = []\n");
        write(
            "policy.json",
            r#"{"default": [{"type": "insecureAcceptAnything"}]}"#,
        );
        write("auth.json", "{}");
        // Locks in files: those in shared memory are the machine's.
        write("containers.conf", "[engine]\nlock_type = \"file\"\n");
        let storage = format!(
            "[storage]\ndriver = \"vfs\"\ngraphroot = \"{0}/root\"\nrunroot = \"{0}/run\"\n",
            home.display()
        );
        write("storage.conf", &storage);
        Self {
            server,
            program,
            home,
        }
    }

    /// The client with nothing but a command.
    pub(super) fn command(&self, words: &[&str]) -> Command {
        let mut command = self.server.command(self.program);
        for (name, file) in [
            ("CONTAINERS_CONF", "containers.conf"),
            ("CONTAINERS_REGISTRIES_CONF", "registries.conf"),
            ("CONTAINERS_STORAGE_CONF", "storage.conf"),
            ("REGISTRY_AUTH_FILE", "auth.json"),
            ("HOME", ""),
            ("XDG_RUNTIME_DIR", ""),
        ] {
            command.env(name, self.home.join(file));
        }
        // It has its own way to be told whom to trust.
        command.env_remove("SSL_CERT_FILE");
        command.args(["--storage-driver", "vfs"]);
        command.arg("--root").arg(self.home.join("root"));
        command.arg("--runroot").arg(self.home.join("run"));
        if self.program == "podman" {
            command.args(["--cgroup-manager", "cgroupfs", "--events-backend", "none"]);
            command.arg("--tmpdir").arg(self.home.join("tmp"));
        }
        command.args(words);
        command
    }

    /// The client with a command that reaches the registry, the way its server is to be reached.
    pub(super) fn remote(&self, words: &[&str]) -> Command {
        let mut command = self.command(words);
        match super::authority_folder(self.server) {
            None => command.arg("--tls-verify=false"),
            Some(folder) => command.arg("--cert-dir").arg(folder),
        };
        command
    }

    /// The same for commands that check signatures before they take an image.
    pub(super) fn remote_image(&self, words: &[&str]) -> Command {
        let mut command = self.remote(words);
        command.arg("--signature-policy").arg(self.policy());
        command
    }

    /// Logs in with a password from standard input.
    pub(super) fn log_in(&self, password: &str) -> Command {
        let file = self.home.join("password");
        std::fs::write(&file, password).expect("a file");
        let mut command = self.remote(&["login", "--username", "AWS", "--password-stdin"]);
        command.stdin(std::fs::File::open(file).expect("the file"));
        command.arg(self.server.authority());
        command
    }

    /// Builds an image from scratch, with `/file` of these bytes.
    pub(super) fn build(&self, content: &[u8], options: &[&str], name: &str) {
        let folder = self.home.join("context");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("file"), content).expect("a file");
        let text = "FROM scratch\nCOPY file /file\nENV COLOUR=blue\nCMD [\"/file\"]\n";
        std::fs::write(folder.join("Containerfile"), text).expect("a file");
        let mut command = self.command(&["build", "--isolation", "chroot", "--quiet"]);
        command.arg("--signature-policy").arg(self.policy());
        command.args(options).args(["--tag", name]).arg(folder);
        command.checked();
    }

    /// The digest of an image's configuration, which is its name in the store.
    pub(super) fn id(&self, name: &str) -> String {
        let words = ["inspect", "--type", "image", "--format"];
        let mut command = self.command(&words);
        let field = match self.program {
            "podman" => "{{.Id}}",
            _ => "{{.FromImageID}}",
        };
        command.args([field, name]).checked().trim().to_owned()
    }

    /// Removes every image, so that a pull has to fetch every byte.
    pub(super) fn forget_images(&self) {
        self.command(&["rmi", "--all", "--force"]).checked();
        let left = self.command(&["images", "--quiet", "--all"]).checked();
        assert_eq!(left.trim(), "", "an image is still in the store");
    }

    pub(super) fn policy(&self) -> PathBuf {
        self.home.join("policy.json")
    }

    pub(super) fn home(&self) -> &Path {
        &self.home
    }
}
