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
        let lines = [
            "\n\nTo use it, paste into another terminal:\n".to_owned(),
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
}
