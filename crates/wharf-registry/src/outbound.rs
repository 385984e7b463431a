//! Connections from here to elsewhere: HTTPS, no redirects, and bounds on everything.
//!
//! Whose address it is was chosen by a user, so it is a request that the user could not make himself: addresses of the
//! machine and of private networks are refused unless the operator allows them. The address that is connected to is
//! looked at, not the name, which may mean another one a moment later.
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, CACHE_CONTROL, CONNECTION, HOST, USER_AGENT};
use http::{HeaderMap, Request, Uri};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::Error;

mod address;
mod trust;

pub(crate) use trust::Thumbprint;

/// Fetches at once, in the whole process.
const AT_ONCE: usize = 8;
/// Most headers of an answer, and most bytes that are read ahead of them.
const MAX_HEADERS: usize = 100;
const READ_AHEAD: usize = 64 << 10;

/// What connections from here trust, and where they may go.
#[derive(Clone)]
pub struct OutboundSettings {
    /// The authorities that certify servers.
    pub roots: Arc<RootCertStore>,
    /// Whether addresses of this machine, of private networks and of the link may be connected to.
    pub allow_private: bool,
    /// The longest that something may take which is fetched, names and handshake included.
    pub timeout: Duration,
}

impl Default for OutboundSettings {
    fn default() -> Self {
        Self {
            roots: Arc::new(RootCertStore::empty()),
            allow_private: false,
            timeout: Duration::from_secs(5),
        }
    }
}

impl fmt::Debug for OutboundSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboundSettings")
            .field("roots", &self.roots.len())
            .field("allow_private", &self.allow_private)
            .field("timeout", &self.timeout)
            .finish()
    }
}

/// Why nothing was fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("`{0}` is not a URL that begins with https:// and names no user")]
    Url(String),
    #[error("the name cannot be resolved: {0}")]
    Resolve(String),
    /// Nothing was connected to.
    #[error(
        "`{0}` has an address of this machine or of a private network, and outbound.allow_private is not set"
    )]
    Private(String),
    #[error("no connection: {0}")]
    Connect(String),
    #[error("TLS: {0}")]
    Tls(String),
    #[error("the certificate ends in no known authority, and its thumbprint is not registered")]
    Thumbprint,
    #[error("not HTTP: {0}")]
    Protocol(String),
    #[error("the answer redirects, with status {0}")]
    Redirect(u16),
    #[error("the answer has status {0}")]
    Status(u16),
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    #[error("no answer within {0:?}")]
    Timeout(Duration),
}

/// An answer with status 200.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) body: Bytes,
    /// How long the server lets it be kept, if it says so; nothing for `no-store` and `no-cache`.
    pub(crate) max_age: Option<Duration>,
}

/// What is fetched, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits<'a> {
    /// Largest body, in bytes.
    pub(crate) max_bytes: usize,
    /// Certificates that are trusted where a chain ends in no known authority.
    pub(crate) thumbprints: &'a [Thumbprint],
}

/// Fetches over HTTPS.
pub(crate) struct Client {
    settings: OutboundSettings,
    provider: Arc<CryptoProvider>,
    permits: Semaphore,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// # Errors
    /// `Internal` if the cryptography cannot speak TLS 1.2 and 1.3.
    pub(crate) fn new(settings: OutboundSettings) -> crate::Result<Self> {
        let client = Self {
            settings,
            provider: Arc::new(aws_lc_rs::default_provider()),
            permits: Semaphore::new(AT_ONCE),
        };
        client.tls(&[]).map_err(Error::internal)?;
        Ok(client)
    }

    /// The longest that a fetch takes.
    pub(crate) fn timeout(&self) -> Duration {
        self.settings.timeout
    }

