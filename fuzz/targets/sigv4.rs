//! What a request presents: the `Authorization` header, or the query of a presigned request.
//!
//! The input is the query, a line feed, and one header `name: value` a line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wharf_wire::sigv4::{Form, MAX_EXPIRES_SECONDS, SignedRequest, amz_date, parse, verify};

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const SECRET: &str = "not-a-secret-anyone-would-guess";

fuzz_target!(|input: &[u8]| {
    let mut lines = input.split(|byte| *byte == b'\n');
    let query = lines.next().unwrap_or_default();
    let Ok(query) = std::str::from_utf8(query) else {
        return;
    };
    let headers: Vec<(String, &[u8])> = lines.filter_map(header).collect();
    let headers: Vec<(&str, &[u8])> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    let request = SignedRequest {
        method: "POST",
        path: "/",
        query,
        headers: &headers,
        body_sha256: Some(EMPTY),
    };
    let has_header = headers.iter().any(|(name, _)| *name == "authorization");
    let presented = match parse(&request) {
        Ok(presented) => presented,
        Err(error) => {
            assert_eq!(Err(error.clone()), parse(&request).map(|_presented| ()));
            assert!(error.to_string().chars().count() < 1_024);
            assert!(error.message().chars().count() < 1_024);
            return;
        }
    };
    let again = parse(&request).expect("two readings differ");
    assert_eq!(format!("{presented:?}"), format!("{again:?}"));
    match presented.form {
        Form::Header => assert!(has_header),
        Form::Query { expires_seconds } => {
            assert!(!has_header && (1..=MAX_EXPIRES_SECONDS).contains(&expires_seconds));
        }
    }
    assert!((1..=128).contains(&presented.access_key_id.len()));
    assert!(!presented.access_key_id.contains('/'));
    for part in [
        &presented.scope.date,
        &presented.scope.region,
        &presented.scope.service,
        &presented.scope.terminator,
    ] {
        assert!(!part.contains('/'));
    }
    // Years of four digits, whole seconds.
    assert_eq!(presented.time % 1_000_000, 0);
    assert_eq!(amz_date(presented.time).len(), "20260115T120000Z".len());

    // Nobody has signed this with our secret, at whatever time it arrives.
    for received_at in [presented.time, 0, i64::MIN, i64::MAX] {
        assert!(verify(&presented, &request, SECRET, received_at).is_err());
        let in_time = presented.check_time(received_at).is_ok();
        assert!(
            in_time || received_at != presented.time,
            "its own moment is in time"
        );
    }
    let scope = presented.check_scope("ecr", |region| region == "us-east-1");
    if scope.is_ok() {
        assert_eq!(presented.scope.service, "ecr");
        assert_eq!(presented.scope.region, "us-east-1");
        assert_eq!(presented.scope.terminator, "aws4_request");
        assert!(amz_date(presented.time).starts_with(&presented.scope.date));
    }
});

/// `name: value`, the name in lower case as the server hands it on.
fn header(line: &[u8]) -> Option<(String, &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at(colon);
    let name = std::str::from_utf8(name).ok()?.to_ascii_lowercase();
    Some((name, value[1..].trim_ascii()))
}
