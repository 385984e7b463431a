//! Signatures: what is signed verifies, in both forms, and nothing that was changed on the way does.
//!
//! The input is the path, the query, and one header `name: value` a line; its length says where the change is made.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wharf_wire::sigv4::{SignedRequest, Signer, amz_date, parse, presign, sign, verify};

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const OTHER: &str = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
const SECRET: &str = "not-a-secret-anyone-would-guess";
/// 2026-01-15T12:00:00Z
const NOON: i64 = 1_768_478_400_000_000;
const SIGNER: Signer<'_> = Signer {
    access_key_id: "AKIDEXAMPLE",
    secret: SECRET,
    region: "us-east-1",
    service: "ecr",
};
/// What the signature itself puts into a request.
const RESERVED: [&str; 5] = [
    "authorization",
    "date",
    "host",
    "x-amz-date",
    "x-amz-content-sha256",
];

fuzz_target!(|text: &str| {
    let mut lines = text.lines();
    let path = format!(
        "/{}",
        lines.next().unwrap_or_default().trim_start_matches('/')
    );
    let query = lines.next().unwrap_or_default();
    // The parameters of a signature are the signer's to add.
    if query.to_ascii_lowercase().contains("x-amz-") || query.contains('%') {
        return;
    }
    let now = amz_date(NOON);
    let mut headers: Vec<(&str, &[u8])> = vec![("host", b"ecr.example")];
    headers.extend(lines.filter_map(header));

    let mut dated = headers.clone();
    dated.push(("x-amz-date", now.as_bytes()));
    let unsigned = SignedRequest {
        method: "POST",
        path: &path,
        query,
        headers: &dated,
        body_sha256: Some(EMPTY),
    };
    let authorization = sign(&unsigned, &SIGNER, NOON).expect("a signature");
    let mut with = dated.clone();
    with.push(("authorization", authorization.as_bytes()));
    is_held(&SignedRequest {
        headers: &with,
        ..unsigned
    });

    let bare = SignedRequest {
        headers: &headers,
        ..unsigned
    };
    // An `x-amz-` header that is not signed would be refused; `presign` signs all that are there.
    let query = presign(&bare, &SIGNER, NOON, 60, None).expect("a signature");
    is_held(&SignedRequest {
        query: &query,
        ..bare
    });
});

/// Demands that the request verifies as it is, and in no other way.
fn is_held(request: &SignedRequest<'_>) {
    // Too many parameters or headers: refused, as the other target shows.
    let Ok(presented) = parse(request) else {
        return;
    };
    let verdict = |request: &SignedRequest<'_>| verify(&presented, request, SECRET, NOON);
    assert_eq!(verdict(request), Ok(()), "what was signed is refused");
    assert!(verify(&presented, request, "another secret", NOON).is_err());
    let longer = format!("{}x", request.path);
    let more = match request.query {
        "" => "more=1".to_owned(),
        query => format!("{query}&more=1"),
    };
    let elsewhere: Vec<(&str, &[u8])> = request
        .headers
        .iter()
        .map(|(name, value)| match *name {
            "host" => (*name, &b"ecr.elsewhere"[..]),
            _ => (*name, *value),
        })
        .collect();
    for changed in [
        SignedRequest {
            method: "PUT",
            ..*request
        },
        SignedRequest {
            path: &longer,
            ..*request
        },
        SignedRequest {
            query: &more,
            ..*request
        },
        SignedRequest {
            headers: &elsewhere,
            ..*request
        },
        SignedRequest {
            body_sha256: Some(OTHER),
            ..*request
        },
        SignedRequest {
            body_sha256: None,
            ..*request
        },
    ] {
        assert!(
            verdict(&changed).is_err(),
            "a change is not noticed: {changed:?}"
        );
    }
}

/// `name: value`, where the name can be a header's.
fn header(line: &str) -> Option<(&str, &[u8])> {
    let (name, value) = line.split_once(':')?;
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    (is_name && !RESERVED.contains(&name)).then_some((name, value.trim().as_bytes()))
}
