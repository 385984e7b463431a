//! What `serve` prints: the address, and lines that work when pasted in their order.
use std::fmt::Write;
use std::path::Path;

use crate::env::sh;

/// What the lines are made of.
#[derive(Debug)]
pub(crate) struct QuickStart<'a> {
    /// The path of this program.
    pub(crate) program: &'a Path,
    pub(crate) data_dir: &'a Path,
    /// URL of the AWS API.
    pub(crate) endpoint: &'a str,
    /// Host (and port) in image names.
    pub(crate) registry_host: &'a str,
    pub(crate) operator: Option<&'a str>,
    /// The authority that docker needs to trust.
    pub(crate) ca: Option<&'a Path>,
}

impl QuickStart<'_> {
    /// The text. Nothing in it needs another registry, a build or a file.
    pub(crate) fn text(&self) -> String {
        let program = sh(&self.program.display().to_string());
        let data_dir = sh(&self.data_dir.display().to_string());
        let image = format!("{}/hello:latest", self.registry_host);
        let mut text = format!(
            "wharfinger {} serves {}",
            env!("CARGO_PKG_VERSION"),
            self.endpoint
        );
        if let Some(operator) = self.operator {
            // Writing to a String cannot fail.
            write!(text, " (metrics and health: {operator})").unwrap_or_default();
        }
        text.push_str("\n\nTo use it, paste into another terminal:\n\n");
        if let Some(ca) = self.ca.filter(|_ca| !self.is_trusted_by_docker()) {
            let (ca, host) = (sh(&ca.display().to_string()), self.registry_host);
            // Writing to a String cannot fail.
            writeln!(
                text,
                "  sudo install -D -m 0644 {ca} /etc/docker/certs.d/{host}/ca.crt"
            )
            .unwrap_or_default();
        }
        let lines = [
            format!("  eval \"$({program} env --data-dir {data_dir})\""),
            "  aws ecr create-repository --repository-name hello".to_owned(),
            format!(
                "  aws ecr get-login-password | docker login --username AWS --password-stdin {}",
                self.registry_host
            ),
            "  tar -cf - -C / etc/hosts | docker import - hello".to_owned(),
            format!("  docker tag hello {image}"),
            format!("  docker push {image}"),
            format!("  docker pull {image}\n\n"),
        ];
        text.push_str(&lines.join("\n"));
        text
    }

    /// Docker looks at no certificate of an IPv4 loopback address.
    fn is_trusted_by_docker(&self) -> bool {
        self.registry_host.starts_with("127.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_name_this_program_and_its_data() {
        let start = QuickStart {
            program: Path::new("/opt/my tools/wharfinger"),
            data_dir: Path::new("/data"),
            endpoint: "http://127.0.0.1:4640",
            registry_host: "127.0.0.1:4640",
            operator: Some("http://127.0.0.1:4641"),
            ca: None,
        };
        let text = start.text();
        assert!(
            text.contains("  eval \"$('/opt/my tools/wharfinger' env --data-dir /data)\"\n"),
            "{text}"
        );
        assert!(text.contains("--password-stdin 127.0.0.1:4640\n"), "{text}");
        let order = [
            "eval",
            "create-repository",
            "docker login",
            "docker import",
            "docker tag",
            "docker push",
            "docker pull",
        ];
        let places: Vec<_> = order.iter().map(|step| text.find(step).unwrap()).collect();
        assert!(places.is_sorted(), "{text}");
    }

    #[test]
    fn docker_is_made_to_trust_the_authority_where_it_looks_at_certificates() {
        let text = |registry_host: &str, ca: Option<&str>| {
            let start = QuickStart {
                program: Path::new("/bin/wharfinger"),
                data_dir: Path::new("/data"),
                endpoint: "https://127.0.0.1:4640",
                registry_host,
                operator: None,
                ca: ca.map(Path::new),
            };
            start.text()
        };
        let install =
            "\n  sudo install -D -m 0644 '/my ca.pem' /etc/docker/certs.d/r.example:4640/ca.crt\n";
        assert!(text("r.example:4640", Some("/my ca.pem")).contains(install));
        assert!(!text("127.0.0.1:4640", Some("/my ca.pem")).contains("sudo"));
        assert!(!text("r.example:4640", None).contains("sudo"));
    }
}
