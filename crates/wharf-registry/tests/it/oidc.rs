//! Keys of identity providers: asked for seldom, kept, and never from an address that is not allowed.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use wharf_identity::{Claims, TokenError, UnverifiedToken};
use wharf_registry::oidc::{KeyFile, Provider, ProviderKeys};
use wharf_registry::{Micros, OutboundSettings};

use crate::issuer::{Answer, DISCOVERY, Issuer, JWKS, document};

const SECOND: Micros = 1_000_000;
const MINUTE: Micros = 60 * SECOND;
const HOUR: Micros = 60 * MINUTE;
/// 2026-01-15T12:00:00Z
const NOW: Micros = 1_768_478_400 * SECOND;
const SUBJECT: &str = "repo:org/app:ref:refs/heads/main";

/// A provider, and the keys that a registry has of it.
struct Place {
    issuer: Issuer,
    keys: ProviderKeys,
}

fn trusting(issuer: &Issuer) -> OutboundSettings {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(issuer.authority_pem().as_bytes());
    roots
        .add(authority.expect("a certificate"))
        .expect("an authority");
    OutboundSettings {
        roots: Arc::new(roots),
        allow_private: true,
        timeout: Duration::from_secs(30),
    }
}

fn place_with(change: impl FnOnce(&mut OutboundSettings)) -> Place {
    let issuer = Issuer::start();
    let mut settings = trusting(&issuer);
    change(&mut settings);
    let keys = ProviderKeys::new(settings, &[]).expect("keys");
    Place { issuer, keys }
}

fn place() -> Place {
    place_with(|_| ())
}

fn provider(url: String) -> Provider {
    Provider {
        url,
        client_ids: vec!["sts.amazonaws.com".to_owned()],
        thumbprints: Vec::new(),
    }
}

impl Place {
    fn provider(&self) -> Provider {
        provider(self.issuer.registered())
    }

    fn claims(&self, wall: Micros) -> Value {
        self.issuer
            .claims(SUBJECT, "sts.amazonaws.com", wall / SECOND)
    }

    async fn judge(&self, token: &str, wall: Micros) -> Result<Claims, TokenError> {
        let token = UnverifiedToken::parse(token)?;
        self.keys.verify(&self.provider(), &token, wall).await
    }

    /// Judges a good token.
    async fn good(&self, wall: Micros) -> Result<(), TokenError> {
        let token = self.issuer.sign(&self.claims(wall));
        self.judge(&token, wall).await.map(|_| ())
    }

    /// Judges a token of a key that nobody has.
    async fn unknown(&self, kid: &str, wall: Micros) -> Result<(), TokenError> {
        let header = json!({"alg": "ES256", "kid": kid});
        let token = self.issuer.sign_with(&header, &self.claims(wall));
        self.judge(&token, wall).await.map(|_| ())
    }

    /// How often the discovery document and the keys were asked for.
    fn asked(&self) -> (usize, usize) {
        (self.issuer.asked(DISCOVERY), self.issuer.asked(JWKS))
    }
}

#[tokio::test]
async fn a_token_is_verified_with_the_keys_of_its_issuer() {
    let place = place();
    let token = place.issuer.sign(&place.claims(NOW));
    let said = place.judge(&token, NOW).await.expect("claims");
    assert_eq!(said.issuer, place.issuer.url());
    assert_eq!(said.subject, SUBJECT);
    assert_eq!(said.audience, "sts.amazonaws.com");
    let elsewhere = Issuer::start();
    let forged = elsewhere.sign_with(&json!({"alg": "ES256", "kid": "key-1"}), &place.claims(NOW));
    assert_eq!(place.judge(&forged, NOW).await, Err(TokenError::Signature));
    let late = NOW + 700 * SECOND;
    let expired = TokenError::Expired {
        now: late / SECOND,
        expires: NOW / SECOND + 300,
    };
    assert_eq!(place.judge(&token, late).await, Err(expired));
    assert_eq!(place.asked(), (1, 1));
}

#[tokio::test]
async fn n44_a_token_of_another_issuer_or_algorithm_makes_nobody_ask() {
    let place = place();
    let token = place.issuer.sign(&place.claims(NOW));
    let token = UnverifiedToken::parse(&token).expect("a token");
    let port = place.issuer.registered();
    for url in [
        format!("{port}/"),
        format!("{port}/x"),
        "idp.example".to_owned(),
        String::new(),
        place.issuer.url(),
    ] {
        let said = place.keys.verify(&provider(url), &token, NOW).await;
        let issuer = place.issuer.url();
        assert_eq!(said, Err(TokenError::NoProvider { issuer }));
    }
    for algorithm in ["none", "HS256", "PS256"] {
        let header = json!({"alg": algorithm, "kid": "key-1"});
        let token = place.issuer.sign_with(&header, &place.claims(NOW));
        assert_eq!(place.judge(&token, NOW).await, Err(TokenError::Algorithm));
    }
    assert_eq!(place.issuer.connections(), 0);
}