    /// Fetches a URL that begins with `https://`.
    ///
    /// # Errors
    /// [`FetchError`].
    pub(crate) async fn get(&self, url: &str, limits: Limits<'_>) -> Result<Fetched, FetchError> {
        let timeout = self.settings.timeout;
        tokio::time::timeout(timeout, self.exchange(url, limits))
            .await
            .map_err(|_elapsed| FetchError::Timeout(timeout))?
    }

    async fn exchange(&self, url: &str, limits: Limits<'_>) -> Result<Fetched, FetchError> {
        let target = Target::parse(url)?;
        let connect = |error: &dyn fmt::Display| FetchError::Connect(error.to_string());
        let _permit = self.permits.acquire().await.map_err(|e| connect(&e))?;
        let stream = self.connect(&target, limits.thumbprints).await?;
        let (mut sender, connection) = http1::Builder::new()
            .max_headers(MAX_HEADERS)
            .max_buf_size(READ_AHEAD)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| protocol(&error))?;
        let exchange = async {
            let request = target.request()?;
            let answer = sender.send_request(request).await;
            let (head, body) = answer.map_err(|error| protocol(&error))?.into_parts();
            match head.status.as_u16() {
                200 => {}
                status @ 300..=399 => return Err(FetchError::Redirect(status)),
                status => return Err(FetchError::Status(status)),
            }
            Ok(Fetched {
                body: collect(body, limits.max_bytes).await?,
                max_age: max_age(&head.headers),
            })
        };
        let (mut exchange, connection) = (pin!(exchange), pin!(connection));
        // The connection is driven here, so that it ends with the exchange. If it ends first, the exchange knows why.
        tokio::select! {
            done = exchange.as_mut() => done,
            _ended = connection => exchange.await,
        }
    }

    async fn connect(
        &self,
        target: &Target,
        thumbprints: &[Thumbprint],
    ) -> Result<TlsStream<TcpStream>, FetchError> {
        let name = ServerName::try_from(target.host.clone())
            .map_err(|_name| FetchError::Url(target.authority.clone()))?;
        let config = self
            .tls(thumbprints)
            .map_err(|error| FetchError::Tls(error.to_string()))?;
        let resolved = tokio::net::lookup_host((target.host.as_str(), target.port)).await;
        let resolved = resolved.map_err(|error| FetchError::Resolve(error.to_string()))?;
        let mut last = FetchError::Resolve("it has no address".to_owned());
        for address in resolved {
            if !self.may_reach(address) {
                last = FetchError::Private(target.authority.clone());
                continue;
            }
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    let connector = TlsConnector::from(Arc::new(config));
                    return connector
                        .connect(name, stream)
                        .await
                        .map_err(|e| tls_error(&e));
                }
                Err(error) => last = FetchError::Connect(error.to_string()),
            }
        }
        Err(last)
    }

    fn may_reach(&self, address: SocketAddr) -> bool {
        address::is_host(address.ip())
            && (self.settings.allow_private || address::is_public(address.ip()))
    }

    fn tls(&self, thumbprints: &[Thumbprint]) -> Result<ClientConfig, rustls::Error> {
        let verifier = trust::Verifier::new(
            Arc::clone(&self.settings.roots),
            thumbprints,
            self.provider.signature_verification_algorithms,
        );
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A session that is resumed shows no certificate to compare.
        config.resumption = Resumption::disabled();
        Ok(config)
    }
}

/// Where a URL leads.
struct Target {
    /// A name or an address, without brackets.
    host: String,
    port: u16,
    /// What follows `https://`, up to the path.
    authority: String,
    path: String,
}

impl Target {
    fn parse(url: &str) -> Result<Self, FetchError> {
        let read = || {
            let uri: Uri = url.parse().ok()?;
            let authority = uri.authority()?;
            let host = authority.host().trim_matches(['[', ']']);
            let port = match authority.port() {
                Some(port) => port.as_u16(),
                None if authority.as_str() == authority.host() => 443,
                // A port that is none, or a user.
                None => return None,
            };
            let is_good = uri.scheme_str() == Some("https")
                && !host.is_empty()
                && !authority.as_str().contains('@');
            let path = uri.path_and_query().map_or("/", |path| path.as_str());
            is_good.then(|| Self {
                host: host.to_owned(),
                port,
                authority: authority.to_string(),
                path: path.to_owned(),
            })
        };
        read().ok_or_else(|| FetchError::Url(url.to_owned()))
    }

