mod parsing;
mod verifying;

use super::time::MICROS_PER_SECOND;
use super::*;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const KEY_ID: &str = "AKIDEXAMPLE";
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// 2026-01-15T12:00:00Z
const NOON: Micros = 1_768_478_400 * MICROS_PER_SECOND;
const SIGNER: Signer<'_> = Signer {
    access_key_id: KEY_ID,
    secret: SECRET,
    region: "us-east-1",
    service: "ecr",
};

type Headers<'a> = Vec<(&'a str, &'a [u8])>;

/// A request to ECR with an `Authorization` header of the test's choice.
fn request<'a>(headers: &'a Headers<'a>) -> SignedRequest<'a> {
    SignedRequest {
        method: "POST",
        path: "/",
        query: "",
        headers,
        body_sha256: Some(EMPTY),
    }
}

fn basic_headers() -> Headers<'static> {
    vec![
        ("host", b"ecr.example"),
        ("x-amz-date", b"20260115T120000Z"),
        ("user-agent", b"x"),
    ]
}

/// What `parse` says to this `Authorization` header.
fn parse_header(authorization: &str) -> Result<Presented, SigError> {
    let mut headers = basic_headers();
    headers.push(("authorization", authorization.as_bytes()));
    parse(&request(&headers))
}

fn parse_query(query: &str) -> Result<Presented, SigError> {
    parse(&SignedRequest {
        query,
        ..request(&basic_headers())
    })
}

/// The header of a request that is right.
fn authorization() -> String {
    sign(&request(&basic_headers()), &SIGNER, NOON).unwrap()
}

fn presigned(expires_seconds: u32) -> String {
    presign(
        &request(&vec![("host", b"ecr.example")]),
        &SIGNER,
        NOON,
        expires_seconds,
        None,
    )
    .unwrap()
}

#[test]
fn documented_request_to_iam_has_the_documented_signature() {
    let headers: Headers<'_> = vec![
        (
            "content-type",
            b"application/x-www-form-urlencoded; charset=utf-8",
        ),
        ("host", b"iam.amazonaws.com"),
        ("x-amz-date", b"20150830T123600Z"),
    ];
    let request = SignedRequest {
        method: "GET",
        path: "/",
        query: "Action=ListUsers&Version=2010-05-08",
        headers: &headers,
        body_sha256: Some(EMPTY),
    };
    let at = 1_440_938_160 * MICROS_PER_SECOND;
    let signed = sign(
        &request,
        &Signer {
            service: "iam",
            ..SIGNER
        },
        at,
    )
    .unwrap();
    assert_eq!(
        signed,
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date, \
         Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    );
    let canonical = canonical::Canonical {
        method: "GET",
        path: "/",
        query: "Action=ListUsers&Version=2010-05-08",
        headers: &canonical::headers(&request, &["content-type", "host", "x-amz-date"], None)
            .unwrap(),
        signed_headers: "content-type;host;x-amz-date",
        payload: EMPTY,
    };
    assert_eq!(
        key::sha256_hex(&canonical.text()),
        "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59"
    );
}

