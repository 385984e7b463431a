//! The configuration: a TOML file, overridden by the environment, overridden by the command line.
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use wharf_http::Site;
use wharf_http::limits::Limits;
use wharf_registry::Compat;
use wharf_registry::oidc::KeyFile;
use wharf_wire::ids::{AccountId, Region};

use crate::cli::{Place, Serve};
use crate::config::keys::Settings;
use crate::tls::Files;
use crate::{Failure, Outcome, outbound, say};

mod keys;
pub(crate) mod show;
#[cfg(test)]
mod tests;

/// Where the registry listens unless told otherwise.
pub(crate) const DEFAULT_LISTEN: [&str; 2] = ["127.0.0.1:4640", "[::1]:4640"];
const DEFAULT_OPERATOR_LISTEN: &str = "127.0.0.1:4641";
const DEFAULT_ACCOUNT: &str = "123456789012";
const DEFAULT_REGION: &str = "us-east-1";

/// Everything that can be set, checked.
#[derive(Debug)]
pub(crate) struct Config {
    /// Absolute path of the data directory.
    pub(crate) data_dir: PathBuf,
    /// Where to listen.
    pub(crate) listen: Vec<SocketAddr>,
    /// Where the operator's listener is, if there is one.
    pub(crate) operator_listen: Option<SocketAddr>,
    /// The certificate and key of the main listeners, if they speak TLS.
    pub(crate) tls: Option<Files>,
    /// Authorities that connections from here trust, in a file.
    pub(crate) outbound_ca: Option<PathBuf>,
    /// Whether connections from here may go to private addresses.
    pub(crate) outbound_private: bool,
    /// Keys of identity providers that are not asked for them.
    pub(crate) oidc_keys: Vec<KeyFile>,
    /// Names, public address, proxies.
    pub(crate) site: Site,
    /// The address clients are told, as it was written.
    pub(crate) public_url: Option<String>,
    /// The account that the first start makes.
    pub(crate) account: AccountId,
    /// The region of the first account's shell lines.
    pub(crate) region: Region,
    /// The regions that exist here.
    pub(crate) regions: Vec<Region>,
    /// Whether log lines are JSON.
    pub(crate) log_json: bool,
    /// `tracing`'s filter.
    pub(crate) log_level: String,
    /// Bounds of the edge.
    pub(crate) limits: Limits,
    /// How closely ECR is followed.
    pub(crate) compat: Compat,
    /// Days that deleted things stay in the trash.
    pub(crate) trash_days: u32,
    /// What is written down of every call.
    pub(crate) audit: Audit,
    /// Uploads are refused with less disk free, in bytes.
    pub(crate) low_disk_bytes: u64,
    /// Whether the clock may be moved and failpoints armed.
    pub(crate) testing: bool,
    /// What is worth a line, but no reason not to start.
    pub(crate) warnings: Vec<String>,
}

/// How the audit log is kept.
#[derive(Debug)]
pub(crate) struct Audit {
    /// Whether there is one.
    pub(crate) enabled: bool,
    /// Days after which a segment is removed; 0: never.
    pub(crate) retention_days: u32,
    /// Size at which a segment ends, in bytes.
    pub(crate) segment_bytes: u64,
    /// Whether answers are sent only when their record is on disk.
    pub(crate) wait: bool,
    /// Whether downloads of layers are in it.
    pub(crate) blob_reads: bool,
}

impl Config {
    /// Reads the configuration as `serve` does.
    pub(crate) fn for_serve(serve: &Serve) -> Result<Self, Failure> {
        let mut settings = settings_of(&serve.place)?;
        if !serve.listen.is_empty() {
            settings.set_list("listen", &serve.listen, "--listen");
        }
        if let Some(address) = &serve.operator_listen {
            settings.set_text("operator_listen", address, "--operator-listen");
        }
        for (key, path, flag) in [
            ("tls.cert", &serve.tls_cert, "--tls-cert"),
            ("tls.key", &serve.tls_key, "--tls-key"),
        ] {
            if let Some(path) = path {
                settings.set_text(key, utf8(path, flag)?, flag);
            }
        }
        if let Some(format) = serve.log_format {
            settings.set_text("log.format", format.as_str(), "--log-format");
        }
        let mut config = Self::from_settings(&settings)?;
        config.testing &= serve.allow_testing;
        Ok(config)
    }

    /// Reads the configuration for a command that only needs to find the registry.
    pub(crate) fn for_place(place: &Place) -> Result<Self, Failure> {
        Self::from_settings(&settings_of(place)?)
    }

