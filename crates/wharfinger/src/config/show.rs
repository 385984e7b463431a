//! `wharfinger config show`: each key, its value as it is used, and where that came from.
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value as Json, json};
use wharf_registry::Secret;
use wharf_registry::oidc::KeyFile;

use super::keys::{KEYS, Origin, Settings};
use super::{Config, settings_of};
use wharf_registry::Compat;

use crate::cli::ConfigShow;
use crate::{Failure, Outcome, say};

/// What is printed in place of a secret.
const MASK: &str = "********";

/// A value as it may be printed.
trait Shown {
    fn shown(&self) -> Json;
}

impl Shown for Secret {
    fn shown(&self) -> Json {
        MASK.into()
    }
}

impl Shown for str {
    fn shown(&self) -> Json {
        self.into()
    }
}

impl Shown for String {
    fn shown(&self) -> Json {
        self.as_str().into()
    }
}

impl Shown for Path {
    fn shown(&self) -> Json {
        self.display().to_string().into()
    }
}

impl Shown for PathBuf {
    fn shown(&self) -> Json {
        self.as_path().shown()
    }
}

impl Shown for SocketAddr {
    fn shown(&self) -> Json {
        self.to_string().into()
    }
}

impl Shown for Duration {
    fn shown(&self) -> Json {
        self.as_secs().into()
    }
}

impl Shown for bool {
    fn shown(&self) -> Json {
        (*self).into()
    }
}

impl Shown for u64 {
    fn shown(&self) -> Json {
        (*self).into()
    }
}

impl Shown for usize {
    fn shown(&self) -> Json {
        (*self).into()
    }
}

impl<T: Shown> Shown for Option<T> {
    fn shown(&self) -> Json {
        self.as_ref().map_or(Json::Null, Shown::shown)
    }
}

impl<T: Shown> Shown for Vec<T> {
    fn shown(&self) -> Json {
        self.iter().map(Shown::shown).collect()
    }
}

impl Config {
    /// A key's value as it is used; `None` for a key that this table has forgotten.
    fn value(&self, key: &str) -> Option<Json> {
        let limits = &self.limits;
        let tls = self.tls.as_ref();
        let texts = |list: &[String]| list.to_vec().shown();
        Some(match key {
            "account" => self.account.as_str().shown(),
            "audit.blob_reads" => self.audit.blob_reads.shown(),
            "audit.enabled" => self.audit.enabled.shown(),
            "audit.retention_days" => u64::from(self.audit.retention_days).shown(),
            "audit.segment_mib" => (self.audit.segment_bytes >> 20).shown(),
            "audit.wait" => self.audit.wait.shown(),
            "compat" => match self.compat {
                Compat::Extended => "extended".shown(),
                Compat::Strict => "strict".shown(),
            },
            "data_dir" => self.data_dir.shown(),
            "domain" => self.site.domain.shown(),
            "limits.body_idle_seconds" => limits.body_idle.shown(),
            "limits.buffered_mib" => (limits.buffered_bytes >> 20).shown(),
            "limits.connections" => limits.connections.shown(),
            "limits.connections_per_address" => limits.connections_per_address.unwrap_or(0).shown(),
            "limits.drain_seconds" => limits.drain.shown(),
            "limits.header_seconds" => limits.header.shown(),
            "limits.idle_seconds" => limits.idle.shown(),
            "limits.request_seconds" => limits.request.shown(),
            "limits.transfer_seconds" => limits.transfer.shown(),
            "listen" => self.listen.shown(),
            "log.format" => if self.log_json { "json" } else { "text" }.shown(),
            "log.level" => self.log_level.shown(),
            "oidc.jwks" => {
                let named = |file: &KeyFile| format!("{}={}", file.issuer, file.path.display());
                texts(&self.oidc_keys.iter().map(named).collect::<Vec<_>>())
            }
            "operator_listen" => match &self.operator_listen {
                Some(address) => address.shown(),
                None => "off".shown(),
            },
            "outbound.allow_private" => self.outbound_private.shown(),
            "outbound.ca_file" => self.outbound_ca.shown(),
            "public_url" => self.public_url.shown(),
            "region" => self.region.as_str().shown(),
            "regions" => texts(
                &self
                    .regions
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>(),
            ),
            "storage.low_disk_mib" => (self.low_disk_bytes >> 20).shown(),
            "testing.enabled" => self.testing.shown(),
            "tls.cert" => tls.map(|files| files.cert.clone()).shown(),
            "tls.key" => tls.map(|files| files.key.clone()).shown(),
            "trash.days" => u64::from(self.trash_days).shown(),
            "trusted_proxies" => {
                let networks = &self.site.trusted_proxies;
                texts(&networks.iter().map(ToString::to_string).collect::<Vec<_>>())
            }
            _ => return None,
        })
    }
}

/// One line of the answer.
#[derive(Debug)]
struct Line {
    key: &'static str,
    value: Json,
    source: String,
}

