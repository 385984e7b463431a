use base64::Engine as _;

use super::*;

const DAY: i64 = 24 * 60 * 60;

fn pem(kind: &str, der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {kind}-----\n{text}\n-----END {kind}-----\n")
}

/// A pair for `a.example` that is valid until the first day of a year.
fn pair(until: i32) -> (String, String) {
    let mut params = rcgen::CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2000, 1, 1);
    params.not_after = rcgen::date_time_ymd(until, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    (
        pem("CERTIFICATE", certificate.der()),
        pem("PRIVATE KEY", key.serialized_der()),
    )
}

fn write(files: &Files, (cert, key): &(String, String)) {
    std::fs::write(&files.cert, cert).unwrap();
    std::fs::write(&files.key, key).unwrap();
    std::fs::set_permissions(&files.key, std::fs::Permissions::from_mode(0o600)).unwrap();
}

fn files(directory: &Path) -> Files {
    Files {
        cert: directory.join("c.pem"),
        key: directory.join("k.pem"),
    }
}

#[test]
fn a_certificate_stands_to_the_clock_in_one_of_four_ways() {
    let validity = Validity {
        from: 100 * DAY,
        until: 200 * DAY,
    };
    for (now, standing) in [
        (100 * DAY - 1, Standing::Early),
        (100 * DAY, Standing::Good),
        (186 * DAY, Standing::Good),
        (186 * DAY + 1, Standing::Soon),
        (200 * DAY, Standing::Soon),
        (200 * DAY + 1, Standing::Expired),
    ] {
        assert_eq!(Standing::of(validity, now), standing, "{now}");
        let warned = standing.warning(Path::new("/c"), validity);
        assert_eq!(warned.is_none(), standing == Standing::Good, "{now}");
    }
}

#[test]
fn an_expired_certificate_is_warned_of_and_served() {
    let directory = tempfile::tempdir().unwrap();
    let files = files(directory.path());
    write(&files, &pair(2001));
    let expired = format!(
        "{}: the certificate expired at 2001-01-01T00:00:00Z",
        files.cert.display()
    );
    assert_eq!(files.check(Some("a.example")).unwrap(), [expired]);
    assert!(files.clone().serve(None).is_ok());
    write(&files, &pair(4000));
    assert!(files.check(None).unwrap().is_empty());
}

#[test]
fn one_half_of_a_new_pair_is_waited_upon_and_told_when_the_other_does_not_come() {
    let directory = tempfile::tempdir().unwrap();
    let files = files(directory.path());
    let (old, new) = (pair(4000), pair(3000));
    write(&files, &old);
    let mut served = files.clone().serve(None).unwrap();
    let mut doubt = Doubt::default();
    assert_eq!(served.look(&mut doubt, false), Finding::Nothing);

    std::fs::write(&files.key, &new.1).unwrap();
    assert_eq!(served.look(&mut doubt, false), Finding::Nothing, "once");
    std::fs::write(&files.cert, &new.0).unwrap();
    assert_eq!(served.look(&mut doubt, false), Finding::Replaced);

    std::fs::write(&files.cert, &old.0).unwrap();
    assert_eq!(served.look(&mut doubt, false), Finding::Nothing, "once");
    let told = served.look(&mut doubt, false);
    assert!(
        matches!(&told, Finding::Broken(why) if why.contains("does not belong")),
        "{told:?}"
    );
    assert_eq!(served.look(&mut doubt, false), Finding::Nothing, "told");
    assert!(
        matches!(served.look(&mut doubt, true), Finding::Broken(_)),
        "asked"
    );
    write(&files, &old);
    assert_eq!(served.look(&mut doubt, false), Finding::Replaced);
}

#[test]
fn a_file_that_is_too_large_or_not_there_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("large");
    let file = File::create(&path).unwrap();
    file.set_len(FILE_BYTES).unwrap();
    assert!(read_small(&path).is_ok());
    file.set_len(FILE_BYTES + 1).unwrap();
    let refused = read_small(&path).unwrap_err().to_string();
    assert!(refused.ends_with("large is larger than 4 MiB"), "{refused}");
    assert!(read_small(&directory.path().join("absent")).is_err());
}