#[test]
fn recomputed_request_to_ecr_is_accepted() {
    let authorization = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260115/us-east-1/ecr/aws4_request,\
        SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target,\
        Signature=024c5cf20125c4c7038630421d547ee6691e1ebbabfb0e835d832496a7f75ce5";
    let headers: Headers<'_> = vec![
        ("content-type", b"application/x-amz-json-1.1"),
        ("host", b"api.ecr.us-east-1.amazonaws.com"),
        ("x-amz-date", b"20260115T120000Z"),
        ("x-amz-security-token", b"TOKEN/EXAMPLE=="),
        (
            "x-amz-target",
            b"AmazonEC2ContainerRegistry_V20150921.DescribeRepositories",
        ),
        ("authorization", authorization.as_bytes()),
    ];
    let hash = key::sha256_hex(br#"{"repositoryNames":["team/app"]}"#);
    assert_eq!(
        hash,
        "27671f71d1c290905c15dde20a26dd7e06a9abfeae1dbec7ca650b518f3c76ae"
    );
    let request = SignedRequest {
        body_sha256: Some(&hash),
        ..request(&headers)
    };
    let presented = parse(&request).unwrap();
    assert_eq!(presented.access_key_id, "AKIDEXAMPLE");
    assert_eq!(
        presented.security_token.as_ref().unwrap().expose(),
        "TOKEN/EXAMPLE=="
    );
    assert_eq!((presented.time, presented.form), (NOON, Form::Header));
    assert_eq!(
        presented.check_scope("ecr", |region| region == "us-east-1"),
        Ok(())
    );
    assert_eq!(verify(&presented, &request, SECRET, NOON), Ok(()));
    // Another body, no body, another secret.
    let other = SignedRequest {
        body_sha256: Some(EMPTY),
        ..request
    };
    assert_eq!(
        verify(&presented, &other, SECRET, NOON),
        Err(SigError::Mismatch)
    );
    let unknown = SignedRequest {
        body_sha256: None,
        ..request
    };
    assert_eq!(
        verify(&presented, &unknown, SECRET, NOON),
        Err(SigError::Mismatch)
    );
    assert_eq!(
        verify(&presented, &request, "other", NOON),
        Err(SigError::Mismatch)
    );
}

#[test]
fn documented_presigned_request_to_s3_is_accepted() {
    let query = "X-Amz-Algorithm=AWS4-HMAC-SHA256\
        &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
        &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
        &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
    let headers: Headers<'_> = vec![("host", b"examplebucket.s3.amazonaws.com")];
    let request = SignedRequest {
        method: "GET",
        path: "/test.txt",
        query,
        headers: &headers,
        body_sha256: None,
    };
    let presented = parse(&request).unwrap();
    assert_eq!(
        presented.form,
        Form::Query {
            expires_seconds: 86_400
        }
    );
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    assert_eq!(verify(&presented, &request, secret, presented.time), Ok(()));
    let signer = Signer {
        access_key_id: "AKIAIOSFODNN7EXAMPLE",
        secret,
        region: "us-east-1",
        service: "s3",
    };
    let unsigned = SignedRequest {
        query: "",
        ..request
    };
    assert_eq!(
        presign(&unsigned, &signer, presented.time, 86_400, None).as_deref(),
        Ok(query)
    );
}

#[test]
fn n28_debug_output_shows_neither_signature_nor_token_nor_secret() {
    let mut headers = basic_headers();
    headers.push(("x-amz-security-token", b"hunter2"));
    let authorization = sign(&request(&headers), &SIGNER, NOON).unwrap();
    headers.push(("authorization", authorization.as_bytes()));
    let presented = parse(&request(&headers)).unwrap();
    let signature = authorization.rsplit('=').next().unwrap();
    let shown = format!("{presented:?} {SIGNER:?}");
    assert!(
        !shown.contains("hunter2") && !shown.contains(signature) && !shown.contains(SECRET),
        "{shown}"
    );
}

proptest::proptest! {
    #[test]
    fn parse_and_verify_never_panic(authorization in ".{0,80}", query in ".{0,80}", path in ".{0,20}") {
        let header = format!("AWS4-HMAC-SHA256 {authorization}");
        for header in [&authorization, &header] {
            let mut headers = basic_headers();
            headers.push(("authorization", header.as_bytes()));
            let request = SignedRequest { path: &path, ..request(&headers) };
            proptest::prop_assert!(parse(&request).is_err());
        }
        let query = format!("{}&{query}", presigned(60));
        let headers: Headers<'_> = vec![("host", b"ecr.example")];
        let request = SignedRequest { path: &path, query: &query, ..request(&headers) };
        if let Ok(presented) = parse(&request) {
            drop(verify(&presented, &request, SECRET, NOON));
        }
    }
}
