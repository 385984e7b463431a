//! Certificate authorities that are trusted.
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;

use crate::edge::tls::{IdentityError, certificates};

/// Certificate authorities that are trusted. Cheap to clone.
#[derive(Clone)]
pub struct Roots {
    store: Arc<RootCertStore>,
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Roots({})", self.count())
    }
}

/// Why a certificate is not trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Distrust(String);

impl Roots {
    /// Reads the certificates of a PEM text; each has to be readable.
    ///
    /// # Errors
    /// `Pem`, `NoCertificate` and `Certificate`.
    pub fn from_pem(text: &[u8]) -> Result<Self, IdentityError> {
        let mut store = RootCertStore::empty();
        for certificate in certificates(text)? {
            store
                .add(certificate)
                .map_err(|_error| IdentityError::Certificate)?;
        }
        Ok(Self {
            store: Arc::new(store),
        })
    }

    /// Reads what can be read of a PEM text: of a system's list, the rest is good without one that is not understood.
    pub fn from_pem_in_part(text: &[u8]) -> Self {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(CertificateDer::pem_slice_iter(text).flatten());
        Self {
            store: Arc::new(store),
        }
    }

    /// The authorities, for whoever connects.
    pub fn store(&self) -> Arc<RootCertStore> {
        Arc::clone(&self.store)
    }

    /// How many authorities there are.
    pub fn count(&self) -> usize {
        self.store.len()
    }

    /// Judges a server's chain as a client would at `now`, in seconds since 1970, but for the name it asked for.
    ///
    /// # Errors
    /// Whatever a client would refuse it for: signature, time, names that the authority may not certify.
    pub fn trusts(&self, chain: &[u8], now: u64) -> Result<(), Distrust> {
        let distrust = |error: &dyn fmt::Display| Distrust(error.to_string());
        let chain = certificates(chain).map_err(|error| distrust(&error))?;
        let Some((first, others)) = chain.split_first() else {
            return Err(distrust(&IdentityError::NoCertificate));
        };
        let first = ParsedCertificate::try_from(first).map_err(|error| distrust(&error))?;
        let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
        let provider = aws_lc_rs::default_provider();
        let algorithms = provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&first, &self.store, others, now, algorithms)
            .map_err(|error| {
                let text = error.to_string();
                // The library has no words of its own for this one.
                if text.contains("NameConstraintViolation") {
                    distrust(&"a name is outside the constraints of the authority")
                } else {
                    distrust(&text)
                }
            })
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use rcgen::{
        BasicConstraints, CertificateParams, DnType, GeneralSubtree, IsCa, Issuer, KeyPair,
        NameConstraints, date_time_ymd,
    };

    use super::*;

    /// 2026-01-01.
    const NOW: u64 = 1_767_225_600;

    fn pem(der: &[u8]) -> String {
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
    }

    fn params(name: &str) -> CertificateParams {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2025, 1, 1);
        params.not_after = date_time_ymd(2027, 1, 1);
        params
    }

    /// An authority for names under `a.example`, and what it certifies.
    fn authority(name: &str) -> (String, impl Fn(&str) -> String) {
        let mut own = params("authority.a.example");
        own.distinguished_name.push(DnType::OrganizationName, name);
        own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        own.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName("a.example".to_owned())],
            excluded_subtrees: Vec::new(),
        });
        let key = KeyPair::generate().unwrap();
        let text = pem(own.self_signed(&key).unwrap().der());
        let issuer = Issuer::new(own, key);
        let certify = move |name: &str| {
            let key = KeyPair::generate().unwrap();
            pem(params(name).signed_by(&key, &issuer).unwrap().der())
        };
        (text, certify)
    }

    #[test]
    fn a_certificate_of_the_authority_is_trusted_in_its_time_and_for_its_names() {
        let (ca, certify) = authority("one");
        let (other, _) = authority("other");
        let roots = Roots::from_pem(format!("{other}{ca}").as_bytes()).unwrap();
        assert_eq!(roots.count(), 2);
        let good = certify("b.a.example");
        roots.trusts(good.as_bytes(), NOW).unwrap();
        assert!(roots.trusts(good.as_bytes(), NOW * 2).is_err(), "expired");
        let outside = roots.trusts(certify("b.example").as_bytes(), NOW);
        assert_eq!(
            outside.unwrap_err().to_string(),
            "a name is outside the constraints of the authority"
        );
        let others = Roots::from_pem(other.as_bytes()).unwrap();
        assert!(others.trusts(good.as_bytes(), NOW).is_err());
        assert!(others.trusts(b"", NOW).is_err());
    }

    #[test]
    fn a_text_without_a_readable_authority_is_refused() {
        let refused = |text: &str| Roots::from_pem(text.as_bytes()).unwrap_err();
        assert_eq!(refused(""), IdentityError::NoCertificate);
        assert_eq!(refused("hello"), IdentityError::NoCertificate);
        let (ca, _) = authority("one");
        let broken = format!("{ca}{}", pem(&[0, 0, 0]));
        assert_eq!(refused(&broken), IdentityError::Certificate);
        assert_eq!(Roots::from_pem_in_part(broken.as_bytes()).store().len(), 1);
        assert_eq!(Roots::from_pem_in_part(b"hello").count(), 0);
    }
}
