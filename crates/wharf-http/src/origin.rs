//! Where a request comes from, and by which address its sender can be told to come back.
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use http::header::HOST;
use http::uri::{Authority, Scheme, Uri};
use http::{HeaderMap, HeaderName, request};
use wharf_registry::Endpoint;
use wharf_wire::ids::{AccountId, Region};

use crate::edge::{Peer, plain_address};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What the operator says about names and proxies.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// Registries are `{account}.dkr.ecr.{region}.{domain}`.
    pub domain: Option<String>,
    /// The address clients use, whatever they connect to.
    pub public_url: Option<PublicUrl>,
    /// Peers whose `X-Forwarded-*` headers are believed.
    pub trusted_proxies: Vec<Network>,
}

/// `http://` or `https://` and a host with an optional port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    secure: bool,
    authority: Authority,
}

/// The text is not an address that clients can be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a public URL is `http://` or `https://`, a host and perhaps a port, and nothing else")]
pub struct InvalidPublicUrl;

impl FromStr for PublicUrl {
    type Err = InvalidPublicUrl;

    fn from_str(text: &str) -> Result<Self, InvalidPublicUrl> {
        let uri = Uri::from_str(text).map_err(|_uri| InvalidPublicUrl)?;
        let parts = uri.into_parts();
        let secure = match parts.scheme {
            Some(scheme) if scheme == Scheme::HTTP => false,
            Some(scheme) if scheme == Scheme::HTTPS => true,
            _ => return Err(InvalidPublicUrl),
        };
        let bare = parts
            .path_and_query
            .is_none_or(|path| path.as_str() == "/" || path.as_str().is_empty());
        match parts.authority {
            Some(authority) if bare && !authority.as_str().contains('@') => {
                Ok(Self { secure, authority })
            }
            _ => Err(InvalidPublicUrl),
        }
    }
}

/// A block of addresses: `10.0.0.0/8`, `::1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

/// The text is not an address or a block of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a network is an IP address, or one with `/` and its number of fixed bits")]
pub struct InvalidNetwork;

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => {
                let bits = bits.parse::<u32>().map_err(|_number| InvalidNetwork)?;
                (address, Some(bits))
            }
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_address| InvalidNetwork)?;
        let width = width(address);
        let bits = bits.unwrap_or(width);
        if bits > width {
            return Err(InvalidNetwork);
        }
        Ok(Self { address, bits })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl Network {
    /// Tells whether the address lies in the block.
    pub fn contains(&self, address: IpAddr) -> bool {
        let shift = width(self.address) - self.bits;
        width(self.address) == width(address)
            && (number(self.address) ^ number(address))
                .checked_shr(shift)
                .unwrap_or(0)
                == 0
    }
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// What the edge concludes about a request's sender and address.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// Who sent it.
    pub(crate) source: IpAddr,
    /// Whether the client's own connection is encrypted.
    pub(crate) secure: bool,
    /// The host the client named, as it named it.
    pub(crate) host: Option<String>,
    /// The registry that the host names, when a domain is configured.
    pub(crate) registry: Option<(AccountId, Region)>,
    /// What the client can use to come back.
    pub(crate) endpoint: Endpoint,
}

impl Site {
    /// The host of the public URL, without brackets and port.
    pub fn public_host(&self) -> Option<&str> {
        let host = self.public_url.as_ref()?.authority.host();
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        Some(bare.unwrap_or(host))
    }

    pub(crate) fn origin(&self, parts: &request::Parts, peer: Peer) -> Origin {
        let direct = plain_address(peer.remote.ip());
        let trusted = self.trusts(direct);
        let headers = &parts.headers;
        let forwarded = |name: &HeaderName| {
            if trusted {
                last_value(headers, name)
            } else {
                None
            }
        };
        let source = if trusted {
            self.sender(headers, direct)
        } else {
            direct
        };
        let secure = match forwarded(&FORWARDED_PROTO) {
            Some(scheme) => scheme.eq_ignore_ascii_case("https"),
            None => peer.secure,
        };
        let host = forwarded(&FORWARDED_HOST)
            .or_else(|| headers.get(HOST)?.to_str().ok())
            .or_else(|| parts.uri.authority().map(Authority::as_str))
            .map(str::to_owned);
        let authority = host
            .as_deref()
            .and_then(|host| Authority::from_str(host).ok())
            .filter(|authority| !authority.as_str().contains('@'));
        Origin {
            source,
            secure,
            registry: authority
                .as_ref()
                .and_then(|authority| self.named_registry(authority.host())),
            endpoint: self.endpoint(secure, authority.as_ref(), peer.local),
            host,
        }
    }

    /// The address that clients of a listener are told when they name none: for what is printed at start.
    pub fn endpoint_at(&self, listener: SocketAddr, secure: bool) -> Endpoint {
        self.endpoint(secure, None, listener)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies
            .iter()
            .any(|network| network.contains(address))
    }