    fn from_settings(settings: &Settings) -> Result<Self, Failure> {
        let data_dir = match settings.text("data_dir")? {
            Some(path) => absolute("data_dir", Path::new(path))?,
            None => default_data_dir()?,
        };
        let public_url = settings.text("public_url")?;
        let site = Site {
            domain: settings.text("domain")?.map(str::to_ascii_lowercase),
            public_url: settings.parsed("public_url")?,
            trusted_proxies: settings.parsed_list("trusted_proxies")?.unwrap_or_default(),
        };
        let regions = match settings.parsed_list("regions")? {
            Some(regions) => regions,
            None => public_regions()?,
        };
        let region: Region = match settings.parsed("region")? {
            Some(region) => region,
            None => default_region(&regions)?,
        };
        if !regions.contains(&region) {
            return Err(Failure::new(format!(
                "region: `{region}` is not among `regions`"
            )));
        }
        let account = match settings.parsed("account")? {
            Some(account) => account,
            None => parse_default(DEFAULT_ACCOUNT)?,
        };
        Ok(Self {
            data_dir,
            listen: listen(settings)?,
            operator_listen: operator_listen(settings)?,
            tls: tls(settings)?,
            outbound_ca: path(settings, "outbound.ca_file")?,
            outbound_private: settings.flag("outbound.allow_private")?.unwrap_or(false),
            oidc_keys: oidc_keys(settings)?,
            site,
            public_url: public_url.map(|url| url.trim_end_matches('/').to_owned()),
            account,
            region,
            regions,
            log_json: settings.one_of("log.format", &["text", "json"])? == Some("json"),
            log_level: settings.text("log.level")?.unwrap_or("info").to_owned(),
            limits: limits(settings)?,
            compat: match settings.one_of("compat", &["extended", "strict"])? {
                Some("strict") => Compat::Strict,
                _ => Compat::Extended,
            },
            trash_days: settings.number("trash.days", 0, 3_650)?.unwrap_or(7),
            audit: audit(settings)?,
            low_disk_bytes: u64::from(
                settings
                    .number::<u32>("storage.low_disk_mib", 0, 1 << 30)?
                    .unwrap_or(256),
            ) << 20,
            testing: settings.flag("testing.enabled")?.unwrap_or(false),
            warnings: settings.warnings.clone(),
        })
    }
}

fn settings_of(place: &Place) -> Result<Settings, Failure> {
    let mut settings = match &place.config {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| {
                Failure::new(format!("cannot read {}: {error}", path.display()))
            })?;
            Settings::from_toml(&text, &path.display().to_string())?
        }
        None => Settings::default(),
    };
    settings.override_from(std::env::vars_os())?;
    if let Some(directory) = &place.data_dir {
        settings.set_text("data_dir", utf8(directory, "--data-dir")?, "--data-dir");
    }
    Ok(settings)
}

fn audit(settings: &Settings) -> Result<Audit, Failure> {
    let segment_mib = settings.number::<u32>("audit.segment_mib", 1, 1_024)?;
    Ok(Audit {
        enabled: settings.flag("audit.enabled")?.unwrap_or(true),
        retention_days: settings
            .number("audit.retention_days", 0, 36_500)?
            .unwrap_or(90),
        segment_bytes: u64::from(segment_mib.unwrap_or(64)) << 20,
        wait: settings.flag("audit.wait")?.unwrap_or(false),
        blob_reads: settings.flag("audit.blob_reads")?.unwrap_or(false),
    })
}

fn listen(settings: &Settings) -> Result<Vec<SocketAddr>, Failure> {
    let given = settings.list("listen")?;
    let texts = match &given {
        Some(texts) => texts.clone(),
        None => DEFAULT_LISTEN.to_vec(),
    };
    if texts.is_empty() {
        return Err(Failure::new("listen: at least one address is needed"));
    }
    texts
        .into_iter()
        .map(|text| address("listen", text))
        .collect()
}

fn operator_listen(settings: &Settings) -> Result<Option<SocketAddr>, Failure> {
    match settings
        .text("operator_listen")?
        .unwrap_or(DEFAULT_OPERATOR_LISTEN)
    {
        "off" => Ok(None),
        text => address("operator_listen", text).map(Some),
    }
}

fn address(key: &str, text: &str) -> Result<SocketAddr, Failure> {
    let literal = text
        .strip_prefix("localhost:")
        .map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    literal.parse().map_err(|_address| {
        Failure::new(format!(
            "{key}: `{text}` is not an address and port such as 127.0.0.1:4640 or [::1]:4640"
        ))
    })
}