/// Prints all keys.
pub(crate) fn show(args: &ConfigShow) -> Outcome {
    let settings = settings_of(&args.place)?;
    let lines = lines(&settings)?;
    say(&if args.json {
        as_json(lines)
    } else {
        as_text(&lines)
    })
}

fn lines(settings: &Settings) -> Result<Vec<Line>, Failure> {
    let config = Config::from_settings(settings)?;
    let line = |key: &&'static str| Line {
        key,
        value: config.value(key).unwrap_or(Json::Null),
        source: source(settings.origin(key)),
    };
    Ok(KEYS.iter().map(line).collect())
}

fn source(origin: Option<&Origin>) -> String {
    match origin {
        None => "default".to_owned(),
        Some(Origin::File(path)) => format!("file:{path}"),
        Some(Origin::Variable(name)) => format!("environment:{name}"),
        Some(Origin::Flag(name)) => format!("flag:{name}"),
    }
}

/// An object by key, each with `value` and `source`.
fn as_json(lines: Vec<Line>) -> String {
    let object: serde_json::Map<String, Json> = lines
        .into_iter()
        .map(|line| {
            let both = json!({"value": line.value, "source": line.source});
            (line.key.to_owned(), both)
        })
        .collect();
    format!("{:#}\n", Json::Object(object))
}

/// Columns. A long list is cut: `--json` has all of it.
fn as_text(lines: &[Line]) -> String {
    let cells: Vec<[String; 3]> = lines
        .iter()
        .map(|line| [line.key.to_owned(), cell(&line.value), line.source.clone()])
        .collect();
    let width = |column: usize| {
        let of = |row: &[String; 3]| row.get(column).map_or(0, |cell| cell.chars().count());
        cells.iter().map(of).max().unwrap_or(0)
    };
    let (keys, values) = (width(0), width(1));
    let mut text = String::new();
    for [key, value, source] in &cells {
        // Writing to a String cannot fail.
        writeln!(text, "{key:keys$}  {value:values$}  {source}").unwrap_or_default();
    }
    text
}

/// How many members of a list a line has room for.
const LISTED: usize = 4;

fn cell(value: &Json) -> String {
    match value {
        Json::Null => "-".to_owned(),
        Json::String(text) => text.clone(),
        Json::Array(members) if members.is_empty() => "-".to_owned(),
        Json::Array(members) => {
            let some: Vec<String> = members.iter().take(LISTED).map(cell).collect();
            match members.len().saturating_sub(LISTED) {
                0 => some.join(","),
                more => format!("{} and {more} more", some.join(",")),
            }
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn settings(toml: &str) -> Settings {
        let mut settings = Settings::from_toml(toml, "/etc/c.toml").unwrap();
        let variable = (OsString::from("WHARFINGER_TRASH_DAYS"), OsString::from("3"));
        settings.override_from(std::iter::once(variable)).unwrap();
        settings.set_text("data_dir", "/d", "--data-dir");
        settings
    }

    #[test]
    fn every_key_has_a_value_in_the_table() {
        let config = Config::from_settings(&settings("")).unwrap();
        for key in KEYS {
            assert!(config.value(key).is_some(), "{key}");
        }
        assert_eq!(config.value("other"), None);
    }

    #[test]
    fn a_value_is_told_as_it_is_used_and_with_its_source() {
        let lines = lines(&settings("domain = 'A.Example'\nlisten = ['localhost:1']")).unwrap();
        let of = |key: &str| {
            let line = lines.iter().find(|line| line.key == key).unwrap();
            (line.value.clone(), line.source.as_str())
        };
        assert_eq!(of("domain"), (json!("a.example"), "file:/etc/c.toml"));
        assert_eq!(of("listen"), (json!(["127.0.0.1:1"]), "file:/etc/c.toml"));
        assert_eq!(
            of("trash.days"),
            (json!(3), "environment:WHARFINGER_TRASH_DAYS")
        );
        assert_eq!(of("data_dir"), (json!("/d"), "flag:--data-dir"));
        assert_eq!(of("region"), (json!("us-east-1"), "default"));
        assert_eq!(of("public_url"), (Json::Null, "default"));
    }

    #[test]
    fn the_columns_of_the_text_begin_at_the_same_place() {
        let text = as_text(&lines(&settings("")).unwrap());
        assert_eq!(text.lines().count(), KEYS.len());
        let place = |line: &str| line.rfind("  ").unwrap();
        let first = place(text.lines().next().unwrap());
        assert!(text.lines().all(|line| place(line) == first), "{text}");
        assert!(text.contains(" more  default\n"), "{text}");
    }

    #[test]
    fn a_secret_is_masked_by_its_type() {
        let secret = Some(Secret::new("HUNTER2".to_owned()));
        assert_eq!(secret.shown(), json!(MASK));
    }
}
