//! `wharfinger tls dev`: a certificate authority of one's own, and a server certificate from it.
use std::fs::DirBuilder;
use std::net::IpAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
};
use wharf_http::edge::tls::Roots;

use super::names::{self, Name};
use super::{AUTHORITY, read_small};
use crate::cli::TlsDev;
use crate::config::Config;
use crate::data_dir::write_whole;
use crate::env::sh;
use crate::serve::wall_seconds;
use crate::{Failure, Outcome, say};

const AUTHORITY_KEY: &str = "ca.key";

const DAY: i64 = 24 * 60 * 60;

/// Clients that trust the authority keep it for years; its names are constrained.
const AUTHORITY_DAYS: i64 = 3_650;

/// A clock that is a little slow must not refuse what was made today.
const SLACK_DAYS: i64 = 1;

/// Makes the files and says how to use them.
pub(crate) fn dev(args: &TlsDev) -> Outcome {
    let config = Config::for_place(&args.place)?;
    let names = names::of(&config, &args.names)?;
    let out = directory(&config, args.out.as_deref())?;
    let now = wall_seconds();
    if args.new_ca {
        remove(&out.join(AUTHORITY))?;
        remove(&out.join(AUTHORITY_KEY))?;
    }
    let (authority, made) = Authority::load_or_make(&out, &names, now)?;
    let (cert, key) = authority.certify(&names, now, i64::from(args.days))?;
    authority.check(&out, &cert, now)?;
    // The key first: a server that looks in between finds a mismatch and looks again.
    write(&out.join("server.key"), &key, 0o600)?;
    write(&out.join("server.pem"), &cert, 0o644)?;
    say(&told(&config, &out, &names, made))
}

/// The directory of the files, made if it is not there: others may read certificates in it, but no key.
fn directory(config: &Config, out: Option<&Path>) -> Result<PathBuf, Failure> {
    let make = |path: &Path, mode: u32| {
        DirBuilder::new()
            .recursive(true)
            .mode(mode)
            .create(path)
            .map_err(|error| Failure::new(format!("cannot make {}: {error}", path.display())))
    };
    let out = if let Some(out) = out {
        std::path::absolute(out)
            .map_err(|error| Failure::new(format!("--out: {}: {error}", out.display())))?
    } else {
        make(&config.data_dir, 0o700)?;
        config.data_dir.join("tls")
    };
    make(&out, 0o755)?;
    Ok(out)
}

fn remove(path: &Path) -> Outcome {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::new(format!(
            "cannot remove {}: {error}",
            path.display()
        ))),
        _ => Ok(()),
    }
}

fn write(path: &Path, text: &str, mode: u32) -> Outcome {
    write_whole(path, text.as_bytes(), mode)
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))
}

/// An authority: its certificate in PEM, and what signs.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// The authority of the directory, or a new one that may certify these names; `true` for a new one.
    fn load_or_make(out: &Path, names: &[Name], now: i64) -> Result<(Self, bool), Failure> {
        let (pem_path, key_path) = (out.join(AUTHORITY), out.join(AUTHORITY_KEY));
        let there = |path: &Path| {
            path.try_exists().map_err(|error| {
                Failure::new(format!("cannot look at {}: {error}", path.display()))
            })
        };
        let (has_pem, has_key) = (there(&pem_path)?, there(&key_path)?);
        if has_pem && !has_key {
            return Err(Failure::new(format!(
                "{} is there, but its key {} is not: put it back, or make a new authority with --new-ca",
                pem_path.display(),
                key_path.display()
            )));
        }
        let key = if has_key {
            read_key(&key_path)?
        } else {
            let key = KeyPair::generate().map_err(|error| cannot(&error))?;
            write(
                &key_path,
                &pem_of("PRIVATE KEY", key.serialized_der()),
                0o600,
            )?;
            key
        };
        let params = authority_params(&key, names, now)?;
        let pem = if has_pem {
            let text = read_small(&pem_path)?;
            String::from_utf8(text)
                .map_err(|_bytes| Failure::new(format!("{} is not text", pem_path.display())))?
        } else {
            let certificate = params.self_signed(&key).map_err(|error| cannot(&error))?;
            let text = pem_of("CERTIFICATE", certificate.der());
            write(&pem_path, &text, 0o644)?;
            text
        };
        // Only the subject matters from here on, which follows from the key.
        let issuer = Issuer::new(params, key);
        Ok((Self { pem, issuer }, !has_pem))
    }

    /// A new key and its certificate, both in PEM. The authority signs directly: the chain has one link.
    fn certify(&self, names: &[Name], now: i64, days: i64) -> Result<(String, String), Failure> {
        let key = KeyPair::generate().map_err(|error| cannot(&error))?;
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "Wharfinger development server");
        set_validity(&mut params, now, days)?;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.subject_alt_names = names
            .iter()
            .map(|name| match name {
                Name::Dns(name) => name.as_str().try_into().map(SanType::DnsName),
                Name::Ip(address) => Ok(SanType::IpAddress(*address)),
            })
            .collect::<Result<_, _>>()
            .map_err(|error: rcgen::Error| cannot(&error))?;
        let certificate = params
            .signed_by(&key, &self.issuer)
            .map_err(|error| cannot(&error))?;
        let cert = pem_of("CERTIFICATE", certificate.der());
        Ok((cert, pem_of("PRIVATE KEY", key.serialized_der())))
    }

    /// Looks at the new certificate as a client would that trusts `ca.pem`.
    fn check(&self, out: &Path, cert: &str, now: i64) -> Outcome {
        let path = out.join(AUTHORITY);
        let roots = Roots::from_pem(self.pem.as_bytes())
            .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
        let now = u64::try_from(now).unwrap_or(0);
        roots.trusts(cert.as_bytes(), now).map_err(|error| {
            Failure::new(format!(
                "the authority {} cannot certify this ({error}): make a new one with --new-ca, which clients then have to trust anew",
                path.display()
            ))
        })
    }
}

