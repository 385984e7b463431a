use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::crypto::aws_lc_rs;

use super::*;

/// 2026-01-01.
const NOW: u64 = 1_767_225_600;
const HOST: &str = "idp.example";

/// An authority's certificate, and one for [`HOST`] by it.
struct Chain {
    leaf: CertificateDer<'static>,
    authority: CertificateDer<'static>,
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2025, 1, 1);
    params.not_after = date_time_ymd(2027, 1, 1);
    params
}

fn chain() -> Chain {
    let mut own = params("authority.example");
    own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = own.self_signed(&key).unwrap().der().clone();
    let issuer = Issuer::new(own, key);
    let key = KeyPair::generate().unwrap();
    let leaf = params(HOST).signed_by(&key, &issuer).unwrap().der().clone();
    Chain { leaf, authority }
}

fn roots(certificates: &[&CertificateDer<'static>]) -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add((*certificate).clone()).unwrap();
    }
    Arc::new(roots)
}

#[derive(Clone, Copy)]
struct Asked<'a> {
    roots: &'a [&'a CertificateDer<'static>],
    pins: &'a [&'a CertificateDer<'static>],
    shown: &'a [&'a CertificateDer<'static>],
    name: &'static str,
    now: u64,
}

fn judge(asked: &Asked<'_>) -> Result<(), Error> {
    let pins = asked.pins.iter().map(|pin| Thumbprint::of(pin).unwrap());
    let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
    let verifier = Verifier::new(roots(asked.roots), &pins.collect::<Vec<_>>(), algorithms);
    let (leaf, others) = asked.shown.split_first().unwrap();
    let others: Vec<_> = others.iter().map(|other| (*other).clone()).collect();
    let name = ServerName::try_from(asked.name).unwrap();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(asked.now));
    let verdict = verifier.verify_server_cert(leaf, &others, &name, &[], now);
    verdict.map(|_| ())
}

fn untrusted() -> Result<(), Error> {
    Err(Error::InvalidCertificate(
        CertificateError::ApplicationVerificationFailure,
    ))
}

#[test]
fn a_known_authority_needs_no_thumbprint_and_an_unknown_one_does() {
    let (one, other) = (chain(), chain());
    let asked = Asked {
        roots: &[&one.authority],
        pins: &[],
        shown: &[&one.leaf],
        name: HOST,
        now: NOW,
    };
    assert_eq!(judge(&asked), Ok(()));
    // Of a known authority's certificate, no thumbprint is asked.
    assert_eq!(
        judge(&Asked {
            pins: &[&other.leaf],
            ..asked
        }),
        Ok(())
    );
    let pinned = Asked {
        roots: &[&other.authority],
        pins: &[&other.leaf, &one.authority],
        shown: &[&one.leaf, &one.authority],
        ..asked
    };
    assert_eq!(judge(&pinned), Ok(()));
    assert_eq!(
        judge(&Asked {
            roots: &[],
            ..pinned
        }),
        Ok(())
    );
    for pins in [&[][..], &[&other.authority], &[&one.leaf]] {
        assert_eq!(judge(&Asked { pins, ..pinned }), untrusted());
    }
}

#[test]
fn a_registered_certificate_behind_a_foreign_one_helps_nobody() {
    let (one, other) = (chain(), chain());
    let asked = Asked {
        roots: &[],
        pins: &[&one.authority],
        shown: &[&other.leaf, &one.authority],
        name: HOST,
        now: NOW,
    };
    assert!(judge(&asked).is_err());
    let both = [&other.leaf, &other.authority, &one.authority];
    assert!(
        judge(&Asked {
            shown: &both,
            ..asked
        })
        .is_err()
    );
    // Only the last certificate counts.
    let swapped = [&one.leaf, &one.authority, &other.authority];
    assert_eq!(
        judge(&Asked {
            shown: &swapped,
            ..asked
        }),
        untrusted()
    );
}

#[test]
fn a_thumbprint_excuses_neither_name_nor_time() {
    let one = chain();
    let asked = Asked {
        roots: &[],
        pins: &[&one.authority],
        shown: &[&one.leaf, &one.authority],
        name: HOST,
        now: NOW,
    };
    assert_eq!(judge(&asked), Ok(()));
    for wrong in [
        Asked {
            name: "evil.example",
            ..asked
        },
        Asked {
            now: NOW * 2,
            ..asked
        },
    ] {
        let refused = judge(&wrong).unwrap_err();
        assert!(matches!(refused, Error::InvalidCertificate(_)), "{refused}");
        assert_ne!(Err(refused), untrusted());
    }
}

#[test]
fn a_certificate_that_signed_itself_is_its_own_top() {
    let key = KeyPair::generate().unwrap();
    let own = params(HOST).self_signed(&key).unwrap().der().clone();
    let asked = Asked {
        roots: &[],
        pins: &[&own],
        shown: &[&own],
        name: HOST,
        now: NOW,
    };
    assert_eq!(judge(&asked), Ok(()));
    assert_eq!(judge(&Asked { pins: &[], ..asked }), untrusted());
    assert!(
        judge(&Asked {
            now: NOW * 2,
            ..asked
        })
        .is_err()
    );
}

#[test]
fn a_thumbprint_has_forty_digits_of_either_case() {
    let text = "990f4193972f2becf12ddeda5237f9c952f20d9e";
    assert!(Thumbprint::parse(text).is_some());
    assert_eq!(
        Thumbprint::parse(&text.to_uppercase()),
        Thumbprint::parse(text)
    );
    for wrong in [
        "",
        "99",
        text.trim_start_matches("99"),
        &format!("{text}0"),
        &text.replace('9', "x"),
    ] {
        assert_eq!(Thumbprint::parse(wrong), None);
    }
    let abc = CertificateDer::from(b"abc".to_vec());
    let known = "a9993e364706816aba3e25717850c26c9cd0d89d";
    assert_eq!(Thumbprint::of(&abc), Thumbprint::parse(known));
}
