//! The names that a development certificate bears, and those that its authority may certify.
use std::net::IpAddr;

use crate::Failure;
use crate::config::Config;

/// The domain whose names lie under other domains too.
const AWS: &str = "amazonaws.com";

/// A name in a certificate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    /// In lower case; may begin with `*.`.
    Dns(String),
    Ip(IpAddr),
}

impl Name {
    /// Reads a DNS name, whose first label may be `*`, or an address.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let bare = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'))
            .unwrap_or(text);
        if let Ok(address) = bare.parse() {
            return Ok(Self::Ip(address));
        }
        let name = text.to_ascii_lowercase();
        let label = |label: &str| {
            let inner = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
            (1..=63).contains(&label.len())
                && label.bytes().all(inner)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let rest = name.strip_prefix("*.").unwrap_or(&name);
        if name.len() <= 253 && rest.split('.').all(label) {
            return Ok(Self::Dns(name));
        }
        Err(Failure::new(format!(
            "`{text}` is neither a DNS name nor an address"
        )))
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

/// The names a server of this configuration is called by, in the order in which they are told.
pub(super) fn of(config: &Config, more: &[String]) -> Result<Vec<Name>, Failure> {
    let mut texts: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    texts.extend(config.site.public_host().map(str::to_owned));
    texts.extend(more.iter().cloned());
    if let Some(domain) = &config.site.domain {
        if domain != AWS {
            texts.push(domain.clone());
        }
        texts.push(format!("sts.{domain}"));
        for region in &config.regions {
            texts.extend(of_region(domain, region.as_str()));
        }
    }
    let mut names = Vec::new();
    for text in texts {
        let name = Name::parse(&text)?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// A wildcard stands for one label only, so each region has its own.
fn of_region(domain: &str, region: &str) -> Vec<String> {
    let mut names = vec![
        format!("*.dkr.ecr.{region}.{domain}"),
        format!("api.ecr.{region}.{domain}"),
        format!("ecr.{region}.{domain}"),
        format!("sts.{region}.{domain}"),
    ];
    if domain == AWS {
        names.extend([
            format!("*.dkr-ecr.{region}.on.aws"),
            format!("ecr.{region}.api.aws"),
            format!("sts.{region}.api.aws"),
        ]);
        if region.starts_with("us-") {
            names.extend([
                format!("*.dkr.ecr-fips.{region}.{domain}"),
                format!("ecr-fips.{region}.{domain}"),
                format!("*.dkr-ecr-fips.{region}.on.aws"),
            ]);
        }
    }
    names
}

/// The DNS subtrees that an authority for these names may certify: no more than it needs.
///
/// A domain of one's own is among the names, and so permitted as a whole: another region needs no new authority.
/// Amazon's is not: who steals the authority's key must not become S3.
pub(super) fn permitted(names: &[Name]) -> Vec<String> {
    let mut bases: Vec<&str> = names
        .iter()
        .filter_map(|name| match name {
            Name::Dns(name) => Some(name.strip_prefix("*.").unwrap_or(name)),
            Name::Ip(_) => None,
        })
        .collect();
    bases.sort_by_key(|base| base.len());
    let mut subtrees: Vec<String> = Vec::new();
    for base in bases {
        let inside = |subtree: &String| {
            base.strip_suffix(subtree.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        if !subtrees.iter().any(inside) {
            subtrees.push(base.to_owned());
        }
    }
    subtrees
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dns_names_and_addresses_are_read_and_nothing_else() {
        for (text, name) in [
            ("Registry.Example", "registry.example"),
            ("*.a.example", "*.a.example"),
            ("10.0.0.1", "10.0.0.1"),
            ("[::1]", "::1"),
        ] {
            assert_eq!(Name::parse(text).unwrap().to_string(), name);
        }
        for bad in [
            "",
            ".",
            "a..b",
            "a_b",
            "*",
            "*.",
            "a.*.b",
            "-a",
            "a-",
            "a:443",
            "http://a",
            "é.example",
            &"a.".repeat(130),
        ] {
            assert!(Name::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_authority_is_permitted_a_domain_of_ones_own_but_not_amazons() {
        let names = |texts: &[&str]| {
            texts
                .iter()
                .map(|text| Name::parse(text).unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            permitted(&names(&[
                "*.dkr.ecr.r.a.example",
                "localhost",
                "a.example",
                "sts.a.example",
                "xa.example",
                "127.0.0.1"
            ])),
            ["localhost", "a.example", "xa.example"]
        );
        assert_eq!(
            permitted(&names(&[
                "*.dkr.ecr.r.amazonaws.com",
                "api.ecr.r.amazonaws.com",
                "ecr.r.amazonaws.com"
            ])),
            ["ecr.r.amazonaws.com"]
        );
    }
}