fn limits(settings: &Settings) -> Result<Limits, Failure> {
    let seconds = |key: &str, default: std::time::Duration, most: u32| {
        let number = settings.number::<u32>(key, 1, most)?;
        Ok::<_, Failure>(number.map_or(default, |n| std::time::Duration::from_secs(u64::from(n))))
    };
    let default = Limits::default();
    let per_address = settings.number::<u32>("limits.connections_per_address", 0, 1 << 20)?;
    let connections = settings.number::<u32>("limits.connections", 1, 1 << 20)?;
    let buffered_mib = settings.number::<u32>("limits.buffered_mib", 32, 1 << 20)?;
    Ok(Limits {
        connections: connections.map_or(default.connections, |n| n as usize),
        connections_per_address: per_address.filter(|n| *n > 0).map(|n| n as usize),
        header: seconds("limits.header_seconds", default.header, 3_600)?,
        idle: seconds("limits.idle_seconds", default.idle, 86_400)?,
        body_idle: seconds("limits.body_idle_seconds", default.body_idle, 86_400)?,
        request: seconds("limits.request_seconds", default.request, 86_400)?,
        transfer: seconds("limits.transfer_seconds", default.transfer, 604_800)?,
        drain: seconds("limits.drain_seconds", default.drain, 86_400)?,
        buffered_bytes: buffered_mib.map_or(default.buffered_bytes, |n| (n as usize) << 20),
    })
}

fn public_regions() -> Result<Vec<Region>, Failure> {
    wharf_wire::ids::PUBLIC_REGIONS
        .iter()
        .map(|text| parse_default(text))
        .collect()
}

fn default_region(regions: &[Region]) -> Result<Region, Failure> {
    let wanted: Region = parse_default(DEFAULT_REGION)?;
    match regions.first() {
        Some(first) if !regions.contains(&wanted) => Ok(first.clone()),
        _ => Ok(wanted),
    }
}

fn parse_default<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, Failure> {
    text.parse()
        .map_err(|error| Failure::new(format!("{text}: {error}")))
}

/// `$XDG_DATA_HOME/wharfinger`, or `~/.local/share/wharfinger`.
fn default_data_dir() -> Result<PathBuf, Failure> {
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_DATA_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
        .map(|base| base.join("wharfinger"))
        .ok_or_else(|| Failure::new("no place for data: set --data-dir, or HOME"))
}

fn absolute(key: &str, path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path)
        .map_err(|error| Failure::new(format!("{key}: {}: {error}", path.display())))
}

fn utf8<'a>(path: &'a Path, flag: &str) -> Result<&'a str, Failure> {
    path.to_str()
        .ok_or_else(|| Failure::new(format!("{flag}: the path is not valid UTF-8")))
}

fn path(settings: &Settings, key: &str) -> Result<Option<PathBuf>, Failure> {
    let text = settings.text(key)?;
    text.map(|text| absolute(key, Path::new(text))).transpose()
}

/// The files of `oidc.jwks`, each as `https://issuer=/path`.
fn oidc_keys(settings: &Settings) -> Result<Vec<KeyFile>, Failure> {
    let mut files: Vec<KeyFile> = Vec::new();
    for text in settings.list("oidc.jwks")?.unwrap_or_default() {
        let named = text.split_once('=').filter(|(issuer, path)| {
            let rest = issuer.strip_prefix("https://");
            rest.is_some_and(|rest| !rest.is_empty()) && !path.is_empty()
        });
        let Some((issuer, path)) = named else {
            return Err(Failure::new(format!(
                "oidc.jwks: `{text}` is not an issuer and a file such as https://idp.example=/etc/jwks.json"
            )));
        };
        if files.iter().any(|file| file.issuer == issuer) {
            return Err(Failure::new(format!(
                "oidc.jwks: `{issuer}` has more than one file"
            )));
        }
        files.push(KeyFile {
            issuer: issuer.to_owned(),
            path: absolute("oidc.jwks", Path::new(path))?,
        });
    }
    Ok(files)
}

/// The certificate and its key: both or neither.
fn tls(settings: &Settings) -> Result<Option<Files>, Failure> {
    match (path(settings, "tls.cert")?, path(settings, "tls.key")?) {
        (Some(cert), Some(key)) => Ok(Some(Files { cert, key })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(Failure::new("tls.cert is set without tls.key")),
        (None, Some(_)) => Err(Failure::new("tls.key is set without tls.cert")),
    }
}

/// `wharfinger config check`
pub(crate) fn check(place: &Place) -> Outcome {
    let config = Config::for_place(place)?;
    let mut doubts = config.warnings.clone();
    if let Some(files) = &config.tls {
        doubts.extend(files.check(config.site.public_host())?);
    }
    outbound::settings(&config)?;
    let warnings = doubts.iter().map(|warning| format!("warning: {warning}\n"));
    let directory = format!("data directory: {}\n", config.data_dir.display());
    let addresses = config
        .listen
        .iter()
        .map(|address| format!("listen: {address}\n"));
    let good = "the configuration is good\n".to_owned();
    let text: String = warnings
        .chain([directory])
        .chain(addresses)
        .chain([good])
        .collect();
    say(&text)
}