#[tokio::test]
async fn keys_are_kept_for_an_hour_or_as_long_as_the_issuer_says_within_bounds() {
    for (header, kept) in [
        (None, HOUR),
        (Some("max-age=7200"), 2 * HOUR),
        (Some("max-age=1"), 5 * MINUTE),
        (Some("no-store"), 5 * MINUTE),
        (Some("max-age=99999999"), 24 * HOUR),
    ] {
        let place = place();
        let headers = header.map(|text| ("cache-control", text.to_owned()));
        let body = place.issuer.jwks().to_string().into_bytes();
        let answer = Answer::Say(200, headers.into_iter().collect(), body);
        place.issuer.answer(JWKS, answer);
        place.good(NOW).await.expect("claims");
        place.good(NOW + kept - 1).await.expect("claims");
        assert_eq!(place.asked(), (1, 1), "{header:?}");
        place.good(NOW + kept).await.expect("claims");
        assert_eq!(place.asked(), (2, 2), "{header:?}");
    }
}

#[tokio::test]
async fn n44_many_at_once_ask_once() {
    let place = place();
    let all = (0..100).map(|_| place.good(NOW));
    for verdict in futures_util::future::join_all(all).await {
        verdict.expect("claims");
    }
    assert_eq!(place.asked(), (1, 1));
}

#[tokio::test]
async fn an_issuer_that_has_new_keys_is_asked_for_them() {
    let place = place();
    place.good(NOW).await.expect("claims");
    let before = place.issuer.sign(&place.claims(NOW));
    place.issuer.rotate();
    let all = (0..20).map(|_| place.good(NOW + SECOND));
    for verdict in futures_util::future::join_all(all).await {
        verdict.expect("claims");
    }
    assert_eq!(place.asked(), (2, 2));
    assert_eq!(place.judge(&before, NOW).await, Err(TokenError::NoKey));
    assert_eq!(place.asked(), (2, 2));
}

#[tokio::test]
async fn n44_a_flood_of_unknown_keys_asks_once_a_minute() {
    let place = place();
    place.good(NOW).await.expect("claims");
    for minute in 0..3 {
        let wall = NOW + minute * MINUTE;
        for number in 0..1_000 {
            let wall = wall + number * SECOND / 20;
            let said = place.unknown(&format!("{minute}-{number}"), wall).await;
            assert_eq!(said, Err(TokenError::NoKey));
        }
        let asked = 2 + usize::try_from(minute).expect("small");
        assert_eq!(place.asked(), (asked, asked));
    }
    // Good tokens do not suffer.
    place.good(NOW + 3 * MINUTE).await.expect("claims");
}

#[tokio::test]
async fn n44_a_flood_of_unknown_keys_at_once_asks_once_even_if_the_issuer_fails() {
    let place = place();
    place.good(NOW).await.expect("claims");
    place.issuer.answer(DISCOVERY, Answer::status(503));
    let kids: Vec<String> = (0..200).map(|number| format!("u{number}")).collect();
    let all = kids.iter().map(|kid| place.unknown(kid, NOW + SECOND));
    let verdicts = futures_util::future::join_all(all).await;
    let unanswered = verdicts
        .iter()
        .filter(|verdict| **verdict == Err(TokenError::Communication));
    assert_eq!(unanswered.count(), 1);
    assert!(verdicts.iter().all(Result::is_err));
    assert_eq!(place.issuer.asked(DISCOVERY), 2);
    let wall = NOW + 59 * SECOND;
    assert_eq!(place.unknown("x", wall).await, Err(TokenError::NoKey));
    assert_eq!(place.issuer.asked(DISCOVERY), 2);
    place.good(wall).await.expect("the old keys are still good");
}

#[tokio::test]
async fn an_unknown_key_in_the_first_token_asks_once() {
    let place = place();
    assert_eq!(place.unknown("x", NOW).await, Err(TokenError::NoKey));
    assert_eq!(place.asked(), (1, 1));
    // That was not yet the one of this minute.
    place.issuer.rotate();
    place.good(NOW + SECOND).await.expect("claims");
    assert_eq!(place.asked(), (2, 2));
}

