//! An identity provider on this machine: HTTPS, discovery, keys, and tokens signed with them.
//!
//! ```ignore
//! let issuer = Issuer::start();
//! let claims = issuer.claims("repo:org/app:ref:refs/heads/main", "sts.amazonaws.com", now);
//! let token = issuer.sign(&claims);
//! ```
//!
//! Its authority is known to nobody: trust it by [`Issuer::authority_pem`] or by [`Issuer::thumbprint`].

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair};
use rustls::crypto::aws_lc_rs as provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

/// Where the discovery document is, under the issuer.
pub(crate) const DISCOVERY: &str = "/.well-known/openid-configuration";
/// Where the keys are, unless the document says otherwise.
pub(crate) const JWKS: &str = "/jwks";

/// What is answered for a path.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// A status, header lines, and a body.
    Say(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// Nothing, for as long as the client waits.
    Silence,
}

impl Answer {
    /// JSON, with status 200.
    pub(crate) fn json(body: &Value) -> Self {
        Self::Say(200, Vec::new(), body.to_string().into_bytes())
    }

    /// A status without body.
    pub(crate) fn status(status: u16) -> Self {
        Self::Say(status, Vec::new(), Vec::new())
    }
}

/// The running provider; it ends when dropped.
pub(crate) struct Issuer {
    address: SocketAddr,
    authority: CertificateDer<'static>,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    config: Arc<ServerConfig>,
    stop: AtomicBool,
    connections: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    keys: Vec<(String, EcdsaKeyPair)>,
    named: usize,
    answers: BTreeMap<String, Answer>,
    asked: BTreeMap<String, usize>,
}

impl Shared {
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn add_key(&mut self) {
        self.named += 1;
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        self.keys.push((format!("key-{}", self.named), pair));
    }

    fn jwks(&self) -> Value {
        let jwk = |(kid, pair): &(String, EcdsaKeyPair)| {
            let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
            json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid,
                "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)})
        };
        json!({"keys": self.keys.iter().map(jwk).collect::<Vec<_>>()})
    }
}

impl Issuer {
    /// Starts one on a free port of 127.0.0.1, with one key.
    pub(crate) fn start() -> Self {
        let (chain, key) = certificates();
        let authority = chain[1].clone();
        let config = ServerConfig::builder_with_provider(Arc::new(provider::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("TLS versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a certificate");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            config: Arc::new(config),
            stop: AtomicBool::new(false),
            connections: AtomicUsize::new(0),
            state: Mutex::default(),
        });
        shared.with(State::add_key);
        let accepting = {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || accept(&listener, &shared))
        };
        Self {
            address,
            authority,
            shared,
            accepting: Some(accepting),
        }
    }

    /// The issuer without `https://`, as it is registered.
    pub(crate) fn registered(&self) -> String {
        self.address.to_string()
    }

    /// The issuer, as tokens name it.
    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// What has to be in a client's list of authorities.
    pub(crate) fn authority_pem(&self) -> String {
        let text = STANDARD.encode(&self.authority);
        format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
    }

    /// SHA-1 of the authority's certificate, which is the last that is shown.
    pub(crate) fn thumbprint(&self) -> String {
        hex::encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.authority))
    }

    /// How often a path was asked for.
    pub(crate) fn asked(&self, path: &str) -> usize {
        let asked = |state: &mut State| state.asked.get(path).copied();
        self.shared.with(asked).unwrap_or(0)
    }

    /// How many connections there were, shaken hands or not.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Answers a path in another way from now on.
    pub(crate) fn answer(&self, path: &str, answer: Answer) {
        self.shared
            .with(|state| state.answers.insert(path.to_owned(), answer));
    }

    /// Answers all paths as at the start.
    pub(crate) fn answer_as_usual(&self) {
        self.shared.with(|state| state.answers.clear());
    }

    /// The public keys.
    pub(crate) fn jwks(&self) -> Value {
        self.shared.with(|state| state.jwks())
    }

    /// Signs with a new key from now on; the old ones are forgotten.
    pub(crate) fn rotate(&self) {
        self.shared.with(|state| {
            state.keys.clear();
            state.add_key();
        });
    }

    /// The claims of a token that is five minutes good from `now`, in seconds since 1970.
    pub(crate) fn claims(&self, subject: &str, audience: &str, now: i64) -> Value {
        json!({"iss": self.url(), "sub": subject, "aud": audience, "iat": now, "nbf": now,
            "exp": now + 300})
    }

    /// A token with these claims, signed with the newest key.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let kid = self
            .shared
            .with(|state| state.keys.last().map(|(kid, _)| kid.clone()));
        self.sign_with(&json!({"alg": "ES256", "typ": "JWT", "kid": kid}), claims)
    }

    /// A token with another header.
    pub(crate) fn sign_with(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self.shared.with(|state| {
            let (_, pair) = state.keys.last().expect("a key");
            let signature = pair.sign(&SystemRandom::new(), signed.as_bytes());
            URL_SAFE_NO_PAD.encode(signature.expect("a signature"))
        });
        format!("{signed}.{signature}")
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        // Wakes the one who accepts; what is connected ends with its client.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            drop(accepting.join());
        }
    }
}

/// A chain of two for 127.0.0.1, the authority last, and the first one's key.
fn certificates() -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let mut own = CertificateParams::new(Vec::new()).expect("parameters");
    own.distinguished_name
        .push(DnType::CommonName, "an authority for tests");
    own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let authority = own.self_signed(&key).expect("a certificate").der().clone();
    let by = rcgen::Issuer::new(own, key);
    let names = vec!["127.0.0.1".to_owned()];
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(names).expect("parameters");
    let leaf = leaf.signed_by(&key, &by).expect("a certificate");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    (vec![leaf.der().clone(), authority], key)
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for socket in listener.incoming() {
        if shared.stop.load(Ordering::SeqCst) {
            return;
        }
        let Ok(socket) = socket else { continue };
        shared.connections.fetch_add(1, Ordering::SeqCst);
        let shared = Arc::clone(shared);
        // A client that hangs up has lost interest.
        std::thread::spawn(move || serve(socket, &shared).unwrap_or_default());
    }
}

fn serve(socket: TcpStream, shared: &Shared) -> io::Result<()> {
    socket.set_read_timeout(Some(Duration::from_secs(30)))?;
    socket.set_write_timeout(Some(Duration::from_secs(30)))?;
    let local = socket.local_addr()?;
    let connection = ServerConnection::new(Arc::clone(&shared.config)).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, socket);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < 16_384 {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let answer = shared.with(|state| {
        *state.asked.entry(path.clone()).or_default() += 1;
        match (state.answers.get(&path), path.as_str()) {
            (Some(answer), _) => answer.clone(),
            (None, DISCOVERY) => Answer::json(&document(&format!("https://{local}"))),
            (None, JWKS) => Answer::json(&state.jwks()),
            _ => Answer::status(404),
        }
    });
    let Answer::Say(status, headers, body) = answer else {
        // Until the client gives up.
        return stream.read_exact(&mut [0]);
    };
    let length = body.len();
    let mut text = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n");
    for (name, value) in headers {
        text.extend([name, ": ", &value, "\r\n"]);
    }
    text.push_str("connection: close\r\n\r\n");
    stream.write_all(text.as_bytes())?;
    stream.write_all(&body)?;
    stream.conn.send_close_notify();
    stream.flush()
}

/// The discovery document of an issuer.
pub(crate) fn document(issuer: &str) -> Value {
    json!({"issuer": issuer, "jwks_uri": format!("{issuer}{JWKS}"),
        "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"]})
}
