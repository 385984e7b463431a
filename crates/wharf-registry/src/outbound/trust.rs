//! Which certificates are trusted: those of known authorities, else those under a registered thumbprint.
use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

/// SHA-1 of a certificate. Whoever has it made cannot choose another certificate with the same one, which is all that
/// is asked of it; the algorithm is given by IAM's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Thumbprint([u8; 20]);

impl Thumbprint {
    /// Reads 40 hexadecimal digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 20];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let sum = digest(&SHA1_FOR_LEGACY_USE_ONLY, certificate);
        sum.as_ref().try_into().ok().map(Self)
    }
}

/// Judges the chain that a server shows.
pub(super) struct Verifier {
    roots: Arc<RootCertStore>,
    thumbprints: Vec<Thumbprint>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("thumbprints", &self.thumbprints)
            .finish_non_exhaustive()
    }
}

impl Verifier {
    pub(super) fn new(
        roots: Arc<RootCertStore>,
        thumbprints: &[Thumbprint],
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Self {
        Self {
            roots,
            thumbprints: thumbprints.to_vec(),
            algorithms,
        }
    }

    /// Accepts a chain whose last certificate is registered. It has to lead there: anybody can show a certificate that
    /// he has seen behind one of his own.
    fn pinned(
        &self,
        leaf: &ParsedCertificate<'_>,
        top: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        // The one error that a chain to a known authority cannot have.
        let unknown =
            || Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure);
        let registered = Thumbprint::of(top).is_some_and(|own| self.thumbprints.contains(&own));
        if !registered {
            return Err(unknown());
        }
        let mut anchors = RootCertStore::empty();
        anchors
            .add(top.clone().into_owned())
            .map_err(|_unreadable| unknown())?;
        verify_server_cert_signed_by_trust_anchor(
            leaf,
            &anchors,
            intermediates,
            now,
            self.algorithms.all,
        )
        .map_err(|error| if is_unknown(&error) { unknown() } else { error })
    }
}

/// Whether the fault of a chain is that nobody known has signed its last certificate: nobody of that name, or none with
/// that key.
fn is_unknown(error: &Error) -> bool {
    matches!(
        error,
        Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature)
    )
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let leaf = ParsedCertificate::try_from(end_entity)?;
        let known = verify_server_cert_signed_by_trust_anchor(
            &leaf,
            &self.roots,
            intermediates,
            now,
            self.algorithms.all,
        );
        match known {
            Ok(()) => {}
            Err(error) if is_unknown(&error) => {
                let top = intermediates.last().unwrap_or(end_entity);
                self.pinned(&leaf, top, intermediates, now)?;
            }
            Err(error) => return Err(error),
        }
        verify_server_name(&leaf, server_name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;
