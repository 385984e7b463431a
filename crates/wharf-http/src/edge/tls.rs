//! HTTP over TLS: a certificate and its key, the handshake, and their replacement while serving.
use std::fmt;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::client::verify_server_name;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::edge::transport::Transport;
use crate::limits;

mod der;
mod roots;

pub use crate::edge::tls::der::Validity;
pub use crate::edge::tls::roots::{Distrust, Roots};

/// What a client is told that speaks HTTP without TLS where TLS is spoken.
const PLAIN_HTTP: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\
    content-type: text/plain; charset=utf-8\r\n\
    content-length: 49\r\n\
    connection: close\r\n\r\n\
    Client sent an HTTP request to an HTTPS server.\r\n";

/// Why a certificate or a key cannot be used. Never quotes what was read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The text is not PEM.
    #[error("it is not PEM: {0}")]
    Pem(String),
    /// No `CERTIFICATE` section.
    #[error("it holds no certificate")]
    NoCertificate,
    /// No `PRIVATE KEY` section, of whatever kind.
    #[error("it holds no private key")]
    NoKey,
    /// Several keys, of which one would be used without a word.
    #[error("it holds more than one private key")]
    SeveralKeys,
    /// The first certificate cannot be read.
    #[error("its first certificate cannot be read")]
    Certificate,
    /// The key is of a kind that is not known.
    #[error("its private key cannot be used: {0}")]
    Key(String),
    /// The key is another one's.
    #[error("the private key does not belong to the first certificate")]
    Mismatch,
}

/// A certificate chain with its key, ready to shake hands.
pub struct Identity {
    config: Arc<ServerConfig>,
    certificate: CertificateDer<'static>,
    validity: Validity,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("validity", &self.validity)
            .finish_non_exhaustive()
    }
}

/// Reads the certificates of a PEM text, in their order.
///
/// # Errors
/// `Pem` and `NoCertificate`.
fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(text)
        .collect::<Result<_, _>>()
        .map_err(|error| IdentityError::Pem(pem_fault(&error).to_owned()))?;
    if found.is_empty() {
        return Err(IdentityError::NoCertificate);
    }
    Ok(found)
}

/// What is wrong with a PEM text, without the text.
fn pem_fault(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::MissingSectionEnd { .. } => "a section does not end",
        pem::Error::IllegalSectionStart { .. } => "a section begins with a broken line",
        pem::Error::Base64Decode(_) => "a section is not base64",
        _ => "it cannot be read",
    }
}

impl Identity {
    /// Reads a chain, the server's own certificate first, and the key of that certificate.
    ///
    /// # Errors
    /// The first element tells which text is at fault: `true` for the key.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, (bool, IdentityError)> {
        let chain = certificates(chain).map_err(|error| (false, error))?;
        let key = private_key(key).map_err(|error| (true, error))?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let key = provider
            .key_provider
            .load_private_key(key)
            .map_err(|error| (true, IdentityError::Key(error.to_string())))?;
        let broken = || (false, IdentityError::Certificate);
        let certificate = chain.first().cloned().ok_or_else(broken)?;
        ParsedCertificate::try_from(&certificate).map_err(|_error| broken())?;
        let validity = Validity::of(&certificate).ok_or_else(broken)?;
        let certified = CertifiedKey::new(chain, key);
        certified
            .keys_match()
            .map_err(|_error| (true, IdentityError::Mismatch))?;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|error| (true, IdentityError::Key(error.to_string())))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            config: Arc::new(config),
            certificate,
            validity,
        })
    }

    /// When the server's own certificate is valid.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// For whoever watches that it is renewed in time.
    fn tell(&self) {
        // A later end than the year 2106 is told as that.
        let until = u32::try_from(self.validity.until.max(0)).unwrap_or(u32::MAX);
        metrics::gauge!("wharf_tls_not_after_seconds").set(until);
    }

    /// Tells whether the certificate names a host: a DNS name or an address, without brackets.
    pub fn names(&self, host: &str) -> bool {
        let (Ok(certificate), Ok(name)) = (
            ParsedCertificate::try_from(&self.certificate),
            ServerName::try_from(host),
        ) else {
            return false;
        };
        verify_server_name(&certificate, &name).is_ok()
    }
}

fn private_key(text: &[u8]) -> Result<PrivateKeyDer<'static>, IdentityError> {
    let mut keys = PrivateKeyDer::pem_slice_iter(text);
    let first = keys.next().ok_or(IdentityError::NoKey)?;
    let first = first.map_err(|error| IdentityError::Pem(pem_fault(&error).to_owned()))?;
    if keys.next().is_some() {
        return Err(IdentityError::SeveralKeys);
    }
    Ok(first)
}