fn authority_params(key: &KeyPair, names: &[Name], now: i64) -> Result<CertificateParams, Failure> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(
        DnType::CommonName,
        format!("Wharfinger development CA {}", short(key)),
    );
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_validity(&mut params, now, AUTHORITY_DAYS)?;
    // Who steals the key can impersonate these and nothing else.
    let mut subtrees: Vec<GeneralSubtree> = names::permitted(names)
        .into_iter()
        .map(GeneralSubtree::DnsName)
        .collect();
    subtrees.extend(names.iter().filter_map(|name| match name {
        Name::Ip(IpAddr::V4(v4)) if v4.is_loopback() => {
            let all = CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8);
            Some(GeneralSubtree::IpAddress(all))
        }
        Name::Ip(address) => {
            let bits = if address.is_ipv4() { 32 } else { 128 };
            let one = CidrSubnet::from_addr_prefix(*address, bits);
            Some(GeneralSubtree::IpAddress(one))
        }
        Name::Dns(_) => None,
    }));
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: subtrees,
        excluded_subtrees: Vec::new(),
    });
    Ok(params)
}

/// Tells authorities apart in a client's list, and is the same whenever the key is read again.
fn short(key: &KeyPair) -> String {
    use std::fmt::Write;
    let point = key.public_key_raw();
    let mut text = String::new();
    for byte in point.iter().skip(1).take(6) {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
    }
    text
}

fn read_key(path: &Path) -> Result<KeyPair, Failure> {
    let unusable = || Failure::new(format!("{} is not a key of this program", path.display()));
    let text = String::from_utf8(read_small(path)?).map_err(|_bytes| unusable())?;
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(body).map_err(|_text| unusable())?;
    KeyPair::try_from(der).map_err(|_key| unusable())
}

/// Valid from yesterday, for so many days; whole days, UTC: finer than that nobody needs.
fn set_validity(params: &mut CertificateParams, now: i64, days: i64) -> Outcome {
    let day = |seconds: i64| {
        let time = jiff::Timestamp::from_second(seconds).ok()?;
        let date = time.to_zoned(jiff::tz::TimeZone::UTC).date();
        let (month, day) = (u8::try_from(date.month()), u8::try_from(date.day()));
        Some((i32::from(date.year()), month.ok()?, day.ok()?))
    };
    let (from, until) = day(now - SLACK_DAYS * DAY)
        .zip(day(now + days * DAY))
        .ok_or_else(|| Failure::new("the clock of this machine is far off"))?;
    params.not_before = rcgen::date_time_ymd(from.0, from.1, from.2);
    params.not_after = rcgen::date_time_ymd(until.0, until.1, until.2);
    Ok(())
}

fn pem_of(kind: &str, der: &[u8]) -> String {
    let mut text = format!("-----BEGIN {kind}-----\n");
    for (index, letter) in STANDARD.encode(der).chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            text.push('\n');
        }
        text.push(letter);
    }
    text.extend(["\n-----END ", kind, "-----\n"]);
    text
}

fn cannot(error: &rcgen::Error) -> Failure {
    Failure::new(format!("cannot make a certificate: {error}"))
}

/// What was made, and what to type next.
fn told(config: &Config, out: &Path, names: &[Name], made: bool) -> String {
    let file = |name: &str| sh(&out.join(name).display().to_string());
    let (ca, cert, key) = (file(AUTHORITY), file("server.pem"), file("server.key"));
    let listed: Vec<String> = names.iter().take(12).map(ToString::to_string).collect();
    let rest = match names.len().saturating_sub(listed.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let authority = if made { "made" } else { "kept" };
    let host = config.listen.first().map_or_else(String::new, |listen| {
        let endpoint = config.site.endpoint_at(*listen, true);
        endpoint.registry_host(&config.account, &config.region)
    });
    format!(
        "{authority} the authority {ca}\n\
         made {cert} for {}{rest}\n\n\
         Serve with it:\n  \
         wharfinger serve --tls-cert {cert} --tls-key {key}\n\n\
         Clients trust it by:\n  \
         export AWS_CA_BUNDLE={ca}    # AWS CLI and SDKs\n  \
         export SSL_CERT_FILE={ca}    # curl, skopeo, helm and others: instead of the system's authorities\n  \
         sudo install -D -m 0644 {ca} /etc/docker/certs.d/{host}/ca.crt    # docker, podman, skopeo\n",
        listed.join(", ")
    )
}
