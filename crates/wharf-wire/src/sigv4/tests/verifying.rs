//! What scope, time and signature are checked for.

use super::*;

#[test]
fn a_repeated_payload_hash_is_refused() {
    let mut headers = basic_headers();
    headers.push(("x-amz-content-sha256", EMPTY.as_bytes()));
    headers.push(("x-amz-content-sha256", EMPTY.as_bytes()));
    let authorization = sign(&request(&headers), &SIGNER, NOON).unwrap();
    headers.push(("authorization", authorization.as_bytes()));
    let presented = parse(&request(&headers)).unwrap();
    let refused = verify(&presented, &request(&headers), SECRET, NOON);
    assert_eq!(
        refused,
        Err(SigError::Repeated {
            name: "x-amz-content-sha256"
        })
    );
}

#[test]
fn scope_errors_are_joined_in_awss_order() {
    let headers: Headers<'_> = vec![
        ("host", b"h"),
        ("x-amz-date", b"20170416T194251Z"),
        (
            "authorization",
            b"AWS4-HMAC-SHA256 Credential=K/20170417/x/sts/aws5, SignedHeaders=host;x-amz-date, Signature=0",
        ),
    ];
    let presented = parse(&request(&headers)).unwrap();
    let refused = presented.check_scope("ecr", |_| false).unwrap_err();
    assert_eq!(refused.family(), Family::InvalidSignature);
    let date = "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
        '20170417' != '20170416', from '20170416T194251Z'.";
    let terminator =
        "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5'.";
    assert_eq!(
        refused.message(),
        format!(
            "Credential should be scoped to a valid Region, not 'x'. \
             Credential should be scoped to correct service: 'ecr'. {terminator} {date}"
        )
    );
    // Whoever forgets to ask gets told what needs no configuration.
    let refused = verify(&presented, &request(&headers), SECRET, presented.time).unwrap_err();
    assert_eq!(refused.message(), format!("{terminator} {date}"));
}

#[test]
fn the_header_form_is_valid_for_fifteen_minutes_both_ways() {
    let mut headers = basic_headers();
    let authorization = authorization();
    headers.push(("authorization", authorization.as_bytes()));
    let request = request(&headers);
    let presented = parse(&request).unwrap();
    let at = |seconds: i64, micros: i64| {
        verify(
            &presented,
            &request,
            SECRET,
            NOON + seconds * MICROS_PER_SECOND + micros,
        )
    };
    for accepted in [(0, 0), (SKEW_SECONDS, 0), (-SKEW_SECONDS, 0)] {
        assert_eq!(at(accepted.0, accepted.1), Ok(()));
    }
    let expired = at(SKEW_SECONDS, 1).unwrap_err();
    assert!(
        matches!(expired, SigError::Expired { .. }) && expired.family() == Family::InvalidSignature
    );
    assert_eq!(
        at(SKEW_SECONDS + 1, 0).unwrap_err().message(),
        "Signature expired: 20260115T120000Z is now earlier than 20260115T120001Z (20260115T121501Z - 15 min.)"
    );
    let early = at(-SKEW_SECONDS, -1).unwrap_err();
    assert!(
        matches!(early, SigError::NotYetCurrent { .. })
            && early.family() == Family::InvalidSignature
    );
    assert_eq!(
        at(-SKEW_SECONDS - 1, 0).unwrap_err().message(),
        "Signature not yet current: 20260115T120000Z is still later than 20260115T115959Z (20260115T114459Z + 15 min.)"
    );
    for far in [i64::MIN, i64::MAX] {
        assert!(verify(&presented, &request, SECRET, far).is_err());
    }
}

#[test]
fn the_query_form_is_valid_as_long_as_it_says() {
    let headers: Headers<'_> = vec![("host", b"ecr.example")];
    let query = presigned(90);
    let request = SignedRequest {
        query: &query,
        ..request(&headers)
    };
    let presented = parse(&request).unwrap();
    let at = |seconds: i64| {
        verify(
            &presented,
            &request,
            SECRET,
            NOON + seconds * MICROS_PER_SECOND,
        )
    };
    for accepted in [-SKEW_SECONDS, 0, 90] {
        assert_eq!(at(accepted), Ok(()), "{accepted}");
    }
    assert!(matches!(
        at(-SKEW_SECONDS - 1),
        Err(SigError::NotYetCurrent { .. })
    ));
    assert_eq!(
        at(91).unwrap_err().message(),
        "Signature expired: 20260115T120000Z is now earlier than 20260115T120001Z (20260115T120131Z - 90 sec.)"
    );
}