/// HTTP over TLS. Clones share the identity.
#[derive(Clone)]
pub struct Tls {
    // A new configuration for each identity, so that no session of the old one is resumed.
    current: Arc<RwLock<Arc<ServerConfig>>>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

impl Tls {
    /// Shakes hands as `identity`.
    pub fn new(identity: &Identity) -> Self {
        identity.tell();
        Self {
            current: Arc::new(RwLock::new(Arc::clone(&identity.config))),
        }
    }

    /// Shakes hands as `identity` from now on; what is connected stays connected.
    pub fn replace(&self, identity: &Identity) {
        identity.tell();
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::clone(&identity.config);
    }

    fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Transport for Tls {
    type Stream = TlsStream<TcpStream>;

    fn secure(&self) -> bool {
        true
    }

    async fn accept(&self, socket: TcpStream) -> io::Result<Self::Stream> {
        let mut first = [0_u8; 1];
        if socket.peek(&mut first).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        // A handshake begins with 22; an HTTP request with the first letter of its method.
        if first.iter().all(u8::is_ascii_uppercase) {
            return Err(refuse_plain(socket).await);
        }
        TlsAcceptor::from(self.config()).accept(socket).await
    }
}

/// Says that TLS is spoken here, and reads a little so that the client sees it.
async fn refuse_plain(mut socket: TcpStream) -> io::Error {
    let told = async {
        socket.write_all(PLAIN_HTTP).await?;
        socket.shutdown().await?;
        let mut sent = (&mut socket).take(limits::REFUSED_BODY_BYTES);
        tokio::io::copy(&mut sent, &mut tokio::io::sink()).await
    };
    match tokio::time::timeout(limits::REFUSED_BODY_TIME, told).await {
        Ok(Err(error)) => error,
        _ => io::Error::new(io::ErrorKind::InvalidData, "HTTP without TLS"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(names: &[&str]) -> (String, String) {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        let pem = |kind: &str, der: &[u8]| {
            use base64::Engine as _;
            let text = base64::engine::general_purpose::STANDARD.encode(der);
            format!("-----BEGIN {kind}-----\n{text}\n-----END {kind}-----\n")
        };
        (
            pem("CERTIFICATE", made.cert.der()),
            pem("PRIVATE KEY", made.signing_key.serialized_der()),
        )
    }

    fn refused(chain: &str, key: &str) -> (bool, IdentityError) {
        Identity::from_pem(chain.as_bytes(), key.as_bytes()).unwrap_err()
    }

    #[test]
    fn a_pair_is_taken_and_tells_its_names() {
        let (chain, key) = made(&["registry.example", "*.dkr.example", "127.0.0.1", "::1"]);
        let identity = Identity::from_pem(chain.as_bytes(), key.as_bytes()).unwrap();
        for name in ["registry.example", "a.dkr.example", "127.0.0.1", "::1"] {
            assert!(identity.names(name), "{name}");
        }
        for name in ["example", "a.b.dkr.example", "127.0.0.2", "", "[::1]"] {
            assert!(!identity.names(name), "{name}");
        }
        // rcgen's own default: from 1975 to 4096.
        assert!(identity.validity().from < 1_000_000_000);
        assert!(identity.validity().until > 60_000_000_000);
        assert!(!format!("{identity:?}").contains("BEGIN"));
    }

    #[test]
    fn what_cannot_be_used_is_refused_and_the_file_at_fault_is_told() {
        let (chain, key) = made(&["a.example"]);
        let (_, other) = made(&["a.example"]);
        assert_eq!(refused(&chain, &other), (true, IdentityError::Mismatch));
        assert_eq!(refused("", &key), (false, IdentityError::NoCertificate));
        assert_eq!(refused(&key, &key), (false, IdentityError::NoCertificate));
        assert_eq!(refused(&chain, &chain), (true, IdentityError::NoKey));
        let both = format!("{key}{other}");
        assert_eq!(refused(&chain, &both), (true, IdentityError::SeveralKeys));
        let cut = chain.split_at(chain.len() / 2).0;
        assert!(matches!(refused(cut, &key), (false, IdentityError::Pem(_))));
        let junk = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(refused(junk, &key), (false, IdentityError::Certificate));
        let junk = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert!(matches!(
            refused(&chain, junk),
            (true, IdentityError::Key(_))
        ));
    }

    #[test]
    fn the_answer_to_plain_http_has_the_length_it_says() {
        let text = std::str::from_utf8(PLAIN_HTTP).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())));
    }
}
