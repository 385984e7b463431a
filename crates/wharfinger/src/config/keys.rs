//! The keys that exist, and values from wherever they come.
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Display;
use std::str::FromStr;

use toml::Value;

use crate::Failure;
use crate::nearest::nearest;

/// Every key, with its section in front. A key that is not here is refused.
pub(super) const KEYS: &[&str] = &[
    "account",
    "audit.blob_reads",
    "audit.enabled",
    "audit.retention_days",
    "audit.segment_mib",
    "audit.wait",
    "compat",
    "data_dir",
    "domain",
    "limits.body_idle_seconds",
    "limits.buffered_mib",
    "limits.connections",
    "limits.connections_per_address",
    "limits.drain_seconds",
    "limits.header_seconds",
    "limits.idle_seconds",
    "limits.request_seconds",
    "limits.transfer_seconds",
    "listen",
    "log.format",
    "log.level",
    "oidc.jwks",
    "operator_listen",
    "outbound.allow_private",
    "outbound.ca_file",
    "public_url",
    "region",
    "regions",
    "storage.low_disk_mib",
    "testing.enabled",
    "tls.cert",
    "tls.key",
    "trash.days",
    "trusted_proxies",
];

/// Prefix of the environment variables that override keys.
const PREFIX: &str = "WHARFINGER_";

/// Where a value was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// A configuration file.
    File(String),
    /// An environment variable.
    Variable(String),
    /// An option of the command line.
    Flag(&'static str),
}