#[test]
fn a_token_in_the_query_may_be_signed_or_added_later() {
    let headers: Headers<'_> = vec![("host", b"ecr.example")];
    let signed = presign(&request(&headers), &SIGNER, NOON, 60, Some("T/+=")).unwrap();
    let added = format!("{}&X-Amz-Security-Token=T%2F%2B%3D", presigned(60));
    for query in [signed, added] {
        let request = SignedRequest {
            query: &query,
            ..request(&headers)
        };
        let presented = parse(&request).unwrap();
        assert_eq!(presented.security_token.as_ref().unwrap().expose(), "T/+=");
        assert_eq!(verify(&presented, &request, SECRET, NOON), Ok(()));
    }
}

#[test]
fn a_signed_header_that_is_missing_is_a_mismatch() {
    let mut headers = basic_headers();
    headers.push(("content-type", b"x"));
    let authorization = sign(&request(&headers), &SIGNER, NOON).unwrap();
    let mut headers = basic_headers();
    headers.push(("authorization", authorization.as_bytes()));
    let presented = parse(&request(&headers)).unwrap();
    assert_eq!(
        verify(&presented, &request(&headers), SECRET, NOON),
        Err(SigError::Mismatch)
    );
}

#[test]
fn a_declared_payload_hash_must_be_that_of_the_body() {
    let hash = key::sha256_hex(b"x");
    let mut headers = basic_headers();
    headers.push(("x-amz-content-sha256", hash.as_bytes()));
    let authorization = sign(&request(&headers), &SIGNER, NOON).unwrap();
    headers.push(("authorization", authorization.as_bytes()));
    let with_body = |body_sha256| {
        let request = SignedRequest {
            body_sha256,
            ..request(&headers)
        };
        verify(&parse(&request).unwrap(), &request, SECRET, NOON)
    };
    assert_eq!(with_body(Some(&hash)), Ok(()));
    for other in [Some(EMPTY), None] {
        let refused = with_body(other).unwrap_err();
        assert_eq!(
            (refused.message(), refused.family()),
            (SigError::Mismatch.message(), Family::InvalidSignature)
        );
        assert_eq!(refused, SigError::PayloadMismatch);
    }
}

#[test]
fn unsigned_and_streamed_payloads_are_refused_outside_of_s3() {
    for marker in [
        "UNSIGNED-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "",
    ] {
        for (service, is_accepted) in [("ecr", false), ("s3", marker == "UNSIGNED-PAYLOAD")] {
            let mut headers = basic_headers();
            headers.push(("x-amz-content-sha256", marker.as_bytes()));
            let authorization =
                sign(&request(&headers), &Signer { service, ..SIGNER }, NOON).unwrap();
            headers.push(("authorization", authorization.as_bytes()));
            let verified = verify(
                &parse(&request(&headers)).unwrap(),
                &request(&headers),
                SECRET,
                NOON,
            );
            let expected = if is_accepted {
                Ok(())
            } else {
                Err(SigError::UnsupportedPayload)
            };
            assert_eq!(verified, expected, "{service} {marker}");
        }
    }
}

#[test]
fn the_host_is_accepted_in_the_spellings_of_signers() {
    for (signed, received) in [
        ("ecr.example", "ecr.example"),
        ("ecr.example", "ECR.example"),
        ("ecr.example", "ecr.example:443"),
        ("ecr.example", "Ecr.example:80"),
        ("ECR.example:80", "ECR.example:80"),
        ("ecr.example:4640", "ecr.example:4640"),
    ] {
        let headers = vec![
            ("host", signed.as_bytes()),
            ("x-amz-date", &b"20260115T120000Z"[..]),
        ];
        let authorization = sign(&request(&headers), &SIGNER, NOON).unwrap();
        let mut headers = headers;
        headers[0].1 = received.as_bytes();
        headers.push(("authorization", authorization.as_bytes()));
        let verified = verify(
            &parse(&request(&headers)).unwrap(),
            &request(&headers),
            SECRET,
            NOON,
        );
        assert_eq!(verified, Ok(()), "{signed} {received}");
        headers[0].1 = b"ecr.example:4641";
        let verified = verify(
            &parse(&request(&headers)).unwrap(),
            &request(&headers),
            SECRET,
            NOON,
        );
        assert_eq!(verified, Err(SigError::Mismatch));
    }
}