#[tokio::test]
async fn a_failure_is_remembered_for_ten_seconds() {
    let place = place();
    place.issuer.answer(DISCOVERY, Answer::status(500));
    for wall in [NOW, NOW + SECOND, NOW + 10 * SECOND - 1] {
        assert_eq!(place.good(wall).await, Err(TokenError::Communication));
    }
    assert_eq!(place.asked(), (1, 0));
    place.issuer.answer_as_usual();
    place.good(NOW + 10 * SECOND).await.expect("claims");
    assert_eq!(place.asked(), (2, 1));
}

#[tokio::test]
async fn old_keys_serve_for_a_day_while_the_issuer_does_not_answer() {
    let place = place();
    place.good(NOW).await.expect("claims");
    place.issuer.answer(JWKS, Answer::status(500));
    for wall in [NOW + HOUR, NOW + 2 * HOUR, NOW + 25 * HOUR - 1] {
        place.good(wall).await.expect("claims");
    }
    assert_eq!(place.asked(), (4, 4));
    let wall = NOW + 25 * HOUR;
    assert_eq!(place.good(wall).await, Err(TokenError::Communication));
    place.issuer.answer_as_usual();
    place.good(wall + 10 * SECOND).await.expect("claims");
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_make_the_issuer_be_asked_again() {
    let place = place();
    place.issuer.answer(JWKS, Answer::Silence);
    {
        let asking = place.good(NOW);
        let reached = async {
            while place.issuer.asked(JWKS) == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            verdict = asking => panic!("{verdict:?}"),
            () = reached => {}
        }
    }
    let waiting = tokio::time::timeout(Duration::from_millis(50), place.good(NOW));
    assert!(waiting.await.is_err(), "waits for who asks");
    assert_eq!(place.asked(), (1, 1));
}

/// What is said of an issuer that answers so.
async fn said(path: &str, answer: Answer) -> TokenError {
    let place = place_with(|settings| settings.timeout = Duration::from_secs(5));
    place.issuer.answer(path, answer);
    place.good(NOW).await.expect_err("no keys")
}

#[tokio::test]
async fn an_issuer_that_publishes_no_keys_as_it_should_has_none() {
    for status in [204, 301, 302, 307, 308, 400, 403, 404] {
        for path in [DISCOVERY, JWKS] {
            let headers = vec![("location", format!("https://127.0.0.1:1{path}"))];
            let answer = Answer::Say(status, headers, Vec::new());
            assert_eq!(said(path, answer).await, TokenError::NoKey, "{status}");
        }
    }
    for status in [408, 429, 500, 502, 503] {
        let answer = Answer::status(status);
        assert_eq!(said(JWKS, answer).await, TokenError::Communication);
    }
    for (path, body) in [
        (DISCOVERY, json!([])),
        (DISCOVERY, json!({"issuer": "https://127.0.0.1"})),
        (DISCOVERY, document("https://idp.example")),
        (JWKS, json!({"keys": {}})),
        (JWKS, json!({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]})),
        (JWKS, json!({"keys": vec![json!({"kty": "RSA"}); 101]})),
        (JWKS, json!({"keys": []})),
    ] {
        let said = said(path, Answer::json(&body)).await;
        assert_eq!(said, TokenError::NoKey, "{path} {body}");
    }
}

#[tokio::test]
async fn keys_are_fetched_over_https_only() {
    for uri in [
        "http://127.0.0.1:1/jwks",
        "file:///etc/passwd",
        "",
        "https://u@127.0.0.1/",
    ] {
        let place = place();
        let body = json!({"issuer": place.issuer.url(), "jwks_uri": uri});
        place.issuer.answer(DISCOVERY, Answer::json(&body));
        assert_eq!(place.good(NOW).await, Err(TokenError::NoKey), "{uri}");
        assert_eq!(place.asked(), (1, 0));
    }
}

#[tokio::test]
async fn n38_a_body_of_more_than_a_mebibyte_is_not_read() {
    let padded = |issuer: &Issuer, length: usize| {
        let mut document = document(&issuer.url()).to_string().into_bytes();
        document.resize(length, b' ');
        Answer::Say(200, Vec::new(), document)
    };
    let place = place();
    let answer = padded(&place.issuer, (1 << 20) + 1);
    place.issuer.answer(DISCOVERY, answer);
    assert_eq!(place.good(NOW).await, Err(TokenError::NoKey));
    let answer = padded(&place.issuer, 1 << 20);
    place.issuer.answer(DISCOVERY, answer);
    place.good(NOW + MINUTE).await.expect("claims");
}