    /// The last address of `X-Forwarded-For` that is not a trusted proxy's: those before it are hearsay.
    fn sender(&self, headers: &HeaderMap, direct: IpAddr) -> IpAddr {
        let mut sender = direct;
        let hops = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .rev()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.rsplit(','));
        for hop in hops {
            let Ok(address) = hop.trim().parse::<IpAddr>() else {
                return sender;
            };
            sender = plain_address(address);
            if !self.trusts(sender) {
                return sender;
            }
        }
        sender
    }

    /// Account and region of `{account}.dkr.ecr.{region}.{domain}`, dual-stack and FIPS forms too.
    fn named_registry(&self, host: &str) -> Option<(AccountId, Region)> {
        let domain = self.domain.as_deref()?;
        let host = host.to_ascii_lowercase();
        let host = host.strip_suffix('.').unwrap_or(&host);
        let rest =
            domains(domain).find_map(|domain| host.strip_suffix(domain)?.strip_suffix('.'))?;
        let (account, rest) = rest.split_once('.')?;
        let region = ["dkr.ecr.", "dkr-ecr.", "dkr.ecr-fips.", "dkr-ecr-fips."]
            .iter()
            .find_map(|form| rest.strip_prefix(form))?;
        Some((AccountId::parse(account).ok()?, Region::parse(region).ok()?))
    }

    fn endpoint(&self, secure: bool, host: Option<&Authority>, local: SocketAddr) -> Endpoint {
        let secure = self.public_url.as_ref().map_or(secure, |url| url.secure);
        let scheme = if secure { "https" } else { "http" }.to_owned();
        let listener = || {
            let local = SocketAddr::new(plain_address(local.ip()), local.port());
            local.to_string()
        };
        if let Some(domain) = &self.domain {
            let under =
                host.filter(|host| domains(domain).any(|domain| is_under(host.host(), domain)));
            let port = match (&self.public_url, under) {
                (Some(url), _) => url.authority.port_u16(),
                (None, Some(host)) => host.port_u16(),
                (None, None) => Some(local.port()),
            };
            let port = port.filter(|port| *port != if secure { 443 } else { 80 });
            let authority = match port {
                Some(port) => format!("{domain}:{port}"),
                None => domain.clone(),
            };
            return Endpoint {
                scheme,
                authority,
                domain: true,
            };
        }
        let authority = match (&self.public_url, host) {
            (Some(url), _) => url.authority.to_string(),
            (None, Some(host)) if is_own_address(host.host()) => host.to_string(),
            _ => listener(),
        };
        Endpoint {
            scheme,
            authority,
            domain: false,
        }
    }
}

/// The last value of a comma list: what the trusted peer itself added.
fn last_value<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let value = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    let last = value.rsplit(',').next()?.trim();
    (!last.is_empty()).then_some(last)
}

/// Tells whether a host needs no name service to be found again: an address literal or `localhost`.
fn is_own_address(host: &str) -> bool {
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok()
}

/// The configured domain; AWS's own dual-stack names lie under others.
fn domains(domain: &str) -> impl Iterator<Item = &str> {
    let dual_stack: &[&str] = match domain {
        "amazonaws.com" => &["on.aws", "api.aws"],
        _ => &[],
    };
    std::iter::once(domain).chain(dual_stack.iter().copied())
}