impl Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(name) | Self::Variable(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// Values by key, each with where it was read.
#[derive(Debug, Default)]
pub(super) struct Settings {
    values: BTreeMap<&'static str, (Value, Origin)>,
    pub(super) warnings: Vec<String>,
}

impl Settings {
    /// Reads a configuration file's text; `origin` names it in messages.
    pub(super) fn from_toml(text: &str, origin: &str) -> Result<Self, Failure> {
        let table: toml::Table = text
            .parse()
            .map_err(|error| Failure::new(format!("{origin}: {error}")))?;
        let mut settings = Self::default();
        for (name, value) in table {
            match value {
                Value::Table(section) => {
                    for (key, value) in section {
                        settings.take(&format!("{name}.{key}"), value, origin)?;
                    }
                }
                value => settings.take(&name, value, origin)?,
            }
        }
        Ok(settings)
    }

    fn take(&mut self, key: &str, value: Value, origin: &str) -> Result<(), Failure> {
        let Some(known) = KEYS.iter().find(|known| **known == key) else {
            return Err(Failure::new(format!(
                "{origin}: unknown key `{key}`{}",
                hint(key, KEYS.iter().copied())
            )));
        };
        self.values
            .insert(known, (value, Origin::File(origin.to_owned())));
        Ok(())
    }

    /// Takes `WHARFINGER_SECTION_KEY` variables; lists are separated by commas.
    ///
    /// An unknown variable is refused like an unknown key; an empty one counts as unset.
    pub(super) fn override_from(
        &mut self,
        variables: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<(), Failure> {
        let names: Vec<(String, &str)> = KEYS.iter().map(|key| (variable(key), *key)).collect();
        for (name, value) in variables {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
                continue;
            };
            let Some((_, key)) = names.iter().find(|(variable, _)| variable == name) else {
                let known = names.iter().map(|(variable, _)| variable.as_str());
                return Err(Failure::new(format!(
                    "unknown environment variable {name}{}",
                    hint(name, known)
                )));
            };
            let value = value
                .to_str()
                .ok_or_else(|| Failure::new(format!("{name}: the value is not valid UTF-8")))?;
            if !value.is_empty() {
                self.values.insert(
                    key,
                    (
                        Value::String(value.to_owned()),
                        Origin::Variable(name.to_owned()),
                    ),
                );
            }
        }
        Ok(())
    }

    pub(super) fn set_text(&mut self, key: &'static str, value: &str, flag: &'static str) {
        self.values
            .insert(key, (Value::String(value.to_owned()), Origin::Flag(flag)));
    }

    pub(super) fn set_list(&mut self, key: &'static str, values: &[String], flag: &'static str) {
        let values = values.iter().cloned().map(Value::String).collect();
        self.values
            .insert(key, (Value::Array(values), Origin::Flag(flag)));
    }

    /// Where a key's value was read; `None` for a default.
    pub(super) fn origin(&self, key: &str) -> Option<&Origin> {
        self.values.get(key).map(|(_, origin)| origin)
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<&str>, Failure> {
        match self.values.get(key) {
            None => Ok(None),
            Some((Value::String(text), _)) => Ok(Some(text)),
            Some((_, origin)) => Err(wrong(key, origin, "must be a string")),
        }
    }

    /// A list of strings, or one string with commas.
    pub(super) fn list(&self, key: &str) -> Result<Option<Vec<&str>>, Failure> {
        match self.values.get(key) {
            None => Ok(None),
            Some((Value::String(text), _)) => Ok(Some(
                text.split(',')
                    .map(str::trim)
                    .filter(|part| !part.is_empty())
                    .collect(),
            )),
            Some((Value::Array(values), origin)) => values
                .iter()
                .map(|value| {
                    value
                        .as_str()
                        .ok_or_else(|| wrong(key, origin, "must be a list of strings"))
                })
                .collect::<Result<_, _>>()
                .map(Some),
            Some((_, origin)) => Err(wrong(key, origin, "must be a list of strings")),
        }
    }

    pub(super) fn parsed<T: FromStr<Err: Display>>(&self, key: &str) -> Result<Option<T>, Failure> {
        self.text(key)?
            .map(|text| self.parse(key, text))
            .transpose()
    }

    pub(super) fn parsed_list<T: FromStr<Err: Display>>(
        &self,
        key: &str,
    ) -> Result<Option<Vec<T>>, Failure> {
        let list = self.list(key)?;
        list.map(|texts| {
            texts
                .into_iter()
                .map(|text| self.parse(key, text))
                .collect()
        })
        .transpose()
    }

    fn parse<T: FromStr<Err: Display>>(&self, key: &str, text: &str) -> Result<T, Failure> {
        text.parse()
            .map_err(|error| self.wrong(key, &format!("`{text}`: {error}")))
    }

    pub(super) fn one_of(
        &self,
        key: &str,
        allowed: &[&'static str],
    ) -> Result<Option<&'static str>, Failure> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        let found = allowed.iter().find(|allowed| **allowed == text);
        let found = found.ok_or_else(|| {
            self.wrong(
                key,
                &format!("`{text}` must be one of {}", allowed.join(", ")),
            )
        })?;
        Ok(Some(found))
    }

    /// A whole number from `least` to `most`.
    pub(super) fn number<T: TryFrom<i64> + Into<i64> + Copy>(
        &self,
        key: &str,
        least: T,
        most: T,
    ) -> Result<Option<T>, Failure> {
        let (least, most): (i64, i64) = (least.into(), most.into());
        let number = match self.values.get(key) {
            None => return Ok(None),
            Some((Value::Integer(number), _)) => Some(*number),
            Some((Value::String(text), _)) => text.parse().ok(),
            Some(_) => None,
        };
        let number = number.filter(|number| (least..=most).contains(number));
        number
            .and_then(|number| T::try_from(number).ok())
            .map(Some)
            .ok_or_else(|| {
                self.wrong(
                    key,
                    &format!("must be a whole number from {least} to {most}"),
                )
            })
    }

    pub(super) fn flag(&self, key: &str) -> Result<Option<bool>, Failure> {
        match self.values.get(key) {
            None => Ok(None),
            Some((Value::Boolean(flag), _)) => Ok(Some(*flag)),
            Some((Value::String(text), _)) if text == "true" => Ok(Some(true)),
            Some((Value::String(text), _)) if text == "false" => Ok(Some(false)),
            Some((_, origin)) => Err(wrong(key, origin, "must be true or false")),
        }
    }

    fn wrong(&self, key: &str, what: &str) -> Failure {
        match self.origin(key) {
            Some(origin) => wrong(key, origin, what),
            None => Failure::new(format!("{key}: {what}")),
        }
    }
}

fn wrong(key: &str, origin: &Origin, what: &str) -> Failure {
    Failure::new(format!("{origin}: {key}: {what}"))
}

/// The environment variable that overrides a key.
fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "_").to_ascii_uppercase())
}

fn hint<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    nearest(word, known).map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}