    fn request(&self) -> Result<Request<String>, FetchError> {
        Request::get(&self.path)
            .header(HOST, &self.authority)
            .header(ACCEPT, "application/json")
            .header(CONNECTION, "close")
            .header(
                USER_AGENT,
                concat!("wharfinger/", env!("CARGO_PKG_VERSION")),
            )
            .body(String::new())
            .map_err(|error| FetchError::Protocol(error.to_string()))
    }
}

async fn collect(mut body: Incoming, most: usize) -> Result<Bytes, FetchError> {
    let mut whole = BytesMut::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|error| protocol(&error))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if whole.len().saturating_add(data.len()) > most {
            return Err(FetchError::TooLarge(most));
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

/// `max-age` of `Cache-Control`.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all(CACHE_CONTROL);
    let texts = values.iter().filter_map(|value| value.to_str().ok());
    let mut found = None;
    for directive in texts.flat_map(|text| text.split(',')) {
        let directive = directive.trim().to_ascii_lowercase();
        if ["no-store", "no-cache"].contains(&directive.as_str()) {
            return Some(Duration::ZERO);
        }
        if let Some(seconds) = directive.strip_prefix("max-age=") {
            let seconds = seconds.trim_matches('"').parse().ok();
            found = found.or(seconds.map(Duration::from_secs));
        }
    }
    found
}

fn protocol(error: &hyper::Error) -> FetchError {
    FetchError::Protocol(error.to_string())
}

fn tls_error(error: &io::Error) -> FetchError {
    let cause = error.get_ref();
    match cause.and_then(|cause| cause.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(
            CertificateError::ApplicationVerificationFailure,
        )) => FetchError::Thumbprint,
        _ => FetchError::Tls(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_an_https_url_without_user() {
        for (url, host, port, path) in [
            ("https://a.example", "a.example", 443, "/"),
            ("https://a.example:8443/x?y=z", "a.example", 8443, "/x?y=z"),
            ("https://[::1]:1/x", "::1", 1, "/x"),
            ("https://192.0.2.1/x#f", "192.0.2.1", 443, "/x"),
        ] {
            let target = Target::parse(url).unwrap();
            assert_eq!(
                (target.host.as_str(), target.port, target.path.as_str()),
                (host, port, path)
            );
        }
        for url in [
            "",
            "a.example",
            "/x",
            "http://a.example/",
            "ftp://a.example/",
            "https://",
            "https:///x",
            "https://user@a.example/",
            "https://a.example:99999/",
            "https://a.example/\r\nx: y",
            "https://a.example/a b",
            "file:///etc/passwd",
        ] {
            let refused = Target::parse(url).err();
            assert_eq!(refused, Some(FetchError::Url(url.to_owned())), "{url}");
        }
    }

    #[test]
    fn how_long_an_answer_may_be_kept_is_read_from_its_header() {
        let read = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CACHE_CONTROL, value.parse().unwrap());
            }
            max_age(&headers).map(|age| age.as_secs())
        };
        assert_eq!(read(&[]), None);
        assert_eq!(read(&["public, max-age=86400"]), Some(86_400));
        assert_eq!(read(&["Max-Age=\"7\""]), Some(7));
        assert_eq!(read(&["s-maxage=3", "max-age=9"]), Some(9));
        assert_eq!(read(&["max-age=9, no-store"]), Some(0));
        assert_eq!(read(&["no-cache"]), Some(0));
        assert_eq!(read(&["max-age=-1"]), None);
        assert_eq!(read(&["max-age=99999999999999999999"]), None);
    }
}