fn is_under(host: &str, domain: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host.strip_suffix(domain)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(remote: &str) -> Peer {
        Peer {
            remote: format!("{remote}:999").parse().unwrap(),
            local: "127.0.0.1:4640".parse().unwrap(),
            secure: false,
        }
    }

    fn parts(headers: &[(&str, &str)]) -> request::Parts {
        let mut request = http::Request::builder().uri("/v2/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn authority(site: &Site, host: &str) -> String {
        let origin = site.origin(&parts(&[("host", host)]), peer("127.0.0.1"));
        format!("{}://{}", origin.endpoint.scheme, origin.endpoint.authority)
    }

    #[test]
    fn a_client_is_told_the_host_it_used_only_if_that_is_an_address_or_localhost() {
        let site = Site::default();
        assert_eq!(authority(&site, "localhost:5000"), "http://localhost:5000");
        assert_eq!(authority(&site, "10.1.2.3"), "http://10.1.2.3");
        assert_eq!(authority(&site, "[::1]:4640"), "http://[::1]:4640");
        for hostile in [
            "evil.example",
            "x@127.0.0.1",
            "127.0.0.1.evil.example",
            "a b",
        ] {
            assert_eq!(
                authority(&site, hostile),
                "http://127.0.0.1:4640",
                "{hostile}"
            );
        }
    }

    #[test]
    fn a_public_url_wins_over_the_host() {
        let site = Site {
            public_url: Some("https://registry.example:8443/".parse().unwrap()),
            ..Site::default()
        };
        assert_eq!(
            authority(&site, "localhost:5000"),
            "https://registry.example:8443"
        );
        for bad in [
            "registry.example",
            "ftp://a",
            "http://a/b",
            "http://u@a",
            "http://",
        ] {
            assert_eq!(bad.parse::<PublicUrl>(), Err(InvalidPublicUrl), "{bad}");
        }
    }

    #[test]
    fn a_host_of_ecrs_form_names_account_and_region_under_the_configured_domain_only() {
        let site = Site {
            domain: Some("amazonaws.com".to_owned()),
            ..Site::default()
        };
        let named = |host: &str| {
            let origin = site.origin(&parts(&[("host", host)]), peer("127.0.0.1"));
            origin
                .registry
                .map(|(account, region)| format!("{account} {region}"))
        };
        let expected = Some("123456789012 eu-west-1".to_owned());
        assert_eq!(
            named("123456789012.dkr.ecr.eu-west-1.amazonaws.com"),
            expected
        );
        assert_eq!(
            named("123456789012.DKR.ecr.eu-west-1.amazonaws.com:443"),
            expected
        );
        assert_eq!(named("123456789012.dkr-ecr.eu-west-1.on.aws"), expected);
        assert_eq!(
            named("123456789012.dkr.ecr-fips.eu-west-1.amazonaws.com"),
            expected
        );
        assert_eq!(named("123456789012.dkr.ecr.eu-west-1.evil.com"), None);
        assert_eq!(named("123456789012.dkr.ecr.eu-west-1.xamazonaws.com"), None);
        assert_eq!(named("12345.dkr.ecr.eu-west-1.amazonaws.com"), None);
        let endpoint = |host: &str| {
            let origin = site.origin(&parts(&[("host", host)]), peer("127.0.0.1"));
            let account = AccountId::parse("123456789012").unwrap();
            let region = Region::parse("eu-west-1").unwrap();
            origin.endpoint.registry_url(&account, &region)
        };
        let name = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
        assert_eq!(
            endpoint("api.ecr.eu-west-1.amazonaws.com"),
            format!("http://{name}")
        );
        assert_eq!(
            endpoint("ecr.eu-west-1.api.aws"),
            format!("http://{name}"),
            "the port that the client used"
        );
        assert_eq!(endpoint("ecr.evil.aws"), format!("http://{name}:4640"));
        assert_eq!(endpoint("127.0.0.1:4640"), format!("http://{name}:4640"));
    }

    #[test]
    fn forwarded_headers_count_only_from_trusted_proxies() {
        let site = Site {
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            ..Site::default()
        };
        let headers = parts(&[
            ("host", "127.0.0.1"),
            ("x-forwarded-for", "1.1.1.1, 2.2.2.2, 10.9.9.9"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "192.168.7.7"),
            // Known to no one here: it counts from nobody.
            ("forwarded", "for=3.3.3.3;host=172.16.0.1;proto=http"),
        ]);
        let believed = site.origin(&headers, peer("10.0.0.1"));
        assert_eq!(believed.source.to_string(), "2.2.2.2");
        assert!(believed.secure);
        assert_eq!(believed.endpoint.authority, "192.168.7.7");
        let ignored = site.origin(&headers, peer("11.0.0.1"));
        assert_eq!(ignored.source.to_string(), "11.0.0.1");
        assert!(!ignored.secure);
        assert_eq!(ignored.endpoint.authority, "127.0.0.1");
    }

    #[test]
    fn over_tls_a_proxy_is_believed_that_its_client_came_without() {
        let site = Site {
            trusted_proxies: vec!["10.0.0.1".parse().unwrap()],
            ..Site::default()
        };
        let secure = |remote: &str, headers: &[(&str, &str)]| {
            let peer = Peer {
                secure: true,
                ..peer(remote)
            };
            let origin = site.origin(&parts(headers), peer);
            (origin.secure, origin.endpoint.scheme)
        };
        let plain = [("x-forwarded-proto", "http")];
        let yes = (true, "https".to_owned());
        assert_eq!(secure("10.0.0.2", &[]), yes);
        assert_eq!(secure("10.0.0.2", &plain), yes, "not in the list");
        assert_eq!(secure("10.0.0.1", &plain), (false, "http".to_owned()));
        assert_eq!(secure("10.0.0.1", &[]), yes);
    }

    #[test]
    fn networks_have_borders() {
        let network: Network = "192.168.4.0/22".parse().unwrap();
        assert!(network.contains("192.168.7.255".parse().unwrap()));
        assert!(!network.contains("192.168.8.0".parse().unwrap()));
        assert!(!network.contains("::1".parse().unwrap()));
        let all: Network = "::/0".parse().unwrap();
        assert!(all.contains("fe80::1".parse().unwrap()));
        for bad in ["", "1.2.3.4/33", "1.2.3/8", "::1/129", "1.2.3.4/-1", "a/8"] {
            assert_eq!(bad.parse::<Network>(), Err(InvalidNetwork), "{bad}");
        }
    }
}