#[tokio::test]
async fn n45_an_issuer_that_is_silent_is_waited_for_no_longer_than_set() {
    for path in [DISCOVERY, JWKS] {
        let place = place_with(|settings| settings.timeout = Duration::from_millis(300));
        place.issuer.answer(path, Answer::Silence);
        assert_eq!(place.good(NOW).await, Err(TokenError::Communication));
        assert_eq!(place.issuer.asked(path), 1);
    }
    // One that accepts and says nothing, not even for TLS.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let place = place_with(|settings| settings.timeout = Duration::from_millis(300));
    let url = listener.local_addr().expect("an address").to_string();
    assert_eq!(of(&place, &url).await, Err(TokenError::Communication));
    drop(listener);
    assert_eq!(
        of(&place_with(|_| ()), &url).await,
        Err(TokenError::Communication)
    );
}

/// Judges a token of another issuer.
async fn of(place: &Place, url: &str) -> Result<(), TokenError> {
    let mut claims = place.claims(NOW);
    claims["iss"] = json!(format!("https://{url}"));
    let token = UnverifiedToken::parse(&place.issuer.sign(&claims))?;
    let provider = provider(url.to_owned());
    place.keys.verify(&provider, &token, NOW).await.map(|_| ())
}

#[tokio::test]
async fn n48_a_private_address_is_not_connected_to_whatever_its_name() {
    let place = place_with(|settings| settings.allow_private = false);
    let (_, port) = {
        let registered = place.issuer.registered();
        let (host, port) = registered.rsplit_once(':').expect("a port");
        (host.to_owned(), port.to_owned())
    };
    for host in [
        "127.0.0.1",
        "localhost",
        "[::ffff:127.0.0.1]",
        "127.1",
        "0.0.0.0",
        "2130706433",
    ] {
        let verdict = of(&place, &format!("{host}:{port}")).await;
        assert!(
            matches!(verdict, Err(TokenError::NoKey | TokenError::Communication)),
            "{host}: {verdict:?}"
        );
    }
    assert_eq!(
        of(&place, &format!("localhost:{port}")).await,
        Err(TokenError::NoKey)
    );
    assert_eq!(place.issuer.connections(), 0);
}

#[tokio::test]
async fn a_chain_to_no_known_authority_needs_its_thumbprint() {
    let place = place_with(|settings| settings.roots = Arc::new(RootCertStore::empty()));
    let token = place.issuer.sign(&place.claims(NOW));
    let token = UnverifiedToken::parse(&token).expect("a token");
    let good = place.issuer.thumbprint();
    let with = async |thumbprints: Vec<String>| {
        let provider = Provider {
            thumbprints,
            ..place.provider()
        };
        place.keys.verify(&provider, &token, NOW).await.map(|_| ())
    };
    let refused = Err(TokenError::Thumbprint);
    assert_eq!(with(Vec::new()).await, refused);
    assert_eq!(with(vec!["0".repeat(40)]).await, refused);
    assert_eq!(with(vec!["x".repeat(40)]).await, refused);
    assert_eq!(
        place.asked(),
        (0, 0),
        "nothing is sent to a server that is not trusted"
    );
    assert_eq!(
        with(vec!["0".repeat(40), good.to_uppercase()]).await,
        Ok(())
    );
    // Who trusts another certificate does not get the keys that were fetched under this one.
    assert_eq!(with(vec!["1".repeat(40)]).await, refused);
    assert_eq!(with(Vec::new()).await, refused);
    assert_eq!(place.asked(), (1, 1));
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_trusted() {
    let place = place();
    let registered = place.issuer.registered();
    let (_, port) = registered.rsplit_once(':').expect("a port");
    // It leads there, but the certificate is for the address alone.
    let url = format!("localhost:{port}");
    assert_eq!(of(&place, &url).await, Err(TokenError::Communication));
    assert_eq!((place.issuer.connections(), place.asked()), (1, (0, 0)));
}

#[tokio::test]
async fn an_issuer_with_a_file_is_never_asked() {
    let issuer = Issuer::start();
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    write!(file, "{}", issuer.jwks()).expect("written");
    let named = KeyFile {
        issuer: issuer.url(),
        path: file.path().to_owned(),
    };
    let keys = ProviderKeys::new(trusting(&issuer), &[named]).expect("keys");
    let place = Place { issuer, keys };
    place.good(NOW).await.expect("claims");
    assert_eq!(place.unknown("x", NOW).await, Err(TokenError::NoKey));
    place.issuer.rotate();
    assert_eq!(place.good(NOW).await, Err(TokenError::NoKey));
    std::fs::write(file.path(), place.issuer.jwks().to_string()).expect("written");
    place.good(NOW).await.expect("claims");
    file.close().expect("removed");
    assert_eq!(place.good(NOW).await, Err(TokenError::NoKey));
    assert_eq!(place.issuer.connections(), 0);
}
